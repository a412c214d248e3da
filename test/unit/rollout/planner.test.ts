import { describe, expect, test } from 'vitest';
import { planRollout } from '../../../operator/rollout/planner.ts';
import type { AssetSummary, RolloutInput } from '../../../operator/rollout/rollout.ts';
import { DEFAULT_STRATEGY, type Strategy } from '../../../operator/rollout/strategy.ts';
import { NO_VERBS } from '../../../operator/rollout/verbs.ts';
import { asset, HOUR, NOW, rolloutInput } from '../../support/rollout-input.ts';

const strategy: Strategy = {
  ...DEFAULT_STRATEGY,
  waves: [
    { size: { count: 1 }, bakeMs: HOUR, minEvidence: 1, pause: false },
    { size: { rest: true }, bakeMs: 0, minEvidence: 0, pause: false },
  ],
  maxInFlight: 2,
};

const input = (assets: readonly AssetSummary[], more: Partial<RolloutInput> = {}): RolloutInput =>
  rolloutInput(assets, { strategy, ...more });

const fresh = [asset('a', 0, 'Queued'), asset('b', 1, 'Queued'), asset('c', 1, 'Queued'), asset('d', 1, 'Queued')];
const canaryDone = [asset('a', 0, 'Succeeded'), ...fresh.slice(1)];
const aborted = { ...NO_VERBS, abortedBy: 'ann' };

interface Row {
  readonly reason: string;
  readonly input: RolloutInput;
  readonly want: Record<string, unknown>;
}

const rows: readonly Row[] = [
  {
    reason: 'the first wave holds one asset, whatever maxInFlight allows',
    input: input(fresh),
    want: { kind: 'start', assets: ['a'], reason: 'CanaryStep' },
  },
  {
    reason: 'nothing more starts while the canary has no verdict',
    input: input([asset('a', 0, 'Observing'), ...fresh.slice(1)]),
    want: { kind: 'wait', phase: 'Progressing' },
  },
  {
    reason: 'the canary bakes before the next wave',
    input: input(canaryDone, { waveDoneAt: [NOW - HOUR / 2] }),
    want: { kind: 'wait', phase: 'Baking', until: NOW + HOUR / 2 },
  },
  {
    reason: 'after the bake the next wave starts, up to maxInFlight',
    input: input(canaryDone, { waveDoneAt: [NOW - HOUR] }),
    want: { kind: 'start', assets: ['b', 'c'] },
  },
  {
    reason: 'a wave without assets does not stand for the one before it: that one bakes',
    input: input([asset('a', 0, 'Succeeded'), asset('b', 2, 'Queued')], {
      strategy: { ...strategy, waves: [...strategy.waves.slice(0, 1), ...strategy.waves] },
      waveDoneAt: [NOW - HOUR / 2, NOW - HOUR / 2],
    }),
    want: { kind: 'wait', phase: 'Baking', until: NOW + HOUR / 2 },
  },
  {
    reason: 'whoever was told to start and cannot is named: nothing else of the rollout says why it waits',
    input: input([
      asset('a', 0, 'Preflight', { unable: 'a gets no further: AWS refused UpdateThing' }),
      ...fresh.slice(1),
    ]),
    want: { kind: 'wait', why: '1 in flight of at most 2; a gets no further: AWS refused UpdateThing' },
  },
  {
    reason: 'whoever cannot begin stands aside: the others of its wave have its place',
    input: input([asset('a', 0, 'Queued', { unable: 'refused' }), asset('a2', 0, 'Queued'), ...fresh.slice(1)]),
    want: { kind: 'start', assets: ['a2'] },
  },
  {
    reason: 'but it owes its wave the evidence: a wave that nobody could begin vouches for nobody',
    input: input([asset('a', 0, 'Queued', { unable: 'refused' }), ...fresh.slice(1)], { waveDoneAt: [NOW - 9 * HOUR] }),
    want: { kind: 'wait', phase: 'Paused', reason: 'InconclusiveEvidence', why: expect.stringMatching(/; refused$/) },
  },
  {
    reason: 'and it moves as soon as it can, whatever wave has come meanwhile',
    input: input([asset('a', 0, 'Queued'), asset('b', 1, 'Succeeded'), ...fresh.slice(2)]),
    want: { kind: 'start', assets: ['a'] },
  },
  {
    reason: 'promote skips this bake only',
    input: input(canaryDone, { waveDoneAt: [NOW], verbs: { ...NO_VERBS, promotedThrough: 0 } }),
    want: { kind: 'start', assets: ['b', 'c'] },
  },
  {
    reason: 'what other rollouts of the account have in flight counts',
    input: input(canaryDone, { waveDoneAt: [NOW - HOUR], inFlightElsewhere: new Map([['z', 'Observing']]) }),
    want: { kind: 'start', assets: ['b'] },
  },
  {
    reason: 'where others of the account have all places, they are named, and what a person can do where one is stuck',
    input: input(canaryDone, {
      waveDoneAt: [NOW - HOUR],
      inFlightElsewhere: new Map(
        ['g', 'f', 'e', 'd', 'c', 'b', 'a'].map((id) => [id, id === 'a' ? 'RollingBack, suspended' : 'Observing']),
      ),
    }),
    want: {
      kind: 'wait',
      reason: 'BudgetInUse',
      why: 'other rollouts of the account have 7 in flight: a (RollingBack, suspended), b (Observing), c (Observing), d (Observing), e (Observing) and 2 more; a suspended one keeps its place until spec.suspend of its Device is false',
    },
  },
  {
    reason: 'an asset on which another policy hides the change proves nothing for its wave',
    input: input([asset('a', 0, 'Succeeded', { masked: true }), asset('a2', 0, 'Deferred'), ...fresh.slice(1)], {
      waveDoneAt: [NOW - 9 * HOUR],
    }),
    want: { kind: 'wait', phase: 'Paused', reason: 'InconclusiveEvidence' },
  },
  {
    reason: 'and a wave of nothing but such owes none',
    input: input([asset('a', 0, 'Succeeded', { masked: true }), ...fresh.slice(1)], { waveDoneAt: [NOW - 9 * HOUR] }),
    want: { kind: 'start' },
  },
  {
    reason: 'a wave without the evidence it owes pauses: silence is not success',
    input: input([asset('a', 0, 'Deferred'), ...fresh.slice(1)], { waveDoneAt: [NOW - 9 * HOUR] }),
    want: { kind: 'wait', phase: 'Paused', reason: 'InconclusiveEvidence' },
  },
  {
    reason: 'a shared certificate counts for each of its things',
    input: input([asset('a', 0, 'Succeeded'), asset('b', 1, 'Queued', { things: 3 })], { waveDoneAt: [NOW - HOUR] }),
    want: { kind: 'wait', reason: 'WaitingForBudget' },
  },
  {
    reason: 'a skipped asset ends nothing: the others are done, and it is named',
    input: input([asset('a', 0, 'Succeeded'), asset('b', 1, 'Excluded')], { waveDoneAt: [NOW - HOUR] }),
    want: {
      kind: 'finish',
      phase: 'Succeeded',
      reason: 'CompletedWithStragglers',
      why: expect.stringMatching(/1 assets are on the new policy; b keep the policy of before \(1 skipped/),
    },
  },
  {
    reason: 'one that went back is no skipped one: somebody decides',
    input: input([asset('a', 0, 'Succeeded'), asset('b', 1, 'RolledBack')], { waveDoneAt: [NOW - HOUR] }),
    want: { kind: 'wait', phase: 'Paused', reason: 'AssetsOnBaseline' },
  },
  {
    reason: 'abortScope InFlight: what is proven stays, no brake, the rest goes back',
    input: input([asset('a', 0, 'Succeeded'), asset('b', 1, 'Observing'), asset('c', 1, 'Deferred')], {
      strategy: { ...strategy, abortScope: 'InFlight' },
      verbs: aborted,
    }),
    want: { kind: 'sendBack', assets: ['b', 'c'] },
  },
  {
    reason: 'and then it has ended, with the proven ones named',
    input: input([asset('a', 0, 'Succeeded'), asset('b', 1, 'RolledBack')], {
      strategy: { ...strategy, abortScope: 'InFlight' },
      verbs: aborted,
    }),
    want: { kind: 'finish', phase: 'Aborted', why: expect.stringMatching(/1 proven assets keep what they got/) },
  },
  {
    reason: 'a lifeline denied brings all back whatever abortScope says',
    input: input([asset('a', 0, 'Succeeded'), asset('b', 1, 'RolledBack', { failure: 'lifeline' })], {
      strategy: { ...strategy, abortScope: 'InFlight' },
    }),
    want: { kind: 'brake', reason: 'LifelineDenied' },
  },
  {
    reason: 'and so does the commit that takes the change back',
    input: input([asset('a', 0, 'Succeeded')], {
      strategy: { ...strategy, abortScope: 'InFlight' },
      verbs: aborted,
      reverted: true,
    }),
    want: { kind: 'brake' },
  },
  {
    reason: 'R15: an armed asset uses no place in flight and its wave goes on',
    input: input([asset('a', 0, 'Armed', { armed: true }), asset('a2', 0, 'Succeeded'), ...fresh.slice(1)], {
      waveDoneAt: [NOW - HOUR],
    }),
    want: { kind: 'start', assets: ['b', 'c'] },
  },
  {
    reason: 'R15: nobody is armed without a word',
    input: input([asset('a', 0, 'Deferred', { armable: true })], { strategy: { ...strategy, maxArmed: 5 } }),
    want: { kind: 'wait' },
  },
  {
    reason: 'R15: with it, as many as maxArmed has room for',
    input: input(
      [
        asset('a', 0, 'RollingBack', { armed: true }),
        asset('b', 0, 'Deferred', { armable: true }),
        asset('c', 0, 'Deferred', { armable: true }),
      ],
      { strategy: { ...strategy, maxArmed: 2 }, verbs: { ...NO_VERBS, armedBy: 'ann' } },
    ),
    want: { kind: 'start', arming: true, assets: ['b'] },
  },
  {
    reason: 'R15: the rollout does not end while an armed asset waits for its judge',
    input: input([asset('a', 0, 'Armed', { armed: true })]),
    want: { kind: 'wait', phase: 'Progressing', reason: 'WaitingForDevices' },
  },
  {
    reason: 'R15: a newer revision does not wait for weeks: the armed one goes back',
    input: input([asset('a', 0, 'Armed', { armed: true })], { superseded: true }),
    want: { kind: 'sendBack', assets: ['a'] },
  },
  {
    reason: 'R15: an abort pulls the brake for an armed asset too',
    input: input([asset('a', 0, 'Armed', { armed: true })], { verbs: aborted }),
    want: { kind: 'brake' },
  },
  {
    reason: 'one site at a time when the strategy says so',
    input: input(
      [
        asset('a', 0, 'Succeeded'),
        asset('b', 1, 'Observing', { groups: ['north'] }),
        asset('c', 1, 'Queued', { groups: ['north'] }),
        asset('d', 1, 'Queued', { groups: ['south'] }),
      ],
      { waveDoneAt: [NOW - HOUR], strategy: { ...strategy, budgets: [1] } },
    ),
    want: { kind: 'start', assets: ['d'] },
  },
  {
    reason: 'things that share a certificate count each at its own site',
    input: input(
      [
        asset('a', 0, 'Succeeded'),
        asset('b', 1, 'Observing', { groups: ['south'] }),
        asset('c', 1, 'Queued', { groups: ['north'], things: 2, unit: { members: ['c', 'c2'], groups: [['south']] } }),
        asset('d', 1, 'Queued', { groups: ['north'], things: 2, unit: { members: ['d', 'd2'], groups: [['east']] } }),
      ],
      { waveDoneAt: [NOW - HOUR], strategy: { ...strategy, maxInFlight: 9, budgets: [1] } },
    ),
    want: { kind: 'start', assets: ['d'] },
  },
  {
    reason: 'and two of them use up the place of two at theirs',
    input: input(
      [
        asset('a', 0, 'Succeeded'),
        asset('b', 1, 'Observing', {
          groups: ['north'],
          things: 2,
          unit: { members: ['b', 'b2'], groups: [['north']] },
        }),
        asset('c', 1, 'Queued', { groups: ['north'] }),
        asset('d', 1, 'Queued', { groups: ['south'] }),
      ],
      { waveDoneAt: [NOW - HOUR], strategy: { ...strategy, maxInFlight: 9, budgets: [2] } },
    ),
    want: { kind: 'start', assets: ['d'] },
  },
  {
    reason: 'outside the window nothing starts',
    input: input(fresh, { strategy: { ...strategy, windows: [{ days: [6], startMinute: 120, durationMinutes: 60 }] } }),
    want: { kind: 'wait', reason: 'WaitingForWindow', until: Date.UTC(2026, 0, 10, 2, 0) },
  },
  {
    reason: 'a held asset is passed over',
    input: input([asset('a', 0, 'Queued', { held: true })]),
    want: { kind: 'wait', reason: 'WaitingForDevices' },
  },
  {
    reason: 'widening waits for consent',
    input: input(fresh, { classified: { class: 'widens', addsDeny: false, uncertain: false, masked: false } }),
    want: { kind: 'wait', phase: 'AwaitingApproval' },
  },
  {
    reason: 'what cannot be decided is taken for widening',
    input: input(fresh, { classified: { class: 'tightens', addsDeny: false, uncertain: true, masked: false } }),
    want: { kind: 'wait', phase: 'AwaitingApproval' },
  },
  {
    reason: 'an approved widening starts',
    input: input(fresh, {
      classified: { class: 'widens', addsDeny: false, uncertain: false, masked: false },
      verbs: { ...NO_VERBS, approvedBy: 'ann' },
    }),
    want: { kind: 'start', assets: ['a'] },
  },
  {
    reason: 'approval does not override a failed analysis',
    input: input(fresh, {
      analysis: { kind: 'failed', reason: 'LifelineViolation', why: 'press-1 would lose jobs' },
      verbs: { ...NO_VERBS, approvedBy: 'ann', promotedFully: true },
    }),
    want: { kind: 'wait', phase: 'Pending', reason: 'LifelineViolation' },
  },
  {
    reason: 'pause keeps new assets from starting',
    input: input(fresh, { verbs: { ...NO_VERBS, pausedBy: 'ann' } }),
    want: { kind: 'wait', phase: 'Paused', reason: 'UserRequested' },
  },
  {
    reason: 'promote-full does not beat a pause',
    input: input(fresh, { verbs: { ...NO_VERBS, pausedBy: 'ann', promotedFully: true } }),
    want: { kind: 'wait', phase: 'Paused' },
  },
  {
    reason: 'abort beats pause and pulls the brake when an asset has been switched',
    input: input(canaryDone, { verbs: { ...aborted, pausedBy: 'ann' } }),
    want: { kind: 'brake', phase: 'Aborting' },
  },
  {
    reason: 'a pause beats a denial',
    input: input(fresh, { verbs: { ...NO_VERBS, deniedBy: 'ann', pausedBy: 'kim' } }),
    want: { kind: 'wait', phase: 'Paused', reason: 'UserRequested' },
  },
  {
    reason: 'and a denial beats promote-full',
    input: input(fresh, { verbs: { ...NO_VERBS, deniedBy: 'ann', promotedFully: true } }),
    want: { kind: 'finish', phase: 'Aborted', reason: 'Denied' },
  },
  {
    reason: 'abort also while waiting for approval',
    input: input(fresh, {
      classified: { class: 'widens', addsDeny: false, uncertain: false, masked: false },
      verbs: aborted,
    }),
    want: { kind: 'finish', phase: 'Aborted' },
  },
  {
    reason: 'after the brake assets return by attachment',
    input: input(canaryDone, { verbs: aborted, brake: 'applied' }),
    want: { kind: 'sendBack', assets: ['a'] },
  },
  {
    reason: 'a brake that would undo a quarantine is not pulled',
    input: input(canaryDone, { verbs: aborted, brakeRefused: 'a quarantined target' }),
    want: { kind: 'sendBack', assets: ['a'] },
  },
  {
    reason: 'abort waits for assets on their way back',
    input: input([asset('a', 0, 'RollingBack')], { verbs: aborted, brake: 'applied' }),
    want: { kind: 'wait', phase: 'Aborting' },
  },
  {
    reason: 'abort is over when all are back',
    input: input([asset('a', 0, 'RolledBack'), ...fresh.slice(1)], { verbs: aborted, brake: 'applied' }),
    want: { kind: 'finish', phase: 'Aborted' },
  },
  {
    reason: 'a default found at the brake version is an abort, whoever set it',
    input: input([asset('a', 0, 'Observing'), ...fresh.slice(1)], { brake: 'applied' }),
    want: { kind: 'sendBack', reason: 'EmergencyBrakeApplied' },
  },
  {
    reason: 'a security act beats an abort: a brake would copy the blanked state',
    input: input(canaryDone, { verbs: aborted, mitigations: ['version 3 of press is blank'] }),
    want: { kind: 'wait', reason: 'DefenderMitigation', why: 'version 3 of press is blank' },
  },
  {
    reason: 'one failed asset goes back alone and the rollout pauses',
    input: input([asset('a', 0, 'Succeeded'), asset('b', 1, 'RolledBack', { failure: 'failed' }), ...fresh.slice(2)]),
    want: { kind: 'wait', phase: 'Paused', reason: 'AssetFailed' },
  },
  {
    reason: 'R17: at the threshold itself the others stay, and a person decides',
    input: input([
      asset('a', 0, 'Succeeded'),
      asset('b', 1, 'RolledBack', { failure: 'failed' }),
      asset('c', 1, 'RolledBack', { failure: 'failed' }),
    ]),
    want: { kind: 'wait', phase: 'Paused', reason: 'AssetFailed' },
  },
  {
    reason: 'every budget counts, not only the first',
    input: input(
      [
        asset('a', 0, 'Succeeded'),
        asset('b', 1, 'Observing', { groups: ['north', 'gw-1'] }),
        asset('c', 1, 'Queued', { groups: ['south', 'gw-1'] }),
        asset('d', 1, 'Queued', { groups: ['south', 'gw-2'] }),
      ],
      { waveDoneAt: [NOW - HOUR], strategy: { ...strategy, maxInFlight: 4, budgets: [2, 1] } },
    ),
    want: { kind: 'start', assets: ['d'] },
  },
  {
    reason: 'a deferred asset that is in contact again fits into the budgets too',
    input: input(
      [
        asset('a', 0, 'Succeeded'),
        asset('b', 1, 'Observing', { groups: ['north'] }),
        asset('c', 1, 'Deferred', { groups: ['north'], reachable: true }),
      ],
      { strategy: { ...strategy, budgets: [1] } },
    ),
    want: { kind: 'wait', phase: 'Progressing' },
  },
  {
    reason: 'R17: more failed assets than the threshold reject the revision',
    input: input([
      asset('a', 0, 'Succeeded'),
      asset('b', 1, 'RolledBack', { failure: 'failed' }),
      asset('c', 1, 'RollingBack', { failure: 'failed' }),
      asset('d', 1, 'RollingBack', { failure: 'failed' }),
    ]),
    want: { kind: 'brake', reason: 'FailureThreshold' },
  },
  {
    reason: 'one denied lifeline action brings all back',
    input: input([asset('a', 0, 'Succeeded'), asset('b', 1, 'RollingBack', { failure: 'lifeline' })]),
    want: { kind: 'brake', reason: 'LifelineDenied' },
  },
  {
    reason: 'onFailure Pause leaves the decision to a person',
    input: input([asset('a', 0, 'Succeeded'), asset('b', 1, 'RollingBack', { failure: 'lifeline' })], {
      strategy: { ...strategy, onFailure: 'Pause' },
    }),
    want: { kind: 'wait', phase: 'Paused', reason: 'AssetFailed' },
  },
  {
    reason: 'a connect storm brings all back',
    input: input([asset('a', 0, 'Succeeded'), asset('b', 1, 'Observing')], { connectStorm: true }),
    want: { kind: 'brake', reason: 'ConnectStorm' },
  },
  {
    reason: 'an unrecovered asset stops everything',
    input: input([asset('a', 0, 'Unrecovered'), ...fresh.slice(1)], { verbs: { ...NO_VERBS, promotedFully: true } }),
    want: { kind: 'wait', reason: 'RecoveryFailed' },
  },
  {
    reason: 'a newer revision sends assets back that lost nothing yet',
    input: input([asset('a', 0, 'Expanding'), ...fresh.slice(1)], { superseded: true }),
    want: { kind: 'sendBack', assets: ['a'], reason: 'Superseded' },
  },
  {
    reason: 'a newer revision lets contracted assets finish',
    input: input([asset('a', 0, 'Observing'), ...fresh.slice(1)], { superseded: true }),
    want: { kind: 'wait', reason: 'Superseded' },
  },
  {
    reason: 'a newer revision takes over when nothing is in flight',
    input: input(canaryDone, { superseded: true }),
    want: { kind: 'finish', phase: 'Superseded' },
  },
  {
    reason: 'all proven: done',
    input: input([asset('a', 0, 'Succeeded'), asset('b', 1, 'Succeeded')]),
    want: { kind: 'finish', phase: 'Succeeded', reason: 'Completed' },
  },
  {
    reason: 'a deferred asset that is in contact again moves',
    input: input([asset('a', 0, 'Succeeded'), asset('b', 1, 'Deferred', { reachable: true })]),
    want: { kind: 'start', assets: ['b'] },
  },
  {
    reason: 'a weekly device does not fail the rollout, it is waited for',
    input: input([asset('a', 0, 'Succeeded'), asset('b', 1, 'Deferred')]),
    want: { kind: 'wait', reason: 'WaitingForDevices', until: NOW + strategy.stragglersAfterMs },
  },
  {
    reason: 'stragglers are left behind only when the strategy says so',
    input: input([asset('a', 0, 'Succeeded'), asset('b', 1, 'Deferred')], {
      lastProgressAt: NOW - strategy.stragglersAfterMs,
      strategy: { ...strategy, completion: 'CompleteWithStragglers' },
    }),
    want: { kind: 'finish', reason: 'CompletedWithStragglers' },
  },
];

describe('the next action of a rollout', () => {
  test.each(rows)('$reason', (row) => {
    expect(planRollout(row.input)).toMatchObject(row.want);
  });

  test('every decision says why in words', () => {
    for (const row of rows) expect(planRollout(row.input).why.length, row.reason).toBeGreaterThan(10);
  });
});
