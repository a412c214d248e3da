import type { Device } from '../../api/device.gen.ts';
import type { PolicyRollout } from '../../api/policyrollout.gen.ts';
import { groupKey } from '../../aws/snapshot/facts.ts';
import type { Family } from '../../rollout/family.ts';
import type { Pauser } from '../../runtime/pauser.ts';
import type { Cache } from '../../runtime/reconciler.ts';
import type { AccountSession } from '../awsaccount/accounts.ts';
import { CERTIFICATE_ID } from '../device/recover.ts';
import { changeOf, inheritedNames, referencedNames } from './asset/families.ts';
import { rejectedBy } from './policies/stance.ts';

interface Input {
  readonly cache: Cache;
  readonly session: AccountSession;
  readonly rollout: PolicyRollout;
  readonly families: readonly Family[];
}

interface Refusal {
  readonly reason: string;
  readonly why: string;
}

const GROUPS = groupKey('');

/**
 * Who carries a policy of the rollout and is none of its assets, for good: its policy could not be given back, nor taken, one
 * by one. A Device of ours that comes, goes, or has the policy on loan is on its way to where it belongs, and stops nobody.
 */
export async function foreignTarget(
  input: Input,
  ours: ReadonlySet<string>,
  pauser: Pauser,
): Promise<Refusal | undefined> {
  const { targets } = input.session.snapshot;
  for (const family of input.families) {
    for (const name of family.names) {
      if (targets.count(name) === 0) continue;
      await pauser.pause();
      const strange = targets.from(name).filter((target) => !ours.has(target) && !target.startsWith(GROUPS));
      for (const target of strange) {
        if (pauser.isDue()) await pauser.pause();
        const found = refusalOf(input, family, target);
        if (found !== undefined) return found;
      }
    }
  }
  return undefined;
}

function refusalOf(input: Input, family: Family, target: string): Refusal | undefined {
  const { cache, rollout } = input;
  const { declared } = family;
  const owners = (cache.byIndex('Device', CERTIFICATE_ID, target) as readonly Device[]).filter((device) =>
    isManaged(rollout, device),
  );
  const [owner] = owners;
  if (owner !== undefined) {
    if (owners.some((device) => isPassing(input, family, device))) return undefined;
    const why = `policy ${declared} is attached to a certificate of Device ${owner.metadata.name}, whose spec does not ask for it; add it to its policyRefs or detach it there`;
    return { reason: 'ForeignTargets', why };
  }
  const unknown = firstUnknown(input);
  if (unknown !== undefined) {
    const why = `policy ${declared} is attached to ${target.slice(0, 64)}, and the certificates of Device ${unknown.metadata.name} are still to be found: nothing moves before it is known whose that one is`;
    return { reason: 'CertificatesUnknown', why };
  }
  const why = `policy ${declared} is attached to ${target.slice(0, 64)}, which no Device of this account manages; make a Device for it or detach it there`;
  return { reason: 'ForeignTargets', why };
}

function isManaged({ metadata, spec }: PolicyRollout, device: Device): boolean {
  return (
    device.metadata.namespace === metadata.namespace &&
    device.spec.accountRef.name === spec.accountRef.name &&
    device.spec.managementPolicy === 'Manage'
  );
}

/** It became an asset a moment ago, or the policy is being taken off it. */
function isPassing({ cache, session }: Input, { declared, names }: Family, device: Device): boolean {
  if (device.metadata.deletionTimestamp !== undefined) return true;
  if (referencedNames(cache, device).has(declared)) return true;
  const inherited = inheritedNames({ cache, session }, device);
  if (names.some((name) => inherited.includes(name))) return true;
  const lent = device.status?.rollout?.lent ?? [];
  if (names.some((name) => lent.includes(name))) return true;
  const { attach = [], detach = [], pins = [] } = changeOf(device) ?? {};
  const moves = [...attach, ...detach, ...pins].some((name) => names.includes(name));
  return moves && rejectedBy(cache, device) === undefined;
}

/** Asked only when somebody is a stranger: after a loss of state a Device finds its certificates one call after the other. */
function firstUnknown({ cache, rollout }: Input): Device | undefined {
  for (const object of cache.list('Device', rollout.metadata.namespace) as Iterable<Device>) {
    if (!isManaged(rollout, object) || object.metadata.deletionTimestamp !== undefined) continue;
    const known = object.status?.certificates ?? [];
    const lost = (object.spec.certificates ?? []).some(({ name }) => !known.some((each) => each.name === name));
    if (lost) return object;
  }
  return undefined;
}
