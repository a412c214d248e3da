import type { CallContext } from '../../context.ts';
import { awsError, invalid, notFound } from '../../errors.ts';
import { family } from '../../operations.ts';
import { pageOf } from '../../state/paging.ts';
import type { Thing, ThingGroup } from '../../state/registry.ts';
import { compact, registryOf } from '../support.ts';
import { thingNamed } from '../things.ts';
import { connectivityOf, groupLookup, shadowsOf, thingLookup } from './documents.ts';
import { checkFields, managedFields } from './fields.ts';
import { matches } from './match.ts';
import { invalidQuery, parseQuery, type Query } from './query.ts';
import { INDEXING, type Indexing } from './state.ts';

export const THINGS = 'AWS_Things';
const GROUPS = 'AWS_ThingGroups';
const MAX_TERMS = 12;
const MAX_QUERY = 1000;
const MAX_CUSTOM_FIELDS = 5;
const MAX_NAMED_SHADOWS = 10;
const MAX_PAGE = 100;

const indexingOf = (context: CallContext): Indexing => context.slice(INDEXING);

function indexStatus(context: CallContext): 'BUILDING' | 'REBUILDING' | 'ACTIVE' {
  const { buildingUntil, rebuildingUntil } = indexingOf(context);
  if (context.now() < buildingUntil) return 'BUILDING';
  return context.now() < rebuildingUntil ? 'REBUILDING' : 'ACTIVE';
}

function modeOf(context: CallContext, index: string): string {
  const { things, groups } = indexingOf(context);
  const mode =
    index === THINGS ? things.thingIndexingMode : index === GROUPS ? groups.thingGroupIndexingMode : undefined;
  if (mode === undefined || mode === 'OFF') throw notFound(`Index ${index.slice(0, 128)} does not exist`);
  return mode;
}

type Things = Indexing['things'];

function checkThings(context: CallContext, next: Things): void {
  const { things } = indexingOf(context);
  const named = next.filter?.namedShadowNames ?? [];
  if ((next.customFields ?? []).length > MAX_CUSTOM_FIELDS) {
    throw invalid(`The index can have at most ${MAX_CUSTOM_FIELDS} custom fields`);
  }
  if (named.length > MAX_NAMED_SHADOWS) throw invalid(`At most ${MAX_NAMED_SHADOWS} named shadows can be indexed`);
  if (next.thingIndexingMode !== 'OFF' || things.thingIndexingMode === 'OFF') return;
  const dynamic = [...registryOf(context).groups.values()].find((group) => group.query);
  if (dynamic) throw invalid(`Dynamic thing group ${dynamic.name} uses the index; delete it first`);
}

/** Throws when the index does not exist or cannot be queried yet. */
export function readyIndex(context: CallContext, index: string): void {
  modeOf(context, index);
  if (indexStatus(context) === 'BUILDING') throw awsError('IndexNotReadyException', `Index ${index} is being built`);
}

export function checkedQuery(text: string, index = THINGS): Query {
  if (text.length > MAX_QUERY) throw invalidQuery(`A query can have at most ${MAX_QUERY} characters`);
  const { query, terms } = parseQuery(text);
  checkFields(query, text, index === THINGS);
  if (terms > MAX_TERMS) throw invalidQuery(`A query can have at most ${MAX_TERMS} terms`);
  return query;
}

function thingDocument(context: CallContext, thing: Thing) {
  const isConnectivityOn = indexingOf(context).things.thingConnectivityIndexingMode === 'STATUS';
  const shadow = shadowsOf(context, thing);
  const { connected, timestamp, info } = isConnectivityOn
    ? connectivityOf(context, thing)
    : { connected: false, timestamp: undefined, info: undefined };
  return compact({
    thingName: thing.name,
    thingId: thing.id,
    thingTypeName: thing.typeName,
    thingGroupNames: thing.groups.length > 0 ? [...thing.groups] : undefined,
    attributes: { ...thing.attributes },
    shadow: shadow && JSON.stringify(shadow),
    connectivity: isConnectivityOn
      ? compact({ connected, timestamp, disconnectReason: info?.disconnectReason })
      : undefined,
  });
}

const groupDocument = (context: CallContext, group: ThingGroup) =>
  compact({
    thingGroupName: group.name,
    thingGroupId: group.id,
    thingGroupDescription: group.description,
    attributes: { ...group.attributes },
    parentGroupNames: registryOf(context).lineage(group.name).slice(1),
  });

interface Paged {
  readonly token: string | undefined;
  readonly limit: number;
}

/** The thing as the index has it, when the query finds it. */
function found(context: CallContext, query: Query, current: Thing): Thing | undefined {
  const { arriving, indexed } = indexingOf(context);
  const from = arriving.get(current.name);
  if (from !== undefined && context.now() < from) return undefined;
  const thing = { ...current, ...indexed.get(current.name) };
  return matches(query, thingLookup(context, thing)) ? thing : undefined;
}

/** Every thing that the query finds. */
export function* foundThings(context: CallContext, query: Query): Generator<Thing> {
  for (const current of registryOf(context).things.values()) {
    const thing = found(context, query, current);
    if (thing) yield thing;
  }
}

function searchThings(context: CallContext, query: Query, request: Paged) {
  const page = pageOf(registryOf(context).things, request, context.world.paging, (current) => {
    const thing = found(context, query, current);
    return thing && thingDocument(context, thing);
  });
  return compact({ things: page.items, nextToken: page.next });
}

/** Fleet indexing (managing-index, query-syntax). While an index is off it does not exist. */
export const fleetIndexing = family('iot', {
  GetIndexingConfiguration(context) {
    const { things, groups } = indexingOf(context);
    return {
      thingIndexingConfiguration: compact({
        thingConnectivityIndexingMode: 'OFF' as const,
        deviceDefenderIndexingMode: 'OFF' as const,
        namedShadowIndexingMode: 'OFF' as const,
        ...things,
        managedFields: managedFields(things),
      }),
      thingGroupIndexingConfiguration: groups,
    };
  },

  UpdateIndexingConfiguration(context, input) {
    const indexing = indexingOf(context);
    const { thingIndexingConfiguration: things, thingGroupIndexingConfiguration: groups } = input;
    if ((groups?.customFields ?? []).length > MAX_CUSTOM_FIELDS) {
      throw invalid(`The index of groups can have at most ${MAX_CUSTOM_FIELDS} custom fields`);
    }
    if (things) {
      checkThings(context, things);
      const until = context.now() + context.world.delays.build;
      if (!indexing.isOn) indexing.buildingUntil = until;
      else indexing.rebuildingUntil = until;
      indexing.things = things;
    }
    if (groups) indexing.groups = groups;
    context.changed({ kind: 'other', resource: 'indexingconfiguration' });
    return {};
  },

  DescribeIndex(context, input) {
    const mode = modeOf(context, input.indexName);
    const connectivity = indexingOf(context).things.thingConnectivityIndexingMode === 'STATUS';
    const schema = input.indexName === THINGS && connectivity ? `${mode}_AND_CONNECTIVITY_STATUS` : mode;
    return { indexName: input.indexName, indexStatus: indexStatus(context), schema };
  },

  ListIndices(context) {
    const { things, groups } = indexingOf(context);
    const indexNames = [
      ...(things.thingIndexingMode === 'OFF' ? [] : [THINGS]),
      ...(groups.thingGroupIndexingMode === 'ON' ? [GROUPS] : []),
    ];
    return { indexNames };
  },

  SearchIndex(context, input) {
    const index = input.indexName ?? THINGS;
    readyIndex(context, index);
    const query = checkedQuery(input.queryString, index);
    const request = { token: input.nextToken, limit: Math.min(input.maxResults ?? MAX_PAGE, MAX_PAGE) };
    if (index === THINGS) return searchThings(context, query, request);
    const page = pageOf(registryOf(context).groups, request, context.world.paging, (group) =>
      matches(query, groupLookup(context, group)) ? groupDocument(context, group) : undefined,
    );
    return compact({ thingGroups: page.items, nextToken: page.next });
  },

  GetThingConnectivityData(context, input) {
    const thing = thingNamed(context, input.thingName ?? '');
    if (indexingOf(context).things.thingConnectivityIndexingMode !== 'STATUS') {
      throw awsError('IndexNotReadyException', 'Connectivity indexing is not enabled');
    }
    const { connected, timestamp, info } = connectivityOf(context, thing);
    const reason = info?.disconnectReason as 'CLIENT_ERROR' | undefined;
    return compact({
      thingName: thing.name,
      connected,
      timestamp: timestamp === undefined ? undefined : new Date(timestamp),
      disconnectReason: connected ? undefined : reason,
      keepAliveDuration: info?.keepAliveSeconds,
      cleanSession: info?.cleanSession,
      clientId: info?.clientId,
    });
  },
});
