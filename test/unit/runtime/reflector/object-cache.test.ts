import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../../../operator/api/meta.ts';
import { ObjectCache } from '../../../../operator/runtime/cache/object-cache.ts';
import { document } from '../../../support/store.ts';
import { stored } from '../../../support/store-script.ts';

const bySite = (object: KubeObject) => Object.values(object.metadata.labels ?? {});

const labelled = (name: string, version: number, labels: readonly string[], uid = `uid-${name}`) =>
  document('Device', name, {
    metadata: { uid, resourceVersion: String(version), labels: Object.fromEntries(labels.map((l, i) => [`l${i}`, l])) },
  });

describe('the cache', () => {
  it('hands out the very objects it was given', async () => {
    const cache = new ObjectCache();
    const object = stored('a', '1');
    await cache.sink('Device').replace([object]);
    expect(cache.get({ kind: 'Device', namespace: 'factory', name: 'a' })).toBe(object);
    expect([...cache.list('Device')]).toEqual([object]);
  });

  it('has indexes that always equal a search, through any history', async () => {
    const name = fc.constantFrom('a', 'b', 'c');
    const labels = fc.uniqueArray(fc.constantFrom('x', 'y', 'z'), { maxLength: 3 });
    const uid = fc.constantFrom('1', '2');
    const change = fc.oneof(
      fc.record({ act: fc.constant('set' as const), name, labels, uid }),
      fc.record({ act: fc.constant('remove' as const), name, labels, uid }),
      fc.record({ act: fc.constant('replace' as const), name, labels, uid }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 20 }), async (history) => {
        const cache = new ObjectCache();
        cache.addIndex('Device', 'site', bySite);
        const told = new Map<string, KubeObject>();
        cache.onChange('Device', ({ old, new: next }) => {
          if (old) told.delete(old.metadata.name);
          if (next) told.set(next.metadata.name, next);
        });
        const sink = cache.sink('Device');
        let version = 0;
        for (const step of history) {
          const object = labelled(step.name, ++version, step.labels, step.uid);
          if (step.act === 'set') sink.set(object);
          else if (step.act === 'remove') sink.remove(object);
          else await sink.replace([object]);
          for (const value of ['x', 'y', 'z']) {
            const found = [...cache.byIndex('Device', 'site', value)].map((o) => o.metadata.name).sort();
            const wanted = [...cache.list('Device')].filter((o) => bySite(o).includes(value));
            expect(found).toEqual(wanted.map((o) => o.metadata.name).sort());
          }
        }
        expect([...told.values()].sort(byName)).toEqual([...cache.list('Device')].sort(byName));
      }),
      { numRuns: 200 },
    );
  });

  it('replaces only the namespace that was listed', async () => {
    const cache = new ObjectCache();
    const other = document('Device', 'o', { metadata: { namespace: 'other', uid: 'o', resourceVersion: '1' } });
    await cache.sink('Device', 'factory').replace([stored('a', '1')]);
    await cache.sink('Device', 'other').replace([other]);
    await cache.sink('Device', 'factory').replace([]);
    expect(cache.count('Device')).toBe(1);
    expect(cache.count('Device', 'other')).toBe(1);
  });

  it('is synced once every sink had its first list, and not before its handlers heard of it', async () => {
    const cache = new ObjectCache();
    const [devices, groups] = [cache.sink('Device'), cache.sink('ThingGroup')];
    const heard: boolean[] = [];
    cache.onChange('Device', () => heard.push(cache.synced));
    const synced = cache.whenSynced();
    await groups.replace([]);
    expect(cache.synced).toBe(false);
    await devices.replace([stored('a', '1')]);
    await synced;
    expect(heard).toEqual([false]);
    expect(cache.synced).toBe(true);
  });

  it('gives up waiting for the first list when told to', async () => {
    const cache = new ObjectCache();
    cache.sink('Device');
    const stop = new AbortController();
    const waiting = cache.whenSynced(stop.signal);
    stop.abort(new Error('shutting down'));
    await expect(waiting).rejects.toThrow('shutting down');
  });

  it('ignores the late deletion of an object that has a successor', async () => {
    const cache = new ObjectCache();
    const sink = cache.sink('Device');
    await sink.replace([stored('a', '5', 'second')]);
    sink.remove(stored('a', '4', 'first'));
    expect(cache.count('Device')).toBe(1);
  });

  it('tells all handlers although one throws, and reports that one', () => {
    const failures: unknown[] = [];
    const cache = new ObjectCache({ onHandlerError: (_, error) => failures.push(error) });
    const heard: string[] = [];
    cache.onChange('Device', () => {
      throw new Error('a handler with a bug');
    });
    cache.onChange('Device', (change) => heard.push(change.new?.metadata.name ?? ''));
    cache.sink('Device').set(stored('a', '1'));
    cache.sink('Device').set(stored('b', '2'));
    expect(heard).toEqual(['a', 'b']);
    expect(failures).toHaveLength(2);
  });

  it('indexes what is there already when an index comes late, and refuses an unknown one', () => {
    const cache = new ObjectCache();
    cache.sink('Device').set(labelled('a', 1, ['x']));
    cache.addIndex('Device', 'site', bySite);
    expect(cache.byIndex('Device', 'site', 'x')).toHaveLength(1);
    expect(() => cache.byIndex('Device', 'nothing', 'x')).toThrow('no index nothing');
    expect(() => cache.addIndex('Device', 'site', bySite)).toThrow('already');
  });
});

const byName = (a: KubeObject, b: KubeObject): number => (a.metadata.name < b.metadata.name ? -1 : 1);
