import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { ProbeServer, type ProbeServerOptions } from '../../../operator/runtime/http.ts';
import { createLogger } from '../../../operator/runtime/log.ts';
import { Metrics } from '../../../operator/runtime/metrics.ts';

const stops: AbortController[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop.abort();
});

async function serve(options: Partial<ProbeServerOptions> = {}) {
  const stop = new AbortController();
  stops.push(stop);
  const lines: string[] = [];
  const log = createLogger({ now: () => Date.now(), write: (line) => lines.push(line) });
  const server = new ProbeServer({ host: '127.0.0.1', port: 0, live: {}, ready: {}, log, ...options });
  const ended = server.run(stop.signal);
  ended.catch(() => undefined);
  await server.whenReady();
  const get = async (path: string, init?: RequestInit) => {
    const response = await fetch(`http://127.0.0.1:${server.port}${path}`, init);
    return { status: response.status, body: await response.text(), headers: response.headers };
  };
  return { server, stop, ended, get, lines };
}

describe('probes', () => {
  it('are green when every check passes, and name the checks when asked', async () => {
    const { get } = await serve({ live: { 'lease-loop': () => undefined }, ready: { caches: () => undefined } });
    expect(await get('/healthz')).toMatchObject({ status: 200, body: 'ok\n' });
    expect(await get('/livez')).toMatchObject({ status: 200 });
    expect(await get('/readyz?verbose')).toMatchObject({ status: 200, body: '[+] caches ok\nok\n' });
  });

  it('say what is wrong, and readiness does not touch liveness', async () => {
    let synced = false;
    const { get } = await serve({ ready: { caches: () => (synced ? undefined : 'Device is not listed yet') } });
    expect(await get('/readyz')).toMatchObject({ status: 503, body: '[-] caches: Device is not listed yet\n' });
    expect((await get('/healthz')).status).toBe(200);
    synced = true;
    expect((await get('/readyz')).status).toBe(200);
  });

  it('answer 500 and log when a check itself is broken', async () => {
    const { get, lines } = await serve({
      live: {
        broken: () => {
          throw new Error('oops');
        },
      },
    });
    expect((await get('/healthz')).status).toBe(500);
    expect(lines.join('')).toContain('oops');
  });
});

describe('metrics', () => {
  it('are served as Prometheus wants them', async () => {
    const metrics = new Metrics();
    metrics.counter({ name: 'a_total', help: 'A.' }).inc();
    const { get } = await serve({ metrics });
    const answer = await get('/metrics');
    expect(answer.headers.get('content-type')).toContain('text/plain; version=0.0.4');
    expect(answer.body).toContain('# TYPE a_total counter\na_total 1\n');
  });

  it('are not there when switched off', async () => {
    expect((await (await serve()).get('/metrics')).status).toBe(404);
  });
});

describe('what does not belong here', () => {
  it.each([
    ['/', 'GET', 404],
    ['/healthz/../../etc/passwd', 'GET', 404],
    ['/healthz', 'POST', 405],
    ['/metrics', 'DELETE', 405],
    ['/healthz', 'HEAD', 200],
  ])('%s by %s is answered %i', async (path, method, status) => {
    const { get } = await serve();
    expect((await get(path, { method, ...(method === 'POST' ? { body: 'x'.repeat(100_000) } : {}) })).status).toBe(
      status,
    );
  });

  it('bytes that are no HTTP get an error and the server lives on', async () => {
    const { server, get } = await serve();
    const socket = connect(server.port, '127.0.0.1');
    socket.write('\u0000\u0001garbage\r\n\r\n');
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    expect(chunk.toString()).toContain('400');
    socket.destroy();
    expect((await get('/healthz')).status).toBe(200);
  });

  it('headers without end are refused', async () => {
    const { server, get } = await serve();
    const socket = connect(server.port, '127.0.0.1');
    socket.write(`GET /healthz HTTP/1.1\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`);
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    expect(chunk.toString()).toContain('431');
    socket.destroy();
    expect((await get('/healthz')).status).toBe(200);
  });
});

describe('its life', () => {
  it('ends promptly although a client holds its connection open', async () => {
    const { server, stop, ended } = await serve();
    const socket = connect(server.port, '127.0.0.1');
    await once(socket, 'connect');
    socket.on('error', () => undefined);
    stop.abort();
    await ended;
  });

  it('says in plain words that its port is taken', async () => {
    const first = await serve();
    const second = new ProbeServer({
      host: '127.0.0.1',
      port: first.server.port,
      live: {},
      ready: {},
      log: createLogger({ now: () => 0, write: () => undefined }),
    });
    const ended = second.run(new AbortController().signal);
    await expect(second.whenReady()).rejects.toThrow(
      /Cannot serve probes on 127.0.0.1:\d+.*EADDRINUSE.*Choose another/,
    );
    await expect(ended).rejects.toThrow('Cannot serve probes');
  });
});
