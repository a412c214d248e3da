import { expect, it } from 'vitest';
import { API_VERSION } from '../../../operator/api/meta.ts';
import { fencedStore } from '../../../operator/runtime/lease/fenced-store.ts';
import { temporaryStore } from '../../support/store.ts';

const group = {
  apiVersion: API_VERSION,
  kind: 'ThingGroup',
  metadata: { name: 'site', namespace: 'factory' },
  spec: {},
};
const key = { kind: 'ThingGroup', namespace: 'factory', name: 'site' };
const owner = { owner: 'story' };

it('a replica that does not lead reads and watches, and every one of its writes is refused', async () => {
  await using temporary = await temporaryStore();
  let leading = true;
  const store = fencedStore(temporary.store, () => leading);
  const uid = (await store.apply(group, owner)).metadata.uid ?? '';
  await store.applyStatus({ ...key, uid }, { seen: 1 }, owner);
  await store.setFinalizer({ ...key, uid }, 'fleetward.dev/story', true);
  leading = false;
  const before = (await store.list({ kind: 'ThingGroup' })).resourceVersion;
  const writes = [
    () => store.apply({ ...group, spec: { description: 'late' } }, owner),
    () => store.applyStatus({ ...key, uid }, { seen: 2 }, owner),
    () => store.setFinalizer({ ...key, uid }, 'fleetward.dev/story', false),
    () => store.delete(key),
  ];
  for (const write of writes) await expect(write()).rejects.toMatchObject({ code: 'conflict' });
  expect((await store.list({ kind: 'ThingGroup' })).resourceVersion).toBe(before);
  expect((await store.get(key))?.status).toEqual({ seen: 1 });
  const stop = AbortSignal.abort();
  for await (const _ of store.watch({ kind: 'ThingGroup', resourceVersion: before, signal: stop })) break;
});
