import { describe, expect, it } from 'vitest';
import type { SubjectOf } from './target.ts';
import { create, group, keyOf, OWNER, refusalOf } from './target.ts';

const FINALIZER = 'fleetward.dev/aws';
const WRITER = { owner: 'conformance-status' };

export function lifecycleConformance(subjectOf: SubjectOf): void {
  describe('status', () => {
    it('is replaced as a whole, alone, and without a new generation', async () => {
      const s = subjectOf();
      const made = await create(s, s.fresh(), { labels: { a: 'b' } });
      const first = await s.store.applyStatus(keyOf(made), { members: 1, version: 3 }, WRITER);
      const second = await s.store.applyStatus(keyOf(made), { members: 2 }, WRITER);
      expect(first.status).toEqual({ members: 1, version: 3 });
      expect(second.status).toEqual({ members: 2 });
      expect(second.metadata.generation).toBe(1);
      expect(second.spec).toEqual(made.spec);
      expect(second.metadata.labels).toEqual({ a: 'b' });
      expect(second.metadata.resourceVersion).not.toBe(first.metadata.resourceVersion);
    });

    it('is not written when it is equal', async () => {
      const s = subjectOf();
      const made = await create(s);
      const first = await s.store.applyStatus(keyOf(made), { members: 1 }, WRITER);
      const second = await s.store.applyStatus(keyOf(made), { members: 1 }, WRITER);
      expect(second.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
    });

    it('survives a change of the spec', async () => {
      const s = subjectOf();
      const made = await create(s);
      await s.store.applyStatus(keyOf(made), { members: 1 }, WRITER);
      const changed = await create(s, made.metadata.name, { spec: { description: 'two' } });
      expect(changed.status).toEqual({ members: 1 });
    });

    it('is refused when it breaks the schema', async () => {
      const s = subjectOf();
      const made = await create(s);
      const refusal = await refusalOf(s.store.applyStatus(keyOf(made), { members: 'many' }, WRITER));
      expect(refusal.code).toBe('invalid');
      expect((await s.store.get(keyOf(made)))?.status).toBeUndefined();
    });

    it('is refused for a missing object and for a successor of the same name', async () => {
      const s = subjectOf();
      const first = await create(s);
      await s.store.delete(keyOf(first));
      expect((await refusalOf(s.store.applyStatus(keyOf(first), { members: 1 }, WRITER))).code).toMatch(
        /^(notFound|conflict)$/,
      );
      const second = await create(s, first.metadata.name);
      expect(second.metadata.uid).not.toBe(first.metadata.uid);
      expect((await refusalOf(s.store.applyStatus(keyOf(first), { members: 1 }, WRITER))).code).toBe('conflict');
      expect((await s.store.get(keyOf(second)))?.status).toBeUndefined();
    });
  });

  describe('finalizers', () => {
    it('come and go in writes of their own, idempotently', async () => {
      const s = subjectOf();
      const made = await create(s);
      const held = await s.store.setFinalizer(keyOf(made), FINALIZER, true);
      expect(held.metadata.finalizers).toEqual([FINALIZER]);
      expect(held.metadata.generation).toBe(1);
      const again = await s.store.setFinalizer(keyOf(made), FINALIZER, true);
      expect(again.metadata.resourceVersion).toBe(held.metadata.resourceVersion);
      const both = await s.store.setFinalizer(keyOf(made), 'fleetward.dev/second', true);
      expect(both.metadata.finalizers).toEqual([FINALIZER, 'fleetward.dev/second']);
      const one = await s.store.setFinalizer(keyOf(made), FINALIZER, false);
      expect(one.metadata.finalizers).toEqual(['fleetward.dev/second']);
    });

    it('survive an apply that does not know them', async () => {
      const s = subjectOf();
      const made = await create(s);
      await s.store.setFinalizer(keyOf(made), FINALIZER, true);
      const changed = await create(s, made.metadata.name, { spec: { description: 'two' } });
      expect(changed.metadata.finalizers).toEqual([FINALIZER]);
    });

    it('cannot be set on an object that is gone', async () => {
      const s = subjectOf();
      const made = await create(s);
      await s.store.delete(keyOf(made));
      expect((await refusalOf(s.store.setFinalizer(keyOf(made), FINALIZER, true))).code).toBe('notFound');
      await create(s, made.metadata.name);
      expect((await refusalOf(s.store.setFinalizer(keyOf(made), FINALIZER, true))).code).toBe('notFound');
    });

    it('written at the same moment by two writers are both there', async () => {
      const s = subjectOf();
      const made = await create(s);
      await Promise.all(['fleetward.dev/a', 'fleetward.dev/b'].map((f) => s.store.setFinalizer(keyOf(made), f, true)));
      const finalizers = (await s.store.get(keyOf(made)))?.metadata.finalizers ?? [];
      expect([...finalizers].sort()).toEqual(['fleetward.dev/a', 'fleetward.dev/b']);
    });
  });

  describe('deletion', () => {
    it('of an object without finalizers is immediate, and repeating it is no error', async () => {
      const s = subjectOf();
      const made = await create(s);
      await s.store.delete(keyOf(made), { uid: keyOf(made).uid });
      expect(await s.store.get(keyOf(made))).toBeUndefined();
      await s.store.delete(keyOf(made));
      await s.store.delete(keyOf(made), { uid: keyOf(made).uid });
    });

    it('waits for the last finalizer, raises the generation, and takes no new finalizer', async () => {
      const s = subjectOf();
      const made = await create(s);
      await s.store.setFinalizer(keyOf(made), FINALIZER, true);
      await s.store.delete(keyOf(made));
      const marked = await s.store.get(keyOf(made));
      expect(marked?.metadata.deletionTimestamp).toMatch(/Z$/);
      expect(marked?.metadata.generation).toBe(2);
      expect((await refusalOf(s.store.setFinalizer(keyOf(made), 'fleetward.dev/late', true))).code).toBe('invalid');
      await s.store.applyStatus(keyOf(made), { members: 0 }, WRITER);
      await s.store.setFinalizer(keyOf(made), FINALIZER, false);
      expect(await s.store.get(keyOf(made))).toBeUndefined();
    });

    it('of a successor by the uid of its predecessor is refused', async () => {
      const s = subjectOf();
      const first = await create(s);
      await s.store.delete(keyOf(first));
      const second = await create(s, first.metadata.name);
      expect((await refusalOf(s.store.delete(keyOf(first), { uid: keyOf(first).uid }))).code).toBe('conflict');
      expect((await s.store.get(keyOf(second)))?.metadata.uid).toBe(second.metadata.uid);
    });

    it('that is under way lets the spec still change', async () => {
      const s = subjectOf();
      const made = await create(s);
      await s.store.setFinalizer(keyOf(made), FINALIZER, true);
      await s.store.delete(keyOf(made));
      const doc = group(s, made.metadata.name, { uid: keyOf(made).uid, spec: { description: 'late' } });
      const changed = await s.store.apply(doc, OWNER);
      expect(changed.metadata.deletionTimestamp).toBeDefined();
      await s.store.setFinalizer(keyOf(made), FINALIZER, false);
    });
  });
}
