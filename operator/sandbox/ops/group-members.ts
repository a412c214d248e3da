import type { CallContext } from '../context.ts';
import { invalid, notFound } from '../errors.ts';
import { family } from '../operations.ts';
import { LIST_LAG } from '../state/lag.ts';
import { pageOf, pageOfList } from '../state/paging.ts';
import type { Thing, ThingGroup } from '../state/registry.ts';
import { checkJoin, joinGroup, leaveGroup } from './membership.ts';
import { compact, registryOf } from './support.ts';
import { groupNamed, nameAndArn } from './thing-groups.ts';
import { thingNamed } from './things.ts';

interface Names {
  readonly thingGroupName?: string | undefined;
  readonly thingGroupArn?: string | undefined;
  readonly thingName?: string | undefined;
  readonly thingArn?: string | undefined;
}

function resolve(context: CallContext, input: Names): { thing: Thing; group: ThingGroup } {
  const groupName = input.thingGroupName ?? input.thingGroupArn?.split('/').at(-1);
  const thingName = input.thingName ?? input.thingArn?.split('/').at(-1);
  if (groupName === undefined || thingName === undefined) throw invalid('A thing group and a thing must be given');
  const group = groupNamed(context, groupName);
  if (group.query) throw invalid(`Things join the dynamic thing group ${groupName} by its query only`);
  return { group, thing: thingNamed(context, thingName) };
}

function note(context: CallContext, thing: Thing, group: string, added: boolean): void {
  context.slice(LIST_LAG).note(`things/${group}`, thing.name, added, context.now());
}

/** Members of a group; `recursive` adds those of its descendants. */
function members(context: CallContext, group: ThingGroup): string[] {
  const registry = registryOf(context);
  const names = [...group.things.keys()];
  for (const child of group.children) {
    const below = registry.groups.get(child);
    if (below) names.push(...members(context, below));
  }
  return [...new Set(names)];
}

export const groupMembers = family('iot', {
  AddThingToThingGroup(context, input) {
    const { thing, group } = resolve(context, input);
    if (thing.groups.includes(group.name)) return {};
    joinGroup(context, thing, group, input.overrideDynamicGroups ?? false);
    note(context, thing, group.name, true);
    return {};
  },

  RemoveThingFromThingGroup(context, input) {
    const { thing, group } = resolve(context, input);
    if (!thing.groups.includes(group.name)) return {};
    leaveGroup(context, thing, group.name);
    note(context, thing, group.name, false);
    return {};
  },

  UpdateThingGroupsForThing(context, input) {
    if (input.thingName === undefined) throw invalid('thingName must be given');
    const thing = thingNamed(context, input.thingName);
    const adding = (input.thingGroupsToAdd ?? []).map(
      (name) => resolve(context, { ...input, thingGroupName: name }).group,
    );
    const removing = input.thingGroupsToRemove ?? [];
    for (const name of removing) groupNamed(context, name);
    const overrideDynamic = input.overrideDynamicGroups ?? false;
    // All or nothing: a thing must not be left without its old group because the new one cannot take it.
    const after = thing.groups.filter((name) => !removing.includes(name));
    for (const group of adding) {
      if (after.includes(group.name)) continue;
      const evicted = checkJoin(context, thing.name, after, { group, overrideDynamic });
      if (evicted !== undefined) after.splice(after.indexOf(evicted), 1);
      after.push(group.name);
    }
    for (const name of removing) {
      if (!thing.groups.includes(name)) continue;
      leaveGroup(context, thing, name);
      note(context, thing, name, false);
    }
    for (const group of adding) {
      joinGroup(context, thing, group, overrideDynamic);
      note(context, thing, group.name, true);
    }
    return {};
  },

  ListThingsInThingGroup(context, input) {
    const group = groupNamed(context, input.thingGroupName);
    const request = { token: input.nextToken, limit: input.maxResults ?? 25 };
    if (input.recursive) {
      const page = pageOfList(members(context, group), request, context.world.paging);
      return compact({ things: page.items, nextToken: page.next });
    }
    const lag = context.slice(LIST_LAG);
    const list = `things/${group.name}`;
    const { groupLists } = context.world.delays;
    const page = pageOf(group.things, request, context.world.paging, (_, name) =>
      lag.hidden(list, name, context.now(), groupLists) ? undefined : name,
    );
    const ghosts = page.next === undefined ? lag.ghosts(list, context.now(), groupLists) : [];
    return compact({ things: [...page.items, ...ghosts], nextToken: page.next });
  },

  ListThingGroupsForThing(context, input) {
    const thing = registryOf(context).things.get(input.thingName);
    if (!thing) throw notFound(`Thing ${input.thingName} not found`);
    const request = { token: input.nextToken, limit: input.maxResults ?? 25 };
    // A group that was deleted a moment ago may still be in the list (thing-groups).
    const ghosts = context
      .slice(LIST_LAG)
      .ghosts(`groups-of/${thing.name}`, context.now(), context.world.delays.groupLists);
    const names = [...new Set([...thing.groups, ...ghosts])];
    const page = pageOfList(names, request, context.world.paging);
    return compact({ thingGroups: page.items.map((name) => nameAndArn(context, name)), nextToken: page.next });
  },
});
