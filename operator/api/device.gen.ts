// Generated from crds/ by `npm run gen`. Change the CRD, not this file.
import type { Condition, KubeObject } from './meta.ts';

/** Device is one asset: its thing, its certificates, the policies on them and its groups. The parts are created, changed and taken down in the order that AWS demands. AWS page: https://docs.aws.amazon.com/iot/latest/developerguide/iot-thing-management.html */
export interface Device extends KubeObject<DeviceSpec, DeviceStatus> {
  readonly apiVersion: 'fleetward.dev/v1alpha1';
  readonly kind: 'Device';
  readonly spec: DeviceSpec;
  readonly status?: DeviceStatus;
}

/**
 * The asset as it should be.
 */
export interface DeviceSpec {
  readonly accountRef: DeviceAccountRef;
  /**
   * Manage: AWS is made to match this object. Observe: AWS is only read and compared; nothing is ever written. Default Manage. A value that this version does not know is treated as Observe and reported.
   */
  readonly managementPolicy: 'Manage' | 'Observe';
  /**
   * What to do when the AWS object already exists and carries no mark of this installation. Create: refuse, and say so (the default). Adopt: take it over, and never create it. AdoptOrCreate: take it over if it is there, create it if not. An AWS object with our own mark is ours whatever this says; one with the mark of another installation is always refused.
   */
  readonly adoption: 'Create' | 'Adopt' | 'AdoptOrCreate';
  /**
   * What happens in AWS when this object is deleted. Retain: nothing, the AWS object stays (the default). Delete: it is taken down in the order AWS demands; until that is done a finalizer keeps this object. For a Device: policies off the certificates, certificates made inactive, thing, certificates.
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
   * Name of the thing: letters, digits, `:`, `_` and `-`, at most 128. Default: metadata.name. Immutable.
   */
  readonly thingName?: string;
  readonly thingTypeRef?: DeviceThingTypeRef;
  /**
   * Attributes of the thing. Names as AWS takes them; values without blanks, not empty, at most 800 characters. Attributes that are not listed here are removed.
   */
  readonly attributes?: {
    /**
     * A value: letters, digits and `_ . , @ / : # = [ ] -`, no blanks, 1 to 800 characters.
     */
    readonly [k: string]: string;
  };
  /**
   * Static ThingGroups the thing belongs to. At most 10, and never two of the same hierarchy. Groups marked as quarantine do not belong here: only security acts fill them.
   *
   * @maxItems 10
   */
  readonly groupRefs?: readonly DeviceGroupRef[];
  /**
   * Policies on each certificate of the asset, beside the defaultPolicyRefs of its account. AWS takes at most 10 on a certificate.
   *
   * @maxItems 10
   */
  readonly policyRefs?: readonly DevicePolicyRef[];
  /**
   * Certificates of the asset, each under a name of its own. For a rotation with overlap, add the new one, wait until it is in use, then remove the old one. What a name stands for never changes. At most 8.
   *
   * @maxItems 8
   */
  readonly certificates?: readonly DeviceCertificate[];
  /**
   * Client ids under which the asset connects. `*` stands for any characters and `?` for one; thing variables are filled in. Default: the thing name alone. Comparisons, checks and verdicts are made for each of them. At most 10.
   *
   * @maxItems 10
   */
  readonly clientIds?: readonly string[];
  /**
   * Exclusive: any other policy on a certificate of this Device is drift that widens its rights, and is detached under driftPolicy Correct (the default). Additive: others are reported and left alone. The foreign policy itself is never touched.
   */
  readonly attachments: 'Exclusive' | 'Additive';
  /**
   * Approves, in Git, that what `status.lifeline` shows as removed is no longer part of the lifeline: its digest, with a suffix where the same is approved once more (`1a2b3c4d-2`). Only counts on a Device that a FleetSource keeps, and for rollouts that are made afterwards. Where the admission policy is not installed this is the only way to approve it.
   */
  readonly approvedLifelineRemoval?: string;
  readonly lifeline?: DeviceLifeline;
}
/**
 * The AWSAccount in the same namespace that this object lives in. Default: the AWSAccount named `default`. Immutable: to move an object to another account, create a new one there.
 */
export interface DeviceAccountRef {
  /**
   * Name of the AWSAccount.
   */
  readonly name: string;
}
/**
 * The ThingType of the asset. A thing without a type takes at most three attributes, the ownership mark included; with a type, fifty.
 */
export interface DeviceThingTypeRef {
  /**
   * Kind of the object. Always ThingType, which is the default.
   */
  readonly kind: 'ThingType';
  /**
   * Name of the object in the same namespace.
   */
  readonly name: string;
}
/**
 * A group.
 */
export interface DeviceGroupRef {
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
export interface DevicePolicyRef {
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
 * One certificate: exactly one of csr, pem, certificateId and issued.
 */
export interface DeviceCertificate {
  /**
   * Name of the certificate within this Device: lower-case letters, digits and `-`, at most 63, for example `a` or `2026`.
   */
  readonly name: string;
  /**
   * Certificate signing request (PEM, beginning with -----BEGIN CERTIFICATE REQUEST-----) that the device made; AWS issues the certificate and the private key never leaves the device. RSA of at least 2,048 bits, or NIST P-256, P-384 or P-521.
   */
  readonly csr?: string;
  /**
   * Certificate (PEM, beginning with -----BEGIN CERTIFICATE-----) from an authority of your own. It is registered with AWS without its authority, so the device must send SNI. Never a private key.
   */
  readonly pem?: string;
  /**
   * Id (64 hexadecimal digits) of a certificate that is registered in AWS already.
   */
  readonly certificateId?: string;
  readonly issued?: DeviceCertificateIssued;
}
/**
 * The operator makes a P-256 key and writes it, with the certificate, to a Secret (`tls.key`, `tls.crt`); in standalone mode to files of mode 0600. Prefer csr: there the key never exists here.
 */
export interface DeviceCertificateIssued {
  /**
   * Name of the Secret in the same namespace. It is created; one that exists already and is not ours is never overwritten.
   */
  readonly secretName: string;
}
/**
 * What this asset must never lose. Connecting under its own client ids is always part of it; everything here adds to that. The lifeline of an asset is the union of those of its AWSAccount, its ThingType and the Device, and an IoTPolicy may add to it for its own users; none of them takes away from another. A rollout whose result would not permit the lifeline does not start.
 */
export interface DeviceLifeline {
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
  readonly allow?: readonly DeviceLifelineAllow[];
}
export interface DeviceLifelineAllow {
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
 * The asset as AWS shows it.
 */
export interface DeviceStatus {
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
  readonly claim?: DeviceStatusClaim;
  readonly drift?: DeviceStatusDrift;
  /**
   * When this object last changed AWS. Differences that this write explains are not judged until it has settled.
   */
  readonly lastWriteTime?: string;
  /**
   * Id that AWS gave the thing. It changes when the thing is deleted and made again.
   */
  readonly thingId?: string;
  /**
   * Version of the thing in the registry, as it was last seen.
   */
  readonly thingVersion?: number;
  /**
   * The certificates, by the names of the spec; those that left the spec stay until they are gone from AWS.
   *
   * @maxItems 20
   */
  readonly certificates?: readonly DeviceStatusCertificate[];
  /**
   * AWS policy names that are on the certificates now.
   *
   * @maxItems 20
   */
  readonly policies?: readonly string[];
  /**
   * AWS group names that the thing is in now.
   *
   * @maxItems 20
   */
  readonly groups?: readonly string[];
  readonly lifeline?: DeviceStatusLifeline;
  readonly departure?: DeviceStatusDeparture;
  readonly held?: DeviceStatusHeld;
  readonly pendingChange?: DeviceStatusPendingChange;
  readonly contained?: DeviceStatusContained;
  readonly rollout?: DeviceStatusRollout;
}
/**
 * The AWS name this object holds. Of several objects that name the same AWS object only one holds it; the others are Stalled with reason NameConflict.
 */
export interface DeviceStatusClaim {
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
export interface DeviceStatusDrift {
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
  readonly fields?: readonly DeviceStatusDriftField[];
}
export interface DeviceStatusDriftField {
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
 * One certificate.
 */
export interface DeviceStatusCertificate {
  /**
   * Name within the Device.
   */
  readonly name: string;
  /**
   * Id in AWS.
   */
  readonly certificateId?: string;
  /**
   * ARN in AWS.
   */
  readonly arn?: string;
  /**
   * Status in AWS: ACTIVE, INACTIVE, REVOKED, PENDING_TRANSFER, PENDING_ACTIVATION or REGISTER_INACTIVE.
   */
  readonly status?: string;
  /**
   * Set before AWS is asked to create the certificate and removed when its id is known. After a crash in between, the certificate is looked for among those created since.
   */
  readonly pendingSince?: string;
  /**
   * SHA-256 of the public key (SubjectPublicKeyInfo), in hexadecimal; by it a certificate is found again after a lost answer.
   */
  readonly publicKeySha256?: string;
  /**
   * Whether the operator has made it active once. Afterwards an inactive certificate is a security act, and stays inactive.
   */
  readonly activated?: boolean;
  /**
   * End of its validity.
   */
  readonly expiresAt?: string;
}
/**
 * What the asset must never lose, as it is remembered: what once was in its lifeline counts until its removal has been approved, whatever the specs say.
 */
export interface DeviceStatusLifeline {
  /**
   * The lifeline that counts beside those of the specs, as JSON.
   */
  readonly kept: string;
  /**
   * What the specs no longer ask for and what counts all the same, the first of them; at most 20.
   *
   * @maxItems 20
   */
  readonly removed?: readonly string[];
  /**
   * Eight digits of what was removed: the approval names them, as in the annotation `rollout.fleetward.dev/shrink-lifeline: <token>@<digest> by <user>`.
   */
  readonly digest?: string;
  /**
   * Nothing was remembered of an asset in use, after a restore for example: all that a lifeline can ask for counts, as far as the asset may do it now.
   */
  readonly assumed?: boolean;
  /**
   * The lifeline before its last approved removal, as JSON; rollouts made before that are still held to it.
   */
  readonly before?: string;
  /**
   * When the last removal was approved.
   */
  readonly since?: string;
  /**
   * Who approved it.
   */
  readonly approvedBy?: string;
  /**
   * Token of the last approval; each approves once.
   */
  readonly token?: string;
}
/**
 * Set while the Device is being deleted under `deletionPolicy Delete` and was in use (heard of, or with an active certificate older than a day). Its certificates are inactive for a settle time before anything is deleted.
 */
export interface DeviceStatusDeparture {
  /**
   * Since when. Written before AWS is called.
   */
  readonly since: string;
  /**
   * Certificates, by their name in this object, that were made inactive for it; with `deletionPolicy Retain` they are made active again.
   *
   * @maxItems 8
   */
  readonly certificates?: readonly string[];
}
/**
 * Set while a security act (quarantine, blank policy, deactivated certificate) holds the asset. It is not changed until a person acknowledges that act.
 */
export interface DeviceStatusHeld {
  /**
   * Which act holds the device.
   */
  readonly reason: string;
  /**
   * What the act was done to, a certificate or a thing group for example.
   */
  readonly detail?: string;
  /**
   * Since when.
   */
  readonly since?: string;
}
/**
 * What the spec changes in the rights of the asset. It is not done at once; a PolicyRollout takes it up.
 */
export interface DeviceStatusPendingChange {
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
  /**
   * Since when it waits.
   */
  readonly since: string;
}
/**
 * What became of the last request to contain the device.
 */
export interface DeviceStatusContained {
  /**
   * Token of the request.
   */
  readonly token: string;
  /**
   * The IoTPolicy that was asked for.
   */
  readonly policy: string;
  /**
   * Who asked.
   */
  readonly by: string;
  /**
   * When it was done.
   */
  readonly at: string;
  /**
   * What the user said about it.
   */
  readonly remark?: string;
  /**
   * Why it could not be done.
   */
  readonly problem?: string;
}
/**
 * Where the asset stands in the PolicyRollout that moves it, or moved it last.
 */
export interface DeviceStatusRollout {
  /**
   * The PolicyRollout.
   */
  readonly name: string;
  /**
   * Queued, Expanding, Contracting, Observing, Armed, Succeeded, Deferred, Held, RollingBack, RolledBack or Unrecovered.
   */
  readonly state: string;
  /**
   * Why it stands there.
   */
  readonly why?: string;
  /**
   * Since when.
   */
  readonly since?: string;
  /**
   * When the first change of it was allowed.
   */
  readonly startedAt?: string;
  /**
   * Its wave among those of the strategy, counted from 0. It stays in it, whatever joins or leaves the fleet.
   */
  readonly wave?: number;
  /**
   * Names of the Devices that move as one because they share certificates, this one among them; the first carries out the calls, and the records of the others repeat its own. At most 50. Not set where the Device shares none.
   *
   * @maxItems 50
   */
  readonly unit?: readonly string[];
  /**
   * When a policy was last attached by the rollout. Written before AWS is called.
   */
  readonly attachedAt?: string;
  /**
   * When a policy was last detached by the rollout. Written before AWS is called.
   */
  readonly detachedAt?: string;
  /**
   * When the policy of before was attached again. Contact after it shows that the asset is well.
   */
  readonly restoredAt?: string;
  /**
   * When a group, a field of the thing or the status of a certificate was last changed by the rollout. Written before AWS is called.
   */
  readonly switchedAt?: string;
  readonly change?: DeviceStatusRolloutChange;
  /**
   * Requests that the asset had made before it was first changed, as action and resource; at most 48. A denial of one of them fails it.
   *
   * @maxItems 48
   */
  readonly used?: readonly string[];
  /**
   * The thing group, by its name in AWS, that has to be handed over before anything is taken from the asset; it has both policies on its certificates meanwhile.
   */
  readonly waitsForGroup?: string;
  /**
   * Policies, by their names in AWS, that the rollout put on the certificates because a thing group gives them and changes; they go with the membership.
   *
   * @maxItems 20
   */
  readonly lent?: readonly string[];
  /**
   * What the last check before something was taken said, and whether AWS agreed.
   */
  readonly preflight?: string;
  /**
   * true: it was changed in one contact and is judged at the next, because its contacts are too short to be watched.
   */
  readonly armed?: boolean;
  readonly sessions?: DeviceStatusRolloutSessions;
  /**
   * Denied requests of the asset that are the tightening at work, the first of them; at most 5.
   *
   * @maxItems 5
   */
  readonly blocked?: readonly string[];
  readonly openDetach?: DeviceStatusRolloutOpenDetach;
  /**
   * failed: the evidence after the change was negative. lifeline: what the asset must never lose was denied.
   */
  readonly failure?: 'failed' | 'lifeline';
  /**
   * Reason of the last verdict.
   */
  readonly verdict?: string;
}
/**
 * What the rollout changes at this asset beside documents, and what it takes to go back.
 */
export interface DeviceStatusRolloutChange {
  /**
   * Names the change; devices to which the same is done share it.
   */
  readonly digest?: string;
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
  /**
   * What the asset inherits and would lose with a group, which is on its certificates from before the group changes until after it.
   *
   * @maxItems 20
   */
  readonly pins?: readonly string[];
  /**
   * Of the certificates to go out of use those that the rollout has made inactive; no other is ever made active again.
   *
   * @maxItems 20
   */
  readonly retired?: readonly string[];
  readonly before?: DeviceStatusRolloutChangeBefore;
}
/**
 * The values of before.
 */
export interface DeviceStatusRolloutChangeBefore {
  /**
   * Name of the thing type in AWS; empty when it had none.
   */
  readonly thingType?: string;
  /**
   * The attributes that change; an empty value says that it was not set.
   */
  readonly attributes?: {
    readonly [k: string]: string;
  };
}
/**
 * Sessions that were made before the change was in force. They may use what is looked at only when a device connects or subscribes.
 */
export interface DeviceStatusRolloutSessions {
  /**
   * When the change was in force; sessions made before it are older.
   */
  readonly since?: string;
  /**
   * Client ids with an older session, the first of them; at most 4. Empty when none remains.
   *
   * @maxItems 4
   */
  readonly older?: readonly string[];
  /**
   * When AWS was asked to end older sessions (`strategy.sessions`). Written before AWS is called.
   */
  readonly sentAt?: string;
  /**
   * When AWS had done so. Only what is heard after it is evidence.
   */
  readonly endedAt?: string;
  /**
   * What went with a session that was dropped.
   */
  readonly lost?: string;
}
/**
 * A detachment that was sent and not yet read back: nothing else is taken away until it is.
 */
export interface DeviceStatusRolloutOpenDetach {
  /**
   * The certificate.
   */
  readonly certificateArn: string;
  /**
   * AWS name of the policy that is detached.
   */
  readonly policy: string;
  /**
   * When the call was handed to AWS.
   */
  readonly sentAt: string;
}
