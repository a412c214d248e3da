import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { measure } from '../../../../operator/controllers/policyrollout/gates/check-measure.ts';
import { type AllowedHosts, boundedGet } from '../../../../operator/runtime/outbound/bounded-get.ts';

let server: Server;
let port = 0;
const asked: string[] = [];

const ANSWERS: Readonly<Record<string, readonly [status: number, body: string]>> = {
  '/ok': [200, 'all is well'],
  '/gone': [404, ''],
  '/broken': [503, ''],
  '/text': [200, '<html>'],
  '/prom/api/v1/query?query=up': [
    200,
    JSON.stringify({
      status: 'success',
      data: { resultType: 'vector', result: [{ value: [1, '1'] }, { value: [1, '2'] }] },
    }),
  ],
  '/prom/api/v1/query?query=scalar': [
    200,
    JSON.stringify({ status: 'success', data: { resultType: 'scalar', result: [1, '0.5'] } }),
  ],
  '/prom/api/v1/query?query=none': [
    200,
    JSON.stringify({ status: 'success', data: { resultType: 'vector', result: [] } }),
  ],
  '/prom/api/v1/query?query=nan': [
    200,
    JSON.stringify({ status: 'success', data: { resultType: 'vector', result: [{ value: [1, 'NaN'] }] } }),
  ],
  '/prom/api/v1/query?query=range': [
    200,
    JSON.stringify({ status: 'success', data: { resultType: 'matrix', result: [] } }),
  ],
  '/prom/api/v1/query?query=bad': [400, JSON.stringify({ status: 'error', error: 'parse error' })],
};

beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(request.url ?? '');
    if (request.url === '/redirect') {
      response.writeHead(302, { location: `http://127.0.0.1:${port}/ok` }).end();
    } else if (request.url === '/endless') {
      const more = () => response.write('x'.repeat(65_536), () => response.destroyed || setImmediate(more));
      more();
    } else if (request.url?.startsWith('/silent') !== true) {
      const [status, body] = ANSWERS[request.url ?? ''] ?? [404, ''];
      response.writeHead(status).end(body);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const at = (path: string) => `http://127.0.0.1:${port}${path}`;
const get = (address: string, allowed: AllowedHosts = [`127.0.0.1:${port}`]) =>
  boundedGet({ allowed, maxBytes: 100_000, timeoutMs: 2_000 })(address);

describe('what the operator may be made to ask', () => {
  test.each([
    ['a host that is not named', () => at('/ok'), [], /does not allow 127\.0\.0\.1:\d+; add it to allowedCheckHosts/],
    ['a named host on another port', () => at('/ok'), ['127.0.0.1:1'], /does not allow/],
    ['a name without a port is 80 and 443', () => at('/ok'), ['127.0.0.1'], /does not allow/],
    [
      'another spelling of the same address is that address',
      () => `http://2130706433:${port}/ok`,
      ['2130706433:1'],
      /does not allow 127\.0\.0\.1/,
    ],
    ['a longer name that ends like one', () => 'http://evil-example.com/', ['*.example.com'], /does not allow/],
    ['credentials in the address', () => `http://user:secret@127.0.0.1:${port}/ok`, 'anything', /holds credentials/],
    ['a file', () => 'file:///etc/passwd', 'anything', /only http and https/],
    [
      'the metadata service, even where anything is allowed',
      () => 'http://169.254.169.254/latest/meta-data/',
      'anything',
      /no address to ask/,
    ],
    ['in its other clothes', () => 'http://[::ffff:169.254.169.254]/', 'anything', /no address to ask/],
    ['and of IPv6', () => 'http://[fd00:ec2::254]/', 'anything', /no address to ask/],
    ['no URL', () => 'prometheus', 'anything', /is no URL/],
  ] satisfies (readonly [string, () => string, AllowedHosts, RegExp])[])(
    '%s is refused',
    async (_reason, address, allowed, why) => {
      const before = asked.length;
      const answer = await get(address(), allowed);
      expect(answer).toMatchObject({ kind: 'refused', why: expect.stringMatching(why) });
      expect(JSON.stringify(answer)).not.toContain('secret');
      expect(asked.length).toBe(before);
    },
  );

  test('a name that resolves to the metadata service is refused when it is connected to', async () => {
    const asking = (...addresses: readonly string[]) =>
      boundedGet({
        allowed: ['rebound.example:8080', `rebound.example:${port}`],
        resolve: (_name, _options, callback) =>
          callback(
            null,
            addresses.map((address) => ({ address, family: 4 })),
          ),
      });
    expect(await asking('169.254.169.254')('http://rebound.example:8080/')).toEqual({
      kind: 'failed',
      why: 'rebound.example:8080 cannot be asked: EFORBIDDEN',
    });
    const mixed = asking('169.254.169.254', '127.0.0.1');
    expect(await mixed(`http://rebound.example:${port}/ok`)).toMatchObject({ kind: 'answered', status: 200 });
  });

  test('no redirect is followed', async () => {
    asked.length = 0;
    expect(await get(at('/redirect'))).toMatchObject({ kind: 'answered', status: 302 });
    expect(asked).toEqual(['/redirect']);
  });

  test('bounded in size and in time', async () => {
    expect(await get(at('/endless'))).toMatchObject({ kind: 'answered', cut: true, body: 'x'.repeat(100_000) });
    expect(await boundedGet({ allowed: 'anything', timeoutMs: 100 })(at('/silent?token=secret'))).toEqual({
      kind: 'failed',
      why: `127.0.0.1:${port} gave no answer within 0.1 s`,
    });
  });

  test('what fails names the host and nothing else of the address', async () => {
    const answer = await boundedGet({ allowed: 'anything' })('http://127.0.0.1:1/path?token=secret');
    expect(answer).toEqual({ kind: 'failed', why: '127.0.0.1:1 cannot be asked: ECONNREFUSED' });
  });

  test('a suffix and a port', async () => {
    expect(await get(`http://localhost:${port}/ok`, [`localhost:${port}`])).toMatchObject({
      kind: 'answered',
      status: 200,
    });
  });
});

describe('a measurement', () => {
  const http = (path: string, more: object = {}) => ({ kind: 'http', url: at(path), status: 200, ...more }) as const;
  const query = (text: string, more: object = {}) =>
    ({ kind: 'prometheus', url: at('/prom/'), query: text, atLeast: 1, whenEmpty: 'Inconclusive', ...more }) as const;

  test.each([
    ['the status that was asked for', () => http('/ok'), 'good'],
    ['and the text', () => http('/ok', { contains: 'well' }), 'good'],
    ['another text', () => http('/ok', { contains: 'ill' }), 'bad'],
    ['another status', () => http('/gone'), 'bad'],
    ['which was asked for', () => http('/gone', { status: 404 }), 'good'],
    ['RO-09: a broken server says nothing about devices', () => http('/broken'), 'error'],
    ['nor does a redirect', () => http('/redirect'), 'error'],
    ['nor an unreachable one', () => ({ kind: 'http', url: 'http://127.0.0.1:1/', status: 200 }) as const, 'error'],
    ['each series is good', () => query('up'), 'good'],
    ['one is above the bound', () => query('up', { atMost: 1.5 }), 'bad'],
    ['a scalar', () => query('scalar'), 'bad'],
    ['no series', () => query('none'), 'empty'],
    ['NaN', () => query('nan'), 'empty'],
    ['a range is no value', () => query('range'), 'error'],
    ['a mistake in the query', () => query('bad'), 'error'],
    ['something else answers', () => ({ ...query('x'), url: at('/text') }), 'error'],
  ])('%s', async (_reason, question, outcome) => {
    expect((await measure((address) => get(address, 'anything'), question())).outcome).toBe(outcome);
  });
});
