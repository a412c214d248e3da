import type { CallContext } from '../context.ts';
import { alreadyExists, awsError, invalid, notFound } from '../errors.ts';
import { family, type Input } from '../operations.ts';
import type { ThingGroup } from '../state/registry.ts';
import { parseQuery } from './indexing/query.ts';
import { INDEXING } from './indexing/state.ts';
import { checkNewTags, checkVersion, compact, registryOf, sameRecord, sameTags, tagAtCreate } from './support.ts';
import { deleteGroup, groupArn, groupNamed, insertGroup, updatedAttributes, updateGroup } from './thing-groups.ts';
import { mergeAttributes } from './things.ts';

type Given = Input<'iot', 'CreateDynamicThingGroup'>;

const MAX_DYNAMIC_GROUPS = 100;
const MAX_TERMS = 5;
const INDEX = 'AWS_Things';
const QUERY_VERSION = '2017-09-30';

function checkQuery(text: string, index: string | undefined): void {
  if (index !== undefined && index !== INDEX) throw awsError('ResourceNotFoundException', `Index ${index} not found`);
  if (text.trim() === '') throw awsError('InvalidQueryException', 'The query string must not be empty');
  if (text.length > 1000) throw awsError('InvalidQueryException', 'The query string exceeds 1000 characters');
  const { terms } = parseQuery(text);
  if (terms > MAX_TERMS)
    throw awsError('InvalidQueryException', `A dynamic group's query has at most ${MAX_TERMS} terms`);
}

/** "You must enable fleet indexing to use them" (dynamic-thing-groups); the page does not say by which error. */
function checkIndex(context: CallContext): void {
  if (context.world.switches.dynamicGroupsNeedIndex && !context.slice(INDEXING).isOn) {
    throw notFound(`Index ${INDEX} does not exist: dynamic thing groups need fleet indexing of things`);
  }
}

function isSame(context: CallContext, known: ThingGroup, input: Given): boolean {
  const properties = input.thingGroupProperties;
  return (
    context.world.switches.dynamicGroupCreateRepeats &&
    known.query?.text === input.queryString &&
    known.description === properties?.thingGroupDescription &&
    sameRecord(known.attributes, mergeAttributes({}, properties?.attributePayload?.attributes ?? {})) &&
    sameTags(context, groupArn(context, known.name), input.tags)
  );
}

function dynamicCount(context: CallContext): number {
  let count = 0;
  for (const group of registryOf(context).groups.values()) if (group.query) count++;
  return count;
}

function insert(context: CallContext, input: Given, query: NonNullable<ThingGroup['query']>): ThingGroup {
  const name = input.thingGroupName;
  checkIndex(context);
  if (dynamicCount(context) >= MAX_DYNAMIC_GROUPS) {
    throw awsError('LimitExceededException', `The account has ${MAX_DYNAMIC_GROUPS} dynamic thing groups`);
  }
  checkNewTags(input.tags);
  const { thingGroupDescription: description, attributePayload } = input.thingGroupProperties ?? {};
  const group = insertGroup(context, { name, query, description, attributes: attributePayload?.attributes });
  tagAtCreate(context, groupArn(context, name), input.tags);
  return group;
}

/** Dynamic groups: their members follow a query of the fleet index, and they carry no policies. */
export const dynamicGroups = family('iot', {
  CreateDynamicThingGroup(context, input) {
    const name = input.thingGroupName;
    checkQuery(input.queryString, input.indexName);
    const known = registryOf(context).groups.get(name);
    if (known && !isSame(context, known, input)) {
      throw alreadyExists(`Thing group ${name} already exists in account`, name, groupArn(context, name));
    }
    const query = {
      text: input.queryString,
      index: INDEX,
      version: input.queryVersion ?? QUERY_VERSION,
      status: 'ACTIVE',
    };
    const group = known ?? insert(context, input, query);
    return {
      thingGroupName: name,
      thingGroupArn: groupArn(context, name),
      thingGroupId: group.id,
      indexName: INDEX,
      queryString: input.queryString,
      queryVersion: query.version,
    };
  },

  UpdateDynamicThingGroup(context, input) {
    const group = groupNamed(context, input.thingGroupName);
    if (!group.query) throw invalid(`Thing group ${group.name} is not a dynamic group`);
    checkVersion(input.expectedVersion, group.version, `thing group ${group.name}`);
    updatedAttributes(group, input.thingGroupProperties);
    if (input.queryString !== undefined) {
      checkQuery(input.queryString, input.indexName);
      group.query = { ...group.query, text: input.queryString, version: input.queryVersion ?? group.query.version };
    }
    updateGroup(context, group, input.thingGroupProperties);
    return compact({ version: group.version });
  },

  DeleteDynamicThingGroup(context, input) {
    deleteGroup(context, input.thingGroupName, input.expectedVersion, true);
    return {};
  },
});
