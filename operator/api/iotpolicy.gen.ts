// Generated from crds/ by `npm run gen`. Change the CRD, not this file.
import type { Condition, KubeObject } from './meta.ts';

/** IoTPolicy is a named AWS IoT policy: what the assets that carry it may do. AWS page: https://docs.aws.amazon.com/iot/latest/developerguide/iot-policies.html */
export interface IoTPolicy extends KubeObject<IoTPolicySpec, IoTPolicyStatus> {
  readonly apiVersion: 'fleetward.dev/v1alpha1';
  readonly kind: 'IoTPolicy';
  readonly spec: IoTPolicySpec;
  readonly status?: IoTPolicyStatus;
}

/**
 * The policy as it should be.
 */
export interface IoTPolicySpec {
  readonly accountRef: IoTPolicyAccountRef;
  /**
   * Manage: AWS is made to match this object. Observe: AWS is only read and compared; nothing is ever written. Default Manage. A value that this version does not know is treated as Observe and reported.
   */
  readonly managementPolicy: 'Manage' | 'Observe';
  /**
   * What to do when the AWS object already exists and carries no mark of this installation. Create: refuse, and say so (the default). Adopt: take it over, and never create it. AdoptOrCreate: take it over if it is there, create it if not. An AWS object with our own mark is ours whatever this says; one with the mark of another installation is always refused.
   */
  readonly adoption: 'Create' | 'Adopt' | 'AdoptOrCreate';
  /**
   * What happens in AWS when this object is deleted. Retain: nothing, the AWS object stays (the default). Delete: it is taken down in the order AWS demands; until that is done a finalizer keeps this object. A policy goes only when nothing carries it any more.
   */
  readonly deletionPolicy: 'Retain' | 'Delete';
  /**
   * What to do with a change made in AWS behind our back. Correct: set it back (the default; rights that were taken away are reported first, because somebody may be containing an incident). Report: condition and event only. Ignore: not even that.
   */
  readonly driftPolicy: 'Correct' | 'Report' | 'Ignore';
  /**
   * true stops every read and write for this object until it is false again; nothing is deleted. Default false.
   */
  readonly suspend: boolean;
  /**
   * Name of the policy: letters, digits and `+ = , . @ _ -`, at most 100 (AWS takes 128; rollouts need the room). Default: metadata.name. Immutable.
   */
  readonly policyName?: string;
  readonly document: IoTPolicyDocument;
  /**
   * true: the policy takes rights away to contain an incident, and does nothing else: every statement denies. `fleetward contain` puts it on devices outside of every rollout, and on a certificate it counts as a security act, whoever attached it: the device is held until a person acknowledges that. No Device refers to it. Default false.
   */
  readonly containment?: boolean;
  /**
   * Approves, in Git, the rollout of this revision (eight digits, as the PolicyRollout shows it). Only counts on a policy that a FleetSource keeps, and when every policy of the rollout says it. Where the admission policy is not installed this is the only way to approve a widening.
   */
  readonly approvedRevision?: string;
  readonly strategy?: IoTPolicyStrategy;
  readonly lifeline?: IoTPolicyLifeline;
}
/**
 * The AWSAccount in the same namespace that this object lives in. Default: the AWSAccount named `default`. Immutable: to move an object to another account, create a new one there.
 */
export interface IoTPolicyAccountRef {
  /**
   * Name of the AWSAccount.
   */
  readonly name: string;
}
/**
 * The policy document, with the keys as AWS writes them; Action, Resource and the values of conditions are always lists. At most 2,048 characters, white space not counted.
 */
export interface IoTPolicyDocument {
  /**
   * Version of the policy language. Only with 2012-10-17 are variables filled in.
   */
  readonly Version: '2012-10-17' | '2008-10-17';
  /**
   * The statements. A request is permitted when one allows it and none denies it.
   *
   * @minItems 1
   * @maxItems 100
   */
  readonly Statement: readonly IoTPolicyDocumentStatement[];
}
/**
 * One statement: Resource or NotResource, never both.
 */
export interface IoTPolicyDocumentStatement {
  /**
   * Name of the statement.
   */
  readonly Sid?: string;
  /**
   * Allow or Deny. A Deny beats every Allow.
   */
  readonly Effect: 'Allow' | 'Deny';
  /**
   * Actions, for example `iot:Publish`; `*` and `?` are wildcards.
   *
   * @minItems 1
   * @maxItems 50
   *
   * Items: An action such as `iot:Publish`, or `*`.
   */
  readonly Action: readonly string[];
  /**
   * ARNs, for example `arn:aws:iot:eu-central-1:123456789012:topic/dt/*`, or `*`. In them `*` is any run of characters, `/` included; the MQTT wildcards `+` and `#` are plain characters.
   *
   * @minItems 1
   * @maxItems 100
   *
   * Items: An ARN such as `arn:aws:iot:eu-central-1:123456789012:topic/dt/*`, or `*`.
   */
  readonly Resource?: readonly string[];
  /**
   * Every resource but these. AWS shows it only with iot:Receive.
   *
   * @minItems 1
   * @maxItems 100
   *
   * Items: An ARN such as `arn:aws:iot:eu-central-1:123456789012:topic/dt/*`, or `*`.
   */
  readonly NotResource?: readonly string[];
  /**
   * Operators (for example `StringEquals`, `Bool`), below them condition keys, below them lists of values; all must hold.
   */
  readonly Condition?: {
    readonly [k: string]: {
      /**
       * @maxItems 100
       */
      readonly [k: string]: readonly string[];
    };
  };
}
/**
 * How a change of the document reaches the assets that use the policy. Default: as type says. The first creation of a policy, and a return to what was proven, skip it.
 */
export interface IoTPolicyStrategy {
  /**
   * Waves: one asset after the other by the fields below, with proof before and after each step. AllAtOnce: the same with every field as when it is not given; a policy that nothing carries changes at once in either case.
   */
  readonly type: 'AllAtOnce' | 'Waves';
  readonly order?: IoTPolicyStrategyOrder;
  /**
   * The waves. After the last one the rest of the assets follow. When not given: one asset, one of each cohort, 1, 10 and 33 percent, the rest. At most 20.
   *
   * @maxItems 20
   */
  readonly waves?: readonly IoTPolicyStrategyWave[];
  /**
   * Assets that may be between the first change and their verdict at the same time, counted over the whole account; things that share certificates move as one and count one by one. 1 when not given.
   */
  readonly maxInFlight?: number;
  /**
   * Further bounds: at most maxInFlight assets in flight among those with the same value of a label, for example per site or per gateway. At most 5.
   *
   * @maxItems 5
   */
  readonly budgets?: readonly IoTPolicyStrategyBudget[];
  /**
   * Times at which assets may be started; any of them will do. Always when not given. At most 10.
   *
   * @maxItems 10
   */
  readonly windows?: readonly IoTPolicyStrategyWindow[];
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
  readonly checks?: readonly IoTPolicyStrategyCheck[];
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
export interface IoTPolicyStrategyOrder {
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
export interface IoTPolicyStrategyWave {
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
export interface IoTPolicyStrategyBudget {
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
export interface IoTPolicyStrategyWindow {
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
export interface IoTPolicyStrategyCheck {
  /**
   * Name of the check, in messages and metrics.
   */
  readonly name: string;
  readonly prometheus?: IoTPolicyStrategyCheckPrometheus;
  readonly http?: IoTPolicyStrategyCheckHttp;
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
export interface IoTPolicyStrategyCheckPrometheus {
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
export interface IoTPolicyStrategyCheckHttp {
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
 * What an asset that carries this policy must never lose. Connecting under its own client ids is always part of it; everything here adds to that. The lifeline of an asset is the union of those of its AWSAccount, its ThingType and the Device, and an IoTPolicy may add to it for its own users; none of them takes away from another. A rollout whose result would not permit the lifeline does not start.
 */
export interface IoTPolicyLifeline {
  /**
   * Jobs over MQTT: receiving notifications of jobs for the own thing, asking for them and reporting progress (topics below `$aws/things/<thing>/jobs`). Default false.
   */
  readonly jobs?: boolean;
  /**
   * The unnamed device shadow of the own thing: get, update and the answers to both. Default false.
   */
  readonly classicShadow?: boolean;
  /**
   * Named shadows of the own thing that must stay usable. At most 10.
   *
   * @maxItems 10
   */
  readonly namedShadows?: readonly string[];
  /**
   * Secure tunneling: the notification topic of the own thing. Default false.
   */
  readonly tunnels?: boolean;
  /**
   * Role aliases whose credentials the asset fetches with its certificate (`iot:AssumeRoleWithCertificate`). At most 5.
   *
   * @maxItems 5
   */
  readonly roleAliases?: readonly string[];
  /**
   * The asset connects with a persistent session (MQTT 3.1.1 cleanSession=0, MQTT 5 session expiry above 0), so the connection must be permitted with that feature. Default false.
   */
  readonly persistentSession?: boolean;
  /**
   * Topics of the last will that the asset hands over when it connects. AWS refuses the connection when the will may not be published. Thing variables such as `${iot:Connection.Thing.ThingName}` are filled in. At most 5.
   *
   * @maxItems 5
   */
  readonly willTopics?: readonly string[];
  /**
   * Endpoint host names through which the asset connects, where a policy looks at `iot:DomainName`. At most 5.
   *
   * @maxItems 5
   */
  readonly domains?: readonly string[];
  /**
   * Networks (CIDR) from which the asset connects, where a policy looks at `aws:SourceIp`. At most 10.
   *
   * @maxItems 10
   */
  readonly sourceNetworks?: readonly string[];
  /**
   * Further requests that must stay permitted, for what the switches above do not name. At most 20.
   *
   * @maxItems 20
   */
  readonly allow?: readonly IoTPolicyLifelineAllow[];
}
export interface IoTPolicyLifelineAllow {
  /**
   * Actions of AWS IoT, for example `iot:Publish`. At most 10.
   *
   * @minItems 1
   * @maxItems 10
   */
  readonly actions: readonly string[];
  /**
   * Resources without the ARN prefix, for example `topic/alarms/${iot:Connection.Thing.ThingName}`; `topicfilter/`, `client/`, `thing/` and `rolealias/` likewise. At most 20.
   *
   * @minItems 1
   * @maxItems 20
   */
  readonly resources: readonly string[];
}
/**
 * The policy as AWS shows it.
 */
export interface IoTPolicyStatus {
  /**
   * metadata.generation that was last brought to an end, successfully or not.
   */
  readonly observedGeneration?: number;
  /**
   * What is known about the object. Ready sums it up and is what `kubectl wait --for=condition=Ready` looks at; Reconciling means that work is under way; Stalled means that a person has to act, and its message says how.
   */
  readonly conditions?: readonly Condition[];
  /**
   * Value of the annotation `reconcile.fleetward.dev/requestedAt` that was last acted on.
   */
  readonly lastHandledReconcileAt?: string;
  /**
   * ARN of the object in AWS.
   */
  readonly arn?: string;
  readonly claim?: IoTPolicyStatusClaim;
  readonly drift?: IoTPolicyStatusDrift;
  /**
   * When this object last changed AWS. Differences that this write explains are not judged until it has settled.
   */
  readonly lastWriteTime?: string;
  /**
   * Version that is in force in AWS.
   */
  readonly defaultVersionId?: string;
  /**
   * SHA-256 of the canonical form of the document in force, in hexadecimal.
   */
  readonly documentHash?: string;
  /**
   * Number of versions in AWS, which keeps at most five.
   */
  readonly versions?: number;
  /**
   * Certificates and groups that carry the policy.
   */
  readonly targets?: number;
  /**
   * Characters of the document that count towards the 2,048 AWS allows.
   */
  readonly characters?: number;
  /**
   * AWS policy names that satisfy a reference to this object: the declared one, and candidates during a rollout.
   *
   * @maxItems 20
   */
  readonly awsNames?: readonly string[];
  readonly held?: IoTPolicyStatusHeld;
  readonly pendingChange?: IoTPolicyStatusPendingChange;
  readonly inPlace?: IoTPolicyStatusInPlace;
  /**
   * Changes that were tried and went back; they are not tried again by themselves. Digests of canonical documents, at most 10.
   *
   * @maxItems 10
   */
  readonly rejected?: readonly string[];
}
/**
 * The AWS name this object holds. Of several objects that name the same AWS object only one holds it; the others are Stalled with reason NameConflict.
 */
export interface IoTPolicyStatusClaim {
  /**
   * Verified AWS account of the claim, twelve digits.
   */
  readonly accountId: string;
  /**
   * AWS region of the claim.
   */
  readonly region: string;
  /**
   * Name in AWS.
   */
  readonly name: string;
  /**
   * Since when.
   */
  readonly since?: string;
}
/**
 * How AWS differs from the spec. Absent when it does not.
 */
export interface IoTPolicyStatusDrift {
  /**
   * Worst class of the differences: widened, narrowed, mitigation, foreign, missing or changed.
   */
  readonly class: 'widened' | 'narrowed' | 'mitigation' | 'foreign' | 'missing' | 'changed';
  /**
   * When the difference was first seen.
   */
  readonly since: string;
  /**
   * Number of differences; the list shows at most 20.
   */
  readonly total: number;
  /**
   * The differences, worst first. At most 20.
   *
   * @maxItems 20
   */
  readonly fields?: readonly IoTPolicyStatusDriftField[];
}
export interface IoTPolicyStatusDriftField {
  /**
   * Where, as a path, for example `attributes.site` or `certificates[a].policies`.
   */
  readonly field: string;
  /**
   * Class of this difference.
   */
  readonly class: 'widened' | 'narrowed' | 'mitigation' | 'foreign' | 'missing' | 'changed';
  /**
   * What the spec says, shortened.
   */
  readonly want?: string;
  /**
   * What AWS says, shortened.
   */
  readonly got?: string;
}
/**
 * Set while a security act (a blank default version) holds the policy. It is not changed until a person acknowledges that very version.
 */
export interface IoTPolicyStatusHeld {
  /**
   * Which act.
   */
  readonly reason: string;
  /**
   * Version that holds it.
   */
  readonly versionId?: string;
  /**
   * Since when.
   */
  readonly since?: string;
}
/**
 * A change of the document that goes through a PolicyRollout, because assets carry the policy.
 */
export interface IoTPolicyStatusPendingChange {
  /**
   * SHA-256 of the canonical form of the wanted document, in hexadecimal.
   */
  readonly digest: string;
  /**
   * The document in AWS, as JSON.
   */
  readonly baseline: string;
  /**
   * Since when.
   */
  readonly since: string;
}
/**
 * What the declared policy got at once, while nothing carried it, after the last PolicyRollout of it had ended. It keeps that while a document is asked for that went back before.
 */
export interface IoTPolicyStatusInPlace {
  /**
   * Name of that PolicyRollout. After another one this counts no more.
   */
  readonly after: string;
  /**
   * The document, as JSON.
   */
  readonly document: string;
}
