import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  boundedMessage,
  getCondition,
  isReady,
  isTrue,
  type Progress,
  progressOf,
  READY,
  RECONCILING,
  removeCondition,
  STALLED,
  setCondition,
  setProgress,
} from '../../../../operator/api/conditions.ts';
import type { Condition, KubeObject } from '../../../../operator/api/meta.ts';
import { assertConditionLaws, conditionLawViolations } from '../../../support/condition-laws.ts';

const T0 = Date.UTC(2026, 0, 1, 10, 0, 0, 700);
const at = (ms = 0, generation = 1) => ({ generation, now: T0 + ms });
const ready: Progress = { kind: 'ready', message: 'Everything is in place' };
const busy: Progress = { kind: 'reconciling', reason: 'Creating', message: 'Creating thing press-1' };
const stuck: Progress = { kind: 'stalled', reason: 'NameConflict', message: 'Taken' };

const objectWith = (conditions: readonly Condition[], generation = 1, observedGeneration = generation): KubeObject => ({
  apiVersion: 'fleetward.dev/v1alpha1',
  kind: 'Device',
  metadata: { name: 'press-1', namespace: 'factory', generation },
  status: { conditions, observedGeneration },
});

describe('setting a condition', () => {
  const input = { type: 'Drifted', status: 'True', reason: 'Widened', message: 'policy * is attached' } as const;

  it('moves the transition time when the status changes, and only then', () => {
    const first = setCondition([], input, at());
    const told = setCondition(first, { ...input, reason: 'Foreign', message: 'still' }, at(60_000));
    const cleared = setCondition(told, { ...input, status: 'False' }, at(120_000));
    expect([first, told, cleared].map((list) => list[0]?.lastTransitionTime)).toEqual([
      '2026-01-01T10:00:00Z',
      '2026-01-01T10:00:00Z',
      '2026-01-01T10:02:00Z',
    ]);
    expect(told[0]).toMatchObject({ reason: 'Foreign', message: 'still' });
  });

  it('answers the very same list when nothing changed, so that nothing is written', () => {
    const first = setCondition([], input, at());
    expect(setCondition(first, input, at(60_000))).toBe(first);
    expect(setCondition(first, input, at(60_000, 2))).not.toBe(first);
  });

  it('never changes the list it was given', () => {
    const first = Object.freeze(setCondition([], input, at()).map((c) => Object.freeze(c)));
    setCondition(first, { ...input, status: 'False' }, at());
    removeCondition(first, 'Drifted');
    setProgress(first, busy, at());
    expect(first).toHaveLength(1);
  });

  it('keeps Ready first and the rest in a stable order', () => {
    let list: readonly Condition[] = [];
    for (const type of ['Zeta', 'Alpha']) list = setCondition(list, { ...input, type }, at());
    list = setProgress(list, busy, at());
    expect(list.map((c) => c.type)).toEqual([READY, RECONCILING, 'Alpha', 'Zeta']);
  });

  it('removes, and answers the same list when there was nothing to remove', () => {
    const list = setCondition([], input, at());
    expect(removeCondition(list, 'Drifted')).toEqual([]);
    expect(removeCondition(list, 'Other')).toBe(list);
  });
});

describe('progress', () => {
  const rows = [
    { reason: 'ready', progress: ready, types: [READY], ready: true },
    { reason: 'being worked on', progress: busy, types: [READY, RECONCILING], ready: false },
    { reason: 'stuck', progress: stuck, types: [READY, STALLED], ready: false },
  ];
  it.each(rows)('$reason sets the three conditions together and reads back', ({ progress, types, ready: isIt }) => {
    for (const before of [[], setProgress([], busy, at()), setProgress([], stuck, at())]) {
      const list = setProgress(before, progress, at(1_000));
      expect(list.map((c) => c.type)).toEqual(types);
      expect(isTrue(list, READY)).toBe(isIt);
      expect(progressOf(objectWith(list))).toMatchObject(progress);
      expect(isReady(objectWith(list))).toBe(isIt);
    }
  });

  it('a Ready of an older generation is not ready', () => {
    const object = objectWith(setProgress([], ready, at()), 2, 1);
    expect(isReady(object)).toBe(false);
    expect(progressOf(object)).toMatchObject({ kind: 'reconciling', reason: 'NewGeneration' });
  });

  it('nobody having looked is told apart from being worked on', () => {
    expect(progressOf({ metadata: {} })).toMatchObject({ kind: 'reconciling', reason: 'NotYetSeen' });
    expect(progressOf({ metadata: {}, status: { conditions: 'nonsense' } })).toMatchObject({ reason: 'NotYetSeen' });
  });

  it('obeys the laws after any sequence of acts', () => {
    const word = fc.constantFrom('Alpha', 'Beta', 'Gamma');
    const act = fc.oneof(
      fc.constantFrom(ready, busy, stuck),
      fc.record({
        type: word,
        status: fc.constantFrom('True', 'False', 'Unknown' as const),
        reason: word,
        message: fc.constantFrom('short', 'é'.repeat(600), '😀'.repeat(400), 'a'.repeat(1024), 'b'.repeat(1025)),
      }),
    );
    fc.assert(
      fc.property(fc.array(act, { minLength: 1 }), (acts) => {
        let list = setProgress([], busy, at());
        for (const [i, one] of acts.entries()) {
          list =
            'kind' in one
              ? setProgress(list, one, at(i * 500))
              : setCondition(list, one as Parameters<typeof setCondition>[1], at(i * 500));
        }
        assertConditionLaws(objectWith(list));
      }),
    );
  });
});

describe('messages', () => {
  it('are cut to 1 KiB of UTF-8 between characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 0, maxLength: 3_000 }), (text) => {
        const cut = boundedMessage(text);
        expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(1024);
        if (Buffer.byteLength(text) <= 1024) expect(cut).toBe(text);
        else {
          expect(cut.endsWith('…')).toBe(true);
          expect(text.startsWith(cut.slice(0, -1))).toBe(true);
          expect(Buffer.byteLength(cut)).toBeGreaterThan(1024 - 8);
        }
      }),
    );
  });
});

describe('the checker itself', () => {
  const good = setProgress([], ready, at());
  const first = good[0]!;
  const broken: readonly { reason: string; object: KubeObject; says: string }[] = [
    {
      reason: 'no Ready',
      object: objectWith(setCondition([], { type: 'Odd', status: 'True', reason: 'X', message: '' }, at())),
      says: 'no Ready',
    },
    {
      reason: 'Ready beside Stalled',
      object: objectWith([...good, { ...first, type: STALLED }]),
      says: 'Ready is true beside',
    },
    {
      reason: 'both abnormal',
      object: objectWith(setProgress([], busy, at()).concat({ ...first, type: STALLED, reason: 'Creating' })),
      says: 'stand together',
    },
    {
      reason: 'Stalled false',
      object: objectWith([...good, { ...first, type: STALLED, status: 'False' }]),
      says: 'although it is not true',
    },
    { reason: 'not ready for no cause', object: objectWith([{ ...first, status: 'False' }]), says: 'which way' },
    {
      reason: 'two reasons',
      object: objectWith(setProgress([], busy, at()).map((c) => (c.type === READY ? { ...c, reason: 'Other' } : c))),
      says: 'Ready says Other',
    },
    { reason: 'a repeated type', object: objectWith([first, first]), says: 'repeat' },
    { reason: 'a reason with blanks', object: objectWith([{ ...first, reason: 'not pascal' }]), says: 'PascalCase' },
    { reason: 'a long message', object: objectWith([{ ...first, message: 'é'.repeat(600) }]), says: '1 KiB' },
    {
      reason: 'a time with fractions',
      object: objectWith([{ ...first, lastTransitionTime: '2026-01-01T10:00:00.5Z' }]),
      says: 'RFC 3339',
    },
    { reason: 'a secret', object: objectWith([{ ...first, message: '-----BEGIN PRIVATE KEY-----' }]), says: 'secret' },
    { reason: 'a generation from the future', object: objectWith(good, 1, 2), says: 'ahead' },
    { reason: 'a Ready older than the status', object: objectWith(good, 3, 2), says: 'of generation 2' },
    {
      reason: 'no observedGeneration',
      object: { ...objectWith(good), status: { conditions: good } },
      says: 'no observedGeneration',
    },
  ];
  it.each(broken)('finds $reason', ({ object, says }) => {
    expect(conditionLawViolations(object).join('; ')).toContain(says);
    expect(() => assertConditionLaws(object)).toThrow('Device factory/press-1');
  });

  it('has nothing against a lawful object, or one that nobody looked at', () => {
    assertConditionLaws(objectWith(good), { ...objectWith(good), status: undefined });
    expect(getCondition(good, READY)?.observedGeneration).toBe(1);
  });
});
