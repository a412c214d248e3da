import { describe, expect, it } from 'vitest';
import type { SubjectOf } from './target.ts';
import { create, group, KIND, keyOf, OTHER, OWNER, refusalOf } from './target.ts';

export function applyConformance(subjectOf: SubjectOf): void {
  describe('apply', () => {
    it('creates an object with identity, generation 1, defaults, and without unknown bookkeeping', async () => {
      const s = subjectOf();
      const made = await create(s, s.fresh(), { labels: { site: 'one' } });
      expect(made.metadata.uid).toMatch(/^[0-9a-f-]{36}$/);
      expect(made.metadata.generation).toBe(1);
      expect(made.metadata.creationTimestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
      expect(made.metadata.resourceVersion).toMatch(/^\d+$/);
      expect(made.metadata).not.toHaveProperty('managedFields');
      expect(made.spec).toMatchObject({ adoption: 'Create', accountRef: { name: 'default' }, quarantine: false });
      expect(made).not.toHaveProperty('status');
      expect(await s.store.get(keyOf(made))).toEqual(made);
    });

    it('returns frozen objects', async () => {
      const s = subjectOf();
      const made = await create(s);
      const read = await s.store.get(keyOf(made));
      for (const object of [made, read]) {
        expect(Object.isFrozen(object)).toBe(true);
        expect(Object.isFrozen(object?.metadata)).toBe(true);
        expect(Object.isFrozen((object?.spec as { accountRef: object } | undefined)?.accountRef)).toBe(true);
      }
    });

    it('writes nothing the second time', async () => {
      const s = subjectOf();
      const name = s.fresh();
      const parts = { spec: { attributes: { site: 'one' } }, labels: { a: 'b' }, annotations: { note: 'x' } };
      const made = await create(s, name, parts);
      const again = await s.store.apply(group(s, name, { ...parts, uid: keyOf(made).uid }), OWNER);
      expect(again.metadata.resourceVersion).toBe(made.metadata.resourceVersion);
    });

    it('raises the generation with the spec and not with labels or annotations', async () => {
      const s = subjectOf();
      const made = await create(s, s.fresh(), { spec: { description: 'one' } });
      const { name } = made.metadata;
      const labelled = await create(s, name, {
        spec: { description: 'one' },
        labels: { a: 'b' },
        annotations: { c: 'd' },
      });
      expect(labelled.metadata.generation).toBe(1);
      expect(labelled.metadata.resourceVersion).not.toBe(made.metadata.resourceVersion);
      const changed = await create(s, name, { spec: { description: 'two' }, labels: { a: 'b' } });
      expect(changed.metadata.generation).toBe(2);
      expect(changed.metadata.uid).toBe(made.metadata.uid);
      expect(changed.metadata.annotations).toBeUndefined();
    });

    it('removes the fields that its owner leaves out, and brings defaults back', async () => {
      const s = subjectOf();
      const spec = { description: 'one', attributes: { a: '1', b: '2' }, adoption: 'Adopt' };
      const made = await create(s, s.fresh(), { spec });
      const next = await create(s, made.metadata.name, { spec: { attributes: { b: '2' } } });
      expect(next.spec).toMatchObject({ attributes: { b: '2' }, adoption: 'Create' });
      expect(next.spec).not.toHaveProperty('description');
      expect((next.spec as { attributes: object }).attributes).not.toHaveProperty('a');
    });

    it('leaves to other owners what is theirs', async () => {
      const s = subjectOf();
      const made = await create(s, s.fresh(), { labels: { mine: '1', shared: 'x' } });
      const { name, uid } = { ...made.metadata, uid: keyOf(made).uid };
      await s.store.apply(group(s, name, { uid, labels: { theirs: '2', shared: 'x' } }), OTHER);
      const mine = await create(s, name, { labels: {} });
      expect(mine.metadata.labels).toEqual({ theirs: '2', shared: 'x' });
      const theirs = await s.store.apply(group(s, name, { uid }), OTHER);
      expect(theirs.metadata.labels).toBeUndefined();
      expect(theirs.spec).toMatchObject({ description: 'made by a test' });
    });

    it('takes a value over by force, and without force refuses', async () => {
      const s = subjectOf();
      const made = await create(s, s.fresh(), { labels: { site: 'one' } });
      const theirs = group(s, made.metadata.name, { labels: { site: 'two' } });
      const refusal = await refusalOf(s.store.apply(theirs, { ...OTHER, force: false }));
      expect(refusal.code).toBe('conflict');
      expect((await s.store.get(keyOf(made)))?.metadata.labels).toEqual({ site: 'one' });
      const taken = await s.store.apply(theirs, OTHER);
      expect(taken.metadata.labels).toEqual({ site: 'two' });
    });

    it('with the uid of another object refuses', async () => {
      const s = subjectOf();
      const made = await create(s);
      const uid = '00000000-0000-4000-8000-000000000000';
      const refusal = await refusalOf(create(s, made.metadata.name, { uid, spec: { description: 'two' } }));
      expect(refusal.code).toBe('conflict');
      expect((await s.store.get(keyOf(made)))?.spec).toMatchObject({ description: 'made by a test' });
    });

    it('with a uid never brings a deleted object back', async () => {
      const s = subjectOf();
      const made = await create(s);
      await s.store.delete(keyOf(made));
      const refusal = await refusalOf(create(s, made.metadata.name, { uid: keyOf(made).uid }));
      expect(refusal.code).toBe('conflict');
      expect(await s.store.get(keyOf(made))).toBeUndefined();
    });

    it('ignores status and finalizers in the document', async () => {
      const s = subjectOf();
      const doc = group(s, s.fresh(), { spec: {} });
      const forged = {
        ...doc,
        status: { members: 7 },
        metadata: { ...doc.metadata, finalizers: ['fleetward.dev/forged'] },
      };
      const made = await s.store.apply(forged, OWNER);
      expect(made).not.toHaveProperty('status');
      expect(made.metadata.finalizers).toBeUndefined();
    });
  });

  describe('invalid documents', () => {
    const cases: readonly { spec: Record<string, unknown>; field: string; reason: string }[] = [
      { spec: { description: 7 }, field: 'spec.description', reason: 'a wrong type' },
      { spec: { adoption: 'Steal' }, field: 'spec.adoption', reason: 'a value that is not offered' },
      { spec: { thingGroupName: 'a b' }, field: 'spec.thingGroupName', reason: 'a pattern' },
      { spec: { query: 'a:b', parentRef: { name: 'x' } }, field: 'spec.parentRef', reason: 'a rule over fields' },
    ];
    it.each(cases)('are refused by field: $reason', async ({ spec, field }) => {
      const s = subjectOf();
      const name = s.fresh();
      const refusal = await refusalOf(create(s, name, { spec }));
      expect(refusal.code).toBe('invalid');
      expect(refusal.message).toContain(name);
      expect(refusal.causes.map((cause) => cause.field)).toContain(field);
      expect(await s.store.get({ kind: KIND, namespace: s.namespace, name })).toBeUndefined();
    });

    it('are refused by transition rules, and the stored object stays', async () => {
      const s = subjectOf();
      const made = await create(s, s.fresh(), { spec: { thingGroupName: 'before' } });
      const refusal = await refusalOf(create(s, made.metadata.name, { spec: { thingGroupName: 'after' } }));
      expect(refusal.code).toBe('invalid');
      expect(refusal.causes[0]?.field).toBe('spec.thingGroupName');
      expect(await s.store.get(keyOf(made))).toEqual(made);
    });

    it.each(['Upper', 'under_score', 'a'.repeat(254)])('are refused by name: %s', async (name) => {
      const s = subjectOf();
      const refusal = await refusalOf(create(s, name, { spec: { thingGroupName: 'x' } }));
      expect(refusal.code).toBe('invalid');
    });

    it('are refused by label', async () => {
      const s = subjectOf();
      const refusal = await refusalOf(create(s, s.fresh(), { labels: { site: 'not a label value' } }));
      expect(refusal.code).toBe('invalid');
      expect(refusal.causes.length).toBeGreaterThan(0);
    });
  });
}
