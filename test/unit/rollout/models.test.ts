import { describe, expect, test } from 'vitest';
import { planAsset } from '../../../operator/rollout/asset.ts';
import { planRollout } from '../../../operator/rollout/planner.ts';
import { exploreFleet, type FleetModelOptions } from './fleet-model.ts';
import { EMPTIED_FIRST, exploreGroup, NEVER_EMPTY, UNSETTLED } from './group-model.ts';

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
