import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { candidateName, declaredNameOf } from '../../../operator/rollout/names.ts';
import {
  DEFAULT_STRATEGY,
  type Strategy,
  strategyProblems,
  windowOpensAt,
} from '../../../operator/rollout/strategy.ts';
import { planWaves, waveOf } from '../../../operator/rollout/waves.ts';

const MINUTE = 60_000;

describe('a strategy that can never finish is refused with the field and the remedy', () => {
  const rows: readonly { readonly reason: string; readonly change: Partial<Strategy>; readonly want: string }[] = [
    {
      reason: 'settling faster than AWS',
      change: { settleMs: 5 * MINUTE },
      want: 'strategy.settleTime: 5 min is shorter than AWS may take to apply a policy; use at least 8 min',
    },
    {
      reason: 'nothing may be in flight',
      change: { maxInFlight: 0 },
      want: 'strategy.maxInFlight: no asset could ever move; use at least 1',
    },
    {
      reason: 'no last wave',
      change: { waves: [{ size: { count: 1 }, bakeMs: 0, minEvidence: 0, pause: false }] },
      want: 'strategy.waves: the last wave must take the rest, or some assets would never move',
    },
    {
      reason: 'more verdicts than assets',
      change: {
        waves: [
          { size: { count: 1 }, bakeMs: 0, minEvidence: 2, pause: false },
          { size: { rest: true }, bakeMs: 0, minEvidence: 0, pause: false },
        ],
      },
      want: 'strategy.waves[0].minEvidence: 2 verdicts can never come from 1 assets; use at most 1',
    },
    {
      reason: 'more verdicts than the share of this fleet has assets',
      change: {
        waves: [
          { size: { percent: 10 }, bakeMs: 0, minEvidence: 11, pause: false },
          { size: { rest: true }, bakeMs: 0, minEvidence: 0, pause: false },
        ],
      },
      want: 'strategy.waves[0].minEvidence: 11 verdicts can never come from 10 assets; use at most 10',
    },
    {
      reason: 'a budget that lets nobody move',
      change: { budgets: [1, 0] },
      want: 'strategy.budgets[1].maxInFlight: no asset could ever move; use at least 1 or leave it out',
    },
    {
      reason: 'a deadline before one asset could be through',
      change: { progressDeadlineMs: 10 * MINUTE },
      want: 'strategy.progressDeadline: shorter than one asset takes (two settle times and one observation): it would always expire',
    },
    {
      reason: 'silence before observation ends',
      change: { silenceMs: MINUTE },
      want: 'strategy.silenceDeadline: shorter than observeTime: every asset would go back before its observation ends',
    },
  ];
  test.each(rows)('$reason', (row) => {
    expect(strategyProblems({ ...DEFAULT_STRATEGY, ...row.change }, 100)).toContain(row.want);
  });

  test('abortScope InFlight where a thing group carries the policy: no member can be left out of what its group has', () => {
    const strategy = { ...DEFAULT_STRATEGY, abortScope: 'InFlight' } as const;
    expect(strategyProblems(strategy, 100, { groups: true })).toEqual([
      expect.stringMatching(/^strategy\.abortScope: .*use All, or attach the policy to the devices$/),
    ]);
    expect(strategyProblems(strategy, 100)).toEqual([]);
  });

  test('the default strategy is fine', () => {
    expect(strategyProblems(DEFAULT_STRATEGY, 100)).toEqual([]);
  });
});

describe('windows', () => {
  const night = [{ days: [], startMinute: 23 * 60, durationMinutes: 120 }];
  const rows = [
    { reason: 'no window means always', windows: [], now: Date.UTC(2026, 0, 7, 12), want: Date.UTC(2026, 0, 7, 12) },
    { reason: 'the next one today', windows: night, now: Date.UTC(2026, 0, 7, 12), want: Date.UTC(2026, 0, 7, 23) },
    {
      reason: 'open across midnight',
      windows: night,
      now: Date.UTC(2026, 0, 7, 0, 30),
      want: Date.UTC(2026, 0, 7, 0, 30),
    },
    { reason: 'closed at its end', windows: night, now: Date.UTC(2026, 0, 7, 1, 0), want: Date.UTC(2026, 0, 7, 23) },
    {
      reason: 'only on Sundays',
      windows: [{ days: [0], startMinute: 60, durationMinutes: 60 }],
      now: Date.UTC(2026, 0, 11, 2),
      want: Date.UTC(2026, 0, 18, 1),
    },
  ];
  test.each(rows)('$reason', (row) => {
    expect(windowOpensAt(row.windows, row.now)).toBe(row.want);
  });
});

describe('waves', () => {
  const fleet = fc
    .array(
      fc.record({
        id: fc.string({ minLength: 1, maxLength: 6 }),
        cohort: fc.constantFrom('x', 'y', 'z'),
        criticality: fc.integer({ min: 0, max: 3 }),
        masked: fc.boolean(),
      }),
      { maxLength: 60 },
    )
    .map((assets) => [...new Map(assets.map((a) => [a.id, a])).values()]);

  test('every asset is in exactly one wave, whatever the fleet', () => {
    fc.assert(
      fc.property(fleet, fc.constantFrom('CriticalFirst', 'CriticalLast', 'Name'), (assets, order) => {
        const plan = planWaves(assets, { ...DEFAULT_STRATEGY, order });
        expect([...plan.order].sort()).toEqual(assets.map((a) => a.id).sort());
        expect(plan.ends.at(-1)).toBe(assets.length);
        expect([...plan.ends]).toEqual([...plan.ends].sort((a, b) => a - b));
      }),
    );
  });

  test('one of each cohort moves before any percentage: a canary of one model does not vouch for another', () => {
    const assets = ['a', 'b', 'c', 'd', 'e', 'f'].map((id, index) => ({
      id,
      cohort: index < 5 ? 'x' : 'y',
      criticality: 0,
    }));
    const plan = planWaves(assets, DEFAULT_STRATEGY);
    expect(waveOf(plan, plan.order.indexOf('a'))).toBe(0);
    expect(waveOf(plan, plan.order.indexOf('f'))).toBe(1);
  });

  const ofThings = (text: string) =>
    text.split(' ').map((each) => ({ id: each, cohort: 'x', criticality: 0, things: Number(each.slice(1)) }));
  const counts = (...sizes: readonly number[]) => ({
    ...DEFAULT_STRATEGY,
    waves: [
      ...sizes.map((count) => ({ size: { count }, bakeMs: 0, minEvidence: 0, pause: false })),
      { size: { rest: true } as const, bakeMs: 0, minEvidence: 0, pause: false },
    ],
  });
  test.each([
    { reason: 'one thing alone is the smaller first step', has: 'a2 b1 c1', waves: [1], want: [['b1'], ['a2', 'c1']] },
    { reason: 'two that share fill a wave of two', has: 'a2 b1 c1', waves: [2], want: [['a2'], ['b1', 'c1']] },
    {
      reason: 'where nothing fits, one unit goes first all the same',
      has: 'a2 b2',
      waves: [1],
      want: [['a2'], ['b2']],
    },
    {
      reason: 'what is larger than the room that is left comes later',
      has: 'a1 b3 c1',
      waves: [3],
      want: [['a1', 'c1'], ['b3']],
    },
    {
      reason: 'what went beyond one wave is not taken from the next',
      has: 'a3 b1 c1',
      waves: [1, 1],
      want: [['b1'], ['c1'], ['a3']],
    },
  ])('things that share certificates count one by one against a wave: $reason', ({ has, waves, want }) => {
    const { order, ends } = planWaves(ofThings(has), counts(...waves));
    expect(ends.map((end, index) => order.slice(ends[index - 1] ?? 0, end))).toEqual(want);
  });

  test('R19: assets on a candidate that was overtaken form the first wave', () => {
    const assets = ['a', 'b', 'c', 'd'].map((id) => ({
      id,
      cohort: id,
      criticality: 0,
      unproven: id === 'c' || id === 'd',
    }));
    const plan = planWaves(assets, DEFAULT_STRATEGY);
    expect(plan.order.slice(0, 2)).toEqual(['c', 'd']);
    expect(plan.ends[0]).toBe(2);
  });

  test.each([
    {
      reason: 'one on which another policy hides the change vouches for nobody',
      masked: 'a c',
      want: ['b', 'd', 'ac'],
    },
    { reason: 'where that is so for all, they go through the waves', masked: 'a b c d', want: ['a', 'b', 'cd'] },
    { reason: 'one is left that shows something', masked: 'a b c', want: ['d', '', 'abc'] },
    { reason: 'an unproven one goes first all the same', masked: 'a c', unproven: 'c', want: ['c', 'b', 'da'] },
  ])('the canary is one that shows what the change does: $reason', ({ masked, unproven = '', want }) => {
    const assets = ['d', 'c', 'b', 'a'].map((id) => ({
      id,
      cohort: 'x',
      criticality: 0,
      masked: masked.includes(id) && !unproven.includes(id),
      unproven: unproven.includes(id),
    }));
    const { order, ends } = planWaves(assets, counts(1, 1));
    expect(ends.map((end, index) => order.slice(ends[index - 1] ?? 0, end).join(''))).toEqual(want);
  });

  test('the most critical assets move last by default', () => {
    const assets = [
      { id: 'a', cohort: 'x', criticality: 5 },
      { id: 'b', cohort: 'x', criticality: 0 },
    ];
    expect(planWaves(assets, DEFAULT_STRATEGY).order).toEqual(['b', 'a']);
  });
});

describe('candidate names', () => {
  test('a candidate is found by its declared name and no other policy is', () => {
    expect(candidateName('press', 'deadbeef00')).toBe('press@deadbeef');
    expect(declaredNameOf('press@deadbeef')).toBe('press');
    expect(declaredNameOf('press')).toBeUndefined();
    expect(declaredNameOf('press@v2')).toBeUndefined();
  });
});
