// Generated from crds/ by `npm run gen`. Change the CRD, not this file.
import type { Condition, KubeObject } from './meta.ts';

/** PolicyRollout is one change of policies on its way through the assets that carry them, one asset at a time. The operator makes it; people steer it by annotations. AWS page: https://docs.aws.amazon.com/iot/latest/developerguide/iot-policies.html */
export interface PolicyRollout extends KubeObject<PolicyRolloutSpec, PolicyRolloutStatus> {
  readonly apiVersion: 'fleetward.dev/v1alpha1';
  readonly kind: 'PolicyRollout';
  readonly spec: PolicyRolloutSpec;
  readonly status?: PolicyRolloutStatus;
}

/**
 * What moves, and how. Made by the operator and never changed.
 */
export interface PolicyRolloutSpec {
  readonly accountRef: PolicyRolloutAccountRef;
  /**
   * Names this change; verbs that decide about it must say it.
   */
  readonly revision: string;
  /**
   * Counts the tries of one and the same change; each has candidates of its own. 1 when not given.
   */
  readonly attempt?: number;
  /**
   * The policies that move together, because they share assets; none when only Devices change. At most 10.
   *
   * @maxItems 10
   */
  readonly policies: readonly PolicyRolloutPolicy[];
  /**
   * What changes at Devices beside documents, each once however many Devices it concerns. At most 50.
   *
   * @maxItems 50
   */
  readonly changes?: readonly PolicyRolloutChange[];
  /**
   * true: every policy returns to what was proven before, within the rollbackWindow of the rollout that took it away. Waves do not bake; approval, budgets and the care with each asset stay.
   */
  readonly fastTrack?: boolean;
  readonly strategy?: PolicyRolloutStrategy;
}
/**
 * The AWSAccount in the same namespace that the policies live in. Default: the AWSAccount named `default`.
 */
export interface PolicyRolloutAccountRef {
  /**
   * Name of the AWSAccount.
   */
  readonly name: string;
}
/**
 * One policy that moves.
 */
export interface PolicyRolloutPolicy {
  /**
   * The IoTPolicy in the same namespace.
   */
  readonly name: string;
  /**
   * Its declared name in AWS. It keeps the document of before until every asset has left it.
   */
  readonly policyName: string;
  /**
   * The policy in AWS that carries the new document: its first version is the document of before, which is the emergency brake.
   */
  readonly candidateName: string;
  /**
   * SHA-256 of the canonical form of the new document, in hexadecimal.
   */
  readonly digest: string;
  /**
   * The document of before, as JSON: what was last proven.
   */
  readonly baseline: string;
  /**
   * The new document, as JSON.
   */
  readonly document: string;
}
/**
 * One change.
 */
export interface PolicyRolloutChange {
  /**
   * Names the change; devices to which the same is done share it.
   */
  readonly digest: string;
  /**
   * AWS policies that its certificates are to get.
   *
   * @maxItems 20
   */
  readonly attach?: readonly string[];
  /**
   * AWS policies that its certificates are to lose.
   *
   * @maxItems 20
   */
  readonly detach?: readonly string[];
  /**
   * AWS thing groups, with policies on them or above them, that it is to join.
   *
   * @maxItems 20
   */
  readonly join?: readonly string[];
  /**
   * AWS thing groups, with policies on them or above them, that it is to leave.
   *
   * @maxItems 20
   */
  readonly leave?: readonly string[];
  /**
   * What of the thing changes that some policy of the asset reads: `thingType`, or `attributes.` and a name.
   *
   * @maxItems 20
   */
  readonly set?: readonly string[];
  /**
   * Certificates, by their name in the Device, that are to go out of use.
   *
   * @maxItems 20
   */
  readonly retire?: readonly string[];
}
/**
 * How the assets are taken, as the policies said when the rollout was made. A later change of theirs does not alter it.
 */
export interface PolicyRolloutStrategy {
  /**
   * Waves: one asset after the other by the fields below, with proof before and after each step. AllAtOnce: the same with every field as when it is not given; a policy that nothing carries changes at once in either case.
   */
  readonly type: 'AllAtOnce' | 'Waves';
  readonly order?: PolicyRolloutStrategyOrder;
  /**
   * The waves. After the last one the rest of the assets follow. When not given: one asset, one of each cohort, 1, 10 and 33 percent, the rest. At most 20.
   *
   * @maxItems 20
   */
  readonly waves?: readonly PolicyRolloutStrategyWave[];
  /**
   * Assets that may be between the first change and their verdict at the same time, counted over the whole account; things that share certificates move as one and count one by one. 1 when not given.
   */
  readonly maxInFlight?: number;
  /**
   * Further bounds: at most maxInFlight assets in flight among those with the same value of a label, for example per site or per gateway. At most 5.
   *
   * @maxItems 5
   */
  readonly budgets?: readonly PolicyRolloutStrategyBudget[];
  /**
   * Times at which assets may be started; any of them will do. Always when not given. At most 10.
   *
   * @maxItems 10
   */
  readonly windows?: readonly PolicyRolloutStrategyWindow[];
  /**
   * When a person has to approve. WhenWidening: when some asset gains a right, or when that cannot be ruled out. Always: every change. WhenWidening when not given.
   */
  readonly approval?: 'WhenWidening' | 'Always';
  /**
   * Wait: the rollout is done when every asset is. Leave: it is done when all assets are that could be reached; the others stay on the former policy until they appear. Wait when not given.
   */
  readonly stragglers?: 'Wait' | 'Leave';
  /**
   * Time after each change until AWS is sure to apply it. 10m when not given; AWS says 6 to 8 minutes, so at least 8m.
   */
  readonly settleTime?: string;
  /**
   * Time in which evidence is gathered after the last change of an asset. 15m when not given.
   */
  readonly observeTime?: string;
  /**
   * Time without any progress after which stragglers says what becomes of the assets that could not be reached. 168h when not given.
   */
  readonly stragglersAfter?: string;
  /**
   * An asset must have been heard of within this time before anything is taken from it. 15m when not given.
   */
  readonly contactWithin?: string;
  /**
   * Time after which an asset that got its former policy back and is not heard of counts as lost, which stops the rollout and calls for a person. 30m when not given.
   */
  readonly recoveryDeadline?: string;
  /**
   * Time without any progress, pauses not counted, after which the rollout is Stalled.
   */
  readonly progressDeadline?: string;
  /**
   * Time without contact after which an asset in flight gets its former policy back.
   */
  readonly silenceDeadline?: string;
  /**
   * What a failed asset does to the rollout: it goes back alone in either case. Rollback: above failureThreshold all others go back too. Pause: the rollout waits for a person. Rollback when not given.
   */
  readonly onFailure?: 'Rollback' | 'Pause';
  /**
   * Whom a person's abort brings back. All: every asset, by the emergency brake. InFlight: those without a verdict; proven assets keep the new policy until another rollout takes them along. What the operator aborts by itself, and a commit that takes the change back, always bring all back. InFlight is refused where a thing group carries the policy. All when not given.
   */
  readonly abortScope?: 'All' | 'InFlight';
  /**
   * Failed assets above which all go back. 2 when not given.
   */
  readonly failureThreshold?: number;
  /**
   * What happens to an asset that would lose a request which it made in the last 14 days. Protect: nothing is taken from it; it stays on the former policy until it has stopped or the document permits the request. Judge: it is moved, and goes back when it is refused. Protect when not given.
   */
  readonly usedActions?: 'Protect' | 'Judge';
  /**
   * Checks of your own that every asset has to pass beside the evidence of AWS. They are made after the change of an asset has settled. Hosts have to be permitted by the operator's configuration (`allowedCheckHosts`). At most 10.
   *
   * @maxItems 10
   */
  readonly checks?: readonly PolicyRolloutStrategyCheck[];
  /**
   * What happens to connections that were made before the change. Wait: they end by themselves. Reconnect: they are closed once AWS applies the change. Purge: their stored session is dropped too. Wait when not given.
   */
  readonly sessions?: 'Wait' | 'Reconnect' | 'Purge';
  /**
   * Assets with contacts too short to be watched that may be changed in one contact and judged at the next, once somebody has said so (`fleetward rollout arm`). 0 when not given: they are deferred.
   */
  readonly maxArmed?: number;
  /**
   * Time without contact after which an armed asset gets its former policy back, and after which it counts as lost when it was not heard of then. 336h when not given.
   */
  readonly armedDeadline?: string;
  /**
   * Back: at the end the assets return to the declared policy name, which carries the new document by then. Stay: they keep the policy they were moved to. Back when not given.
   */
  readonly homing?: 'Back' | 'Stay';
  /**
   * How long superseded documents are kept in AWS, for a quick way back.
   */
  readonly rollbackWindow?: string;
}
/**
 * In which order assets are taken.
 */
export interface PolicyRolloutStrategyOrder {
  /**
   * Whether the most critical assets go last (when not given) or first.
   */
  readonly criticality?: 'MostCriticalLast' | 'MostCriticalFirst';
  /**
   * Label of the Devices whose number says how critical an asset is; greater is more critical.
   */
  readonly criticalityLabel?: string;
  /**
   * Labels that make up a cohort, for example firmware and site. One asset of each cohort goes before the second of any. At most 5.
   *
   * @maxItems 5
   */
  readonly cohortLabels?: readonly string[];
}
/**
 * One wave: exactly one of count, percent and perCohort.
 */
export interface PolicyRolloutStrategyWave {
  /**
   * Number of assets.
   */
  readonly count?: number;
  /**
   * Share of all assets, in percent.
   */
  readonly percent?: number;
  /**
   * Number of assets of each cohort; those of earlier waves count.
   */
  readonly perCohort?: number;
  /**
   * Time to watch the wave before the next one.
   */
  readonly bake?: string;
  /**
   * Assets of the wave that must have shown positive evidence before the next one.
   */
  readonly minEvidence?: number;
  /**
   * true: after the wave the rollout waits until somebody promotes it. false when not given.
   */
  readonly pause?: boolean;
}
/**
 * One budget.
 */
export interface PolicyRolloutStrategyBudget {
  /**
   * Label of the Devices.
   */
  readonly label: string;
  /**
   * Assets in flight for each value.
   */
  readonly maxInFlight: number;
}
/**
 * One window.
 */
export interface PolicyRolloutStrategyWindow {
  /**
   * When it opens: five cron fields, in UTC, for example `0 2 * * 1-5`.
   */
  readonly start: string;
  /**
   * How long it stays open.
   */
  readonly duration: string;
}
/**
 * One check: exactly one of prometheus and http.
 */
export interface PolicyRolloutStrategyCheck {
  /**
   * Name of the check, in messages and metrics.
   */
  readonly name: string;
  readonly prometheus?: PolicyRolloutStrategyCheckPrometheus;
  readonly http?: PolicyRolloutStrategyCheckHttp;
  /**
   * Time between two measurements; at least 5s. 1m when not given.
   */
  readonly interval?: string;
  /**
   * Time after the change of an asset has settled before it is measured. 0s when not given.
   */
  readonly initialDelay?: string;
  /**
   * The wave from which on the check counts, 1 being the first. 1 when not given.
   */
  readonly fromWave?: number;
  /**
   * Bad measurements that are borne; one more fails the asset. 0 when not given.
   */
  readonly failureLimit?: number;
  /**
   * Measurements in a row that gave no answer (server out of reach, not permitted, unreadable) before the check is inconclusive: the asset then goes on only when answers come again. 4 when not given.
   */
  readonly consecutiveErrorLimit?: number;
  /**
   * Good measurements in a row that it takes to pass. 1 when not given.
   */
  readonly consecutiveSuccessLimit?: number;
  /**
   * Measured and shown, and never part of a verdict. Default false.
   */
  readonly dryRun?: boolean;
}
/**
 * A query whose value has to lie between atLeast and atMost; of several series each has to. NaN and no series at all are as whenEmpty says.
 */
export interface PolicyRolloutStrategyCheckPrometheus {
  /**
   * Address of the Prometheus server, before `/api/v1/query`. No credentials in it.
   */
  readonly url: string;
  /**
   * The query (PromQL). `{{thing}}` and `{{device}}` stand for the names of the asset; with either it is asked for each asset, else once for all.
   */
  readonly query: string;
  /**
   * Smallest good value.
   */
  readonly atLeast?: number;
  /**
   * Greatest good value.
   */
  readonly atMost?: number;
  /**
   * What no series, or NaN, means. Inconclusive: no answer. Passed and Failed: a measurement. Inconclusive when not given.
   */
  readonly whenEmpty?: 'Inconclusive' | 'Passed' | 'Failed';
}
/**
 * A GET request whose answer has to be as said. Redirects are not followed.
 */
export interface PolicyRolloutStrategyCheckHttp {
  /**
   * Address. `{{thing}}` and `{{device}}` stand for the names of the asset; with either it is asked for each asset, else once for all. No credentials in it.
   */
  readonly url: string;
  /**
   * The good status. 200 when not given. Statuses from 500 on are errors of the measurement unless they are the good one.
   */
  readonly status?: number;
  /**
   * Text that a good answer has in its first mebibyte.
   */
  readonly contains?: string;
}
/**
 * How far it is.
 */
export interface PolicyRolloutStatus {
  /**
   * metadata.generation that was last brought to an end, successfully or not.
   */
  readonly observedGeneration?: number;
  /**
   * What is known about the object. Ready sums it up and is what `kubectl wait --for=condition=Ready` looks at; Reconciling means that work is under way; Stalled means that a person has to act, and its message says how.
   */
  readonly conditions?: readonly Condition[];
  /**
   * Pending, AwaitingApproval, Progressing, Paused, Baking, Aborting, Succeeded, Aborted or Superseded.
   */
  readonly phase?: string;
  /**
   * The cause as one word.
   */
  readonly reason?: string;
  /**
   * What is going on, what it waits for and what a person can do.
   */
  readonly message?: string;
  /**
   * The worst of what the change does to any asset, over its whole set of policies: equivalent, widens, tightens or mixed.
   */
  readonly class?: 'equivalent' | 'widens' | 'tightens' | 'mixed';
  /**
   * Whether the new documents deny what the old ones did not: attaching them already takes rights away.
   */
  readonly addsDeny?: boolean;
  /**
   * Whether the comparison could not be certain, which counts as the worst in both directions.
   */
  readonly uncertain?: boolean;
  /**
   * Why the emergency brake is not one act here, so that assets go back by attachment.
   */
  readonly brakeProblem?: string;
  /**
   * Examples of what some asset may do afterwards and not before. At most 5.
   *
   * @maxItems 5
   */
  readonly gained?: readonly string[];
  /**
   * Examples of what some asset may do before and not afterwards. At most 5.
   *
   * @maxItems 5
   */
  readonly lost?: readonly string[];
  /**
   * The wave under way and the number of waves, for example 2/5.
   */
  readonly step?: string;
  /**
   * Assets proven on the new policies and assets in all, for example 3/10.
   */
  readonly switched?: string;
  /**
   * The revision in Git that asked for the change, for example main@sha1:5f2c…; absent for policies that no FleetSource keeps.
   */
  readonly sourceRevision?: string;
  /**
   * The wave under way, counted from 1.
   */
  readonly wave?: number;
  /**
   * Number of waves.
   */
  readonly waves?: number;
  readonly counters?: PolicyRolloutStatusCounters;
  /**
   * Assets that people look at first: failed, unrecovered, held, deferred, in flight. At most 20.
   *
   * @maxItems 20
   */
  readonly samples?: readonly PolicyRolloutStatusSample[];
  /**
   * The candidates in AWS.
   *
   * @maxItems 10
   */
  readonly candidates?: readonly PolicyRolloutStatusCandidate[];
  /**
   * When the first asset was allowed to move.
   */
  readonly startedAt?: string;
  /**
   * When an asset last moved.
   */
  readonly lastProgressAt?: string;
  /**
   * When it ended.
   */
  readonly finishedAt?: string;
  /**
   * When a default version of a candidate was last moved.
   */
  readonly flippedAt?: string;
  /**
   * When the emergency brake was pulled.
   */
  readonly brakedAt?: string;
  /**
   * Since when a person has it paused.
   */
  readonly pausedAt?: string;
  /**
   * When a pause by people last ended. Deadlines for progress count from it.
   */
  readonly resumedAt?: string;
  /**
   * Time that people had it paused, pauses that have ended.
   */
  readonly manualPauseSeconds?: number;
  /**
   * When the last asset was back on the declared name.
   */
  readonly homedAt?: string;
  /**
   * When the candidates were deleted.
   */
  readonly cleanedAt?: string;
  /**
   * Until when it waits, where that is known.
   */
  readonly waitsUntil?: string;
  /**
   * Thing groups that carry policies of the rollout, with the times of the calls that hand them over.
   *
   * @maxItems 50
   */
  readonly groups?: readonly PolicyRolloutStatusGroup[];
  /**
   * When each wave had its last verdict; empty while it runs.
   *
   * @maxItems 42
   */
  readonly waveDoneAt?: readonly string[];
  readonly verbs?: PolicyRolloutStatusVerbs;
  /**
   * Verbs that were carried out: who, when, and what they said. The newest last; at most 10, all of them are in the evidence log.
   *
   * @maxItems 10
   */
  readonly answers?: readonly PolicyRolloutStatusAnswer[];
  /**
   * Security acts that hold the rollout until a person acknowledges each of them. At most 10.
   *
   * @maxItems 10
   */
  readonly acts?: readonly PolicyRolloutStatusAct[];
  /**
   * Verbs that were not carried out. At most 10.
   *
   * @maxItems 10
   */
  readonly refused?: readonly PolicyRolloutStatusRefused[];
  readonly evidence?: PolicyRolloutStatusEvidence;
}
/**
 * Devices by where they stand; those that share certificates stand together.
 */
export interface PolicyRolloutStatusCounters {
  /**
   * All assets.
   */
  readonly total?: number;
  /**
   * Not started.
   */
  readonly queued?: number;
  /**
   * Between the first change and their verdict.
   */
  readonly inFlight?: number;
  /**
   * Proven on the new policy.
   */
  readonly succeeded?: number;
  /**
   * Not reachable, so nothing was taken from them.
   */
  readonly deferred?: number;
  /**
   * Changed in one contact, to be judged at the next.
   */
  readonly armed?: number;
  /**
   * Kept where they are by a security act or a person.
   */
  readonly held?: number;
  /**
   * Back on the policy of before.
   */
  readonly rolledBack?: number;
  /**
   * Went back because of what was seen.
   */
  readonly failed?: number;
  /**
   * Restored, and not heard of since.
   */
  readonly unrecovered?: number;
  /**
   * On the new policies alone, proven or under observation.
   */
  readonly applied?: number;
  /**
   * Of the applied those with a session from before the change, which may still use what is looked at only when a device connects or subscribes.
   */
  readonly olderSessions?: number;
  /**
   * Returned to the declared name.
   */
  readonly homed?: number;
}
export interface PolicyRolloutStatusSample {
  /**
   * Name of the Device.
   */
  readonly device: string;
  /**
   * Where it stands.
   */
  readonly state: string;
  /**
   * What the asset waits for, or why it failed.
   */
  readonly why?: string;
}
export interface PolicyRolloutStatusCandidate {
  /**
   * Name in AWS.
   */
  readonly name: string;
  /**
   * Which document AWS applies: absent, new, brake or foreign.
   */
  readonly inForce: 'absent' | 'new' | 'brake' | 'foreign';
}
export interface PolicyRolloutStatusGroup {
  /**
   * Name of the thing group in AWS.
   */
  readonly name: string;
  /**
   * When a policy was last attached to it by this rollout; written before the call.
   */
  readonly attachedAt?: string;
  /**
   * When a policy was last detached from it by this rollout; written before the call.
   */
  readonly detachedAt?: string;
  readonly openDetach?: PolicyRolloutStatusGroupOpenDetach;
}
/**
 * A detachment that was sent and not yet read back: nothing else is taken from the group until it is.
 */
export interface PolicyRolloutStatusGroupOpenDetach {
  /**
   * The policy.
   */
  readonly policy: string;
  /**
   * When the call was handed to AWS.
   */
  readonly sentAt: string;
}
/**
 * What people asked for.
 */
export interface PolicyRolloutStatusVerbs {
  /**
   * Token of each verb that was last answered.
   */
  readonly handled?: {
    readonly [k: string]: string;
  };
  /**
   * Who aborted it.
   */
  readonly abortedBy?: string;
  /**
   * Who denied it.
   */
  readonly deniedBy?: string;
  /**
   * Who approved it.
   */
  readonly approvedBy?: string;
  /**
   * Who let assets be armed.
   */
  readonly armedBy?: string;
  /**
   * Who paused it.
   */
  readonly pausedBy?: string;
  /**
   * Who acknowledged the security acts that held it.
   */
  readonly acknowledgedBy?: string;
  /**
   * When somebody asked last to try again what went back.
   */
  readonly retriedAt?: string;
  /**
   * Wave up to which pauses and bakes were skipped, counted from 1.
   */
  readonly promotedThrough?: number;
  /**
   * Whether all remaining pauses and bakes are skipped.
   */
  readonly promotedFully?: boolean;
  /**
   * Wave up to which somebody went on although evidence was missing, counted from 1.
   */
  readonly resumedThrough?: number;
  /**
   * Failed assets that somebody has looked at; one more pauses the rollout again.
   */
  readonly acceptedFailures?: number;
  /**
   * Ids of the security acts that were acknowledged. At most 20.
   *
   * @maxItems 20
   */
  readonly acknowledged?: readonly string[];
}
export interface PolicyRolloutStatusAnswer {
  /**
   * The verb that was used.
   */
  readonly verb: string;
  /**
   * Who used the verb, as the API server knows the user.
   */
  readonly by: string;
  /**
   * When it was carried out.
   */
  readonly at: string;
  /**
   * What the user said about it.
   */
  readonly remark?: string;
}
export interface PolicyRolloutStatusAct {
  /**
   * Names this very act; acknowledging it names the same.
   */
  readonly id: string;
  /**
   * Where it is acknowledged: <kind>/<name>.
   */
  readonly object: string;
  /**
   * What was done to what.
   */
  readonly what: string;
}
export interface PolicyRolloutStatusRefused {
  /**
   * The annotation that was refused.
   */
  readonly annotation: string;
  /**
   * Why, as one word.
   */
  readonly reason: string;
  /**
   * Why, and what would be right.
   */
  readonly message: string;
  /**
   * The token of the request, where it could be read.
   */
  readonly token?: string;
}
/**
 * The evidence log.
 */
export interface PolicyRolloutStatusEvidence {
  /**
   * Entries so far.
   */
  readonly entries?: number;
  /**
   * Hash of the last one; each contains the hash of the one before.
   */
  readonly head?: string;
}
