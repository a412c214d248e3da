import { describe, expect, test } from 'vitest';
import { createAwsClient, type Transport } from '../../../operator/aws/client.ts';
import { accountOf, verifyIdentity } from '../../../operator/aws/identity.ts';
import { createLimiter } from '../../../operator/aws/limiter.ts';
import { createPort } from '../../../operator/aws/port.ts';
import { VirtualClock } from '../../../operator/runtime/clock.ts';
import { createSandbox } from '../../../operator/sandbox/index.ts';

function client(options: { fence?: () => void; transport?: Transport } = {}) {
  const clock = new VirtualClock();
  const sandbox = createSandbox({ clock, quotas: 'off' });
  const aws = createAwsClient({
    region: 'us-east-1',
    endpoint: 'http://sandbox.invalid',
    credentials: { accessKeyId: 'AKIDTEST', secretAccessKey: 'test' },
    fence: options.fence ?? (() => undefined),
    transport: options.transport ?? (sandbox.requestHandler() as unknown as Transport),
  });
  return { aws, sandbox, clock };
}

/** Answers every request with the same page, as a proxy or an emulator without that call does. */
const page = (statusCode: number, body: string): Transport => ({
  handle: async () => ({ response: { statusCode, headers: { 'content-type': 'text/html' }, body: Buffer.from(body) } }),
});

describe('the fence', () => {
  test('is asked for each write, as the last act before the network, and stops it', async () => {
    let leader = true;
    const { aws, sandbox } = client({
      fence: () => {
        if (!leader) throw new Error('not the leader any more');
      },
    });
    await aws.send('CreateThing', { thingName: 'a' });
    const late = aws.send('CreateThing', { thingName: 'b' });
    // Lost after the call was made, before it was signed and handed on.
    leader = false;
    await expect(late).rejects.toThrow('not the leader');
    expect(sandbox.ledger.count({ operation: 'CreateThing' })).toBe(1);
  });

  test('does not stop reads', async () => {
    const { aws } = client({
      fence: () => {
        throw new Error('not the leader any more');
      },
    });
    await expect(aws.send('ListThings', {})).resolves.toMatchObject({ things: [] });
  });
});

describe('a call that is given up', () => {
  /** Credentials that come when `come` is called: a metadata service that hangs. */
  function waitingForCredentials() {
    const reached: string[] = [];
    // It looks at no signal, as a transport need not.
    const transport: Transport = {
      handle: async ({ path }) => {
        reached.push(path);
        return { response: { statusCode: 200, headers: {}, body: Buffer.from('{}') } };
      },
    };
    const { promise, resolve } = Promise.withResolvers<{ accessKeyId: string; secretAccessKey: string }>();
    const aws = createAwsClient({
      region: 'us-east-1',
      endpoint: 'http://sandbox.invalid',
      credentials: (() => promise) as never,
      fence: () => undefined,
      transport,
    });
    return { aws, reached, come: () => resolve({ accessKeyId: 'AKIDTEST', secretAccessKey: 'test' }) };
  }

  test.each([
    [
      'a write',
      (aws: ReturnType<typeof client>['aws'], signal: AbortSignal) =>
        aws.send('CreateThing', { thingName: 'a' }, signal),
    ],
    [
      'the question who we are',
      (aws: ReturnType<typeof client>['aws'], signal: AbortSignal) => aws.callerIdentity(signal),
    ],
  ] as const)('does not wait for credentials, and %s that waited for them never leaves', async (_, call) => {
    const { aws, reached, come } = waitingForCredentials();
    const stop = new AbortController();
    const calling = call(aws, stop.signal);
    await new Promise((resolve) => setImmediate(resolve));
    stop.abort(new Error('leadership is lost'));
    await expect(calling).rejects.toMatchObject({ name: 'AbortError', message: 'leadership is lost' });
    come();
    for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(reached).toEqual([]);
  });
});

describe('one attempt per call', () => {
  test('a failing call is sent once: retries are the queue’s', async () => {
    const { aws, sandbox } = client();
    sandbox.faults.add({
      operation: 'CreateThing',
      effect: { kind: 'error', name: 'ServiceUnavailableException', status: 503 },
    });
    await expect(aws.send('CreateThing', { thingName: 'a' })).rejects.toThrow();
    expect(sandbox.ledger.count({ operation: 'CreateThing' })).toBe(1);
  });
});

describe('who we are', () => {
  const question = { account: 'factory/default', endpointGiven: false };

  test('the declared account is confirmed', async () => {
    const { aws } = client();
    await expect(verifyIdentity({ ...question, client: aws, declared: '123456789012' })).resolves.toMatchObject({
      accountId: '123456789012',
      note: undefined,
    });
  });

  test('another account is refused, with both numbers', async () => {
    const { aws } = client();
    await expect(verifyIdentity({ ...question, client: aws, declared: '210987654321' })).rejects.toMatchObject({
      kind: 'terminal',
      reason: 'AccountMismatch',
      message: expect.stringMatching(/210987654321.*123456789012/),
    });
  });

  test('an endpoint without STS is tolerated only when it was given on the command line, and it is said', async () => {
    const { aws } = client({ transport: page(500, '<html>Not implemented</html>') });
    await expect(verifyIdentity({ ...question, client: aws, declared: '123456789012' })).rejects.toMatchObject({
      kind: 'transient',
    });
    await expect(
      verifyIdentity({ ...question, endpointGiven: true, client: aws, declared: '123456789012' }),
    ).resolves.toMatchObject({
      note: expect.stringContaining('as declared'),
    });
  });

  test('without a declared account it is taken from what exists there', async () => {
    const { aws, sandbox } = client();
    await aws.send('CreateThing', { thingName: 'a' });
    sandbox.faults.add({
      operation: 'GetCallerIdentity',
      effect: { kind: 'content-type', type: 'text/html', body: '<html>', status: 500 },
    });
    await expect(
      verifyIdentity({ ...question, endpointGiven: true, client: aws, declared: undefined }),
    ).resolves.toMatchObject({
      accountId: '123456789012',
      note: expect.stringContaining('taken from what exists'),
    });
    expect(accountOf('not an arn')).toBeUndefined();
  });
});

describe('the port', () => {
  function port(unlimited: boolean) {
    const { aws, sandbox, clock } = client();
    const limiter = createLimiter({ clock, share: 1, overrides: { CreateThing: 1 }, unlimited });
    const seen: string[] = [];
    const metrics = {
      request: (operation: string, outcome: string) => void seen.push(`${operation} ${outcome}`),
      waited: () => undefined,
    };
    return {
      port: createPort({ accountId: '1', region: 'us-east-1', client: aws, limiter, clock, metrics }),
      sandbox,
      clock,
      seen,
    };
  }

  test('gives the worker back when the turn is far, and keeps the place', async () => {
    const { port: aws, clock } = port(false);
    await aws.call('CreateThing', { thingName: 'a' }, { slot: 'x' });
    const again = () => aws.call('CreateThing', { thingName: 'b' }, { slot: 'y' });
    await expect(again()).rejects.toMatchObject({ kind: 'throttled', delayMs: expect.any(Number) });
    await clock.advance(1_000);
    await expect(again()).resolves.toBeDefined();
  });

  test('a turn taken before is not taken twice', async () => {
    const { port: aws } = port(false);
    await aws.admit('CreateThing', { slot: 'x' });
    await expect(aws.call('CreateThing', { thingName: 'a' }, { slot: 'x', admitted: true })).resolves.toBeDefined();
  });

  test('counts each call by its outcome', async () => {
    const { port: aws, sandbox, seen } = port(true);
    await aws.call('CreateThing', { thingName: 'a' });
    sandbox.faults.add({ operation: 'CreateThing', effect: { kind: 'throttle' }, count: 1 });
    await expect(aws.call('CreateThing', { thingName: 'b' })).rejects.toMatchObject({ kind: 'throttled' });
    expect(seen).toEqual(['CreateThing ok', 'CreateThing Throttled']);
  });
});
