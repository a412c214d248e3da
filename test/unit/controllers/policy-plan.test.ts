import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  MAX_VERSIONS,
  type PolicyVersion,
  planAllAtOnce,
  prunable,
} from '../../../operator/controllers/iotpolicy/plan.ts';

const doc = (topic: string) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: ['iot:Publish'], Resource: [topic] }],
  });
const version = (id: number, document: string, isDefault = false): PolicyVersion => ({
  versionId: String(id),
  isDefault,
  createdAt: id,
  document,
});

describe('all at once', () => {
  test.each<readonly [readonly PolicyVersion[] | undefined, readonly object[], string]>([
    [undefined, [{ kind: 'create', document: doc('a') }], 'there is no policy'],
    [[version(1, doc('a'), true)], [], 'it is as wanted'],
    [[version(1, doc('b'), true)], [{ kind: 'createVersion', document: doc('a') }], 'another document is in force'],
    [
      [version(1, doc('b'), true), version(2, doc('a'))],
      [{ kind: 'setDefault', versionId: '2' }],
      'a version left by a lost answer is used',
    ],
    [
      [
        version(1, doc('v')),
        version(2, doc('w')),
        version(3, doc('x')),
        version(4, doc('y')),
        version(5, doc('z'), true),
      ],
      [
        { kind: 'prune', versionId: '1' },
        { kind: 'createVersion', document: doc('a') },
      ],
      'a slot is made free',
    ],
  ])('%j needs %j, because %s', (versions, steps) => {
    expect(planAllAtOnce({ document: doc('a'), versions })).toEqual(steps);
  });

  test('never gives up the version in force, nor the newest beside it', () => {
    const versions = fc.uniqueArray(fc.integer({ min: 1, max: 99 }), { minLength: 1, maxLength: MAX_VERSIONS });
    fc.assert(
      fc.property(versions, fc.nat(), (ids, pick) => {
        const current = ids[pick % ids.length];
        const list = ids.map((id) => version(id, doc(String(id)), id === current));
        const pruned = prunable(list);
        const newest = Math.max(...ids.filter((id) => id !== current));
        expect(pruned).not.toBe(String(current));
        expect(pruned).not.toBe(String(newest));
      }),
    );
  });
});
