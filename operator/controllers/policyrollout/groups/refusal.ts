import type { Device } from '../../../api/device.gen.ts';
import type { PolicyRollout } from '../../../api/policyrollout.gen.ts';
import type { ThingGroup } from '../../../api/thinggroup.gen.ts';
import type { Family } from '../../../rollout/family.ts';
import { GROUP_SLOTS } from '../../../rollout/group.ts';
import type { Cache } from '../../../runtime/reconciler.ts';
import type { AccountSession } from '../../awsaccount/accounts.ts';
import { AWS_NAME } from '../../external/claim.ts';
import { REFERS_TO, referenceKey } from '../../external/references.ts';
import { groupName } from '../../thinggroup/observe.ts';
import { deviceOf } from './members.ts';
import type { GroupsView, GroupTarget } from './targets.ts';

export interface RefusalInput {
  readonly cache: Cache;
  readonly session: AccountSession;
  readonly rollout: PolicyRollout;
  readonly families: readonly Family[];
  readonly devices: readonly Device[];
  readonly groups: GroupsView;
}

interface Refusal {
  readonly reason: string;
  readonly why: string;
}

/** AWS keeps the records of this many groups in the status of a rollout. */
const MOST_GROUPS = 50;

/** Why the thing groups that carry the policies cannot be handed over. */
export function groupRefusal(input: RefusalInput): Refusal | undefined {
  const { targets } = input.groups;
  if (targets.length > MOST_GROUPS) {
    const why = `${targets.length} thing groups carry the policy, and a rollout hands over at most ${MOST_GROUPS}; attach it to a group above them`;
    return { reason: 'GroupTargets', why };
  }
  for (const target of targets) {
    const found =
      unmanaged(input, target) ?? stray(input, target) ?? full(input, target) ?? foreignMember(input, target);
    if (found !== undefined) return found;
  }
  return undefined;
}

function unmanaged({ cache, rollout }: RefusalInput, { name }: GroupTarget): Refusal | undefined {
  const object = objectOf(cache, rollout, name);
  if (object === undefined || object.spec.managementPolicy !== 'Manage') {
    const why = `thing group ${name} carries the policy and no ThingGroup manages it, so its members cannot be moved one by one; make a ThingGroup for it that refers to the policy, or detach the policy there`;
    return { reason: 'GroupTargets', why };
  }
  if (object.status?.pendingChange === undefined || rollout.status?.startedAt !== undefined) return undefined;
  const why = `thing group ${name} gets other policies at this moment; the rollout starts when that is done`;
  return { reason: 'GroupTargets', why };
}

/** Attached to the group by others, which its object does not take back: neither it nor its members would ever be moved. */
function stray({ cache, rollout, families }: RefusalInput, { name, attached }: GroupTarget): Refusal | undefined {
  const object = objectOf(cache, rollout, name);
  if (object === undefined || rollout.status?.startedAt !== undefined) return undefined;
  const referred = new Set((object.spec.policyRefs ?? []).map((reference) => reference.name));
  for (const { declared, names } of families) {
    const policy = rollout.spec.policies.find(({ policyName }) => policyName === declared);
    if (policy === undefined || referred.has(policy.name) || !names.some((each) => attached.has(each))) continue;
    const why = `policy ${declared} is attached to thing group ${name}, whose ThingGroup does not refer to it, so its members cannot be moved one by one; add it to its policyRefs or detach it there`;
    return { reason: 'GroupTargets', why };
  }
  return undefined;
}

function full({ families }: RefusalInput, { name, attached }: GroupTarget): Refusal | undefined {
  const here = families.filter(({ names }) => names.some((each) => attached.has(each)));
  const more = here.filter(({ candidate }) => !attached.has(candidate)).length;
  // Of several names of one policy all but one go first.
  const spare = here.reduce((sum, { names, candidate }) => {
    const carried = names.filter((each) => each !== candidate && attached.has(each)).length;
    return sum + Math.max(0, carried - 1);
  }, 0);
  if (attached.size + more - spare <= GROUP_SLOTS) return undefined;
  const why = `thing group ${name} carries ${attached.size} of ${GROUP_SLOTS} policies and needs ${more} more for a while; take one off, or reference it from the Devices`;
  return { reason: 'NoPolicySlot', why };
}

/** Asked until the rollout has begun; later the members are listed before each call. */
function foreignMember(input: RefusalInput, { name }: GroupTarget): Refusal | undefined {
  const { cache, session, rollout, devices } = input;
  if (rollout.status?.startedAt !== undefined) return undefined;
  const known = new Set(devices.map(({ metadata }) => metadata.name));
  for (const group of below(cache, rollout, name)) {
    for (const thing of session.snapshot.members.from(group)) {
      const device = deviceOf({ deps: { cache }, rollout }, thing);
      if (device === undefined) {
        const why = `${thing} in thing group ${group} is no Device of this account, so it would lose or gain rights with the group; make a Device for it, or take it out`;
        return { reason: 'ForeignMembers', why };
      }
      const bare = (device.status?.certificates ?? []).every(({ certificateId }) => certificateId === undefined);
      if (bare || known.has(device.metadata.name)) continue;
      const why = `Device ${device.metadata.name} is in thing group ${group} although it does not name it; add the group to its groupRefs, or take it out`;
      return { reason: 'ForeignMembers', why };
    }
  }
  return undefined;
}

function objectOf(cache: Cache, { metadata, spec }: PolicyRollout, name: string): ThingGroup | undefined {
  const found = cache.byIndex('ThingGroup', AWS_NAME, name) as readonly ThingGroup[];
  return found.find(
    (group) => group.metadata.namespace === metadata.namespace && group.spec.accountRef.name === spec.accountRef.name,
  );
}

/** The group and all below it, by their names in AWS. */
function below(cache: Cache, rollout: PolicyRollout, name: string, seen = new Set<string>()): ReadonlySet<string> {
  if (seen.has(name)) return seen;
  seen.add(name);
  const object = objectOf(cache, rollout, name);
  if (object === undefined) return seen;
  const key = referenceKey('ThingGroup', object.metadata.namespace, object.metadata.name);
  for (const child of cache.byIndex('ThingGroup', REFERS_TO, key) as readonly ThingGroup[]) {
    if (child.spec.parentRef?.name === object.metadata.name) below(cache, rollout, groupName(child), seen);
  }
  return seen;
}
