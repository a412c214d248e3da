// Generated from crds/ by `npm run gen`. Change the CRD, not this file.
import type { Condition, KubeObject } from './meta.ts';

/** ThingGroup is an AWS IoT thing group: static when Devices name it in their groupRefs, dynamic when it has a query. Policies on a static group apply to its members and to those of all groups below it. AWS page: https://docs.aws.amazon.com/iot/latest/developerguide/thing-groups.html */
export interface ThingGroup extends KubeObject<ThingGroupSpec, ThingGroupStatus> {
  readonly apiVersion: 'fleetward.dev/v1alpha1';
  readonly kind: 'ThingGroup';
  readonly spec: ThingGroupSpec;
  readonly status?: ThingGroupStatus;
}

/**
 * The group as it should be.
 */
export interface ThingGroupSpec {
  readonly accountRef: ThingGroupAccountRef;
  /**
   * Manage: AWS is made to match this object. Observe: AWS is only read and compared; nothing is ever written. Default Manage. A value that this version does not know is treated as Observe and reported.
   */
  readonly managementPolicy: 'Manage' | 'Observe';
  /**
   * What to do when the AWS object already exists and carries no mark of this installation. Create: refuse, and say so (the default). Adopt: take it over, and never create it. AdoptOrCreate: take it over if it is there, create it if not. An AWS object with our own mark is ours whatever this says; one with the mark of another installation is always refused.
   */
  readonly adoption: 'Create' | 'Adopt' | 'AdoptOrCreate';
  /**
   * What happens in AWS when this object is deleted. Retain: nothing, the AWS object stays (the default). Delete: it is taken down in the order AWS demands; until that is done a finalizer keeps this object. A group with groups below it goes after them.
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
   * Name of the group: letters, digits, `:`, `_` and `-`, at most 128. Default: metadata.name. Immutable.
   */
  readonly thingGroupName?: string;
  readonly parentRef?: ThingGroupParentRef;
  /**
   * What the group is, for people. At most 2,028 characters.
   */
  readonly description?: string;
  /**
   * Attributes of the group. Names and values as for a thing. At most 50.
   */
  readonly attributes?: {
    /**
     * A value: letters, digits and `_ . , @ / : # = [ ] -`, no blanks, 1 to 800 characters.
     */
    readonly [k: string]: string;
  };
  /**
   * Makes the group dynamic: AWS keeps it filled with the things that match, for example `attributes.firmware:1.4 AND connectivity.connected:true`. Needs fleet indexing; at most 1,000 characters and five terms. A dynamic group has no parent and no policies. Static and dynamic cannot be exchanged; the query itself may change. AWS page: https://docs.aws.amazon.com/iot/latest/developerguide/query-syntax.html
   */
  readonly query?: string;
  /**
   * Policies on the group. They reach a member only while it connects under its thing name. At most 2, and only on a static group.
   *
   * @maxItems 2
   */
  readonly policyRefs?: readonly ThingGroupPolicyRef[];
  /**
   * true marks a group that only security acts fill: its members are never taken out and never changed by the operator until a person acknowledges. Keep it without a parent. Default false.
   */
  readonly quarantine: boolean;
}
/**
 * The AWSAccount in the same namespace that this object lives in. Default: the AWSAccount named `default`. Immutable: to move an object to another account, create a new one there.
 */
export interface ThingGroupAccountRef {
  /**
   * Name of the AWSAccount.
   */
  readonly name: string;
}
/**
 * The ThingGroup above this one. Immutable, because AWS fixes it at creation. At most seven levels; at most 100 groups directly below one.
 */
export interface ThingGroupParentRef {
  /**
   * Kind of the object. Always ThingGroup, which is the default.
   */
  readonly kind: 'ThingGroup';
  /**
   * Name of the object in the same namespace.
   */
  readonly name: string;
}
/**
 * A policy.
 */
export interface ThingGroupPolicyRef {
  /**
   * Kind of the object. Always IoTPolicy, which is the default.
   */
  readonly kind: 'IoTPolicy';
  /**
   * Name of the object in the same namespace.
   */
  readonly name: string;
}
/**
 * The group as AWS shows it.
 */
export interface ThingGroupStatus {
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
  readonly pendingChange?: ThingGroupStatusPendingChange;
  /**
   * ARN of the object in AWS.
   */
  readonly arn?: string;
  readonly claim?: ThingGroupStatusClaim;
  readonly drift?: ThingGroupStatusDrift;
  /**
   * When this object last changed AWS. Differences that this write explains are not judged until it has settled.
   */
  readonly lastWriteTime?: string;
  /**
   * Id that AWS gave the group.
   */
  readonly thingGroupId?: string;
  /**
   * Version of the group in the registry, as it was last seen.
   */
  readonly version?: number;
  /**
   * Number of things in the group.
   */
  readonly members?: number;
  /**
   * State of a dynamic group: ACTIVE, BUILDING or REBUILDING.
   */
  readonly queryStatus?: string;
  /**
   * AWS policy names that are on the group now.
   *
   * @maxItems 20
   */
  readonly policies?: readonly string[];
}
/**
 * What the spec changes in the policies of a group with members. The members get both sides on their certificates first, one asset at a time; then the group changes, which takes nothing from anybody; then they lose what goes, one asset at a time.
 */
export interface ThingGroupStatusPendingChange {
  /**
   * AWS policies that the group is to get.
   *
   * @maxItems 10
   */
  readonly attach?: readonly string[];
  /**
   * AWS policies that the group is to lose.
   *
   * @maxItems 10
   */
  readonly detach?: readonly string[];
  /**
   * Since when it waits.
   */
  readonly since: string;
  /**
   * A member without the policies on its certificates; empty when every member has them.
   */
  readonly waitsFor?: string;
  /**
   * When a policy was last attached to the group. Written before AWS is called.
   */
  readonly attachedAt?: string;
}
/**
 * The AWS name this object holds. Of several objects that name the same AWS object only one holds it; the others are Stalled with reason NameConflict.
 */
export interface ThingGroupStatusClaim {
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
export interface ThingGroupStatusDrift {
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
  readonly fields?: readonly ThingGroupStatusDriftField[];
}
export interface ThingGroupStatusDriftField {
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
