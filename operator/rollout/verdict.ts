import type { Verdict } from './types.ts';

/**
 * Judging is not moving: this decides what the evidence says and nothing else. Only observations made after everything
 * had settled, under the asset's declared client ids, are evidence; whoever gathers them leaves out the rest.
 */
export interface Evidence {
  /** Requests that AWS denied, with how much the asset needs them. */
  readonly denied: readonly DeniedRequest[];
  /** Positive observations, by what they show. */
  readonly newConnects: number;
  readonly allowedPublishes: number;
  readonly acknowledgements: number;
  readonly freshSubscribes: number;
  readonly deliveries: number;
  /** Filters that the asset held before and does not hold now although the candidate allows them. */
  readonly lostSubscriptions: readonly string[];
  /** `connect_failed` events and disconnects for AUTH_ERROR or FORBIDDEN_ACCESS. */
  readonly connectFailures: number;
  /** The same in the hour before the change: the asset's own history, where there are too few controls. */
  readonly failuresBefore: number;
  readonly newViolations: readonly string[];
  /** The user's own checks: a Prometheus query, an HTTP check. */
  readonly checks: readonly { readonly name: string; readonly result: Verdict; readonly why?: string }[];
  /** A stale signal is no evidence in either direction; an unavailable one was never promised for this client id. */
  readonly signals: readonly SignalHealth[];
}

export interface SignalHealth {
  readonly name: string;
  readonly health: 'fresh' | 'stale' | 'unavailable';
  readonly why?: string;
}

export interface DeniedRequest {
  readonly action: string;
  readonly resource: string;
  /** `unknown`: nobody listened before the change, so whether the asset used it is not known. */
  readonly need: 'lifeline' | 'used' | 'unknown' | 'other';
}

/** What the change touched decides what has to be seen again. */
export interface Requirement {
  /** Connect or will-topic rights changed: a live session proves nothing about the next one. */
  readonly newConnect: boolean;
  readonly freshSubscribe: boolean;
  /** Receive or Subscribe narrowed: their loss is silent. */
  readonly delivery: boolean;
  /** The change takes nothing from the asset: only bad news counts, and none is good enough. */
  readonly errorsOnly?: boolean;
  /** Another policy hides the change: the asset passes without errors, and its passing is no evidence. */
  readonly masked?: boolean;
}

/** Assets of the same cohort that nothing was done to, so that a site's outage does not fail the rollout. */
export interface Control {
  readonly assets: number;
  readonly unhealthy: number;
}

export interface Judgement {
  readonly verdict: Verdict;
  /** A lifeline action was denied: reason enough to bring everything back. */
  readonly lifelineDenied: boolean;
  /** PascalCase, for condition and event. */
  readonly reason: string;
  readonly why: string;
  /** Denied requests that are the tightening at work. */
  readonly blocked: readonly DeniedRequest[];
}

/** Reason of a verdict that is no evidence. */
export const MASKED = 'Masked';

/** Verdict on who was found with all that the rollout leads to. */
export const NOTHING_DONE = 'NothingDone';

/** With fewer controls than this, comparison says nothing and the asset's own history decides. */
const ENOUGH_CONTROLS = 3;

export function judge(evidence: Evidence, requirement: Requirement, control: Control): Judgement {
  const blocked = evidence.denied.filter((request) => request.need === 'other');
  const say = (verdict: Verdict, reason: string, why: string, lifelineDenied = false): Judgement => ({
    verdict,
    lifelineDenied,
    reason,
    why,
    blocked,
  });

  const lifeline = evidence.denied.find((request) => request.need === 'lifeline');
  if (lifeline)
    return say('failed', 'LifelineDenied', `lifeline denied: ${lifeline.action} on ${lifeline.resource}`, true);
  const used = evidence.denied.find((request) => request.need === 'used');
  if (used) {
    return say(
      'failed',
      'AuthorizationFailures',
      `denied what the device used before: ${used.action} on ${used.resource}`,
    );
  }
  const failedCheck = evidence.checks.find((check) => check.result === 'failed');
  if (failedCheck)
    return say('failed', 'CheckFailed', `the check ${failedCheck.name} failed${because(failedCheck.why)}`);
  if (evidence.newViolations.length > 0) {
    return say('failed', 'NewViolation', `Device Defender reports ${evidence.newViolations[0]} since the change`);
  }
  if (evidence.connectFailures > 0) {
    const excuse = excuseOf(evidence, control);
    if (excuse) return say('inconclusive', ...excuse);
    return say('failed', 'ConnectFailures', `${evidence.connectFailures} refused connects since the change`);
  }
  if (evidence.lostSubscriptions.length > 0) {
    return say('failed', 'SubscriptionsLost', `subscription not restored: ${evidence.lostSubscriptions[0]}`);
  }
  return positive(evidence, requirement, say);
}

function positive(
  evidence: Evidence,
  requirement: Requirement,
  say: (verdict: Verdict, reason: string, why: string) => Judgement,
): Judgement {
  const unknown = evidence.denied.find((request) => request.need === 'unknown');
  if (unknown)
    return say(
      'inconclusive',
      'HistoryUnknown',
      `denied ${unknown.action} on ${unknown.resource}, and what the device used before the change was not heard`,
    );
  const stale = evidence.signals.find((signal) => signal.health === 'stale');
  if (stale)
    return say('inconclusive', 'SignalStale', `the signal ${stale.name} is stale: nothing it says or omits counts`);
  const pending = evidence.checks.find((check) => check.result === 'inconclusive');
  if (pending)
    return say('inconclusive', 'CheckInconclusive', `the check ${pending.name} ${pending.why ?? 'has no answer yet'}`);
  if (requirement.masked === true) return say('succeeded', MASKED, 'another policy of it still allows all that it did');
  if (requirement.errorsOnly === true)
    return say('succeeded', 'NoErrors', 'nothing was taken, and nothing was refused');
  if (requirement.newConnect && evidence.newConnects === 0) {
    return say('inconclusive', 'NoNewConnect', 'rights to connect changed and the device has not connected anew');
  }
  if (requirement.freshSubscribe && evidence.freshSubscribes === 0) {
    return say(
      'inconclusive',
      'NoFreshSubscribe',
      'rights to subscribe changed and the device has not subscribed anew',
    );
  }
  if (requirement.delivery && evidence.deliveries + evidence.acknowledgements === 0) {
    return say(
      'inconclusive',
      'NoDelivery',
      'rights to receive changed and no delivery has been seen: their loss would be silent',
    );
  }
  const seen = evidence.newConnects + evidence.allowedPublishes + evidence.acknowledgements + evidence.deliveries;
  if (
    seen === 0 &&
    evidence.signals.length > 0 &&
    evidence.signals.every((signal) => signal.health === 'unavailable')
  ) {
    return say(
      'inconclusive',
      'SignalUnavailable',
      'AWS gives no signal of this asset: nothing would show what it lost',
    );
  }
  if (seen === 0)
    return say('inconclusive', 'NoEvidence', 'nothing was heard from the device since the change settled');
  return say(
    'succeeded',
    'EvidencePassed',
    `${seen} positive observation${seen === 1 ? '' : 's'} and nothing denied that the device needs`,
  );
}

function because(why: string | undefined): string {
  return why === undefined ? '' : `: ${why}`;
}

/**
 * Everybody around it fails to connect too: the site is down, which is no fault of the policy. With too few around it,
 * what the asset itself did before the change is all there is to compare with.
 */
function excuseOf(evidence: Evidence, control: Control): [reason: string, why: string] | undefined {
  if (control.assets >= ENOUGH_CONTROLS) {
    if (control.unhealthy * 2 < control.assets) return undefined;
    const text = `${control.unhealthy} of ${control.assets} untouched devices of the cohort fail too`;
    return ['ControlsUnhealthy', text];
  }
  if (evidence.failuresBefore === 0 || evidence.failuresBefore < evidence.connectFailures) return undefined;
  return ['FailedBefore', `${evidence.failuresBefore} connects were refused in the hour before the change as well`];
}
