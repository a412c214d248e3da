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
  readonly newViolations: readonly string[];
  /** The user's own checks: a Prometheus query, an HTTP check. */
  readonly checks: readonly { readonly name: string; readonly result: Verdict }[];
  /** A stale signal is no evidence in either direction; an unavailable one was never promised for this client id. */
  readonly signals: readonly { readonly name: string; readonly health: 'fresh' | 'stale' | 'unavailable' }[];
}

export interface DeniedRequest {
  readonly action: string;
  readonly resource: string;
  readonly need: 'lifeline' | 'used' | 'other';
}

/** What the change touched decides what has to be seen again. */
export interface Requirement {
  /** Connect or will-topic rights changed: a live session proves nothing about the next one. */
  readonly newConnect: boolean;
  readonly freshSubscribe: boolean;
  /** Receive or Subscribe narrowed: their loss is silent. */
  readonly delivery: boolean;
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
  if (failedCheck) return say('failed', 'CheckFailed', `the check ${failedCheck.name} failed`);
  if (evidence.newViolations.length > 0) {
    return say('failed', 'NewViolation', `Device Defender reports ${evidence.newViolations[0]} since the change`);
  }
  if (evidence.connectFailures > 0) {
    // Everybody around it fails to connect too: the site is down, which is no fault of the policy.
    if (controlsUnhealthy(control)) {
      return say(
        'inconclusive',
        'ControlsUnhealthy',
        `${control.unhealthy} of ${control.assets} untouched devices of the cohort fail too`,
      );
    }
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
  const stale = evidence.signals.find((signal) => signal.health === 'stale');
  if (stale)
    return say('inconclusive', 'SignalStale', `the signal ${stale.name} is stale: nothing it says or omits counts`);
  const pending = evidence.checks.find((check) => check.result === 'inconclusive');
  if (pending) return say('inconclusive', 'CheckInconclusive', `the check ${pending.name} has no answer yet`);
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
  if (seen === 0)
    return say('inconclusive', 'NoEvidence', 'nothing was heard from the device since the change settled');
  return say('succeeded', 'EvidencePassed', `${seen} positive observations and nothing denied that the device needs`);
}

function controlsUnhealthy(control: Control): boolean {
  return control.assets >= ENOUGH_CONTROLS && control.unhealthy * 2 >= control.assets;
}
