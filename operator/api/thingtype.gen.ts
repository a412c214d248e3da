// Generated from crds/ by `npm run gen`. Change the CRD, not this file.
import type { Condition, KubeObject } from './meta.ts';

/** ThingType is an AWS IoT thing type: a kind of asset, with what all assets of that kind have in common. AWS page: https://docs.aws.amazon.com/iot/latest/developerguide/thing-types.html */
export interface ThingType extends KubeObject<ThingTypeSpec, ThingTypeStatus> {
  readonly apiVersion: 'fleetward.dev/v1alpha1';
  readonly kind: 'ThingType';
  readonly spec: ThingTypeSpec;
  readonly status?: ThingTypeStatus;
}

/**
 * The thing type as it should be.
 */
export interface ThingTypeSpec {
  readonly accountRef: ThingTypeAccountRef;
  /**
   * Manage: AWS is made to match this object. Observe: AWS is only read and compared; nothing is ever written. Default Manage. A value that this version does not know is treated as Observe and reported.
   */
  readonly managementPolicy: 'Manage' | 'Observe';
  /**
   * What to do when the AWS object already exists and carries no mark of this installation. Create: refuse, and say so (the default). Adopt: take it over, and never create it. AdoptOrCreate: take it over if it is there, create it if not. An AWS object with our own mark is ours whatever this says; one with the mark of another installation is always refused.
   */
  readonly adoption: 'Create' | 'Adopt' | 'AdoptOrCreate';
  /**
   * What happens in AWS when this object is deleted. Retain: nothing, the AWS object stays (the default). Delete: it is taken down in the order AWS demands; until that is done a finalizer keeps this object. AWS demands that a type is deprecated for five minutes and unused before it goes; the operator deprecates it and waits.
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
   * Name of the thing type: letters, digits, `:`, `_` and `-`, at most 128. Default: metadata.name. Immutable.
   */
  readonly thingTypeName?: string;
  /**
   * What the type is, for people. At most 2,028 characters.
   */
  readonly description?: string;
  /**
   * Names of up to three attributes by which things of this type can be listed without the fleet index.
   *
   * @maxItems 3
   */
  readonly searchableAttributes?: readonly string[];
  /**
   * true keeps new things from taking this type; those that have it keep it. Default false, which also lifts an earlier deprecation.
   */
  readonly deprecated: boolean;
  readonly lifeline?: ThingTypeLifeline;
}
/**
 * The AWSAccount in the same namespace that this object lives in. Default: the AWSAccount named `default`. Immutable: to move an object to another account, create a new one there.
 */
export interface ThingTypeAccountRef {
  /**
   * Name of the AWSAccount.
   */
  readonly name: string;
}
/**
 * What every asset of this type must never lose. Connecting under its own client ids is always part of it; everything here adds to that. The lifeline of an asset is the union of those of its AWSAccount, its ThingType and the Device, and an IoTPolicy may add to it for its own users; none of them takes away from another. A rollout whose result would not permit the lifeline does not start.
 */
export interface ThingTypeLifeline {
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
  readonly allow?: readonly ThingTypeLifelineAllow[];
}
export interface ThingTypeLifelineAllow {
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
 * The thing type as AWS shows it.
 */
export interface ThingTypeStatus {
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
  readonly claim?: ThingTypeStatusClaim;
  readonly drift?: ThingTypeStatusDrift;
  /**
   * When this object last changed AWS. Differences that this write explains are not judged until it has settled.
   */
  readonly lastWriteTime?: string;
  /**
   * Id that AWS gave the type.
   */
  readonly thingTypeId?: string;
  /**
   * Since when it is deprecated in AWS.
   */
  readonly deprecatedSince?: string;
}
/**
 * The AWS name this object holds. Of several objects that name the same AWS object only one holds it; the others are Stalled with reason NameConflict.
 */
export interface ThingTypeStatusClaim {
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
export interface ThingTypeStatusDrift {
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
  readonly fields?: readonly ThingTypeStatusDriftField[];
}
export interface ThingTypeStatusDriftField {
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
