import type { CallContext } from '../context.ts';
import { alreadyExists, awsError, invalid } from '../errors.ts';
import { family } from '../operations.ts';
import { parseQuery } from './indexing/query.ts';
import { checkVersion, compact, registryOf, tagAtCreate } from './support.ts';
import { deleteGroup, groupArn, groupNamed, insertGroup, updatedAttributes, updateGroup } from './thing-groups.ts';

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

function dynamicCount(context: CallContext): number {
  let count = 0;
  for (const group of registryOf(context).groups.values()) if (group.query) count++;
  return count;
}

/** Dynamic groups: their members follow a query of the fleet index, and they carry no policies. */
export const dynamicGroups = family('iot', {
  CreateDynamicThingGroup(context, input) {
    const name = input.thingGroupName;
    checkQuery(input.queryString, input.indexName);
    const known = registryOf(context).groups.get(name);
    if (known && known.query?.text !== input.queryString) {
      throw alreadyExists(`Thing group ${name} already exists in account`, name, groupArn(context, name));
    }
    if (!known && dynamicCount(context) >= MAX_DYNAMIC_GROUPS) {
      throw awsError('LimitExceededException', `The account has ${MAX_DYNAMIC_GROUPS} dynamic thing groups`);
    }
    const query = {
      text: input.queryString,
      index: INDEX,
      version: input.queryVersion ?? QUERY_VERSION,
      status: 'ACTIVE',
    };
    tagAtCreate(context, groupArn(context, name), input.tags);
    const group =
      known ??
      insertGroup(context, {
        name,
        query,
        description: input.thingGroupProperties?.thingGroupDescription,
        attributes: input.thingGroupProperties?.attributePayload?.attributes,
      });
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
