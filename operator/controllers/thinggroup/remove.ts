import type { ThingGroup } from '../../api/thinggroup.gen.ts';
import { terminal, waiting } from '../../runtime/errors.ts';
import { REFERS_TO, referenceKey } from '../external/references.ts';
import type { Scope } from '../external/types.ts';
import { isGroupNeededBack } from '../policyrollout/policies/way-back.ts';
import { groupName, observeGroup } from './observe.ts';

const AGAIN_MS = 10_000;

/** Leaves first: a group with groups below it stays until they are gone, and one with members until nobody names it. */
export async function removeGroup(scope: Scope<ThingGroup>): Promise<void> {
  const thingGroupName = groupName(scope.object);
  const found = await observeGroup(scope);
  if (found === undefined) return;
  if (found.mark !== undefined && found.mark !== scope.mark) {
    throw terminal(
      'OwnedByOther',
      `Thing group ${thingGroupName} is marked as owned by ${found.mark}; it is not deleted. Set deletionPolicy to Retain to let this object go.`,
    );
  }
  refuseWhileReferenced(scope, thingGroupName);
  refuseWhileNeededBack(scope, thingGroupName);
  if (found.query !== undefined) {
    await scope.call('DeleteDynamicThingGroup', { thingGroupName, expectedVersion: found.version });
    return;
  }
  const children = await scope.call('ListThingGroups', {
    parentGroup: thingGroupName,
    recursive: false,
    maxResults: 10,
  });
  const first = children.thingGroups?.[0]?.groupName;
  if (first !== undefined) {
    throw waiting(
      'HasChildren',
      `Thing group ${thingGroupName} is not deleted while ${first} is below it. It is tried again.`,
      AGAIN_MS,
    );
  }
  await refuseWithMembers(scope, thingGroupName, found.policies);
  await scope.call('DeleteThingGroup', { thingGroupName, expectedVersion: found.version });
}

/** Whoever is still in it, by hand or by another tool, would lose what the group gives. */
async function refuseWithMembers(
  scope: Scope<ThingGroup>,
  thingGroupName: string,
  policies: readonly string[],
): Promise<void> {
  if (policies.length === 0) return;
  const { things = [] } = await scope.call('ListThingsInThingGroup', { thingGroupName, maxResults: 1 });
  if (things[0] === undefined) return;
  throw waiting(
    'HasMembers',
    `Thing group ${thingGroupName} is not deleted while ${things[0]} is in it and would lose ${policies.join(', ')}. Take it out, or detach the policies first; it is tried again.`,
    AGAIN_MS,
  );
}

/** Gone, nobody who fails without it could be taken into it again. */
function refuseWhileNeededBack({ object, deps }: Scope<ThingGroup>, group: string): void {
  const { namespace = '' } = object.metadata;
  if (deps.rollouts === undefined || !isGroupNeededBack(deps.cache, { namespace, group })) return;
  throw waiting(
    'NeededBack',
    `A PolicyRollout that is not over took a device out of thing group ${group}, and may have to put it back. It is deleted when that rollout has ended.`,
    AGAIN_MS,
  );
}

function refuseWhileReferenced({ object, deps }: Scope<ThingGroup>, name: string): void {
  const reference = referenceKey('ThingGroup', object.metadata.namespace, object.metadata.name);
  for (const kind of ['Device', 'ThingGroup', 'SecurityProfile']) {
    const user = deps.cache
      .byIndex(kind, REFERS_TO, reference)
      .find(({ metadata }) => metadata.deletionTimestamp === undefined);
    if (user === undefined) continue;
    throw waiting(
      'StillReferenced',
      `Thing group ${name} is not deleted while ${kind} ${user.metadata.name} refers to it. Remove the reference first.`,
    );
  }
}
