import type { Device } from '../../api/device.gen.ts';
import type { PolicyRollout } from '../../api/policyrollout.gen.ts';
import { groupKey } from '../../aws/snapshot/facts.ts';
import type { Family } from '../../rollout/family.ts';
import type { Cache } from '../../runtime/reconciler.ts';
import type { AccountSession } from '../awsaccount/accounts.ts';
import { borrowedFamilies, changeIn, groupLine, referencedNames } from './asset/families.ts';
import { certificateIds, type Unit, type Units } from './asset/units.ts';

interface Input {
  readonly cache: Cache;
  readonly session: AccountSession;
  readonly rollout: PolicyRollout;
  readonly families: readonly Family[];
  readonly units: Units;
}

/** Why Devices that share certificates cannot be moved as one; undefined when they can. Their number is judged by the strategy. */
export function sharedRefusal(input: Input): { readonly reason: string; readonly why: string } | undefined {
  for (const unit of new Set(input.units.values())) {
    const why = throughGroup(input, unit) ?? outsider(input, unit) ?? unlike(input, unit) ?? apart(input, unit);
    if (why !== undefined) return { reason: 'SharedCertificate', why };
  }
  return undefined;
}

const OWN = 'give each Device a certificate of its own';

function names(devices: readonly Device[]): string {
  const shown = devices.slice(0, 5).map(({ metadata }) => metadata.name);
  return `${shown.join(', ')}${devices.length > 5 ? ` and ${devices.length - 5} more` : ''}`;
}

/** What happens to the certificate happens to it as well, and nobody would look after it. */
function outsider({ rollout }: Input, { members, outsiders }: Unit): string | undefined {
  const [first] = outsiders;
  if (first === undefined) return undefined;
  const { name, namespace = '', deletionTimestamp } = first.metadata;
  const { namespace: here } = rollout.metadata;
  const whose =
    namespace !== here
      ? `of namespace ${namespace}`
      : first.spec.accountRef.name !== rollout.spec.accountRef.name
        ? `of AWSAccount ${first.spec.accountRef.name}`
        : deletionTimestamp !== undefined
          ? 'which is being deleted'
          : first.spec.managementPolicy === 'Manage'
            ? 'whose spec asks for no change that this rollout makes'
            : 'which is only observed';
  return `${names(members)} and Device ${name}, ${whose}, share a certificate, and this rollout does not move that one; ${OWN}, or change all of them together`;
}

/**
 * Fanned out, what the group gives to one of them the certificate gives to the others as well (R5): only where each has it through
 * the same groups, and none or all of them by a reference too, does nobody get what is not its own.
 */
function throughGroup({ cache, session, rollout, families }: Input, unit: Unit): string | undefined {
  // Who leaves a group later keeps what was lent until the others are through: that ends it sooner than to stop here.
  if (unit.outsiders.length === 0 && unit.members.every((device) => hasBegun(rollout, device))) return undefined;
  const { targets } = session.snapshot;
  const members = [...unit.members, ...unit.outsiders.filter((device) => isAtHome(rollout, device))];
  for (const { declared, names: family } of families) {
    const carries = (group: string) => targets.at(groupKey(group)).some((name) => family.includes(name));
    const groups = members.map((device) => groupLine({ cache, session }, device).filter(carries).sort());
    const all = [...new Set(groups.flat())];
    if (all.length === 0) continue;
    const apart = members.find((_, index) => groups[index]?.length !== all.length);
    if (apart !== undefined) {
      const missing = all.find((group) => !groupLine({ cache, session }, apart).includes(group));
      return `${names(members)} share certificates, and not all of them have ${declared} through the same thing groups: ${apart.metadata.name} is not in ${missing}, and would get on its certificate what that group gives; put all of them into it, or ${OWN}`;
    }
    const referring = members.filter((device) => referencedNames(cache, device).has(declared));
    if (referring.length === 0 || referring.length === members.length) continue;
    return `${names(members)} share certificates and have ${declared} through thing group ${all[0]}, and only ${names(referring)} refer to it as well; reference the same policies from all of them, or ${OWN}`;
  }
  return undefined;
}

function hasBegun({ metadata }: PolicyRollout, { status }: Device): boolean {
  return status?.rollout?.name === metadata.name && status.rollout.state !== 'RolledBack';
}

/** It could be moved by this rollout, if only its spec asked for what the others do. */
function isAtHome(
  { metadata: { namespace }, spec: { accountRef } }: PolicyRollout,
  { metadata, spec }: Device,
): boolean {
  if (metadata.namespace !== namespace || metadata.deletionTimestamp !== undefined) return false;
  return spec.accountRef.name === accountRef.name && spec.managementPolicy === 'Manage';
}

/** A policy must not come to a certificate that never had it. */
function unlike({ cache, session, families }: Input, { members }: Unit): string | undefined {
  const ids = [...new Set(members.flatMap(certificateIds))];
  // What a thing group gives is on loan, and comes to one certificate after the other.
  const lent = new Set(members.flatMap((device) => borrowedFamilies({ cache, session }, device, families)));
  for (const { declared, names: family } of families.filter((each) => !lent.has(each))) {
    const carries = (id: string) => session.snapshot.targets.at(id).some((name) => family.includes(name));
    if (ids.every(carries) || !ids.some(carries)) continue;
    return `${names(members)} share certificates, of which some carry ${declared} and others do not; reference the same policies from all of them, or ${OWN}`;
  }
  return undefined;
}

/** Beside documents policies and certificates come and go together: groups and fields are of one thing each. */
function apart({ rollout }: Input, { members }: Unit): string | undefined {
  const changes = members.map((device) => changeIn(rollout, device));
  if (new Set(changes.map((change) => change?.digest)).size > 1) {
    return `${names(members)} share certificates, and their specs change in different ways; change the policies of all of them alike, and take a certificate that they share out of all of their specs at once, under one name, or ${OWN}`;
  }
  const [change] = changes;
  const single = [change?.join, change?.leave, change?.set].some((part) => (part ?? []).length > 0);
  if (single)
    return `${names(members)} share certificates, and thing groups, types or attributes of theirs change, which is done one device at a time; ${OWN} first`;
  const differing = (change?.retire ?? []).find((name) => new Set(members.map((each) => idOf(each, name))).size > 1);
  if (differing === undefined) return undefined;
  return `${names(members)} share certificates, and certificate ${differing}, which leaves their specs, is not the same one in all of them; take certificates that only one of them has out of its spec when it shares none any more, or ${OWN} first`;
}

function idOf({ status }: Device, name: string): string | undefined {
  return status?.certificates?.find((entry) => entry.name === name)?.certificateId;
}
