import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSandbox, type Sandbox, type Served } from '../../../operator/sandbox/index.ts';
import { ServiceCatalog, type ServiceName } from '../../../operator/sandbox/wire/services.ts';
import type { Shape } from '../../../operator/sandbox/wire/shapes.ts';
import { SigningKeys, sign } from '../../../operator/sandbox/wire/sigv4.ts';
import { type Rule, type ServiceTable, table } from '../../../operator/sandbox/wire/table.ts';

const key = { accessKeyId: 'AKIATEST', secretAccessKey: 'secret', accountId: '123456789012' };
const MIB = 2 ** 20;

let sandbox: Sandbox;
let served: Served;
beforeAll(async () => {
  sandbox = createSandbox({ quotas: 'off', ledgerLimit: 100 });
  served = await sandbox.listen({ patience: { headersMs: 400, requestMs: 800, silentMs: 1500 } });
});
afterAll(() => sandbox.close());

const JSON_BODY = { 'content-type': 'application/json' };
const make = (at: Served, thingName: string) =>
  fetch(`${at.url}/things/${thingName}`, { method: 'POST', headers: JSON_BODY, body: '{}' });
const isAlive = async (at: Served = served) => (await make(at, 'alive')).status === 200;

/** What comes back for some bytes, until the peer closes or `patienceMs` have passed. */
function exchange(port: number, bytes: Uint8Array, patienceMs: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    let answer = '';
    const end = () => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(patienceMs, end);
    socket.on('data', (data) => {
      answer += data.toString('latin1');
    });
    socket.on('error', end);
    socket.on('close', end);
  });
}

describe('signatures', () => {
  const strict = createSandbox({ quotas: 'off', credentials: [key], ledgerLimit: 100 });
  afterAll(() => strict.close());
  const amzDate = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  const scope = {
    accessKeyId: key.accessKeyId,
    date: amzDate.slice(0, 8),
    region: 'us-east-1',
    service: 'iot',
    signedHeaders: ['host', 'x-amz-date'],
    signature: '',
  };
  const request = {
    method: 'GET',
    path: '/things',
    headers: { host: 'x', 'x-amz-date': amzDate },
    body: Buffer.alloc(0),
  };
  const signature = sign(request, scope, amzDate, new SigningKeys().get(key.secretAccessKey, scope));
  const good = `AWS4-HMAC-SHA256 Credential=${key.accessKeyId}/${scope.date}/us-east-1/iot/aws4_request, SignedHeaders=host;x-amz-date, Signature=${signature}`;
  const ask = (headers: Record<string, string>) =>
    strict.handle({ ...request, headers: { ...request.headers, ...headers } });

  it('of the one valid request are accepted, so that the others are refused for what was changed', async () => {
    expect((await ask({ authorization: good })).status).toBe(200);
  });

  it('that differ in any character, or are any other text, are refused with AWS’s errors (403)', async () => {
    const changed = fc
      .record({ at: fc.nat(good.length - 1), by: fc.string({ minLength: 1, maxLength: 3 }), cut: fc.nat(4) })
      .map(({ at, by, cut }) => good.slice(0, at) + by + good.slice(at + cut))
      .filter((text) => text.trim() !== good);
    await fc.assert(
      fc.asyncProperty(fc.oneof(changed, fc.string({ maxLength: 300 })), async (authorization) => {
        const answer = await ask({ authorization });
        // White space between the parts is free.
        if (authorization.replace(/ +/g, ' ').trim() === good || authorization.replaceAll(', ', ',') === good) return;
        expect([authorization, answer.status]).toEqual([authorization, 403]);
        expect(answer.headers['x-amzn-errortype']).toMatch(/Exception$/);
        expect(JSON.parse(String(answer.body))).toHaveProperty('message');
      }),
      { numRuns: 500 },
    );
  });

  it('of any date but the present are refused, also when they are no dates', async () => {
    const date = fc.oneof(
      fc.string({ maxLength: 20 }),
      fc.date({ noInvalidDate: true }).map((d) => d.toISOString().replace(/[-:]|\.\d+/g, '')),
      fc.constantFrom('20261399T996199Z', '00000000T000000Z', '99999999T999999Z'),
    );
    await fc.assert(
      fc.asyncProperty(date, async (text) => {
        fc.pre(Math.abs(Date.parse(text) - Date.now()) > 600_000 || Number.isNaN(Date.parse(text)));
        fc.pre(text !== amzDate);
        expect((await ask({ authorization: good, 'x-amz-date': text })).status).toBe(403);
      }),
      { numRuns: 300 },
    );
  });
});

describe('inputs', () => {
  /** A value of a shape: mostly one that the model allows, so that it gets as far as the handlers. */
  function inputOf(shape: Shape, rule: Rule | undefined, model: ServiceTable, depth: number): fc.Arbitrary<unknown> {
    const of = (index: number | undefined) => (index === undefined ? undefined : model.rules[index]);
    switch (shape.kind) {
      case 'string':
        return rule?.enum
          ? fc.constantFrom(...rule.enum)
          : fc.oneof(
              { weight: 3, arbitrary: fc.constantFrom('a', 'b', 'thing', '1', 'x'.repeat(36), '0'.repeat(64)) },
              { weight: 2, arbitrary: fc.constantFrom(...ARNS) },
              { weight: 1, arbitrary: fc.string({ maxLength: 20 }) },
              {
                weight: 1,
                arbitrary: fc.constantFrom('{}', '[', '__proto__', 'constructor', '\u0000', '$aws/x', '+/#'),
              },
            );
      case 'number':
        return fc.oneof(fc.integer({ min: -1, max: 300 }), fc.constantFrom(0, 1, 2 ** 53, -0.5));
      case 'boolean':
        return fc.boolean();
      case 'timestamp':
        return fc.oneof(fc.integer({ min: 0, max: 2_000_000_000 }), fc.constant(8.64e12));
      case 'blob':
        return fc.constantFrom('', 'e30=', 'AAAA', '!!');
      case 'document':
        return fc.jsonValue();
      case 'unit':
        return fc.constant({});
      case 'list':
        return fc.array(inputOf(shape.member, of(rule?.item), model, depth + 1), { maxLength: 2 });
      case 'map':
        return fc.dictionary(
          fc.constantFrom('a', '__proto__', 'LOGGING_DISABLED_CHECK', ...(of(rule?.key)?.enum ?? [])),
          inputOf(shape.value, of(rule?.value), model, depth + 1),
          { maxKeys: 2 },
        );
      case 'structure': {
        if (depth > 4) return fc.constant({});
        const structure = model.structures[shape.name];
        const members = [...shape.members.values()].filter((member) => member.location === 'body' || depth === 0);
        const entries: [string, fc.Arbitrary<unknown>][] = members.map((member) => [
          member.name,
          inputOf(member.shape, of(structure?.members?.[member.name]), model, depth + 1),
        ]);
        const values: Record<string, fc.Arbitrary<unknown>> = Object.fromEntries(entries);
        return fc.record(values, {
          requiredKeys: [...(structure?.required ?? [])].filter((n) => shape.members.has(n)),
        });
      }
    }
  }

  const arn = (resource: string) => `arn:aws:iot:us-east-1:123456789012:${resource}`;
  const ARNS = [
    arn('thing/thing'),
    arn('thinggroup/a'),
    arn(`cert/${'0'.repeat(64)}`),
    arn('policy/a'),
    arn('job/a'),
    'arn:aws:iam::123456789012:role/r',
  ];

  it.each(['iot', 'iot-jobs-data', 'IoTSecuredTunneling'] as const)(
    'to any operation of %s, however odd, get an answer that AWS could give, never a failure of the sandbox',
    { timeout: 120_000 },
    async (name: ServiceName) => {
      const service = await new ServiceCatalog().get(name);
      const model = table(name);
      const operations = [...service.operations.values()];
      const call = fc
        .constantFrom(...operations)
        .chain((operation) => inputOf(operation.input, undefined, model, 0).map((input) => ({ operation, input })));
      const world = createSandbox({ quotas: 'off', ledgerLimit: 100 });
      const prepare = (method: string, path: string, body: object) =>
        world.handle({ method, path, headers: JSON_BODY, body: Buffer.from(JSON.stringify(body)) });
      for (const thing of ['a', 'b', 'thing']) await prepare('POST', `/things/${thing}`, {});
      for (const job of ['a', 'b']) await prepare('PUT', `/jobs/${job}`, { targets: [arn('thing/a')], document: '{}' });
      const counts = new Map<number, number>();
      await fc.assert(
        fc.asyncProperty(call, async ({ operation, input }) => {
          const given = input as Record<string, unknown>;
          const labelled = (operation.http?.path ?? '/').replace(/\{(\w+)\+?\}/g, (_, label: string) =>
            encodeURIComponent(String(given[label] ?? 'a')),
          );
          const { status, body, headers } = await world.handle({
            method: operation.http?.method ?? 'POST',
            path: labelled,
            headers: {
              'content-type': 'application/json',
              ...(!operation.http && { 'x-amz-target': `${name}.${operation.name}` }),
            },
            body: Buffer.from(JSON.stringify(given)),
          });
          counts.set(status, (counts.get(status) ?? 0) + 1);
          expect([operation.name, status, status === 500 ? String(body) : '']).toEqual([operation.name, status, '']);
          expect(headers['x-amzn-requestid']).toMatch(/^[0-9a-f-]{36}$/);
        }),
        { numRuns: 4000 },
      );
      // Not all of it stopped at the door.
      expect(counts.get(200) ?? 0).toBeGreaterThan(5);
      await world.close();
    },
  );

  it('of any bytes end with a closed connection or an error in AWS’s form', { timeout: 60_000 }, async () => {
    const line = fc.constantFrom(
      'GET /things HTTP/1.1',
      'POST /things/x HTTP/1.1',
      'FOO / HTTP/1.1',
      'GET /%zz HTTP/9.9',
    );
    const header = fc.oneof(
      fc.constantFrom(
        'host: x',
        'content-length: 5',
        'content-length: -1',
        'content-length: 99999999999999999999',
        'transfer-encoding: chunked',
        'transfer-encoding: gzip, chunked',
        'expect: 100-continue',
        'expect: miracles',
        'connection: upgrade\r\nupgrade: h2c',
        '__proto__: x',
        'x-amz-target: IoT.CreateThing',
        'x-amzn-principal: a\u0000b',
        'content-type: application/x-www-form-urlencoded',
      ),
      fc.string({ maxLength: 40 }),
    );
    const message = fc.oneof(
      { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }) },
      {
        weight: 3,
        arbitrary: fc
          .tuple(line, fc.array(header, { maxLength: 5 }), fc.string({ maxLength: 30 }))
          .map(([first, headers, body]) => Buffer.from([first, ...headers, '', body].join('\r\n'))),
      },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(message, { minLength: 8, maxLength: 8 }), async (messages) => {
        const answers = await Promise.all(messages.map((bytes) => exchange(served.port, bytes, 100)));
        for (const answer of answers) {
          const heads = answer.split(/(?=HTTP\/1\.1 )/).filter((part) => part.startsWith('HTTP/1.1 '));
          for (const head of heads) {
            if (head.startsWith('HTTP/1.1 100')) continue;
            expect(head).toMatch(/^HTTP\/1\.1 [245]\d\d /);
            expect(head).toMatch(/x-amzn-requestid: /i);
            expect(head).not.toMatch(/<html|HTTP\/1\.1 500/i);
          }
        }
      }),
      { numRuns: 40 },
    );
    expect(await isAlive()).toBe(true);
  });

  it('without a length and without an end are cut off at a mebibyte (413), whatever the client goes on sending', async () => {
    const socket = connect(served.port, '127.0.0.1');
    socket.on('error', () => {});
    let answer = '';
    socket.on('data', (data) => {
      answer += data.toString('latin1');
    });
    socket.write('POST /things/x HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n');
    const chunk = Buffer.concat([Buffer.from('10000\r\n'), Buffer.alloc(65_536, 32), Buffer.from('\r\n')]);
    let sent = 0;
    while (!socket.destroyed && sent < 64 * MIB) {
      sent += chunk.length;
      if (!socket.write(chunk)) await Promise.race([once(socket, 'drain'), once(socket, 'close')]).catch(() => {});
    }
    socket.destroy();
    expect(sent).toBeLessThan(16 * MIB);
    if (answer !== '')
      expect(answer).toMatch(/^HTTP\/1\.1 413[\s\S]*x-amzn-errortype: RequestEntityTooLargeException/i);
    expect(await isAlive()).toBe(true);
  });
});

describe('clients', () => {
  it('that never read fill no memory and are let go', { timeout: 60_000 }, async () => {
    for (let i = 0; i < 250; i++) {
      await make(served, `long-${i}-${'x'.repeat(100)}`);
    }
    const before = process.memoryUsage().rss;
    const sockets = Array.from({ length: 20 }, () => connect(served.port, '127.0.0.1'));
    const ask = Buffer.from('GET /things?maxResults=250 HTTP/1.1\r\nhost: x\r\n\r\n'.repeat(2000));
    for (const socket of sockets) {
      socket.on('error', () => {});
      socket.pause();
      socket.write(ask);
    }
    let peak = 0;
    const watch = setInterval(() => {
      peak = Math.max(peak, process.memoryUsage().rss - before);
    }, 20);
    await Promise.all(sockets.map(gone));
    clearInterval(watch);
    // Answers that nobody reads are not made: as many as fit into the system's buffers, and one more on each connection.
    expect(sandbox.ledger.counts().ListThings).toBeLessThan(20 * 200);
    expect(peak).toBeLessThan(200 * MIB);
    expect(await isAlive()).toBe(true);
  });

  it('that send a request drop by drop are let go: headers and body', { timeout: 20_000 }, async () => {
    const head = 'POST /things/x HTTP/1.1\r\nhost: x\r\n';
    for (const start of [head, `${head}content-length: 1000\r\n\r\n`]) {
      const socket = connect(served.port, '127.0.0.1', () => socket.write(start));
      socket.on('error', () => {});
      const drip = setInterval(() => socket.write('a'), 50);
      await closed(socket.resume());
      clearInterval(drip);
    }
    expect(await isAlive()).toBe(true);
  });

  it('that dawdle in the TLS handshake are let go', { timeout: 20_000 }, async () => {
    const secure = await sandbox.listen({ tls: true, patience: { handshakeMs: 300 } });
    const socket = connect(secure.port, '127.0.0.1', () => socket.write(Buffer.from([0x16, 3, 1])));
    socket.on('error', () => {});
    const drip = setInterval(() => socket.write(Buffer.from([0])), 50);
    await closed(socket.resume());
    clearInterval(drip);
    const good = tlsConnect({ port: secure.port, host: '127.0.0.1', rejectUnauthorized: false });
    await once(good, 'secureConnect');
    good.destroy();
  });

  it('that hold ten thousand half-open connections leave room and memory for others', {
    timeout: 120_000,
  }, async () => {
    const patient = await sandbox.listen({ patience: { headersMs: 60_000 } });
    const script = new URL('../sandbox-mqtt/half-open.ts', import.meta.url).pathname;
    const before = process.memoryUsage().rss;
    const crowd = spawn(process.execPath, [script, String(patient.port), '10000'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(crowd.stdout, 'data');
    expect(await isAlive(patient)).toBe(true);
    expect((process.memoryUsage().rss - before) / 10_000).toBeLessThan(60_000);
    crowd.kill();
    await once(crowd, 'close');
    expect(await isAlive(patient)).toBe(true);
  });
});

/** Resolves when the other side has closed; the deadline is the test's. What is not read is told only to who writes. */
function gone(socket: Socket): Promise<void> {
  const look = setInterval(() => socket.write(' '), 200);
  return closed(socket).finally(() => clearInterval(look));
}

const closed = (socket: Socket) => new Promise<void>((resolve) => socket.once('close', () => resolve()));
