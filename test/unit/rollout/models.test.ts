import { describe, expect, test } from 'vitest';
import { planAsset } from '../../../operator/rollout/asset.ts';
import { planRollout } from '../../../operator/rollout/planner.ts';
import { unitRecord } from '../../../operator/rollout/unit.ts';
import { exploreFleet, type FleetModelOptions } from './fleet-model.ts';
import { EMPTIED_FIRST, exploreGroup, NEVER_EMPTY, UNSETTLED } from './group-model.ts';
import { exploreUnit, type UnitModelOptions } from './unit-model.ts';

const tighten = { before: ['keep', 'old'], after: ['keep'], denies: [] };
const mixed = { before: ['keep', 'old'], after: ['keep', 'new'], denies: [] };
const deny = { before: ['keep', 'old'], after: ['keep', 'old'], denies: ['old'] };

describe('assets that share a candidate, in every order of their steps', () => {
  const rows: readonly (FleetModelOptions & { readonly reason: string })[] = [
    { reason: 'one asset, tightened', assets: 1, maxInFlight: 1, ...tighten },
    { reason: 'two assets, one at a time', assets: 2, maxInFlight: 1, ...mixed },
    { reason: 'two assets at once', assets: 2, maxInFlight: 2, ...tighten },
    { reason: 'three assets, one at a time', assets: 3, maxInFlight: 1, ...tighten },
    { reason: 'three assets of which two may move, with a new deny', assets: 3, maxInFlight: 2, ...deny },
  ];

  test.each(rows)(
    '$reason: nobody loses what it keeps, the budget holds, the brake gives all back',
    (row) => {
      const { states, violations, endings } = exploreFleet(row);
      expect(violations).toEqual([]);
      expect(states).toBeGreaterThan(30);
      expect([...endings]).toContain('Aborted');
    },
    240_000,
  );

  test('an asset that failed is back before the rollout ends', () => {
    const { endings } = exploreFleet({ assets: 2, maxInFlight: 1, ...tighten });
    expect([...endings].sort()).toEqual(['Aborted', 'Succeeded']);
  });

  const broken: readonly (Partial<FleetModelOptions> & { readonly reason: string; readonly found: RegExp })[] = [
    {
      reason: 'the budget is not looked at',
      found: /2 assets between expand and verdict/,
      rollout: (input) => planRollout({ ...input, strategy: { ...input.strategy, maxInFlight: 9 } }),
    },
    {
      reason: 'the baseline is detached before the candidate has settled',
      found: /may be without what it keeps/,
      asset: (input) => planAsset({ ...input, settleMs: 0 }),
    },
    {
      reason: 'the way back does not wait for the flip and the attachment to settle',
      found: /may be without what it keeps/,
      asset: (input) => planAsset({ ...input, settleMs: input.direction === 'back' ? 0 : input.settleMs }),
    },
  ];
  test.each(broken)(
    'the model finds it when $reason',
    ({ found, ...more }) => {
      const { violations } = exploreFleet({ assets: 2, maxInFlight: 1, ...tighten, ...more });
      expect(violations[0]).toMatch(found);
    },
    120_000,
  );
});

describe('a policy that moves by its thing group', () => {
  test.each([1, 2, 3])(
    'with %i members: a group that is never empty leaves nobody without, whoever joins or gets a new certificate',
    (members) => {
      const { violations, states } = exploreGroup(NEVER_EMPTY, members);
      expect(violations).toEqual([]);
      expect(states).toBeGreaterThan(100);
    },
    120_000,
  );

  test('the model finds that emptying the group first strands who joins meanwhile', () => {
    expect(exploreGroup(EMPTIED_FIRST, 1).violations[0]).toMatch(
      /a certificate comes.*: certificate 1 may carry neither/,
    );
  });

  test('emptying the group first harms nobody only while nobody joins', () => {
    expect(exploreGroup(EMPTIED_FIRST, 1, 0).violations).toEqual([]);
  });

  test('the model finds that the group is handed over before its new policy has settled', () => {
    expect(exploreGroup(UNSETTLED, 1).violations[0]).toMatch(/may carry neither/);
  });
});

describe('things that share certificates', () => {
  const two = { things: [[0], [0]], mishaps: 1, thingByThing: false } as const;
  const chain = { things: [[0], [0, 1]], mishaps: 1, thingByThing: false } as const;
  const rows: readonly (UnitModelOptions & { readonly reason: string })[] = [
    { reason: 'two things with one certificate', ...two },
    { reason: 'a chain of two things and two certificates', ...chain },
    {
      reason: 'the middle of three things leads the ends',
      things: [[0, 1], [0], [1]],
      mishaps: 0,
      thingByThing: false,
    },
  ];
  test.each(rows)(
    '$reason: none loses what it keeps, whoever is offline, fails or takes over',
    (row) => {
      const { states, violations, endings } = exploreUnit(row);
      expect(violations).toEqual([]);
      expect(states).toBeGreaterThan(300);
      expect([...endings].sort()).toEqual(['RolledBack', 'Succeeded']);
    },
    240_000,
  );

  const broken: readonly (UnitModelOptions & { readonly reason: string; readonly found: RegExp })[] = [
    { reason: 'each moves by itself', found: /is contracted while t1 is not there/, ...two, thingByThing: true },
    {
      reason: 'each of a chain moves by itself',
      found: /is contracted while t1 is not there/,
      ...chain,
      thingByThing: true,
    },
    {
      reason: 'whoever takes over goes on from what it has repeated',
      found: /may be without what it keeps/,
      ...two,
      knows: true,
    },
    {
      reason: 'what the others repeat stands for a record that is lost',
      found: /may be without what it keeps/,
      ...chain,
      record: (first, others) => unitRecord({ attachedAt: -9, ...first }, others),
    },
    {
      reason: 'the first speaks for all',
      found: /is contracted while t1 is not there/,
      ...two,
      judge: ([first]) => first,
    },
  ];
  test.each(broken)(
    'the model finds it when $reason',
    ({ found, ...options }) => {
      expect(exploreUnit(options).violations[0]).toMatch(found);
    },
    120_000,
  );

  test('the model finds that two who move by themselves lock each other out', () => {
    // Both stay in contact: only what one goes back from and the other goes on to is left.
    const { violations } = exploreUnit({ ...two, mishaps: 0, thingByThing: true, alwaysThere: true });
    expect(violations[0]).toMatch(/certificate 0 may be without what it keeps/);
  });
});
