import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../../operator/api/meta.ts';
import { systemClock } from '../../../operator/runtime/clock.ts';
import { admitEverything } from '../../../operator/runtime/store/admission.ts';
import type { LocalStore } from '../../../operator/runtime/store/local/local-store.ts';
import { openLocalStore } from '../../../operator/runtime/store/local/open.ts';
import { openLocalReader } from '../../../operator/runtime/store/local/reader.ts';
import { StoreError } from '../../../operator/runtime/store.ts';
import { document, temporaryFolder } from '../../support/store.ts';

const name = fc.constantFrom('a', 'b', 'c');
const owner = fc.constantFrom('git', 'kubectl');
const value = fc.integer({ min: 0, max: 2 });
const step = fc.oneof(
  fc.record({ act: fc.constant('apply' as const), name, owner, value, force: fc.boolean() }),
  fc.record({ act: fc.constant('status' as const), name, owner, value }),
  fc.record({ act: fc.constant('finalizer' as const), name, present: fc.boolean() }),
  fc.record({ act: fc.constant('delete' as const), name }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

async function take(store: LocalStore, s: Step): Promise<unknown> {
  const key = { kind: 'Device', namespace: 'factory', name: s.name };
  const uid = (await store.get(key))?.metadata.uid ?? 'none';
  switch (s.act) {
    case 'apply': {
      const metadata = { labels: { [s.owner]: String(s.value), shared: String(s.value) } };
      return store.apply(document('Device', s.name, { spec: { n: s.value }, metadata }), s);
    }
    case 'status':
      return store.applyStatus({ ...key, uid }, { n: s.value }, s);
    case 'finalizer':
      return store.setFinalizer({ ...key, uid }, 'fleetward.dev/f', s.present);
    case 'delete':
      return store.delete(key);
    default:
      return s satisfies never;
  }
}

/** Refusals are part of the story; anything else is not. */
async function takeAll(store: LocalStore, steps: readonly Step[], together: boolean): Promise<void> {
  const refused = (thrown: unknown) => expect(thrown).toBeInstanceOf(StoreError);
  if (together) await Promise.all(steps.map((s) => take(store, s).catch(refused)));
  else for (const s of steps) await take(store, s).catch(refused);
}

const byName = (objects: Iterable<KubeObject>) =>
  [...objects].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));

async function replayed(store: LocalStore): Promise<KubeObject[]> {
  const { resourceVersion } = await store.list({ kind: 'Device' });
  const objects = new Map<string, KubeObject>();
  const stop = new AbortController();
  let seen = 0;
  if (seen < Number(resourceVersion)) {
    for await (const event of store.watch({ kind: 'Device', resourceVersion: '0', signal: stop.signal })) {
      if (event.type === 'BOOKMARK') continue;
      const { metadata } = event.object;
      expect(Number(metadata.resourceVersion)).toBe(++seen);
      expect(objects.has(metadata.name)).toBe(event.type !== 'ADDED');
      if (event.type === 'DELETED') objects.delete(metadata.name);
      else objects.set(metadata.name, event.object);
      if (seen === Number(resourceVersion)) break;
    }
  }
  return byName(objects.values());
}

describe('after any history', () => {
  it('list, watch, database, reader and a restart tell the same, with no version skipped', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), fc.boolean(), async (steps, together) => {
        using folder = temporaryFolder();
        const options = { folder: folder.path, admission: admitEverything, clock: systemClock };
        const store = await openLocalStore(options);
        await takeAll(store, steps, together);
        const { items, resourceVersion } = await store.list({ kind: 'Device' });
        expect(await replayed(store)).toEqual(byName(items));
        using reader = openLocalReader(folder.path);
        expect(reader.list('Device')).toEqual(byName(items));
        await store.close();
        const again = await openLocalStore(options);
        const after = await again.list({ kind: 'Device' });
        expect(byName(after.items)).toEqual(byName(items));
        expect(after.resourceVersion).toBe(resourceVersion);
        await again.close();
      }),
      { numRuns: 60 },
    );
  });

  it('a restart knows who owns what', async () => {
    using folder = temporaryFolder();
    const options = { folder: folder.path, admission: admitEverything, clock: systemClock };
    const labelled = (labels: Record<string, string>) =>
      document('Device', 'a', { spec: { n: 1 }, metadata: { labels } });
    const first = await openLocalStore(options);
    await first.apply(labelled({ mine: '1', shared: '1' }), { owner: 'git' });
    await first.apply(document('Device', 'a', { metadata: { labels: { shared: '1' } } }), { owner: 'kubectl' });
    await first.close();
    const second = await openLocalStore(options);
    const after = await second.apply(labelled({}), { owner: 'git' });
    expect(after.metadata.labels).toEqual({ shared: '1' });
    const last = await second.apply(document('Device', 'a', {}), { owner: 'kubectl' });
    expect(last.metadata.labels).toBeUndefined();
    expect(last.spec).toEqual({ n: 1 });
    await second.close();
  });
});
