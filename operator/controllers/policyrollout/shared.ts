import type { Device } from '../../api/device.gen.ts';
import type { PolicyRollout } from '../../api/policyrollout.gen.ts';
import type { Family } from '../../rollout/family.ts';
import type { Cache } from '../../runtime/reconciler.ts';
import type { AccountSession } from '../awsaccount/accounts.ts';
import { changeIn, inheritedNames } from './asset/families.ts';
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
    const why = outsider(input, unit) ?? throughGroup(input, unit) ?? unlike(input, unit) ?? apart(input, unit);
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

/** Fanned out, what the group gives to one of them the certificate would give to the others as well (R5). */
function throughGroup({ cache, session, families }: Input, { members }: Unit): string | undefined {
  const moved = new Set(families.flatMap((family) => family.names));
  for (const device of members) {
    const inherited = inheritedNames({ cache, session }, device).find((name) => moved.has(name));
    if (inherited === undefined) continue;
    return `${device.metadata.name} has ${inherited} through a thing group and shares a certificate with others (${names(members)}), who would get it on that certificate meanwhile; ${OWN}`;
  }
  return undefined;
}

/** A policy must not come to a certificate that never had it. */
function unlike({ session, families }: Input, { members }: Unit): string | undefined {
  const ids = [...new Set(members.flatMap(certificateIds))];
  for (const { declared, names: family } of families) {
    const carries = (id: string) => session.snapshot.targets.at(id).some((name) => family.includes(name));
    if (ids.every(carries) || !ids.some(carries)) continue;
    return `${names(members)} share certificates, of which some carry ${declared} and others do not; reference the same policies from all of them, or ${OWN}`;
  }
  return undefined;
}

/** Beside documents only policies come and go together: groups, fields and certificates are of one thing each. */
function apart({ rollout }: Input, { members }: Unit): string | undefined {
  const changes = members.map((device) => changeIn(rollout, device));
  if (new Set(changes.map((change) => change?.digest)).size > 1) {
    return `${names(members)} share certificates, and their specs change in different ways; change the policies of all of them alike, or ${OWN}`;
  }
  const [change] = changes;
  const single = [change?.join, change?.leave, change?.set, change?.retire].some((part) => (part ?? []).length > 0);
  if (!single) return undefined;
  return `${names(members)} share certificates, and thing groups, types, attributes or certificates of theirs change, which is done one device at a time; ${OWN} first`;
}
