import { writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ObjectCache } from '../../../operator/runtime/cache/object-cache.ts';
import { Reflector } from '../../../operator/runtime/reflector/reflector.ts';
import { KubeStore } from '../../../operator/runtime/store/kube/kube-store.ts';
import { temporaryFolder } from '../../support/store.ts';
import { fastClock, until } from '../../support/store-clock.ts';
import { stored } from '../../support/store-script.ts';
import type { ClientParts, Handler, SeenRequest } from '../../support/tls-server.ts';
import { sendJson, status, TlsServer } from '../../support/tls-server.ts';

/** An API server whose list and watches a test scripts; a watch without a script stays open and silent. */
async function startServer() {
  const script: {
    list: Handler;
    watches: ((response: ServerResponse, request: SeenRequest) => void)[];
  } = { list: (_, response) => sendJson(response, 200, listOf(['a'], '10')), watches: [] };
  const server = await TlsServer.start((request, response) => {
    if (request.query.get('watch') !== 'true') return script.list(request, response);
    const next = script.watches.shift();
    if (next) next(response, request);
    else response.writeHead(200).flushHeaders();
  });
  const requestsOf = (watch: boolean) => server.requests.filter((r) => (r.query.get('watch') === 'true') === watch);
  return { server, script, lists: () => requestsOf(false), watches: () => requestsOf(true) };
}

const listOf = (names: readonly string[], resourceVersion: string, next?: string) => ({
  kind: 'DeviceList',
  apiVersion: 'fleetward.dev/v1alpha1',
  metadata: { resourceVersion, ...(next === undefined ? {} : { continue: next }) },
  items: names.map((name) => stored(name, resourceVersion)),
});

const event = (type: string, object: unknown): string => `${JSON.stringify({ type, object })}\n`;
const bookmark = (resourceVersion: string): string =>
  event('BOOKMARK', { kind: 'Device', apiVersion: 'fleetward.dev/v1alpha1', metadata: { resourceVersion } });
const streamError = (code: number, reason: string) => event('ERROR', status(code, reason, reason));

/** Each byte in a packet of its own. */
async function byteByByte(response: ServerResponse, text: string): Promise<void> {
  for (const byte of Buffer.from(text)) {
    response.write(Buffer.from([byte]));
    await new Promise(setImmediate);
  }
}

/** A reflector of Devices, its clock 100 times faster than the sockets under it. */
function follow(server: TlsServer, parts: ClientParts = {}) {
  const cache = new ObjectCache();
  const log: string[] = [];
  const changes: string[] = [];
  cache.onChange('Device', ({ old, new: next }) => {
    changes.push(`${old ? (next ? 'update' : 'delete') : 'add'} ${(next ?? old)?.metadata.name}`);
  });
  const clock = fastClock();
  const client = server.client({ clock, ...parts });
  const reflector = new Reflector({
    store: new KubeStore({ client, random: () => 0.5 }),
    selection: { kind: 'Device', namespace: 'factory', labels: { site: 'one' } },
    sink: cache.sink('Device'),
    clock,
    random: () => 0.5,
    hooks: {
      onFailure: (_, phase, error) => log.push(`${phase} failed: ${error.code}`),
      onRelist: (_, reason) => log.push(`relist: ${reason}`),
    },
  });
  const stop = new AbortController();
  const done = reflector.run(stop.signal);
  const ended = async () => {
    stop.abort();
    await done;
  };
  return { cache, log, changes, reflector, [Symbol.asyncDispose]: ended, ended };
}

describe('a reflector on an API server', () => {
  it('asks for bookmarks and an end, and goes on from the last bookmark', async () => {
    const { server, script, lists, watches } = await startServer();
    await using _ = server;
    script.watches.push((response) => void response.writeHead(200).end(bookmark('25') + bookmark('30')));
    await using follower = follow(server);
    await until(() => watches().length === 2, 'a second watch');
    const [first, second] = watches();
    expect(Object.fromEntries(first?.query ?? [])).toEqual({
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion: '10',
      timeoutSeconds: '450',
      labelSelector: 'site=one',
    });
    expect(lists()[0]?.query.get('labelSelector')).toBe('site=one');
    expect(lists()[0]?.query.get('limit')).toBe('500');
    expect(second?.query.get('resourceVersion')).toBe('30');
    expect(lists()).toHaveLength(1);
    expect(follower.log).toEqual([]);
  });

  it.each([
    { name: 'as an HTTP status', watch: (r: ServerResponse) => sendJson(r, 410, status(410, 'Expired', 'too old')) },
    { name: 'in the stream', watch: (r: ServerResponse) => void r.writeHead(200).end(streamError(410, 'Expired')) },
  ])('lists again after 410 $name', async ({ watch }) => {
    const { server, script, lists, watches } = await startServer();
    await using _ = server;
    script.watches.push(watch);
    await using follower = follow(server);
    await until(() => watches().length === 1, 'a watch');
    script.list = (__, response) => sendJson(response, 200, listOf(['b'], '20'));
    await until(() => follower.cache.count('Device') === 1 && lists().length === 2, 'a second list');
    await until(() => follower.changes.length === 3, 'all changes told');
    expect(follower.changes).toEqual(['add a', 'delete a', 'add b']);
    expect(follower.log).toEqual(['relist: gone']);
  });

  it('counts errors in the stream, asks for the same version again, and lists again after three', async () => {
    const { server, script, lists, watches } = await startServer();
    await using _ = server;
    const fail = (response: ServerResponse) => void response.writeHead(200).end(streamError(500, 'InternalError'));
    script.watches.push(fail, fail, fail);
    await using follower = follow(server);
    await until(() => watches().length === 4, 'four watches');
    expect(follower.log).toEqual([...Array(3).fill('watch failed: unavailable'), 'relist: repeated failures']);
    expect(watches().map((request) => request.query.get('resourceVersion'))).toEqual(['10', '10', '10', '10']);
    expect(lists()).toHaveLength(2);
  });

  const survivable: readonly { name: string; watch: (response: ServerResponse) => void; code: string }[] = [
    { name: '401', watch: (r) => sendJson(r, 401, status(401, 'Unauthorized', 'no')), code: 'unauthorized' },
    { name: '403', watch: (r) => sendJson(r, 403, status(403, 'Forbidden', 'no')), code: 'forbidden' },
    { name: '429', watch: (r) => sendJson(r, 429, status(429, 'TooManyRequests', 'no')), code: 'throttled' },
    { name: '503', watch: (r) => sendJson(r, 503, {}), code: 'unavailable' },
    { name: 'a destroyed socket', watch: (r) => void r.destroy(), code: 'unavailable' },
    {
      name: 'a socket destroyed in mid-stream',
      watch: (r) => {
        r.writeHead(200).write(bookmark('12'));
        setTimeout(() => r.destroy(), 5);
      },
      code: 'unavailable',
    },
    {
      name: 'an event cut in half',
      watch: (r) => void r.writeHead(200).end(event('ADDED', stored('x', '11')).slice(0, 40)),
      code: 'unavailable',
    },
    { name: 'a line that is not JSON', watch: (r) => void r.writeHead(200).end('not json\n'), code: 'unavailable' },
    {
      name: 'an event of no known type',
      watch: (r) => void r.writeHead(200).end(event('SURPRISE', {})),
      code: 'unavailable',
    },
  ];
  it.each(survivable)('survives $name on a watch, and shows it', async ({ watch, code }) => {
    const { server, script, lists } = await startServer();
    await using _ = server;
    script.watches.push(watch, (response) => void response.writeHead(200).write(event('ADDED', stored('b', '11'))));
    await using follower = follow(server);
    await until(() => follower.cache.count('Device') === 2, 'the event after the failure');
    expect(follower.log).toEqual([`watch failed: ${code}`]);
    expect(lists()).toHaveLength(1);
    expect(server.requests.every((request) => request.headers.range === undefined)).toBe(true);
  });

  it('gives up a connection whose other end vanished without a word, and lists again without a version', async () => {
    const { server, script, lists, watches } = await startServer();
    await using _ = server;
    // As after a power cut: the connection is open, nothing arrives on it, and nobody will ever close it.
    script.watches.push((response) => void response.writeHead(200).write(bookmark('950')));
    await using follower = follow(server);
    await until(() => watches().length === 1, 'a watch');
    script.list = (__, response) => sendJson(response, 200, listOf(['b'], '400'));
    await until(() => follower.log.includes('relist: silence'), 'the silence was noticed');
    await until(() => watches().length === 2, 'a second watch');
    expect(watches()[0]?.closed()).toBe(true);
    expect(lists()[1]?.query.has('resourceVersion')).toBe(false);
    // Lower than before: the server was restored from a backup.
    expect(watches()[1]?.query.get('resourceVersion')).toBe('400');
    expect(follower.changes).toEqual(['add a', 'delete a', 'add b']);
  });

  it('gives up a watch that is never answered', async () => {
    const { server, script, watches } = await startServer();
    await using _ = server;
    script.watches.push(() => {});
    await using follower = follow(server);
    await until(() => watches().length === 2, 'a second watch');
    expect(follower.log).toContain('relist: silence');
  });

  it('reads events of a megabyte and characters that are split between packets', async () => {
    const { server, script } = await startServer();
    await using _ = server;
    const note = 'Größe ✓ 🚀 ';
    const big = { ...stored('b', '11'), spec: { note: note.repeat(60_000) } };
    const small = { ...stored('c', '12'), spec: { note } };
    script.watches.push((response) => {
      response.writeHead(200).write(event('ADDED', big));
      void byteByByte(response, event('ADDED', small));
    });
    await using follower = follow(server);
    await until(() => follower.cache.count('Device') === 3, 'both events');
    const specOf = (name: string) => follower.cache.get({ kind: 'Device', namespace: 'factory', name })?.spec;
    expect(specOf('b')).toEqual(big.spec);
    expect(specOf('c')).toEqual(small.spec);
  });

  it('tells nobody twice about the same event', async () => {
    const { server, script } = await startServer();
    await using _ = server;
    const twice = event('MODIFIED', stored('a', '11'));
    script.watches.push(
      (response) => void response.writeHead(200).write(twice + twice + event('ADDED', stored('b', '12'))),
    );
    await using follower = follow(server);
    await until(() => follower.cache.count('Device') === 2, 'the last event');
    expect(follower.changes).toEqual(['add a', 'update a', 'add b']);
  });

  it('begins again when the continue token of page 2 has expired', async () => {
    const { server, script, lists } = await startServer();
    await using _ = server;
    let expired = 0;
    script.list = (request, response) => {
      if (request.query.get('continue') === null) sendJson(response, 200, listOf(['a'], '10', 'token'));
      else if (expired++ === 0) sendJson(response, 410, status(410, 'Expired', 'the token is too old'));
      else sendJson(response, 200, listOf(['b'], '10'));
    };
    await using follower = follow(server);
    await until(() => follower.cache.count('Device') === 2, 'the whole list');
    expect(follower.log).toEqual(['list failed: gone', 'relist: failed list']);
    expect(lists().map((request) => request.query.get('continue'))).toEqual([null, 'token', null, 'token']);
  });

  it('takes the new token when the old one ends during a watch', async () => {
    using folder = temporaryFolder();
    const tokenFile = join(folder.path, 'token');
    writeFileSync(tokenFile, 'old');
    const { server, script, watches } = await startServer();
    await using _ = server;
    script.watches.push((response) => {
      writeFileSync(tokenFile, 'new');
      response.writeHead(200).end(bookmark('12'));
    });
    const needsNew = (response: ServerResponse, request: SeenRequest) => {
      if (request.headers.authorization !== 'Bearer new')
        sendJson(response, 401, status(401, 'Unauthorized', 'expired'));
      else response.writeHead(200).write(event('ADDED', stored('b', '13')));
    };
    script.watches.push(needsNew, needsNew);
    await using follower = follow(server, { tokenFile });
    await until(() => follower.cache.count('Device') === 2, 'the event under the new token');
    expect(follower.log).toEqual([]);
    expect(watches().map((request) => request.headers.authorization)).toEqual([
      'Bearer old',
      'Bearer old',
      'Bearer new',
    ]);
  });

  it('stopped during a slow list hangs up, opens no watch and is silent about it', async () => {
    const { server, script, lists, watches } = await startServer();
    await using _ = server;
    script.list = () => {};
    const follower = follow(server);
    await until(() => lists().length === 1, 'the list arrived');
    await follower.ended();
    await until(() => lists()[0]?.closed() === true, 'the server saw it go');
    expect(watches()).toHaveLength(0);
    expect(follower.log).toEqual([]);
  });

  it('stopped during a watch hangs up, and is silent about it', async () => {
    const { server, watches } = await startServer();
    await using _ = server;
    const follower = follow(server);
    await until(() => watches().length === 1, 'the watch arrived');
    await follower.ended();
    await until(() => watches()[0]?.closed() === true, 'the server saw it go');
    expect(follower.log).toEqual([]);
  });
});
