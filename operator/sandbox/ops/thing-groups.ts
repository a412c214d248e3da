import type { CallContext } from '../context.ts';
import { alreadyExists, invalid, notFound } from '../errors.ts';
import { family } from '../operations.ts';
import { uuid } from '../state/ids.ts';
import { LIST_LAG } from '../state/lag.ts';
import { pageOf } from '../state/paging.ts';
import type { Attributes, ThingGroup } from '../state/registry.ts';
import { SequencedMap } from '../state/sequenced.ts';
import { TAGS } from '../state/tags.ts';
import {
  checkNewTags,
  checkVersion,
  compact,
  identityOf,
  registryOf,
  sameRecord,
  sameTags,
  tagAtCreate,
} from './support.ts';
import { mergeAttributes } from './things.ts';

const MAX_DEPTH = 7;
const MAX_CHILDREN = 100;
const MAX_ATTRIBUTES = 50;

export const groupArn = (context: CallContext, name: string): string => context.arn(`thinggroup/${name}`);

export function groupNamed(context: CallContext, name: string): ThingGroup {
  const group = registryOf(context).groups.get(name);
  if (!group) throw notFound(`Thing group ${name} not found`);
  return group;
}

export interface NewGroup {
  readonly name: string;
  readonly parent?: string | undefined;
  readonly description?: string | undefined;
  readonly attributes?: Attributes | undefined;
  readonly query?: ThingGroup['query'];
}

/** Puts a group into the registry after every check; the caller has handled an existing one. */
export function insertGroup(context: CallContext, given: NewGroup): ThingGroup {
  const registry = registryOf(context);
  const parent = given.parent === undefined ? undefined : groupNamed(context, given.parent);
  if (parent?.query) throw invalid(`The dynamic thing group ${parent.name} cannot have child groups`);
  if (parent && registry.lineage(parent.name).length >= MAX_DEPTH) {
    throw invalid(`A group hierarchy can be at most ${MAX_DEPTH} levels deep`);
  }
  if (parent && parent.children.size >= MAX_CHILDREN) {
    throw invalid(`Thing group ${parent.name} already has ${MAX_CHILDREN} child groups`);
  }
  const attributes = checked(mergeAttributes({}, given.attributes ?? {}));
  const group: ThingGroup = {
    name: given.name,
    id: uuid(context.world.random),
    createdAt: context.now(),
    parent: given.parent,
    children: new Set(),
    things: new SequencedMap(),
    description: given.description,
    attributes,
    version: 1,
    query: given.query,
  };
  registry.groups.set(group.name, group);
  parent?.children.add(group.name);
  context.slice(LIST_LAG).note('groups', group.name, true, context.now());
  context.changed({ kind: 'thing-group', operation: 'CREATED', groupName: group.name, groupId: group.id });
  if (parent) announceHierarchy(context, parent, group, true);
  return group;
}

/** Removes a group with its memberships and policy attachments; a missing group is no error. */
export function deleteGroup(context: CallContext, name: string, expected: number | undefined, dynamic: boolean): void {
  const registry = registryOf(context);
  const group = registry.groups.get(name);
  if (!group) return;
  if ((group.query !== undefined) !== dynamic) throw invalid(wrongKind(group));
  checkVersion(expected, group.version, `thing group ${name}`);
  if (group.children.size > 0) {
    throw invalid(
      `Cannot delete thing group ${name} when there are still child groups attached to it: ${[...group.children].join(', ')}`,
    );
  }
  for (const thingName of group.things.keys()) {
    const thing = registry.things.get(thingName);
    if (thing) thing.groups = thing.groups.filter((g) => g !== name);
    context.slice(LIST_LAG).note(`groups-of/${thingName}`, name, false, context.now());
  }
  dropLinks(context, groupArn(context, name));
  const parent = group.parent === undefined ? undefined : registry.groups.get(group.parent);
  parent?.children.delete(name);
  registry.groups.delete(name);
  context.slice(LIST_LAG).note('groups', name, false, context.now());
  context.changed({ kind: 'thing-group', operation: 'DELETED', groupName: name, groupId: group.id });
  if (parent) announceHierarchy(context, parent, group, false);
}

function announceHierarchy(context: CallContext, parent: ThingGroup, group: ThingGroup, added: boolean): void {
  const ends = { parentName: parent.name, parentId: parent.id, groupName: group.name, groupId: group.id };
  context.changed({ kind: 'hierarchy', ...ends, added });
}

function dropLinks(context: CallContext, arn: string): void {
  const identity = identityOf(context);
  for (const policyName of identity.links(arn).policies) {
    identity.policies.get(policyName)?.targets.delete(arn);
    context.changed({ kind: 'policy-attachment', policyName, target: arn, attached: false });
  }
  identity.setPolicies(arn, []);
  context.slice(TAGS).drop(arn);
}

const wrongKind = (group: ThingGroup) =>
  group.query ? `Thing group ${group.name} is a dynamic group` : `Thing group ${group.name} is not a dynamic group`;

export interface GroupProperties {
  readonly thingGroupDescription?: string | undefined;
  readonly attributePayload?:
    | { readonly attributes?: Attributes | undefined; readonly merge?: boolean | undefined }
    | undefined;
}

/** The group's attributes after an update; throws when there are too many. */
export function updatedAttributes(group: ThingGroup, properties: GroupProperties | undefined): Attributes {
  const { attributes, merge } = properties?.attributePayload ?? {};
  return attributes ? checked(mergeAttributes(merge ? group.attributes : {}, attributes)) : group.attributes;
}

function checked(attributes: Attributes): Attributes {
  if (Object.keys(attributes).length <= MAX_ATTRIBUTES) return attributes;
  throw invalid(`A thing group can have at most ${MAX_ATTRIBUTES} attributes`);
}

export function updateGroup(context: CallContext, group: ThingGroup, properties: GroupProperties | undefined): void {
  group.attributes = updatedAttributes(group, properties);
  if (properties?.thingGroupDescription !== undefined) group.description = properties.thingGroupDescription;
  group.version++;
  context.changed({ kind: 'thing-group', operation: 'UPDATED', groupName: group.name, groupId: group.id });
}

export const nameAndArn = (context: CallContext, name: string) => ({
  groupName: name,
  groupArn: groupArn(context, name),
});

function describeGroup(context: CallContext, group: ThingGroup) {
  const ancestors = registryOf(context).lineage(group.name).slice(1).reverse();
  return compact({
    thingGroupName: group.name,
    thingGroupId: group.id,
    thingGroupArn: groupArn(context, group.name),
    version: group.version,
    thingGroupProperties: compact({
      thingGroupDescription: group.description,
      attributePayload: { attributes: { ...group.attributes } },
    }),
    thingGroupMetadata: compact({
      parentGroupName: group.parent,
      rootToParentThingGroups: ancestors.length > 0 ? ancestors.map((name) => nameAndArn(context, name)) : undefined,
      creationDate: new Date(group.createdAt),
    }),
    indexName: group.query?.index,
    queryString: group.query?.text,
    queryVersion: group.query?.version,
    status: group.query?.status as 'ACTIVE' | 'BUILDING' | 'REBUILDING' | undefined,
  });
}

interface ListFilter {
  readonly parentGroup?: string | undefined;
  readonly namePrefixFilter?: string | undefined;
  readonly recursive?: boolean | undefined;
}

function listed(context: CallContext, group: ThingGroup, filter: ListFilter): boolean {
  if (!group.name.startsWith(filter.namePrefixFilter ?? '')) return false;
  if (filter.parentGroup === undefined) return filter.recursive !== false || group.parent === undefined;
  if (filter.recursive) return registryOf(context).lineage(group.name).slice(1).includes(filter.parentGroup);
  return group.parent === filter.parentGroup;
}

export const thingGroups = family('iot', {
  CreateThingGroup(context, input) {
    const name = input.thingGroupName;
    const properties = input.thingGroupProperties;
    const attributes = mergeAttributes({}, properties?.attributePayload?.attributes ?? {});
    const description = properties?.thingGroupDescription;
    let group = registryOf(context).groups.get(name);
    if (group) {
      const same =
        !group.query &&
        group.parent === input.parentGroupName &&
        group.description === description &&
        sameRecord(group.attributes, attributes) &&
        sameTags(context, groupArn(context, name), input.tags);
      if (!same) {
        const message = `Thing Group ${name} already exists in current account with different properties.`;
        throw alreadyExists(message, name, groupArn(context, name));
      }
    } else {
      checkNewTags(input.tags);
      group = insertGroup(context, { name, parent: input.parentGroupName, description, attributes });
      tagAtCreate(context, groupArn(context, name), input.tags);
    }
    return { thingGroupName: name, thingGroupArn: groupArn(context, name), thingGroupId: group.id };
  },

  DescribeThingGroup: (context, input) => describeGroup(context, groupNamed(context, input.thingGroupName)),

  UpdateThingGroup(context, input) {
    const group = groupNamed(context, input.thingGroupName);
    if (group.query) throw invalid(wrongKind(group));
    checkVersion(input.expectedVersion, group.version, `thing group ${group.name}`);
    updateGroup(context, group, input.thingGroupProperties);
    return { version: group.version };
  },

  DeleteThingGroup(context, input) {
    deleteGroup(context, input.thingGroupName, input.expectedVersion, false);
    return {};
  },

  ListThingGroups(context, input) {
    if (input.parentGroup !== undefined) groupNamed(context, input.parentGroup);
    const lag = context.slice(LIST_LAG);
    const page = pageOf(
      registryOf(context).groups,
      { token: input.nextToken, limit: input.maxResults ?? 25 },
      context.world.paging,
      (group) =>
        listed(context, group, input) &&
        !lag.hidden('groups', group.name, context.now(), context.world.delays.groupLists)
          ? nameAndArn(context, group.name)
          : undefined,
    );
    return compact({ thingGroups: page.items, nextToken: page.next });
  },
});
