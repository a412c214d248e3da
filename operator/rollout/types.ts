/**
 * The words of a rollout. Everything here is data: the planner reads it and returns what to do next, the controller does
 * it and observes again. Times are milliseconds since the epoch.
 */

/** How a change alters what an asset may do, compared over its whole set of policies, never document against document. */
export type ChangeClass = 'equivalent' | 'widens' | 'tightens' | 'mixed';

export interface Classified {
  readonly class: ChangeClass;
  /** The candidate denies something explicitly that the baseline did not: attaching it is already a contraction. */
  readonly addsDeny: boolean;
  /** The verdict is undecided or rests on an assumption: treated as the worst case in both directions. */
  readonly uncertain: boolean;
  /** Another policy still allows what this one loses: shown, and no evidence of anything. */
  readonly masked: boolean;
}

/** One policy that the rollout moves assets from and to. Both are named AWS policies, because a version flip hits every target. */
export interface PolicyChange {
  /** The declared AWS policy; holds the last proven document. */
  readonly baseline: string;
  /** `<declared>@<8 hex>`; its first version is the baseline's document, its default the new one. */
  readonly candidate: string;
}

/** Which version of a candidate AWS serves now. `foreign` covers a blank or unknown default: somebody else's act. */
export type CandidateDefault = 'absent' | 'new' | 'brake' | 'foreign';

/** What a certificate carried when it was last read. */
export interface CertificateEdges {
  readonly certificateArn: string;
  readonly attached: ReadonlySet<string>;
  readonly readAt: number;
}

/** Which way an asset is going. `home` returns it from the candidate's name to the declared one, with equal documents. */
export type Direction = 'forward' | 'back' | 'home';

/** The one thing about an asset that AWS cannot tell us. Losing it costs time, never safety. */
export interface AssetRecord {
  /** When this rollout began with the asset: what was done before that was not done for its sake. */
  readonly startedAt?: number;
  /** When the last Attach was handed to AWS, whatever came of it. Written before the call. */
  readonly attachedAt?: number;
  /** When the last Detach was handed to AWS. Written before the call. */
  readonly detachedAt?: number;
  /** When a switch was last thrown, either way. Written before the call. */
  readonly switchedAt?: number;
  /** When sessions of before were last ended, answered by AWS. */
  readonly sessionsEndedAt?: number;
  /** A Detach that was sent and whose effect was not read back yet. */
  readonly openDetach?: { readonly certificateArn: string; readonly policy: string; readonly sentAt: number };
}

/**
 * What changes at an asset beside documents. AWS knows no union of a thing with one group and the same thing with another,
 * nor of two values of an attribute: such an act is a switch, made in one call whose way back is recorded.
 */
export interface EdgeChange {
  /** Policies that its certificates are to carry and do not. */
  readonly attach: readonly string[];
  /** Policies that its certificates carry and are to lose. */
  readonly detach: readonly string[];
  /** What the asset inherits and would lose by a switch: on its certificates from before the switch until after it. */
  readonly pins: readonly string[];
  readonly switches: readonly Switch[];
}

export interface Switch {
  /** What the controller knows it by. */
  readonly id: string;
  /** As AWS showed it a moment ago. */
  readonly made: boolean;
}

/**
 * Where the policies of an asset that come through thing groups stand. A group is handed over as a whole, so its members
 * first have both policies on their certificates, and are taken off the old one afterwards.
 */
export interface Through {
  /** What the asset has through its groups and certainly will keep: as read now, and in force. */
  readonly given: ReadonlySet<string>;
  /** Of these, what its certificates give up because the group gives it. */
  readonly gathered: ReadonlySet<string>;
  /** Policies that are, or come, on its certificates for the sake of its groups alone. */
  readonly lent: readonly string[];
  /** Set until every group has been handed over: the asset waits for it, with both policies on its certificates. */
  readonly spread?: Spread | undefined;
}

export interface Spread {
  /** The thing group that the asset waits for. */
  readonly group: string;
  /** What has to be known of the asset before it waits: nothing where the new policy gives and denies nothing more. */
  readonly parkAfter: 'attach' | 'settle' | 'verdict';
}

export type Verdict = 'succeeded' | 'failed' | 'inconclusive';

export type AssetState =
  | 'Stable'
  | 'Queued'
  | 'Preflight'
  | 'Expanding'
  | 'Verifying'
  | 'Contracting'
  | 'Observing'
  | 'Armed'
  | 'Succeeded'
  | 'Deferred'
  | 'Held'
  | 'RollingBack'
  | 'RolledBack'
  | 'Unrecovered'
  | 'Excluded';

/** States that count against `maxInFlight`. A held asset had begun: it is between two policies until the hold is lifted. */
const IN_FLIGHT: ReadonlySet<AssetState> = new Set([
  'Preflight',
  'Expanding',
  'Verifying',
  'Contracting',
  'Observing',
  'Held',
  'RollingBack',
]);

export function inFlight(state: AssetState): boolean {
  return IN_FLIGHT.has(state);
}

/** Begun and without a verdict. `Armed` waits for the next contact of a device that is seldom there, in a budget of its own. */
export function underWay(state: AssetState): boolean {
  return state === 'Armed' || inFlight(state);
}

/** A call the controller is to make. Each is idempotent, and harmless when it arrives late except `detach`. */
export type AssetCall =
  | { readonly kind: 'attach'; readonly policy: string; readonly target: string }
  | { readonly kind: 'detach'; readonly policy: string; readonly target: string };

/** What to do next with one asset, and why, in words for the person on call. */
export type AssetDecision =
  | { readonly kind: 'call'; readonly state: AssetState; readonly call: AssetCall; readonly why: string }
  /** One call that makes a switch, or takes it back. */
  | {
      readonly kind: 'switch';
      readonly state: AssetState;
      readonly id: string;
      readonly make: boolean;
      readonly why: string;
    }
  | { readonly kind: 'read'; readonly state: AssetState; readonly why: string }
  /** Ends these clients' sessions, once, without their last will. */
  | {
      readonly kind: 'endSessions';
      readonly state: AssetState;
      readonly clientIds: readonly string[];
      /** Drops stored subscriptions and queued messages as well. */
      readonly purge: boolean;
      readonly why: string;
    }
  /** The record was lost while the asset was between two policies: write both times as now and plan again. */
  | { readonly kind: 'stamp'; readonly state: AssetState; readonly why: string }
  | {
      readonly kind: 'wait';
      readonly state: AssetState;
      readonly until: number | undefined;
      readonly why: string;
      /** The thing group that it waits for, expanded: no place in the budget is held meanwhile. */
      readonly parked?: string;
    }
  | {
      readonly kind: 'done';
      readonly state: AssetState;
      readonly why: string;
      /** It was found with all that the rollout leads to: nothing was done to it, and it proves nothing. */
      readonly idle?: true;
    };
