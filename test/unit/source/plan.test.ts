import fc from 'fast-check';
import { expect, test } from 'vitest';
import { API_VERSION, type KubeObject, keyOf } from '../../../operator/api/meta.ts';
import { isIntact } from '../../../operator/controllers/fleetsource/memory.ts';
import { guardLimit, planRevision } from '../../../operator/controllers/fleetsource/plan.ts';
import { inventoryDigest } from '../../../operator/controllers/fleetsource/status.ts';
import { SOURCE_LABEL } from '../../../operator/controllers/fleetsource/verbs.ts';

const object = (kind: string, name: string, spec: unknown, extra: object = {}): KubeObject => ({
  apiVersion: API_VERSION,
  kind,
  metadata: { name, namespace: 'factory', ...extra },
  spec,
});

/** What a store holds after `plan` was carried out over `stored`. */
function carryOut(stored: Map<string, KubeObject>, plan: Awaited<ReturnType<typeof planRevision>>): void {
  for (const document of plan.apply) {
    const old = stored.get(keyOf(document));
    const uid = old?.metadata.uid ?? `uid-${keyOf(document)}`;
    stored.set(keyOf(document), { ...document, metadata: { ...document.metadata, uid } });
  }
  for (const gone of plan.remove) stored.delete(keyOf(gone));
}

const plan = (desired: KubeObject[], stored: Map<string, KubeObject>) =>
  planRevision({
    source: 'me',
    desired,
    complete: (document) => document,
    find: (document) => stored.get(keyOf(document)),
    inventory: [...stored.values()].filter(({ metadata }) => metadata.labels?.[SOURCE_LABEL] === 'me'),
    isSource: () => true,
  });

test('carrying out the plan of any revision over any other leads to that revision, and its second plan is empty', async () => {
  const revision = fc.uniqueArray(
    fc.record({
      kind: fc.constantFrom('Device', 'ThingType', 'IoTPolicy'),
      name: fc.constantFrom('a', 'b', 'c', 'd'),
      spec: fc.record({ value: fc.integer({ min: 0, max: 2 }) }, { requiredKeys: [] }),
    }),
    { selector: ({ kind, name }) => `${kind}/${name}` },
  );
  await fc.assert(
    fc.asyncProperty(revision, revision, async (before, after) => {
      const stored = new Map<string, KubeObject>();
      const toObjects = (list: typeof before) => list.map(({ kind, name, spec }) => object(kind, name, spec));
      carryOut(stored, await plan(toObjects(before), stored));
      carryOut(stored, await plan(toObjects(after), stored));
      expect([...stored.keys()].sort()).toEqual(toObjects(after).map(keyOf).sort());
      for (const wanted of toObjects(after)) expect(stored.get(keyOf(wanted))?.spec).toEqual(wanted.spec);
      const again = await plan(toObjects(after), stored);
      expect(again).toMatchObject({ apply: [], remove: [], refused: [] });
      expect(again.kept).toHaveLength(after.length);
    }),
    { numRuns: 200 },
  );
});

test('a change carries the uid of what it changes and a creation none, so that no apply brings a deleted object back', async () => {
  const stored = new Map([['Device/factory/a', object('Device', 'a', { v: 1 }, { uid: 'u1' })]]);
  const { apply } = await plan([object('Device', 'a', { v: 2 }), object('Device', 'b', {})], stored);
  expect(apply.map(({ metadata }) => [metadata.name, metadata.uid])).toEqual([
    ['a', 'u1'],
    ['b', undefined],
  ]);
});

test('changes come before creations, and what others refer to before what refers to it', async () => {
  const stored = new Map([['Device/factory/z', object('Device', 'z', { v: 1 }, { uid: 'u' })]]);
  const kinds = ['Device', 'SecurityProfile', 'IoTPolicy', 'AWSAccount', 'ThingGroup', 'ThingType'];
  const { apply } = await plan(
    [...kinds.map((kind) => object(kind, 'x', {})), object('Device', 'z', { v: 2 })],
    stored,
  );
  expect(apply.map(({ kind, metadata }) => `${kind}/${metadata.name}`)).toEqual([
    'Device/z',
    'AWSAccount/x',
    'ThingType/x',
    'IoTPolicy/x',
    'ThingGroup/x',
    'SecurityProfile/x',
    'Device/x',
  ]);
});

test('an object that is being deleted is neither changed nor deleted again', async () => {
  const going = { uid: 'u', deletionTimestamp: '2026-01-01T00:00:00Z', labels: { [SOURCE_LABEL]: 'me' } };
  const stored = new Map([['Device/factory/a', object('Device', 'a', { v: 1 }, going)]]);
  expect(await plan([object('Device', 'a', { v: 2 })], stored)).toMatchObject({ apply: [], remove: [] });
  expect(await plan([], stored)).toMatchObject({ apply: [], remove: [] });
});

test.each([
  [8, 5, 'the count rules small fleets'],
  [50, 5, 'both alike'],
  [1000, 100, 'the share rules large fleets'],
  [0, 5, 'nothing is applied yet'],
])('of %i objects %i may go at once: %s', (inventory, limit) => {
  expect(guardLimit({ maxCount: 5, maxPercent: 10 }, inventory)).toBe(limit);
});

test('a finished revision is intact only while every object is there, unedited and not on its way out', () => {
  const seen = new Map([
    ['u1', 1],
    ['u2', 3],
  ]);
  const at = (uid: string, generation: number, extra: object = {}) =>
    object('Device', uid, {}, { uid, generation, ...extra });
  expect(isIntact(seen, [at('u1', 1), at('u2', 3), at('orphan', 9)])).toBe(true);
  expect(isIntact(seen, [at('u1', 1)])).toBe(false);
  expect(isIntact(seen, [at('u1', 2), at('u2', 3)])).toBe(false);
  expect(isIntact(seen, [at('u1', 1), at('u2', 3, { deletionTimestamp: 'now' })])).toBe(false);
});

test('the digest tells sets apart and does not depend on their order', async () => {
  expect(await inventoryDigest(['a/b', 'c'])).toBe(await inventoryDigest(['c', 'a/b']));
  expect(await inventoryDigest(['a', 'bc'])).not.toBe(await inventoryDigest(['ab', 'c']));
  expect(await inventoryDigest(['a'])).not.toBe(await inventoryDigest(['a', 'b']));
});
