import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../../../operator/api/meta.ts';
import type { Admission } from '../../../../operator/runtime/store/admission.ts';
import { admitEverything } from '../../../../operator/runtime/store/admission.ts';
import {
  mergeApply,
  mergeDeletion,
  mergeFinalizer,
  mergeStatus,
} from '../../../../operator/runtime/store/local/merge.ts';
import type { Row } from '../../../../operator/runtime/store/local/state.ts';
import { StoreError } from '../../../../operator/runtime/store.ts';
import { document } from '../../../support/store.ts';

const context = { now: '2026-01-01T00:00:00Z', newUid: () => 'uid-1' };

interface Options {
  readonly owner?: string;
  readonly force?: boolean;
  readonly admission?: Admission;
}

const apply = (row: Row | undefined, doc: KubeObject, options: Options = {}): Row | undefined => {
  const { owner = 'git', force = true, admission = admitEverything } = options;
  return mergeApply({ row, document: doc, options: { owner, force }, admission }, context);
};

function refusal(act: () => unknown): StoreError {
  try {
    act();
  } catch (thrown) {
    if (thrown instanceof StoreError) return thrown;
    throw thrown;
  }
  throw new Error('expected a refusal');
}

const device = (spec: unknown, metadata: Partial<KubeObject['metadata']> = {}) =>
  document('Device', 'press-1', { spec, metadata });

describe('applying a document', () => {
  it('gives a new object its identity and generation 1, and ignores status and finalizers in it', () => {
    const doc = { ...device({ a: 1 }, { finalizers: ['fleetward.dev/x'] }), status: { forged: true } };
    const row = apply(undefined, doc);
    expect(row?.object).toEqual({
      apiVersion: 'fleetward.dev/v1alpha1',
      kind: 'Device',
      metadata: {
        name: 'press-1',
        namespace: 'factory',
        uid: 'uid-1',
        creationTimestamp: '2026-01-01T00:00:00Z',
        generation: 1,
      },
      spec: { a: 1 },
    });
  });

  it('changes nothing the second time, whatever the document', () => {
    const entries = fc.dictionary(fc.stringMatching(/^[a-z]{1,3}$/), fc.stringMatching(/^[a-z]{0,3}$/), { maxKeys: 3 });
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1 }),
        entries,
        entries,
        (spec, labels, notes) => {
          const doc = device(spec, { labels, annotations: notes });
          const row = apply(undefined, doc);
          expect(apply(row, doc)).toBeUndefined();
        },
      ),
    );
  });

  it('removes what its owner leaves out and keeps what others hold', () => {
    const first = apply(undefined, device({ a: 1 }, { labels: { mine: '1', shared: '2' } }));
    const second = apply(first, document('Device', 'press-1', { metadata: { labels: { shared: '2', theirs: '3' } } }), {
      owner: 'kubectl',
    });
    const third = apply(second, device({ a: 1 }));
    expect(third?.object.metadata.labels).toEqual({ shared: '2', theirs: '3' });
    expect(third?.object.spec).toEqual({ a: 1 });
    const fourth = apply(third, document('Device', 'press-1', {}), { owner: 'kubectl' });
    expect(fourth?.object.metadata.labels).toBeUndefined();
  });

  it('takes a value over from another owner, who does not get it back by leaving it out', () => {
    const first = apply(undefined, device({ a: 1 }, { labels: { site: 'one' } }), { owner: 'kubectl' });
    const second = apply(first, device({ a: 2 }, { labels: { site: 'two' } }));
    expect(second?.object.spec).toEqual({ a: 2 });
    const third = apply(second, document('Device', 'press-1', {}), { owner: 'kubectl' });
    expect(third).toBeUndefined();
  });

  it('without force names every field that another owner holds, and changes nothing', () => {
    const first = apply(undefined, device({ a: 1 }, { labels: { site: 'one' }, annotations: { note: 'x' } }), {
      owner: 'kubectl',
    });
    const changed = device({ a: 2 }, { labels: { site: 'two' }, annotations: { note: 'x' } });
    const error = refusal(() => apply(first, changed, { force: false }));
    expect(error.code).toBe('conflict');
    expect(error.causes.map((cause) => cause.field)).toEqual(['metadata.labels[site]', 'spec']);
    expect(error.message).toContain('kubectl');
    const same = apply(first, device({ a: 1 }, { labels: { site: 'one' } }), { force: false });
    expect(same?.owners['labels/site']).toEqual(['git', 'kubectl']);
  });

  it('raises the generation with content only', () => {
    const first = apply(undefined, device({ a: 1 }));
    const labelled = apply(first, device({ a: 1 }, { labels: { site: 'one' } }));
    expect(labelled?.object.metadata.generation).toBe(1);
    expect(labelled?.object.spec).toBe(first?.object.spec);
    const respecced = apply(labelled, device({ a: 2 }, { labels: { site: 'one' } }));
    expect(respecced?.object.metadata.generation).toBe(2);
  });

  it('compares after defaulting, so that a default in the stored object is no change', () => {
    const admission: Admission = {
      admit: (object) => ({
        object: { ...object, spec: { adoption: 'Create', ...(object.spec as object) } },
        errors: [],
      }),
    };
    const doc = device({ a: 1 });
    const row = apply(undefined, doc, { admission });
    expect(row?.object.spec).toEqual({ adoption: 'Create', a: 1 });
    expect(apply(row, doc, { admission })).toBeUndefined();
  });

  it('hands admission the stored object for transition rules and refuses with all causes', () => {
    const admission: Admission = {
      admit: (object, old) => ({
        object,
        errors:
          old && JSON.stringify(old.spec) !== JSON.stringify(object.spec)
            ? [
                { field: 'spec.a', message: 'is immutable' },
                { field: 'spec.b', message: 'is required' },
              ]
            : [],
      }),
    };
    const row = apply(undefined, device({ a: 1 }), { admission });
    const error = refusal(() => apply(row, device({ a: 2 }), { admission }));
    expect(error.code).toBe('invalid');
    expect(error.causes).toHaveLength(2);
    expect(error.message).toBe('Device factory/press-1 was refused: spec.a is immutable (and 1 more)');
  });

  it.each([
    { uid: 'uid-2', stored: true, reason: 'another object has the name now' },
    { uid: 'uid-1', stored: false, reason: 'the object is gone: it must not come back' },
  ])('with a uid is a conflict when $reason', ({ uid, stored }) => {
    const row = stored ? apply(undefined, device({ a: 1 })) : undefined;
    expect(refusal(() => apply(row, device({ a: 2 }, { uid }))).code).toBe('conflict');
  });

  it('keeps nothing of the document that its caller could change', () => {
    const spec = { list: ['a'] };
    const row = apply(undefined, device(spec));
    spec.list.push('b');
    expect(row?.object.spec).toEqual({ list: ['a'] });
  });
});

describe('status', () => {
  it('replaces status and nothing else', () => {
    const row = apply(undefined, device({ a: 1 }))!;
    const next = mergeStatus(row, { ready: true, old: 1 }, { owner: 'device' }, admitEverything);
    const after = mergeStatus(next!, { ready: false }, { owner: 'device' }, admitEverything);
    expect(after?.object.status).toEqual({ ready: false });
    expect(after?.object.metadata).toEqual(row.object.metadata);
    expect(after?.object.spec).toBe(row.object.spec);
    expect(mergeStatus(after!, { ready: false }, { owner: 'device' }, admitEverything)).toBeUndefined();
  });

  it('survives a later change of the spec', () => {
    const row = apply(undefined, device({ a: 1 }))!;
    const withStatus = mergeStatus(row, { ready: true }, { owner: 'device' }, admitEverything)!;
    expect(apply(withStatus, device({ a: 2 }))?.object.status).toEqual({ ready: true });
  });
});

describe('finalizers and deletion', () => {
  const created = () => apply(undefined, device({ a: 1 }))!;
  const finalizer = 'fleetward.dev/aws';

  it('lets an object without finalizers go at once', () => {
    expect(mergeDeletion(created(), context.now)).toBe('gone');
  });

  it('holds a finalized object, marked, until the last finalizer goes', () => {
    const held = mergeFinalizer(created(), finalizer, true) as Row;
    const marked = mergeDeletion(held, context.now) as Row;
    expect(marked.object.metadata.deletionTimestamp).toBe(context.now);
    expect(marked.object.metadata.generation).toBe(2);
    expect(mergeDeletion(marked, 'later')).toBeUndefined();
    expect(mergeFinalizer(marked, finalizer, false)).toBe('gone');
  });

  it('refuses a new finalizer on an object that is being deleted', () => {
    const marked = mergeDeletion(mergeFinalizer(created(), finalizer, true) as Row, context.now) as Row;
    expect(refusal(() => mergeFinalizer(marked, 'fleetward.dev/late', true)).code).toBe('invalid');
  });

  it('writes nothing when the finalizer is there, or not there, already', () => {
    const held = mergeFinalizer(created(), finalizer, true) as Row;
    expect(mergeFinalizer(held, finalizer, true)).toBeUndefined();
    expect(mergeFinalizer(created(), finalizer, false)).toBeUndefined();
    expect((mergeFinalizer(held, finalizer, false) as Row).object.metadata.finalizers).toBeUndefined();
  });

  it('keeps finalizers and the mark through an apply', () => {
    const marked = mergeDeletion(mergeFinalizer(created(), finalizer, true) as Row, context.now) as Row;
    const after = apply(marked, device({ a: 2 }));
    expect(after?.object.metadata.finalizers).toEqual([finalizer]);
    expect(after?.object.metadata.deletionTimestamp).toBe(context.now);
  });
});
