// Generated from crds/ by `npm run gen`. Change the CRD, not this file.
import type { Condition, KubeObject } from './meta.ts';

/** SecurityProfile is a Device Defender security profile: what is normal behaviour for the things it is attached to. An alarm is raised when a device does not behave so. AWS closed Detect to new customers on 31 August 2026; where an account does not have it, the object says so and the rest goes on. AWS page: https://docs.aws.amazon.com/iot-device-defender/latest/devguide/device-defender-detect.html */
export interface SecurityProfile extends KubeObject<SecurityProfileSpec, SecurityProfileStatus> {
  readonly apiVersion: 'fleetward.dev/v1alpha1';
  readonly kind: 'SecurityProfile';
  readonly spec: SecurityProfileSpec;
  readonly status?: SecurityProfileStatus;
}

/**
 * The profile as it should be.
 */
export interface SecurityProfileSpec {
  readonly accountRef: SecurityProfileAccountRef;
  /**
   * Manage: AWS is made to match this object. Observe: AWS is only read and compared; nothing is ever written. Default Manage. A value that this version does not know is treated as Observe and reported.
   */
  readonly managementPolicy: 'Manage' | 'Observe';
  /**
   * What to do when the AWS object already exists and carries no mark of this installation. Create: refuse, and say so (the default). Adopt: take it over, and never create it. AdoptOrCreate: take it over if it is there, create it if not. An AWS object with our own mark is ours whatever this says; one with the mark of another installation is always refused.
   */
  readonly adoption: 'Create' | 'Adopt' | 'AdoptOrCreate';
  /**
   * What happens in AWS when this object is deleted. Retain: nothing, the AWS object stays (the default). Delete: it is taken down in the order AWS demands; until that is done a finalizer keeps this object. The profile is detached from its targets first.
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
   * Name of the profile: letters, digits, `:`, `_` and `-`, at most 128. Default: metadata.name. Immutable.
   */
  readonly securityProfileName?: string;
  /**
   * What the profile watches, for people. At most 1,000 characters.
   */
  readonly description?: string;
  /**
   * What is normal. Write the norm, not the anomaly: `aws:num-authorization-failures less-than-equals 5` alarms above 5. At most 100.
   *
   * @maxItems 100
   */
  readonly behaviors?: readonly SecurityProfileBehavior[];
  readonly alertTargets?: SecurityProfileAlertTargets;
  /**
   * Metrics that are kept although no behaviour uses them. At most 100.
   *
   * @maxItems 100
   */
  readonly additionalMetricsToRetain?: readonly SecurityProfileAdditionalMetricsToRetain[];
  readonly metricsExportConfig?: SecurityProfileMetricsExportConfig;
  /**
   * What the profile is attached to: groups, or all things. AWS takes at most five profiles on a target. At most 100.
   *
   * @maxItems 100
   */
  readonly targets?: readonly SecurityProfileTarget[];
}
/**
 * The AWSAccount in the same namespace that this object lives in. Default: the AWSAccount named `default`. Immutable: to move an object to another account, create a new one there.
 */
export interface SecurityProfileAccountRef {
  /**
   * Name of the AWSAccount.
   */
  readonly name: string;
}
/**
 * One behaviour. Without criteria its metric is collected and nothing is alarmed.
 */
export interface SecurityProfileBehavior {
  /**
   * Name of the behaviour, unique within the profile.
   */
  readonly name: string;
  /**
   * Metric: one of AWS (`aws:num-authorization-failures`, `aws:num-messages-sent`, …) or the name of a custom metric.
   */
  readonly metric: string;
  readonly metricDimension?: SecurityProfileBehaviorMetricDimension;
  readonly criteria?: SecurityProfileBehaviorCriteria;
  /**
   * true records violations without sending them to alertTargets. Default false.
   */
  readonly suppressAlerts?: boolean;
  /**
   * true exports the metric by metricsExportConfig. Default false.
   */
  readonly exportMetric?: boolean;
}
/**
 * Narrows the metric to a dimension. Not with custom metrics.
 */
export interface SecurityProfileBehaviorMetricDimension {
  /**
   * Name of the dimension in AWS.
   */
  readonly dimensionName: string;
  /**
   * IN: what the dimension matches. NOT_IN: all the rest. IN when not given.
   */
  readonly operator?: 'IN' | 'NOT_IN';
}
/**
 * When the behaviour is normal: a comparison with a value, a percentile, or a learned model; exactly one of value, statisticalThreshold and mlDetectionConfig.
 */
export interface SecurityProfileBehaviorCriteria {
  /**
   * How the metric relates to the value.
   */
  comparisonOperator?:
    | 'less-than'
    | 'less-than-equals'
    | 'greater-than'
    | 'greater-than-equals'
    | 'in-cidr-set'
    | 'not-in-cidr-set'
    | 'in-port-set'
    | 'not-in-port-set'
    | 'in-set'
    | 'not-in-set';
  readonly value?: SecurityProfileBehaviorCriteriaValue;
  readonly statisticalThreshold?: SecurityProfileBehaviorCriteriaStatisticalThreshold;
  readonly mlDetectionConfig?: SecurityProfileBehaviorCriteriaMlDetectionConfig;
  /**
   * Seconds over which the metric is taken: 300, 600, 900, 1800 or 3600.
   */
  readonly durationSeconds?: 300 | 600 | 900 | 1800 | 3600;
  /**
   * Datapoints in a row that must be wrong for an alarm. 1 when not given.
   */
  readonly consecutiveDatapointsToAlarm?: number;
  /**
   * Datapoints in a row that must be right to clear it. 1 when not given.
   */
  readonly consecutiveDatapointsToClear?: number;
}
/**
 * The value: exactly one of the fields, as the metric demands.
 */
export interface SecurityProfileBehaviorCriteriaValue {
  /**
   * For metrics that count.
   */
  readonly count?: number;
  /**
   * For IP addresses.
   *
   * @maxItems 100
   */
  readonly cidrs?: readonly string[];
  /**
   * For ports.
   *
   * @maxItems 100
   */
  readonly ports?: readonly number[];
  /**
   * For a custom metric of type number.
   */
  readonly number?: number;
  /**
   * For a custom metric of type number-list.
   *
   * @maxItems 100
   */
  readonly numbers?: readonly number[];
  /**
   * For a custom metric of type string-list.
   *
   * @maxItems 100
   */
  readonly strings?: readonly string[];
}
/**
 * Compares with a percentile over all devices of the profile.
 */
export interface SecurityProfileBehaviorCriteriaStatisticalThreshold {
  /**
   * Percentile.
   */
  readonly statistic: 'p0' | 'p0.1' | 'p0.01' | 'p1' | 'p10' | 'p50' | 'p90' | 'p99' | 'p99.9' | 'p99.99' | 'p100';
}
/**
 * Compares with what AWS learned about the device in the last two weeks.
 */
export interface SecurityProfileBehaviorCriteriaMlDetectionConfig {
  /**
   * How sure AWS must be. HIGH alarms least.
   */
  readonly confidenceLevel: 'LOW' | 'MEDIUM' | 'HIGH';
}
/**
 * Where alarms go.
 */
export interface SecurityProfileAlertTargets {
  readonly SNS?: SecurityProfileAlertTargetSNS;
}
/**
 * An SNS topic.
 */
export interface SecurityProfileAlertTargetSNS {
  /**
   * ARN of the topic.
   */
  readonly alertTargetArn: string;
  /**
   * ARN of the role by which AWS publishes to it.
   */
  readonly roleArn: string;
}
/**
 * One metric.
 */
export interface SecurityProfileAdditionalMetricsToRetain {
  /**
   * Metric: one of AWS (`aws:num-authorization-failures`, `aws:num-messages-sent`, …) or the name of a custom metric.
   */
  readonly metric: string;
  readonly metricDimension?: SecurityProfileAdditionalMetricsToRetainMetricDimension;
  /**
   * true exports the metric by metricsExportConfig. Default false.
   */
  readonly exportMetric?: boolean;
}
/**
 * Narrows the metric to a dimension. Not with custom metrics.
 */
export interface SecurityProfileAdditionalMetricsToRetainMetricDimension {
  /**
   * Name of the dimension in AWS.
   */
  readonly dimensionName: string;
  /**
   * IN: what the dimension matches. NOT_IN: all the rest. IN when not given.
   */
  readonly operator?: 'IN' | 'NOT_IN';
}
/**
 * Publishes metrics to an MQTT topic.
 */
export interface SecurityProfileMetricsExportConfig {
  /**
   * MQTT topic that the metrics are published to.
   */
  readonly mqttTopic: string;
  /**
   * ARN of the role by which AWS publishes to it.
   */
  readonly roleArn: string;
}
/**
 * One target: exactly one of name and scope.
 */
export interface SecurityProfileTarget {
  /**
   * Kind of the object that name names. Always ThingGroup, and may be left out.
   */
  readonly kind?: 'ThingGroup';
  /**
   * Name of a ThingGroup in the same namespace.
   */
  readonly name?: string;
  /**
   * AllThings: every thing and every client. RegisteredThings: the things of the registry. UnregisteredThings: clients that are not in the registry.
   */
  readonly scope?: 'AllThings' | 'RegisteredThings' | 'UnregisteredThings';
}
/**
 * The profile as AWS shows it.
 */
export interface SecurityProfileStatus {
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
  readonly claim?: SecurityProfileStatusClaim;
  readonly drift?: SecurityProfileStatusDrift;
  /**
   * When this object last changed AWS. Differences that this write explains are not judged until it has settled.
   */
  readonly lastWriteTime?: string;
  /**
   * Version of the profile in AWS, as it was last seen.
   */
  readonly version?: number;
  /**
   * Number of behaviours in AWS.
   */
  readonly behaviors?: number;
  /**
   * Number of targets the profile is attached to.
   */
  readonly targets?: number;
  /**
   * Behaviours in alarm now, where that is known.
   */
  readonly violations?: number;
}
/**
 * The AWS name this object holds. Of several objects that name the same AWS object only one holds it; the others are Stalled with reason NameConflict.
 */
export interface SecurityProfileStatusClaim {
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
export interface SecurityProfileStatusDrift {
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
  readonly fields?: readonly SecurityProfileStatusDriftField[];
}
export interface SecurityProfileStatusDriftField {
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
