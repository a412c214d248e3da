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
  const evicted = checkJoin(context, thing.name, thing.groups, { group, overrideDynamic });
  addMember(context, thing, group);
  if (evicted === undefined) return;
  // Only now: a dynamic group takes a thing back as soon as there is room for it.
  leaveGroup(context, thing, evicted);
  noteFull(context, thing, evicted);
}

/** Throws when a thing in these groups cannot join; answers the dynamic group that it would leave for the static one. */
export function checkJoin(
  context: CallContext,
  thingName: string,
  groups: readonly string[],
  { group, overrideDynamic }: { readonly group: ThingGroup; readonly overrideDynamic: boolean },
): string | undefined {
  const registry = registryOf(context);
  const root = registry.rootOf(group.name);
  const relative = groups.find((name) => registry.rootOf(name) === root);
  if (relative !== undefined) {
    throw invalid(
      `Thing ${thingName} is already in group ${relative}, which is in the same hierarchy as ${group.name}`,
    );
  }
  if (groups.length < MAX_GROUPS) return undefined;
  const newestDynamic = groups
    .map((name) => registry.groups.get(name))
    .filter((known) => known?.query !== undefined)
    .sort((a, b) => (b?.createdAt ?? 0) - (a?.createdAt ?? 0))[0];
  if (overrideDynamic && newestDynamic) return newestDynamic.name;
  throw invalid(`Thing ${thingName} is already in ${MAX_GROUPS} groups`);
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
