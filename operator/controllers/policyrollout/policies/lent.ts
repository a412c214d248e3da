import type { IoTPolicy } from '../../../api/iotpolicy.gen.ts';
import type { ThingGroup } from '../../../api/thinggroup.gen.ts';
import { standsFor } from '../../../rollout/names.ts';
import type { Cache } from '../../../runtime/reconciler.ts';
import { isSettled } from '../../external/progress.ts';
import { declaredName } from '../../iotpolicy/names.ts';

/**
 * A thing group that carries the policy and gets other policies, at this moment or as soon as the rollout that moves its members
 * has ended: they have it on loan until that is done.
 */
export function lendingGroup(cache: Cache, policy: IoTPolicy): ThingGroup | undefined {
  return groupsOf(cache, policy).find((group) => isChanging(group, policy) || isAboutToDrop(group, policy));
}

/** Whether a thing group is to lose the policy and has not begun: as long as it waits for a rollout, nobody can be moved by that one. */
export function isWaitedFor(cache: Cache, policy: IoTPolicy): boolean {
  return groupsOf(cache, policy).some((group) => isAboutToDrop(group, policy));
}

function groupsOf(cache: Cache, { metadata }: IoTPolicy): readonly ThingGroup[] {
  return [...(cache.list('ThingGroup', metadata.namespace) as Iterable<ThingGroup>)];
}

function isChanging(group: ThingGroup, policy: IoTPolicy): boolean {
  const { pendingChange } = group.status ?? {};
  if (pendingChange === undefined) return false;
  const changes = [...(pendingChange.attach ?? []), ...(pendingChange.detach ?? [])];
  return refersTo(group, policy) || changes.includes(declaredName(policy));
}

/** What others attached stays: only what a spec has ceased to name is on its way out. */
function isAboutToDrop(group: ThingGroup, policy: IoTPolicy): boolean {
  const { spec, status } = group;
  if (spec.managementPolicy !== 'Manage' || spec.accountRef.name !== policy.spec.accountRef.name) return false;
  if (refersTo(group, policy) || isSettled(group)) return false;
  const name = declaredName(policy);
  return (status?.policies ?? []).some((carried) => standsFor(carried) === name);
}

function refersTo({ spec }: ThingGroup, { metadata }: IoTPolicy): boolean {
  return (spec.policyRefs ?? []).some(({ name }) => name === metadata.name);
}
