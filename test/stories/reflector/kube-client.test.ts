import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CustomObjectsApi } from '@kubernetes/client-node';
import { describe, expect, it } from 'vitest';
import type { KubeClient } from '../../../operator/runtime/kube/client.ts';
import { StoreError } from '../../../operator/runtime/store.ts';
import { document, temporaryFolder } from '../../support/store.ts';
import { fastClock, until } from '../../support/store-clock.ts';
import type { Handler } from '../../support/tls-server.ts';
import { sendJson, status, TlsServer } from '../../support/tls-server.ts';

const OBJECT = document('Device', 'press-1', { spec: {}, metadata: { uid: 'u', resourceVersion: '1' } });
const ok: Handler = (_, response) => sendJson(response, 200, OBJECT);
const get = (client: KubeClient) => client.json({ method: 'GET', path: '/apis/x', what: 'Reading' });
const patch = (client: KubeClient) =>
  client.json({ method: 'PATCH', path: '/apis/x', what: 'Writing', body: { a: 1 } });

async function refusal(promise: Promise<unknown>): Promise<StoreError> {
  const thrown: unknown = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(StoreError);
  return thrown as StoreError;
}

/** Answers the first `times` requests with `first`, the others with `then`. */
function firstThen(times: number, first: Handler, then: Handler = ok): Handler {
  let count = 0;
  return (request, response) => (count++ < times ? first : then)(request, response);
}

describe('connections to the API server', () => {
  it('are shared: 200 reads in a row take at most two, our own and those of the typed clients alike', async () => {
    await using server = await TlsServer.start(ok);
    const client = server.client();
    for (let i = 0; i < 200; i++) await get(client);
    expect(server.connections).toBeLessThanOrEqual(2);
    const typed = client.config.makeApiClient(CustomObjectsApi);
    for (let i = 0; i < 200; i++) {
      await typed.getNamespacedCustomObject({ group: 'g', version: 'v', namespace: 'n', plural: 'p', name: `${i}` });
    }
    expect(server.connections).toBeLessThanOrEqual(2);
    expect(server.requests.at(-1)?.headers.authorization).toBe('Bearer test-token');
    expect([...server.protocols]).toEqual(['1.1']);
  });

  it('are shared between watches that follow each other', async () => {
    await using server = await TlsServer.start((_, response) => void response.end('{"a":1}\n'));
    const client = server.client();
    for (let i = 0; i < 20; i++) {
      const { signal } = new AbortController();
      for await (const line of client.lines({ method: 'GET', path: '/w', what: 'Watching', signal })) {
        expect(line).toEqual({ a: 1 });
      }
    }
    expect(server.connections).toBeLessThanOrEqual(2);
  });

  it('are made anew when the CA file changes, while what is under way comes to its end', async () => {
    using folder = temporaryFolder();
    const caFile = join(folder.path, 'ca.crt');
    let release = () => {};
    await using server = await TlsServer.start(
      firstThen(1, (_, response) => {
        release = () => sendJson(response, 200, { slow: true });
      }),
    );
    writeFileSync(caFile, server.caPem);
    const client = server.client({ caFile });
    const slow = get(client);
    await until(() => server.requests.length === 1, 'the slow request arrived');
    server.changeAuthority();
    writeFileSync(caFile, server.caPem);
    expect(await get(client)).toMatchObject({ kind: 'Device' });
    release();
    expect(await slow).toEqual({ slow: true });
  });

  it('refuse a server that the CA did not sign', async () => {
    using folder = temporaryFolder();
    const caFile = join(folder.path, 'ca.crt');
    await using server = await TlsServer.start(ok);
    writeFileSync(caFile, server.caPem);
    server.changeAuthority();
    const error = await refusal(get(server.client({ caFile, clock: fastClock() })));
    expect(error.code).toBe('unavailable');
    expect(error.message).toMatch(/certificate/);
    expect(server.requests).toHaveLength(0);
  });
});

describe('a read', () => {
  const failures: readonly { name: string; handler: Handler }[] = [
    {
      name: '429 with Retry-After',
      handler: (_, r) => sendJson(r, 429, status(429, 'TooManyRequests', 'slow down'), { 'retry-after': '1' }),
    },
    { name: '503', handler: (_, r) => sendJson(r, 503, status(503, 'ServiceUnavailable', 'starting')) },
    { name: '500', handler: (_, r) => sendJson(r, 500, status(500, 'InternalError', 'etcdserver: leader changed')) },
    { name: 'a destroyed socket', handler: (_, r) => void r.destroy() },
    {
      name: 'an answer that breaks off',
      handler: (_, r) => {
        r.writeHead(200, { 'content-length': '1000' });
        r.write('{"half":');
        setImmediate(() => r.destroy());
      },
    },
    { name: 'a page of a proxy', handler: (_, r) => void r.writeHead(200).end('<html>Bad gateway</html>') },
  ];
  it.each(failures)('is tried again after $name', async ({ handler }) => {
    await using server = await TlsServer.start(firstThen(2, handler));
    const client = server.client({ clock: fastClock() });
    expect(await get(client)).toMatchObject({ kind: 'Device' });
    expect(server.requests).toHaveLength(3);
    expect(server.requests.every((request) => request.headers.range === undefined)).toBe(true);
  });

  it.each(failures)('gives up after four tries on $name', async ({ handler }) => {
    await using server = await TlsServer.start(handler);
    const attempts: number[] = [];
    const client = server.client({ clock: fastClock(), onAttempt: ({ code }) => attempts.push(code) });
    const error = await refusal(get(client));
    expect(['throttled', 'unavailable']).toContain(error.code);
    expect(attempts).toHaveLength(4);
  });

  it.each([400, 403, 404, 409, 410, 422])('is not tried again after %i', async (code) => {
    await using server = await TlsServer.start((_, r) => sendJson(r, code, status(code, 'No', 'no', { name: 'x' })));
    await refusal(get(server.client()));
    expect(server.requests).toHaveLength(1);
  });

  it('leaves a long Retry-After to the work queue', async () => {
    await using server = await TlsServer.start((_, r) => sendJson(r, 429, {}, { 'retry-after': '60' }));
    const error = await refusal(get(server.client()));
    expect(error).toMatchObject({ code: 'throttled', retryAfterMs: 60_000 });
    expect(server.requests).toHaveLength(1);
  });

  it('of a server that never answers ends', async () => {
    await using server = await TlsServer.start(() => {});
    const error = await refusal(get(server.client({ answerMs: 50, clock: fastClock() })));
    expect(error.code).toBe('unavailable');
    expect(error.message).toContain('Reading: no answer from the API server');
  });

  it('of a server that stops in the middle of its answer ends', async () => {
    await using server = await TlsServer.start((_, response) => void response.writeHead(200).write('{"half":'));
    expect((await refusal(get(server.client({ answerMs: 50, clock: fastClock() })))).code).toBe('unavailable');
  });

  it('stops waiting when it is told to', async () => {
    await using server = await TlsServer.start(() => {});
    const stop = new AbortController();
    const reading = server.client().json({ method: 'GET', path: '/x', what: 'Reading', signal: stop.signal });
    await until(() => server.requests.length === 1, 'the request arrived');
    stop.abort(new Error('shutting down'));
    await expect(reading).rejects.toThrow('shutting down');
    await until(() => server.requests[0]?.closed() === true, 'the server saw it go');
  });
});

describe('a watch', () => {
  const watch = (client: KubeClient, signal: AbortSignal) =>
    client.lines({ method: 'GET', path: '/w', what: 'Watching', signal });

  it('that is told to stop ends without an error and hangs up', async () => {
    await using server = await TlsServer.start((_, response) => void response.writeHead(200).write('{"a":1}\n'));
    const stop = new AbortController();
    const lines = watch(server.client(), stop.signal);
    expect((await lines.next()).value).toEqual({ a: 1 });
    const next = lines.next();
    stop.abort();
    expect((await next).done).toBe(true);
    await until(() => server.requests[0]?.closed() === true, 'the server saw it go');
  });

  it('that is not answered fails, long before its silence is noticed', async () => {
    await using server = await TlsServer.start(() => {});
    const error = await refusal(watch(server.client({ answerMs: 50 }), new AbortController().signal).next());
    expect(error.code).toBe('unavailable');
  });
});

describe('a write', () => {
  it.each([
    { name: '429', handler: ((_, r) => sendJson(r, 429, {}, { 'retry-after': '1' })) satisfies Handler },
    { name: '503', handler: ((_, r) => sendJson(r, 503, {})) satisfies Handler },
    { name: 'a destroyed socket', handler: ((_, r) => void r.destroy()) satisfies Handler },
  ])('is sent once: nobody knows what became of it after $name', async ({ handler }) => {
    await using server = await TlsServer.start(firstThen(1, handler));
    const error = await refusal(patch(server.client()));
    expect(['throttled', 'unavailable']).toContain(error.code);
    expect(server.requests).toHaveLength(1);
  });

  it('after 429 says how long to wait, as an error of its own and not of the transport', async () => {
    await using server = await TlsServer.start((_, r) => sendJson(r, 429, {}, { 'retry-after': '2' }));
    expect(await refusal(patch(server.client()))).toMatchObject({ code: 'throttled', retryAfterMs: 2_000 });
  });
});

describe('a replica that does not lead', () => {
  const fence = (leads: () => boolean) => () => {
    if (!leads()) throw new StoreError('conflict', 'This replica does not lead');
  };

  it('reads and writes its Lease, and every other write is refused before it reaches the network', async () => {
    await using server = await TlsServer.start(ok);
    const client = server.client({ fence: fence(() => false) });
    await get(client);
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE'] as const) {
      const error = await refusal(client.json({ method, path: '/apis/x', what: 'Writing', body: {} }));
      expect(error).toMatchObject({ code: 'conflict', message: 'This replica does not lead' });
    }
    expect(server.requests.map(({ method }) => method)).toEqual(['GET']);
    await client.json({ method: 'PUT', path: '/apis/lease', what: 'Renewing', body: {}, unfenced: true });
    expect(server.requests).toHaveLength(2);
  });

  it('is asked after everything that takes time: lost while the token is read again, the write does not go out', async () => {
    using folder = temporaryFolder();
    const tokenFile = join(folder.path, 'token');
    writeFileSync(tokenFile, 'old');
    let leads = true;
    await using server = await TlsServer.start((_, response) => {
      leads = false;
      writeFileSync(tokenFile, 'new');
      sendJson(response, 401, status(401, 'Unauthorized', 'expired'));
    });
    const error = await refusal(patch(server.client({ tokenFile, fence: fence(() => leads) })));
    expect(error.code).toBe('conflict');
    expect(server.requests).toHaveLength(1);
  });

  it('cuts what is under way, at once, and nothing goes out any more', async () => {
    await using server = await TlsServer.start(() => undefined);
    const client = server.client();
    const stop = new AbortController();
    const watching = (async () => {
      for await (const _ of client.lines({ method: 'GET', path: '/w', what: 'Watching', signal: stop.signal })) break;
    })();
    const hanging = [refusal(get(client)), refusal(patch(client)), refusal(watching)];
    await until(() => server.requests.length === 3, 'all three arrived');
    await client.cut();
    const errors = await Promise.all(hanging);
    expect(errors.map(({ code }) => code)).toEqual(['conflict', 'unavailable', 'unavailable']);
    expect((await refusal(patch(client))).message).toContain('lost its lease');
    expect(server.requests).toHaveLength(3);
    await until(() => server.requests.every(({ closed }) => closed()), 'the server saw them end');
  });
});
