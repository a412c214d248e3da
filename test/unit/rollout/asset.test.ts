import { describe, expect, test } from 'vitest';
import { type AssetInput, planAsset } from '../../../operator/rollout/asset.ts';
import { explore, type ModelChange } from './model.ts';

const tighten: ModelChange = { baseline: 'B', candidate: 'K', before: ['keep', 'old'], after: ['keep'], denies: [] };
const mixed: ModelChange = {
  baseline: 'B',
  candidate: 'K',
  before: ['keep', 'old'],
  after: ['keep', 'new'],
  denies: [],
};
const deny: ModelChange = {
  baseline: 'B',
  candidate: 'K',
  before: ['keep', 'old'],
  after: ['keep', 'old'],
  denies: ['old'],
};
/** One revision moves a statement from the first policy to the second: equivalent as a set, broken policy by policy. */
const moved: readonly ModelChange[] = [
  { baseline: 'B1', candidate: 'K1', before: ['keep', 'moved'], after: ['keep'], denies: [] },
  { baseline: 'B2', candidate: 'K2', before: [], after: ['moved'], denies: [] },
];

describe('every order in which AWS may make calls visible', () => {
  const cases = [
    {
      reason: 'a tightening on one certificate',
      certificates: 1,
      changes: [tighten],
      addsDeny: false,
      crashes: 1,
      brake: true,
    },
    {
      reason: 'a mixed change on one certificate',
      certificates: 1,
      changes: [mixed],
      addsDeny: false,
      crashes: 1,
      brake: true,
    },
    {
      reason: 'a new deny bites when it is attached',
      certificates: 1,
      changes: [deny],
      addsDeny: true,
      crashes: 1,
      brake: true,
    },
    {
      reason: 'two certificates of one device',
      certificates: 2,
      changes: [tighten],
      addsDeny: false,
      crashes: 1,
      brake: true,
    },
    {
      reason: 'a statement moves between two policies, back by attachment',
      certificates: 1,
      changes: moved,
      addsDeny: false,
      crashes: 1,
      brake: false,
    },
  ] as const;

  for (const row of cases) {
    test(`no asset loses what it keeps: ${row.reason}`, () => {
      const result = explore(row);
      expect(result.violations).toEqual([]);
      expect(result.states).toBeGreaterThan(500);
      expect([...result.endings].sort()).toEqual(['RolledBack back', 'Succeeded', 'Succeeded home']);
    }, 120_000);
  }

  const broken: readonly {
    readonly reason: string;
    readonly plan: (input: AssetInput) => ReturnType<typeof planAsset>;
  }[] = [
    { reason: 'contract before the expand has settled', plan: (input) => planAsset({ ...input, settleMs: 0 }) },
    {
      reason: 'tidy up without settling after the brake',
      plan: (input) =>
        planAsset({ ...input, flippedAt: undefined, settleMs: input.direction === 'back' ? 0 : input.settleMs }),
    },
    {
      reason: 'a new leader detaches while a late Detach may land',
      plan: (input) => planAsset({ ...input, noDetachBefore: 0 }),
    },
    {
      reason: 'a lost record is taken for a settled one',
      plan: (input) =>
        planAsset({ ...input, record: { ...input.record, attachedAt: input.record.attachedAt ?? -100 } }),
    },
  ];
  for (const row of broken) {
    test(`the model finds broken mechanics: ${row.reason}`, () => {
      const result = explore({
        certificates: 1,
        changes: [tighten],
        addsDeny: false,
        crashes: 1,
        brake: true,
        plan: row.plan,
      });
      expect(result.violations.length).toBeGreaterThan(0);
    });
  }

  test('the model finds policies that are moved one by one', () => {
    const oneByOne = (input: AssetInput) => {
      const first = planAsset({ ...input, changes: input.changes.slice(0, 1) });
      return first.kind === 'done' && input.changes.length > 1
        ? planAsset({ ...input, changes: input.changes.slice(1) })
        : first;
    };
    const result = explore({
      certificates: 1,
      changes: moved,
      addsDeny: false,
      crashes: 0,
      brake: false,
      plan: oneByOne,
    });
    expect(result.violations.length).toBeGreaterThan(0);
  });

  test('the model finds that a brake on several policies is not one act: a right that moved may be gone in between', () => {
    const result = explore({ certificates: 1, changes: moved, addsDeny: false, crashes: 0, brake: true });
    expect(result.violations[0]).toMatch(/abort: certificate 0 may be without moved$/);
  });
});
