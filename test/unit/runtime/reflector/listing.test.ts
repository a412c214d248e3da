import { describe, expect, it } from 'vitest';
import type { ListPage } from '../../../../operator/runtime/store.ts';
import { StoreError } from '../../../../operator/runtime/store.ts';
import { page, startReflector as start, stops } from '../../../support/store-reflector.ts';
import { gone, ScriptedServer, stored } from '../../../support/store-script.ts';

describe('listing', () => {
  it('reads page after page and starts the watch at the version of the list', async () => {
    const server = new ScriptedServer((query) =>
      query.continue === undefined ? { ...page('a'), continue: 'next' } : page('b'),
    );
    const { clock, cache, changes } = start(server, { pageSize: 1 });
    expect(cache.synced).toBe(false);
    await clock.advance(0);
    expect(server.lists.map((query) => [query.limit, query.continue])).toEqual([
      [1, undefined],
      [1, 'next'],
    ]);
    expect(changes).toEqual(['add a@uid-a initially', 'add b@uid-b initially']);
    expect(cache.synced).toBe(true);
    expect(server.lastWatch.query.resourceVersion).toBe('10');
  });

  it('uses one selection for list and watch: two would leave ghosts', async () => {
    const server = new ScriptedServer();
    const selection = { kind: 'Device', namespace: 'factory', labels: { site: 'one' } };
    const { clock } = start(server, { selection });
    await clock.advance(0);
    expect(server.lists[0]).toMatchObject(selection);
    expect(server.lastWatch.query).toMatchObject(selection);
  });

  it('waits longer and longer after failures, up to 30 s, and starts over after two healthy minutes', async () => {
    const server = new ScriptedServer(() => {
      throw new StoreError('unavailable', 'connection refused');
    });
    const { clock, log } = start(server);
    const at: number[] = [];
    server.onList = () => {
      at.push(clock.monotonic());
      throw new StoreError('unavailable', 'connection refused');
    };
    await clock.advance(180_000);
    const waits = at.slice(1).map((time, index) => time - at[index]!);
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(800);
    expect(Math.max(...waits)).toBeLessThanOrEqual(30_000);
    expect(waits[6]).toBeGreaterThan(waits[0]! * 5);
    expect(log.filter((line) => line === 'list failed: unavailable').length).toBeGreaterThan(8);

    server.onList = () => page();
    await clock.advance(40_000);
    for (let minutes = 0; minutes < 3; minutes++) {
      server.lastWatch.send({ type: 'BOOKMARK', resourceVersion: '11' });
      await clock.advance(60_000);
    }
    const failedAt = clock.monotonic();
    const lists = server.lists.length;
    server.lastWatch.fail(gone());
    await clock.advance(1_700);
    expect(server.lists.length).toBe(lists + 1);
    expect(clock.monotonic() - failedAt).toBeLessThan(2_000);
  });

  it('waits as long as the server asked for', async () => {
    const server = new ScriptedServer((_, call) => {
      if (call === 1) throw new StoreError('throttled', 'too many requests', { retryAfterMs: 20_000 });
      return page('a');
    });
    const { clock, cache } = start(server);
    await clock.advance(19_999);
    expect(server.lists).toHaveLength(1);
    await clock.advance(1);
    expect(cache.count('Device')).toBe(1);
  });

  it('begins again when the continue token expires on page 2, and asks for everything at once when that goes on', async () => {
    const server = new ScriptedServer((query) => {
      if (query.continue !== undefined) throw gone();
      return query.limit === undefined ? page('a', 'b') : { ...page('a'), continue: 'next' };
    });
    const { clock, cache, log } = start(server);
    await clock.advance(10_000);
    expect(log).toContain('listed 2');
    expect(server.lists.at(-1)?.limit).toBeUndefined();
    expect(cache.count('Device')).toBe(2);
  });

  it.each(['unauthorized', 'forbidden', 'throttled', 'unavailable', 'notFound', 'invalid'] as const)(
    'survives %s on list and watch',
    async (code) => {
      const server = new ScriptedServer((_, call) => {
        if (call === 1) throw new StoreError(code, code);
        return page('a');
      });
      const { clock, cache } = start(server);
      await clock.advance(5_000);
      server.lastWatch.fail(new StoreError(code, code));
      await clock.advance(10_000);
      server.lastWatch.send({ type: 'ADDED', object: stored('b', '11') });
      await clock.advance(0);
      expect(cache.count('Device')).toBe(2);
    },
  );
});

describe('stopping', () => {
  it('during a slow list opens no watch and delivers nothing', async () => {
    let answer = (_: ListPage) => {};
    const server = new ScriptedServer(
      () =>
        new Promise<ListPage>((resolve) => {
          answer = resolve;
        }),
    );
    const { clock, stop, done, cache, log } = start(server);
    await clock.advance(10);
    expect(server.lists[0]?.signal?.aborted).toBe(false);
    stop.abort();
    answer(page('a'));
    await done;
    expect(server.watches).toHaveLength(0);
    expect(cache.count('Device')).toBe(0);
    expect(log).toEqual([]);
  });

  it('during a watch ends the watch, without an error, and leaves no timer', async () => {
    const server = new ScriptedServer(() => page('a'));
    const { clock, stop, done, log } = start(server);
    await clock.advance(10);
    stop.abort();
    await done;
    expect(server.lastWatch.query.signal.aborted).toBe(true);
    expect(log).toEqual(['listed 1']);
    expect(clock.next()).toBeUndefined();
  });

  it('during a wait ends at once', async () => {
    const server = new ScriptedServer(() => {
      throw new Error('down');
    });
    const { clock, stop, done } = start(server);
    await clock.advance(10);
    stop.abort();
    await done;
    expect(clock.next()).toBeUndefined();
  });

  it('lets it be started again, but not twice at a time', async () => {
    const server = new ScriptedServer(() => page('a'));
    const { clock, reflector, stop, done } = start(server);
    await clock.advance(0);
    await expect(reflector.run(stop.signal)).rejects.toThrow('running already');
    stop.abort();
    await done;
    const again = new AbortController();
    stops.push(again);
    void reflector.run(again.signal);
    await clock.advance(0);
    expect(server.watches).toHaveLength(2);
  });
});
