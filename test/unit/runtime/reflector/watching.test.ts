import { describe, expect, it } from 'vitest';
import { StoreError } from '../../../../operator/runtime/store.ts';
import { page, startReflector as start } from '../../../support/store-reflector.ts';
import { gone, ScriptedServer, stored } from '../../../support/store-script.ts';

describe('watching', () => {
  it('asks for the version of the last bookmark when the server ends the watch', async () => {
    const server = new ScriptedServer(() => page('a'));
    const { clock } = start(server);
    await clock.advance(2_000);
    server.lastWatch.send({ type: 'BOOKMARK', resourceVersion: '25' });
    server.lastWatch.end();
    await clock.advance(0);
    expect(server.watches).toHaveLength(2);
    expect(server.lastWatch.query.resourceVersion).toBe('25');
    expect(server.lists).toHaveLength(1);
  });

  it('does not ask in a tight loop when the server ends every watch at once', async () => {
    const server = new ScriptedServer(() => page('a'));
    const { clock } = start(server);
    for (let i = 0; i < 100; i++) {
      await clock.advance(100);
      server.lastWatch.end();
    }
    expect(server.watches.length).toBeLessThan(10);
  });

  it('lists again after 410, with a wait before the list, and tells what vanished', async () => {
    const server = new ScriptedServer(() => page('a', 'b'));
    const { clock, changes, log } = start(server);
    await clock.advance(0);
    server.onList = () => page('b', 'c');
    server.lastWatch.fail(gone());
    await clock.advance(700);
    expect(server.lists).toHaveLength(1);
    await clock.advance(1_000);
    expect(changes.slice(2)).toEqual(['delete a@uid-a', 'add c@uid-c']);
    expect(log).toContain('relist: gone');
  });

  it('counts failures in the stream and lists again after three without an event between them', async () => {
    const server = new ScriptedServer(() => page('a'));
    const { clock, log } = start(server);
    for (let i = 0; i < 3; i++) {
      await clock.advance(30_000);
      server.lastWatch.fail(new StoreError('unavailable', 'etcdserver: request timed out'));
    }
    await clock.advance(30_000);
    expect(log.filter((line) => line === 'watch failed: unavailable')).toHaveLength(3);
    expect(log).toContain('relist: repeated failures');
    expect(server.lists).toHaveLength(2);
  });

  it('keeps its version through single failures', async () => {
    const server = new ScriptedServer(() => page('a'));
    const { clock } = start(server);
    for (let i = 0; i < 6; i++) {
      await clock.advance(31_000);
      server.lastWatch.send({ type: 'MODIFIED', object: stored('a', String(20 + i)) });
      server.lastWatch.fail(new Error('socket closed'));
    }
    await clock.advance(31_000);
    expect(server.lists).toHaveLength(1);
    expect(server.lastWatch.query.resourceVersion).toBe('25');
  });

  it('after 90 s of silence lists again without a version and accepts a lower one', async () => {
    const server = new ScriptedServer(() => ({
      items: [stored('a', '900'), stored('b', '901')],
      resourceVersion: '901',
    }));
    const { clock, reflector, changes, log, cache } = start(server);
    await clock.advance(60_000);
    server.lastWatch.send({ type: 'BOOKMARK', resourceVersion: '950' });
    const silent = server.lastWatch;
    await clock.advance(89_000);
    expect(silent.query.signal.aborted).toBe(false);
    server.onList = () => ({ items: [stored('a', '400')], resourceVersion: '410' });
    await clock.advance(5_000);
    expect(silent.query.signal.aborted).toBe(true);
    expect(log).toContain('relist: silence');
    expect(server.lists.at(-1)).not.toHaveProperty('resourceVersion');
    expect(reflector.resourceVersion).toBe('410');
    expect(changes.slice(2)).toEqual(['delete b@uid-b', 'update a@uid-a']);
    expect(cache.get({ kind: 'Device', namespace: 'factory', name: 'a' })?.metadata.resourceVersion).toBe('400');
    expect(server.lastWatch.query.resourceVersion).toBe('410');
  });

  it('counts the time before the first answer as silence', async () => {
    const server = new ScriptedServer();
    const { clock, log } = start(server);
    await clock.advance(92_000);
    expect(log).toContain('relist: silence');
  });

  it('treats another uid under the same name as an end and a beginning', async () => {
    const server = new ScriptedServer(() => page('a'));
    const { clock, changes } = start(server);
    await clock.advance(0);
    server.lastWatch.send({ type: 'MODIFIED', object: stored('a', '11', 'uid-second') });
    await clock.advance(0);
    expect(changes.slice(1)).toEqual(['delete a@uid-a', 'add a@uid-second']);
  });

  it('tells nobody about an event that changes nothing', async () => {
    const server = new ScriptedServer(() => page('a'));
    const { clock, changes } = start(server);
    await clock.advance(0);
    server.lastWatch.send(
      { type: 'ADDED', object: stored('a', '10') },
      { type: 'MODIFIED', object: stored('a', '10') },
    );
    await clock.advance(0);
    expect(changes).toHaveLength(1);
  });
});
