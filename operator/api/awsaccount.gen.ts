// Generated from crds/ by `npm run gen`. Change the CRD, not this file.
import type { Condition, KubeObject } from './meta.ts';

/** AWSAccount is one AWS account in one region, the credentials to reach it and how much of its API budget may be used. Objects without an accountRef use the AWSAccount named `default` of their namespace. Before the first write, and after each change of credentials, AWS is asked who we are: nothing is written when the answer is not accountId. */
export interface AWSAccount extends KubeObject<AWSAccountSpec, AWSAccountStatus> {
  readonly apiVersion: 'fleetward.dev/v1alpha1';
  readonly kind: 'AWSAccount';
  readonly spec: AWSAccountSpec;
  readonly status?: AWSAccountStatus;
}

/**
 * Which account, which region and how to reach them.
 */
export interface AWSAccountSpec {
  /**
   * The account, twelve digits, in quotes. Nothing is written before AWS confirms it. May only be left out in standalone mode, where the account of the credentials is then used and shown in the status.
   */
  readonly accountId?: string;
  /**
   * AWS region, for example eu-central-1. Immutable.
   */
  readonly region: string;
  /**
   * Role that is assumed for every call, with an external id that names installation and namespace. Default: the credentials that the operator itself has. In a cluster the operator's configuration says which roles a namespace may name.
   */
  readonly roleArn?: string;
  /**
   * URL that replaces the endpoints of all services, for a sandbox or a private endpoint. In a cluster it must be permitted by the operator's configuration; `--endpoint` on the command line beats it.
   */
  readonly endpoint?: string;
  /**
   * Calls per second of single AWS operations where AWS grants this account more, or less, than its default, for example `AttachPolicy: 50`. See https://docs.aws.amazon.com/general/latest/gr/iot-core.html
   */
  readonly quotaOverrides?: {
    readonly [k: string]: number;
  };
  /**
   * Share of those rates that the operator uses; the rest is left to everybody else in the account. Default 0.5.
   */
  readonly quotaShare: number;
  /**
   * How often the whole account is compared with the objects. Default 10m; at least 30s. Detection is as slow as this where no events arrive.
   */
  readonly driftInterval: string;
  /**
   * Mark things as ours with the attribute `fleetward.dev/owner`, because AWS takes no tags on things. Without it a thing cannot be recognised after our own state is lost. It costs one of the three attributes of a thing without a type. Default true.
   */
  readonly ownerAttribute: boolean;
  /**
   * Policies that every Device of this account gets beside its own. At most 5.
   *
   * @maxItems 5
   */
  readonly defaultPolicyRefs?: readonly AWSAccountDefaultPolicyRef[];
  readonly signals?: AWSAccountSignals;
  readonly lifeline?: AWSAccountLifeline;
}
/**
 * A policy.
 */
export interface AWSAccountDefaultPolicyRef {
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
 * What the operator listens to, to see that a device still works after its policy was changed. Without it nothing is heard and no rollout takes anything from a device. All of it is read; nothing is set up. Needs the calls of the feature `signals` of `fleetward iam-policy`.
 */
export interface AWSAccountSignals {
  /**
   * SQS queue of this account and region that gets lifecycle events of AWS IoT by a topic rule (`SELECT *, topic() AS topic FROM '$aws/events/#'`). Only the operator may take messages from it, and only that rule may send: who can send decides what is taken for evidence. Records of CloudTrail may come to it as well.
   */
  readonly queueName?: string;
  /**
   * CloudWatch log group of the V2 logs, for AWS IoT `AWSIotLogsV2`. The level has to be INFO for good news to be in it. Without it no denied request is heard of, and no delivery.
   */
  readonly logGroup?: string;
  /**
   * Ask AWS which devices are connected (fleet indexing with connectivity) when a rollout runs and it is not known, as after a restart. Default true.
   */
  readonly connectivity: boolean;
  /**
   * Compare the subscriptions of a connected device before and after its change. Default true.
   */
  readonly subscriptions: boolean;
  /**
   * Ask for new violations of Device Defender Detect while a rollout runs. Default true.
   */
  readonly violations: boolean;
  readonly endpoints?: AWSAccountSignalEndpoints;
}
/**
 * Addresses that replace those of single services, where `endpoint` is not meant for them. In a cluster they must be permitted by the operator's configuration.
 */
export interface AWSAccountSignalEndpoints {
  /**
   * Address of SQS, such as https://sqs.eu-central-1.amazonaws.com.
   */
  readonly sqs?: string;
  /**
   * CloudWatch Logs.
   */
  readonly logs?: string;
  /**
   * The data plane of AWS IoT.
   */
  readonly data?: string;
}
/**
 * What every asset of this account must never lose. Connecting under its own client ids is always part of it; everything here adds to that. The lifeline of an asset is the union of those of its AWSAccount, its ThingType and the Device, and an IoTPolicy may add to it for its own users; none of them takes away from another. A rollout whose result would not permit the lifeline does not start.
 */
export interface AWSAccountLifeline {
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
  readonly allow?: readonly AWSAccountLifelineAllow[];
}
export interface AWSAccountLifelineAllow {
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
 * What AWS says about the account.
 */
export interface AWSAccountStatus {
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
   * Account that AWS confirmed for our credentials.
   */
  readonly accountId?: string;
  /**
   * Identity under which the operator calls AWS.
   */
  readonly callerArn?: string;
  /**
   * When the identity was last confirmed.
   */
  readonly verifiedTime?: string;
  /**
   * When the account was last compared as a whole.
   */
  readonly lastScanTime?: string;
  /**
   * Objects that use this account.
   */
  readonly objects?: number;
}
