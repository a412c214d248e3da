import type { CallContext } from '../context.ts';
import { invalid } from '../errors.ts';
import { writeLog } from '../signals/v2-logs.ts';
import type { Thing, ThingGroup } from '../state/registry.ts';
import { registryOf } from './support.ts';

const MAX_GROUPS = 10;

/**
 * Adds a thing to a static group. A thing is in at most ten groups, dynamic ones included, and never in two of one
 * hierarchy (https://docs.aws.amazon.com/iot/latest/developerguide/thing-groups.html).
 */
export function joinGroup(context: CallContext, thing: Thing, group: ThingGroup, overrideDynamic: boolean): void {
  if (thing.groups.includes(group.name)) return;
  const registry = registryOf(context);
  const root = registry.rootOf(group.name);
  const relative = thing.groups.find((name) => registry.rootOf(name) === root);
  if (relative !== undefined) {
    throw invalid(
      `Thing ${thing.name} is already in group ${relative}, which is in the same hierarchy as ${group.name}`,
    );
  }
  const evicted = thing.groups.length >= MAX_GROUPS ? roomIn(context, thing, overrideDynamic) : undefined;
  addMember(context, thing, group);
  if (evicted === undefined) return;
  // Only now: a dynamic group takes a thing back as soon as there is room for it.
  leaveGroup(context, thing, evicted);
  noteFull(context, thing, evicted);
}

/** The dynamic group that a thing leaves for a static one. */
function roomIn(context: CallContext, thing: Thing, overrideDynamic: boolean): string {
  const registry = registryOf(context);
  const newestDynamic = thing.groups
    .map((name) => registry.groups.get(name))
    .filter((group) => group?.query !== undefined)
    .sort((a, b) => (b?.createdAt ?? 0) - (a?.createdAt ?? 0))[0];
  if (!overrideDynamic || !newestDynamic) {
    throw invalid(`Thing ${thing.name} is already in ${MAX_GROUPS} groups`);
  }
  return newestDynamic.name;
}

/** A thing that its dynamic group cannot have: it is in ten groups (dynamic-thing-groups). */
export function noteFull({ scope, world }: CallContext, thing: Thing, groupName: string): void {
  const reason = `The thing belongs to ${MAX_GROUPS} groups.`;
  writeLog(
    { scope, world, groups: () => thing.groups },
    {
      level: 'ERROR',
      eventType: 'AddThingToDynamicThingGroupsFailed',
      ok: false,
      who: { thingName: thing.name },
      fields: { dynamicThingGroupNames: [groupName], reason },
    },
  );
}

/** Makes the membership without any check; dynamic groups are filled through this. */
export function addMember(context: CallContext, thing: Thing, group: ThingGroup): void {
  group.things.set(thing.name, true);
  thing.groups = [...thing.groups, group.name];
  announce(context, thing, group, true);
}

export function leaveGroup(context: CallContext, thing: Thing, groupName: string): void {
  if (!thing.groups.includes(groupName)) return;
  thing.groups = thing.groups.filter((name) => name !== groupName);
  const group = registryOf(context).groups.get(groupName);
  group?.things.delete(thing.name);
  if (group) announce(context, thing, group, false);
}

function announce(context: CallContext, thing: Thing, group: ThingGroup, added: boolean): void {
  context.changed({
    kind: 'membership',
    groupName: group.name,
    groupId: group.id,
    thingName: thing.name,
    thingId: thing.id,
    added,
  });
}
