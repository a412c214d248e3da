import { describe, expect, test } from 'vitest';
import { type Control, type Evidence, judge, type Requirement } from '../../../operator/rollout/verdict.ts';

const none: Evidence = {
  denied: [],
  newConnects: 0,
  allowedPublishes: 0,
  acknowledgements: 0,
  freshSubscribes: 0,
  deliveries: 0,
  lostSubscriptions: [],
  connectFailures: 0,
  failuresBefore: 0,
  newViolations: [],
  checks: [],
  signals: [],
};
const anything: Requirement = { newConnect: false, freshSubscribe: false, delivery: false };
const noControls: Control = { assets: 0, unhealthy: 0 };
const request = (need: 'lifeline' | 'used' | 'other') => ({ action: 'iot:Publish', resource: 'topic/x', need });

const rows: readonly {
  readonly reason: string;
  readonly evidence: Partial<Evidence>;
  readonly requirement?: Partial<Requirement>;
  readonly control?: Control;
  readonly verdict: string;
  readonly why: string;
}[] = [
  { reason: 'silence is not success', evidence: {}, verdict: 'inconclusive', why: 'NoEvidence' },
  {
    reason: 'a publish after settling is evidence',
    evidence: { allowedPublishes: 1 },
    verdict: 'succeeded',
    why: 'EvidencePassed',
  },
  {
    reason: 'a denied lifeline action fails, whatever else was seen',
    evidence: { allowedPublishes: 9, denied: [request('lifeline')] },
    verdict: 'failed',
    why: 'LifelineDenied',
  },
  {
    reason: 'a denied request that the device used before fails',
    evidence: { allowedPublishes: 9, denied: [request('used')] },
    verdict: 'failed',
    why: 'AuthorizationFailures',
  },
  {
    reason: 'any other denial is the tightening at work: one device cannot revert the fleet',
    evidence: { allowedPublishes: 1, denied: [request('other')] },
    verdict: 'succeeded',
    why: 'EvidencePassed',
  },
  {
    reason: 'a live session proves nothing about the next connect',
    evidence: { allowedPublishes: 5 },
    requirement: { newConnect: true },
    verdict: 'inconclusive',
    why: 'NoNewConnect',
  },
  {
    reason: 'subscribe rights need a fresh subscribe',
    evidence: { newConnects: 1 },
    requirement: { freshSubscribe: true },
    verdict: 'inconclusive',
    why: 'NoFreshSubscribe',
  },
  {
    reason: 'loss of receive is silent, so delivery must be seen',
    evidence: { newConnects: 1 },
    requirement: { delivery: true },
    verdict: 'inconclusive',
    why: 'NoDelivery',
  },
  {
    reason: 'a job acknowledgement is end to end',
    evidence: { acknowledgements: 1 },
    requirement: { delivery: true },
    verdict: 'succeeded',
    why: 'EvidencePassed',
  },
  { reason: 'refused connects fail', evidence: { connectFailures: 2 }, verdict: 'failed', why: 'ConnectFailures' },
  {
    reason: 'a site that is down does not fail the rollout',
    evidence: { connectFailures: 2 },
    control: { assets: 4, unhealthy: 3 },
    verdict: 'inconclusive',
    why: 'ControlsUnhealthy',
  },
  {
    reason: 'two controls are too few to excuse anything',
    evidence: { connectFailures: 2 },
    control: { assets: 2, unhealthy: 2 },
    verdict: 'failed',
    why: 'ConnectFailures',
  },
  {
    reason: 'a subscription that did not come back fails',
    evidence: { newConnects: 1, lostSubscriptions: ['jobs/#'] },
    verdict: 'failed',
    why: 'SubscriptionsLost',
  },
  {
    reason: 'a new violation fails: it may quarantine the device next',
    evidence: { newConnects: 1, newViolations: ['num-authorization-failures'] },
    verdict: 'failed',
    why: 'NewViolation',
  },
  {
    reason: 'a stale signal is inconclusive even beside positive evidence',
    evidence: { newConnects: 1, signals: [{ name: 'logs', health: 'stale' }] },
    verdict: 'inconclusive',
    why: 'SignalStale',
  },
  {
    reason: 'an unavailable signal was never promised',
    evidence: { newConnects: 1, signals: [{ name: 'connectivity', health: 'unavailable' }] },
    verdict: 'succeeded',
    why: 'EvidencePassed',
  },
  {
    reason: 'a failed check of the user fails',
    evidence: { newConnects: 1, checks: [{ name: 'latency', result: 'failed' }] },
    verdict: 'failed',
    why: 'CheckFailed',
  },
  {
    reason: 'a check without an answer is waited for',
    evidence: { newConnects: 1, checks: [{ name: 'latency', result: 'inconclusive' }] },
    verdict: 'inconclusive',
    why: 'CheckInconclusive',
  },
  {
    reason: 'a change that another policy hides passes without errors, by a name that counts for nothing',
    evidence: { allowedPublishes: 3 },
    requirement: { masked: true },
    verdict: 'succeeded',
    why: 'Masked',
  },
  {
    reason: 'and fails on bad news like any other',
    evidence: { connectFailures: 1 },
    requirement: { masked: true },
    verdict: 'failed',
    why: 'ConnectFailures',
  },
  {
    reason: 'a change that only gives is held up by bad news alone',
    evidence: {},
    requirement: { errorsOnly: true },
    verdict: 'succeeded',
    why: 'NoErrors',
  },
  {
    reason: 'and by it it is',
    evidence: { denied: [request('used')] },
    requirement: { errorsOnly: true },
    verdict: 'failed',
    why: 'AuthorizationFailures',
  },
  {
    reason: 'a stale signal leaves a widening open as well',
    evidence: { signals: [{ name: 'logs', health: 'stale' }] },
    requirement: { errorsOnly: true },
    verdict: 'inconclusive',
    why: 'SignalStale',
  },
  {
    reason: 'a denial of what nobody knows whether it was used leaves it open',
    evidence: { allowedPublishes: 1, denied: [{ ...request('other'), need: 'unknown' }] },
    verdict: 'inconclusive',
    why: 'HistoryUnknown',
  },
  {
    reason: 'its own failures of before excuse the same number after',
    evidence: { connectFailures: 2, failuresBefore: 2 },
    verdict: 'inconclusive',
    why: 'FailedBefore',
  },
  {
    reason: 'and no more than that',
    evidence: { connectFailures: 3, failuresBefore: 2 },
    verdict: 'failed',
    why: 'ConnectFailures',
  },
];

describe('what the evidence says', () => {
  test.each(rows)('$reason', (row) => {
    const judgement = judge(
      { ...none, ...row.evidence },
      { ...anything, ...row.requirement },
      row.control ?? noControls,
    );
    expect({ verdict: judgement.verdict, why: judgement.reason }).toEqual({ verdict: row.verdict, why: row.why });
  });

  test('blocked requests are reported, so that a tightening at work is visible', () => {
    const judgement = judge({ ...none, newConnects: 1, denied: [request('other')] }, anything, noControls);
    expect(judgement.blocked).toEqual([request('other')]);
    expect(judgement.lifelineDenied).toBe(false);
  });
});
