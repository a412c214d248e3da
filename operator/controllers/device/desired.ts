import type { Device, DeviceCertificate } from '../../api/device.gen.ts';
import type { IoTPolicy } from '../../api/iotpolicy.gen.ts';
import type { PolicyRollout } from '../../api/policyrollout.gen.ts';
import type { ThingGroup } from '../../api/thinggroup.gen.ts';
import type { ThingType } from '../../api/thingtype.gen.ts';
import { terminal } from '../../runtime/errors.ts';
import type { Cache } from '../../runtime/reconciler.ts';
import { OWNER_KEY } from '../external/ownership.ts';
import { resolvePolicies } from '../external/policies.ts';
import { resolveReference } from '../external/references.ts';
import type { Scope } from '../external/types.ts';
import { declaredName, type PolicyNames, policyNamesFor } from '../iotpolicy/names.ts';
import { candidatesBeside, rejectedBy } from '../policyrollout/policies/stance.ts';
import { groupName } from '../thinggroup/observe.ts';
import { typeName } from '../thingtype/observe.ts';
import { CONTAINMENT } from './contain.ts';
import { certificateId } from './keys.ts';
import { isMoving } from './pending.ts';

/** Index of ThingGroups that only security acts fill, by namespace. */
export const QUARANTINE = 'quarantine';

export type CertificateSource =
  | { readonly kind: 'csr'; readonly csr: string }
  | { readonly kind: 'pem'; readonly pem: string; readonly id: string }
  | { readonly kind: 'id'; readonly id: string }
  | { readonly kind: 'issued'; readonly secretName: string };

export interface DesiredCertificate {
  readonly name: string;
  readonly source: CertificateSource;
}

/** The asset as AWS will know it. */
export interface DesiredDevice {
  readonly thingName: string;
  readonly typeName: string | undefined;
  /** With our mark, where the account wants things marked. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly groups: readonly string[];
  readonly policies: readonly PolicyNames[];
  /** Of these, the ones that are there for the sake of a thing group whose policies change. */
  readonly fannedOut: ReadonlySet<string>;
  /** What a thing group is to give and does not give yet: not put on the certificates for that, nor taken off them. */
  readonly toCome: ReadonlySet<string>;
  /** Names of the policies of the rollout that its record is of, under way or not. */
  readonly touched: ReadonlySet<string>;
  readonly certificates: readonly DesiredCertificate[];
  readonly exclusive: boolean;
  /** AWS names of the groups that quarantine. */
  readonly quarantine: readonly string[];
  /** AWS names of the policies that contain: on a certificate each is a security act. */
  readonly containment: readonly string[];
  /** AWS names between which the rollout moves the asset that has begun with it and not ended. */
  readonly moving: ReadonlySet<string>;
  /** The PolicyRollout that tried a change and took it back, by the digest of the change; undefined when none did. */
  readonly rejectedBy: (digest: string) => string | undefined;
  /** Candidates that came with a change, by its digest, as long as it may have to be taken back. */
  readonly candidatesBeside: (digest: string) => readonly string[];
}

/** AWS gives a thing without a type this many: https://docs.aws.amazon.com/general/latest/gr/iot-core.html */
const UNTYPED_ATTRIBUTES = 3;

export function thingName({ spec, metadata }: Device): string {
  return spec.thingName ?? metadata.name;
}

export function resolveDevice(scope: Scope<Device>): DesiredDevice {
  const { object, deps, session, mark } = scope;
  const { spec, metadata } = object;
  const policyRefs = [...(spec.policyRefs ?? []), ...(session.spec.defaultPolicyRefs ?? [])];
  const own = resolvePolicies(deps.cache, object, policyRefs);
  const fannedOut = fannedOutTo(deps.cache, object, own);
  const policies = policiesOfRollout(deps.cache, object);
  const attributes = { ...spec.attributes, ...(session.spec.ownerAttribute ? { [OWNER_KEY]: mark } : {}) };
  const type =
    spec.thingTypeRef === undefined ? undefined : resolveReference<ThingType>(deps.cache, object, spec.thingTypeRef);
  if (type === undefined && Object.keys(attributes).length > UNTYPED_ATTRIBUTES) {
    throw terminal(
      'TooManyAttributes',
      `Thing ${thingName(object)} has no type, and AWS gives such a thing three attributes, our owner mark included. Set thingTypeRef, remove an attribute, or set ownerAttribute: false on the AWSAccount.`,
    );
  }
  return {
    thingName: thingName(object),
    typeName: type === undefined ? undefined : typeName(type),
    attributes,
    groups: (spec.groupRefs ?? []).map((ref) => groupName(resolveReference<ThingGroup>(deps.cache, object, ref))),
    policies: [...own, ...fannedOut],
    fannedOut: new Set(fannedOut.map(({ attach }) => attach)),
    toCome: toComeTo(deps.cache, object),
    touched: namesOf(policies),
    certificates: (spec.certificates ?? []).map(sourceOf),
    exclusive: spec.attachments !== 'Additive',
    containment: (deps.cache.byIndex('IoTPolicy', CONTAINMENT, metadata.namespace ?? '') as readonly IoTPolicy[]).map(
      declaredName,
    ),
    quarantine: (deps.cache.byIndex('ThingGroup', QUARANTINE, metadata.namespace ?? '') as readonly ThingGroup[]).map(
      groupName,
    ),
    moving: namesMoved(deps.cache, object, policies),
    rejectedBy: (digest) => rejectedBy(deps.cache, object, digest),
    candidatesBeside: (digest) => candidatesBeside(deps.cache, object, digest),
  };
}

/** Those of policies that the spec has just ceased to name as well: the rollout has put them there, and is no stranger. */
function namesMoved(cache: Cache, device: Device, policies: Moved): ReadonlySet<string> {
  if (!isMoving(device)) return new Set();
  // What a group gives is lent to its members, and taken off them with the loan.
  const lent = new Set(
    groupsAbove(cache, device).flatMap(({ spec }) => spec.policyRefs?.map(({ name }) => name) ?? []),
  );
  return namesOf(policies.filter(({ name }) => !lent.has(name)));
}

type Moved = PolicyRollout['spec']['policies'];

/** The policies of the rollout that has begun with the Device, or has led it home since. */
function policiesOfRollout(cache: Cache, { metadata, status }: Device): Moved {
  if (status?.rollout === undefined) return [];
  const key = { kind: 'PolicyRollout', namespace: metadata.namespace ?? '', name: status.rollout.name };
  return (cache.get(key) as PolicyRollout | undefined)?.spec.policies ?? [];
}

function namesOf(policies: Moved): ReadonlySet<string> {
  return new Set(policies.flatMap(({ policyName, candidateName }) => [policyName, candidateName]));
}

/**
 * While the policies of a group change, its members have both sides on their own certificates, so that each of them can be
 * moved alone and the group changes under nobody's feet.
 */
function fannedOutTo(cache: Cache, device: Device, own: readonly PolicyNames[]): readonly PolicyNames[] {
  const seen = new Set(own.flatMap(({ satisfiedBy }) => satisfiedBy));
  const names = [...namesFannedOut(cache, device)].filter((name) => !seen.has(name));
  return names.map((name) => ({ attach: name, satisfiedBy: [name] }));
}

/** What its groups get and give up, by names in AWS, and so lend to their members at this moment. */
export function namesFannedOut(cache: Cache, device: Device): ReadonlySet<string> {
  const changes = groupsAbove(cache, device).flatMap(({ status }) => status?.pendingChange ?? []);
  return new Set(changes.flatMap(({ attach = [], detach = [] }) => [...attach, ...detach]));
}

/** What groups are told to give and do not carry by any name, as while a rollout that moves their members has not ended. */
function toComeTo(cache: Cache, device: Device): ReadonlySet<string> {
  const { namespace = '' } = device.metadata;
  const found = new Set<string>();
  for (const { spec, status } of groupsAbove(cache, device)) {
    for (const { name } of spec.policyRefs ?? []) {
      const policy = cache.get({ kind: 'IoTPolicy', namespace, name }) as IoTPolicy | undefined;
      const names = policy === undefined ? [] : policyNamesFor(policy).satisfiedBy;
      if (names.some((each) => status?.policies?.includes(each) === true)) continue;
      for (const each of names) found.add(each);
    }
  }
  return found;
}

/** The groups of the spec and all above them. */
function groupsAbove(cache: Cache, { metadata, spec }: Device): readonly ThingGroup[] {
  const { namespace = '' } = metadata;
  const found = new Map<string, ThingGroup>();
  for (const { name } of spec.groupRefs ?? []) {
    let next: string | undefined = name;
    while (next !== undefined && !found.has(next)) {
      const group = cache.get({ kind: 'ThingGroup', namespace, name: next }) as ThingGroup | undefined;
      if (group === undefined) break;
      found.set(next, group);
      next = group.spec.parentRef?.name;
    }
  }
  return [...found.values()];
}

function sourceOf({ name, csr, pem, certificateId: id, issued }: DeviceCertificate): DesiredCertificate {
  if (csr !== undefined) return { name, source: { kind: 'csr', csr } };
  if (pem !== undefined) return { name, source: { kind: 'pem', pem, id: certificateId(pem) } };
  if (id !== undefined) return { name, source: { kind: 'id', id } };
  if (issued !== undefined) return { name, source: { kind: 'issued', secretName: issued.secretName } };
  throw terminal(
    'InvalidCertificate',
    `Certificate ${name} names no source. Give exactly one of csr, pem, certificateId and issued.`,
  );
}
