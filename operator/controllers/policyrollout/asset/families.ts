import type { AWSAccount } from '../../../api/awsaccount.gen.ts';
import type { Device, DeviceStatusRolloutChange } from '../../../api/device.gen.ts';
import type { IoTPolicy } from '../../../api/iotpolicy.gen.ts';
import type { PolicyRollout } from '../../../api/policyrollout.gen.ts';
import { groupKey } from '../../../aws/snapshot/facts.ts';
import type { Family } from '../../../rollout/family.ts';
import type { Cache } from '../../../runtime/reconciler.ts';
import type { AccountSession } from '../../awsaccount/accounts.ts';
import { thingName } from '../../device/desired.ts';
import { changeUnderWay, isMoving } from '../../device/pending.ts';
import { declaredName } from '../../iotpolicy/names.ts';
import { lineOf } from '../policies/documents.ts';

/** The policies that the Device, or its account for it, refers to. */
export function referencedPolicies(cache: Cache, { metadata, spec }: Device): readonly IoTPolicy[] {
  const { namespace = '' } = metadata;
  const account = cache.get({ kind: 'AWSAccount', namespace, name: spec.accountRef.name }) as AWSAccount | undefined;
  const references = [...(spec.policyRefs ?? []), ...(account?.spec.defaultPolicyRefs ?? [])];
  return references.flatMap(({ name }) => (cache.get({ kind: 'IoTPolicy', namespace, name }) as IoTPolicy) ?? []);
}

/** The same by their declared names in AWS. */
export function referencedNames(cache: Cache, device: Device): ReadonlySet<string> {
  return new Set(referencedPolicies(cache, device).map(declaredName));
}

export interface Whereabouts {
  readonly cache: Cache;
  readonly session: Pick<AccountSession, 'snapshot'>;
}

/**
 * The policies of a rollout that are this asset's: referred to, or carried all the same, as when the IoTPolicy is being
 * deleted. A rollout moves every policy of its revision; an asset that never had one of them must not be given it, not
 * even its former document.
 */
export function familiesAt(
  { cache, session }: Whereabouts,
  device: Device,
  { rollout, families }: { readonly rollout: PolicyRollout; readonly families: readonly Family[] },
): readonly Family[] {
  const referenced = referencedNames(cache, device);
  const carried = carriedNames(session, device);
  const inherited = new Set(inheritedNames({ cache, session }, device));
  // What the spec has come to ask for meanwhile waits: all that the asset was moved by goes on, or goes back. What another
  // rollout has noted of it may be over.
  const hasBegun = isMoving(device) && device.status?.rollout?.name === rollout.metadata.name;
  const { attach = [], detach = [] } = (hasBegun ? changeUnderWay(device) : device.status?.pendingChange) ?? {};
  return families.filter(({ declared, names }) => {
    const has = names.filter((name) => carried.has(name));
    if (names.some((name) => inherited.has(name))) return true;
    // What the asset is only about to get, or is about to lose, does not change its document on the way.
    if (has.length === 0) return referenced.has(declared) && !attach.includes(declared);
    return !has.every((name) => detach.includes(name));
  });
}

/** The same for Devices that share certificates: what is one's is on the certificates of all. */
export function familiesOfAll(
  where: Whereabouts,
  members: readonly Device[],
  { rollout, families }: { readonly rollout: PolicyRollout; readonly families: readonly Family[] },
): readonly Family[] {
  const own = new Set(members.flatMap((device) => familiesAt(where, device, { rollout, families })));
  return families.filter((family) => own.has(family));
}

/** What changes at the Device beside documents: as recorded when a rollout took it, else what waits for one. */
export function changeOf(device: Device): DeviceStatusRolloutChange | undefined {
  return changeUnderWay(device) ?? device.status?.pendingChange;
}

const IS_BEGUN: ReadonlySet<string> = new Set([
  'Expanding',
  'Verifying',
  'Contracting',
  'Observing',
  'Armed',
  'Succeeded',
]);

/** The same, as far as this rollout is to carry it out. */
export function changeIn({ metadata, spec }: PolicyRollout, device: Device): DeviceStatusRolloutChange | undefined {
  const { rollout, pendingChange } = device.status ?? {};
  const begun = rollout?.name === metadata.name && rollout.state !== 'RolledBack' ? rollout : undefined;
  // Whoever has begun without it, or is through, takes it up in the next rollout: this one has judged it without.
  if (begun !== undefined && (begun.change !== undefined || IS_BEGUN.has(begun.state))) return begun.change;
  const planned = spec.changes?.some(({ digest }) => digest === pendingChange?.digest) === true;
  return planned ? pendingChange : undefined;
}

/** What the asset's certificates carry, as the snapshot shows it. */
export function carriedNames({ snapshot }: Pick<AccountSession, 'snapshot'>, { status }: Device): ReadonlySet<string> {
  const ids = (status?.certificates ?? []).flatMap(({ certificateId }) => certificateId ?? []);
  return new Set(ids.flatMap((id) => snapshot.targets.at(id)));
}

/** The thing groups of the asset with all above them, as the snapshot and our objects show them. */
export function groupLine({ cache, session }: Whereabouts, device: Device): readonly string[] {
  return [...new Set(session.snapshot.members.at(thingName(device)).flatMap((group) => lineOf(cache, group)))];
}

/** What the asset has through thing groups, as the snapshot shows it. */
export function inheritedNames(where: Whereabouts, device: Device): readonly string[] {
  const { targets } = where.session.snapshot;
  return [...new Set(groupLine(where, device).flatMap((group) => targets.at(groupKey(group))))];
}

/**
 * Policies that reach the asset through a thing group and are none of its own references: on its certificates they are
 * there only because a rollout put them there.
 */
export function borrowedFamilies(where: Whereabouts, device: Device, families: readonly Family[]): readonly Family[] {
  const inherited = new Set(inheritedNames(where, device));
  const through = families.filter(({ names }) => names.some((name) => inherited.has(name)));
  if (through.length === 0) return through;
  const referenced = referencedNames(where.cache, device);
  return through.filter(({ declared }) => !referenced.has(declared));
}

/**
 * Whether the rollout has anything to do with the Device. One that its spec alone puts into a group has nothing to be moved
 * yet: once it is a member it is one that came late.
 */
export function concerns(
  where: Whereabouts,
  rollout: PolicyRollout,
  device: Device,
  families: readonly Family[],
): boolean {
  if (changeIn(rollout, device) !== undefined || device.status?.rollout?.name === rollout.metadata.name) return true;
  return familiesAt(where, device, { rollout, families }).length > 0;
}

/** Whether the asset is on a candidate of another revision: not on what was proven, and not on this one. */
export function carriesOther(
  session: Pick<AccountSession, 'snapshot'>,
  device: Device,
  families: readonly Family[],
): boolean {
  return families.some(({ declared, candidate, names }) =>
    names.some((name) => name !== declared && name !== candidate && carries(session, device, name)),
  );
}

/** Whether a certificate of the asset carries the policy, as the snapshot shows it. */
export function carries({ snapshot }: Pick<AccountSession, 'snapshot'>, { status }: Device, name: string): boolean {
  return (status?.certificates ?? []).some(
    ({ certificateId }) => certificateId !== undefined && snapshot.targets.at(certificateId).includes(name),
  );
}
