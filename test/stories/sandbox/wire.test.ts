import { connect } from 'node:net';
import { IoT } from '@aws-sdk/client-iot';
import { STS } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSandbox, type Sandbox, type Served } from '../../../operator/sandbox/index.ts';
import { failure } from './support.ts';

const credentials = { accessKeyId: 'AKIATEST', secretAccessKey: 'secret' };
let sandbox: Sandbox;
let served: Served;
const wall = { offset: 0 };

beforeAll(async () => {
  sandbox = createSandbox({
    quotas: 'off',
    credentials: [{ ...credentials, accountId: '123456789012' }],
    roles: [{ arn: 'arn:aws:iam::210987654321:role/fleet', externalId: 'x/y' }],
    wallClock: () => Date.now() + wall.offset,
  });
  served = await sandbox.listen();
});
afterAll(() => sandbox.close());

const iot = (more: object = {}) =>
  new IoT({ endpoint: served.url, region: 'us-east-1', credentials, maxAttempts: 1, ...more });

/** Sends bytes as they are and reads until the peer closes. */
function raw(text: string | Buffer, more?: (socket: import('node:net').Socket) => void): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(served.port, '127.0.0.1', () => {
      socket.write(text);
      more?.(socket);
    });
    let answer = '';
    socket.on('data', (data) => {
      answer += data.toString('latin1');
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(answer));
  });
}

const send = (method: string, path: string, init: { headers?: Record<string, string>; body?: string } = {}) =>
  fetch(`${served.url}${path}`, { method, ...init });

describe('signatures', () => {
  it('are accepted over names and queries that need encoding', async () => {
    await iot().createThing({ thingName: 'a:b_c-1', attributePayload: { attributes: { 'k,/@#:.': 'v=[x]/#' } } });
    const found = await iot().listThings({ attributeName: 'k,/@#:.', attributeValue: 'v=[x]/#' });
    expect(found.things?.map((t) => t.thingName)).toEqual(['a:b_c-1']);
    expect((await iot().describeThing({ thingName: 'a:b_c-1' })).version).toBe(1);
  });

  it('are refused with a wrong secret, an unknown key, or a date five minutes off (403)', async () => {
    const wrong = iot({ credentials: { ...credentials, secretAccessKey: 'other' } });
    expect(await failure(wrong.listThings({}))).toMatchObject({ name: 'InvalidSignatureException', status: 403 });
    const unknown = iot({ credentials: { ...credentials, accessKeyId: 'AKIANOBODY' } });
    expect(await failure(unknown.listThings({}))).toMatchObject({ name: 'UnrecognizedClientException', status: 403 });
    for (const offset of [301_000, -301_000]) {
      wall.offset = offset;
      expect((await failure(iot().listThings({}))).message).toMatch(/Signature (expired|not yet current)/);
    }
    wall.offset = 0;
  });

  it.each([
    { header: undefined, name: 'MissingAuthenticationTokenException' },
    { header: 'Bearer token', name: 'IncompleteSignatureException' },
    { header: 'AWS4-HMAC-SHA256 Credential=x', name: 'IncompleteSignatureException' },
    {
      header: `AWS4-HMAC-SHA256 Credential=AKIATEST/20260101/us-east-1/iot/aws4_request, SignedHeaders=host, Signature=${'0'.repeat(63)}`,
      name: 'IncompleteSignatureException',
    },
  ])('that are missing or malformed are $name', async ({ header, name }) => {
    const answer = await send('GET', '/things', { headers: header === undefined ? {} : { authorization: header } });
    expect(answer.status).toBe(403);
    expect(answer.headers.get('x-amzn-errortype')).toBe(name);
    expect(answer.headers.get('x-amzn-requestid')).toMatch(/^[0-9a-f-]{36}$/);
    expect(await answer.json()).toHaveProperty('message');
  });

  it('work for sessions of an assumed role, in the role’s account, until they end', async () => {
    const sts = new STS({ endpoint: served.url, region: 'us-east-1', credentials, maxAttempts: 1 });
    const role = { RoleArn: 'arn:aws:iam::210987654321:role/fleet', RoleSessionName: 'op' };
    expect(await failure(sts.assumeRole(role))).toMatchObject({ name: 'AccessDenied', status: 403 });
    expect(await failure(sts.assumeRole({ ...role, RoleArn: role.RoleArn.replace('fleet', 'none') }))).toMatchObject({
      status: 403,
    });
    const { Credentials: session } = await sts.assumeRole({ ...role, ExternalId: 'x/y' });
    const assumed = {
      accessKeyId: session?.AccessKeyId ?? '',
      secretAccessKey: session?.SecretAccessKey ?? '',
      sessionToken: session?.SessionToken ?? '',
    };
    const identity = await new STS({
      endpoint: served.url,
      region: 'us-east-1',
      credentials: assumed,
    }).getCallerIdentity({});
    expect(identity).toMatchObject({ Account: '210987654321', Arn: 'arn:aws:sts::210987654321:assumed-role/fleet/op' });
    const own = iot({ credentials: assumed });
    expect((await own.createThing({ thingName: 'theirs' })).thingArn).toContain(':210987654321:');
    expect((await iot().listThings({})).things?.map((t) => t.thingName)).not.toContain('theirs');
    const stolen = iot({ credentials: { ...assumed, sessionToken: 'other' } });
    expect(await failure(stolen.listThings({}))).toMatchObject({ name: 'UnrecognizedClientException' });
    expect(sandbox.ledger.entries({ operation: 'CreateThing' }).at(-1)).toMatchObject({
      sessionName: 'op',
      accountId: '210987654321',
    });
  });
});

describe('regions', () => {
  it('are side by side: the signing scope chooses', async () => {
    const there = iot({ region: 'eu-west-1' });
    const { thingArn } = await there.createThing({ thingName: 'only-here' });
    expect(thingArn).toBe('arn:aws:iot:eu-west-1:123456789012:thing/only-here');
    expect(await failure(iot().describeThing({ thingName: 'only-here' }))).toMatchObject({ status: 404 });
  });
});

describe('bad input', () => {
  let open: Served;
  let lax: Sandbox;
  beforeAll(async () => {
    lax = createSandbox({ quotas: 'off' });
    open = await lax.listen();
  });
  afterAll(() => lax.close());
  const post = (path: string, body: string, headers: Record<string, string> = { 'content-type': 'application/json' }) =>
    fetch(`${open.url}${path}`, { method: 'POST', headers, body });

  it.each([
    { body: '{"attributePayload":', reason: 'truncated JSON' },
    { body: '[]', reason: 'a list' },
    { body: '"text"', reason: 'a text' },
    { body: '{"attributePayload":{"attributes":{"a":1}}}', reason: 'a number for a string' },
    { body: '{"attributePayload":{"attributes":"x"}}', reason: 'a text for a map' },
    { body: '{"attributePayload":{"merge":"true"}}', reason: 'a text for a boolean' },
  ])('is a SerializationException for $reason', async ({ body }) => {
    const answer = await post('/things/x', body);
    expect([answer.status, answer.headers.get('x-amzn-errortype')]).toEqual([400, 'SerializationException']);
  });

  it('is refused in another content type (415) and above a mebibyte (413)', async () => {
    expect((await post('/things/x', '<a/>', { 'content-type': 'text/xml' })).status).toBe(415);
    const large = await post('/things/x', ' '.repeat(1_100_000)).catch(() => undefined);
    // The answer comes before the body was read; a client still sending may only see the closed connection.
    if (large) expect(large.status).toBe(413);
    expect((await post('/things/still-alive', '{}')).status).toBe(200);
  });

  it.each(['/no/such/path', '/things/', '//things', '/things/a/b/c/d', '/things%2fx'])(
    'is an AWS error for the unknown path %s, never HTML',
    async (path) => {
      const answer = await fetch(`${open.url}${path}`);
      expect(answer.status).toBe(404);
      expect(answer.headers.get('content-type')).toBe('application/json');
      expect(answer.headers.get('x-amzn-errortype')).toBe('UnknownOperationException');
    },
  );

  it.each(['/things/%', '/things/%zz', '/things/a%2Fb', '/things/a%0d%0ax', '/things/__proto__%00'])(
    'cannot smuggle anything through the label in %s',
    async (path) => {
      const answer = await post(path, '{}');
      expect(answer.status).toBe(400);
      expect(answer.headers.get('x-amzn-errortype')).toBe('InvalidRequestException');
    },
  );

  it('treats names of the language’s own as names', async () => {
    expect(
      (await post('/things/__proto__', '{"attributePayload":{"attributes":{"__proto__":"x","constructor":"y"}}}'))
        .status,
    ).toBe(200);
    const thing = (await (await fetch(`${open.url}/things/__proto__`)).json()) as {
      attributes: Record<string, string>;
    };
    expect(JSON.stringify(thing.attributes)).toBe('{"__proto__":"x","constructor":"y"}');
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });

  it('names an operation that is not implemented (501), with a request id', async () => {
    const answer = await post('/authorizer/x', '{"authorizerFunctionArn":"arn:aws:lambda:a:b:c"}');
    expect(answer.status).toBe(501);
    expect(await answer.json()).toMatchObject({ message: expect.stringContaining('CreateAuthorizer') });
  });

  it('refuses values that the service model forbids, all of them named', async () => {
    const answer = await post('/policies/bad%20name', '{}');
    expect(answer.status).toBe(400);
    const { message } = (await answer.json()) as { message: string };
    expect(message).toMatch(/^2 validation errors detected: /);
    expect(message).toContain("at 'policyDocument' failed to satisfy constraint: Member must not be null");
    expect(message).toContain("Value 'bad name' at 'policyName'");
  });

  it('closes on garbage, half a request and oversized headers, and goes on serving', async () => {
    expect(await raw('\x16\x03\x01\x00\x00garbage\r\n\r\n')).not.toContain('200');
    expect(await raw(`GET /things HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`)).not.toContain('200 OK');
    expect(
      await raw('POST /things/x HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{', (s) => s.end()),
    ).not.toContain('200 OK');
    expect((await post('/things/alive', '{}')).status).toBe(200);
  });

  it('serves others while a thousand half-open connections wait', async () => {
    const sockets = await Promise.all(
      Array.from(
        { length: 1000 },
        () =>
          new Promise<import('node:net').Socket>((resolve) => {
            const socket = connect(open.port, '127.0.0.1', () => {
              socket.write('POST /things/x HTTP/1.1\r\nhost: x\r\ncontent-le');
              resolve(socket);
            });
            socket.on('error', () => {});
          }),
      ),
    );
    expect((await post('/things/meanwhile', '{}')).status).toBe(200);
    for (const socket of sockets) socket.destroy();
  });

  it('does not wait for a client that never reads', async () => {
    for (let i = 0; i < 60; i++) await post(`/things/long-${i}`, '{}');
    const socket = connect(open.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.pause();
    for (let i = 0; i < 500; i++) socket.write('GET /things?maxResults=250 HTTP/1.1\r\nhost: x\r\n\r\n');
    expect((await post('/things/others', '{}')).status).toBe(200);
    socket.destroy();
  });
});
