import type { CallContext } from '../../context.ts';
import { alreadyExists, awsError, invalid, notFound } from '../../errors.ts';
import { family } from '../../operations.ts';
import { pageOf } from '../../state/paging.ts';
import { SETTINGS } from '../../state/settings.ts';
import { TAGS } from '../../state/tags.ts';
import { compact, tagAtCreate } from '../support.ts';
import { DEFENDER, type Dimension } from './state.ts';

const MAX_DIMENSIONS = 10;

const tableOf = (context: CallContext) => context.slice(DEFENDER).dimensions;
const arnOf = (context: CallContext, name: string) => context.arn(`dimension/${name}`);
const changed = (context: CallContext, name: string) =>
  context.changed({ kind: 'other', resource: arnOf(context, name) });

function dimensionNamed(context: CallContext, name: string): Dimension {
  const dimension = tableOf(context).get(name);
  if (!dimension) throw notFound(`Dimension ${name} not found`);
  return dimension;
}

const describe = (context: CallContext, dimension: Dimension) => ({
  name: dimension.name,
  arn: arnOf(context, dimension.name),
  type: dimension.type,
  stringValues: dimension.values,
  creationDate: new Date(dimension.createdAt),
  lastModifiedDate: new Date(dimension.modifiedAt),
});

function userOf(context: CallContext, name: string): string | undefined {
  for (const profile of context.slice(SETTINGS).securityProfiles.values()) {
    const entries = [...profile.behaviors, ...(profile.metricsV2 ?? [])];
    if (entries.some((entry) => entry.metricDimension?.dimensionName === name)) return profile.name;
  }
  return undefined;
}

/** Dimensions (API_CreateDimension): the type never changes, the values do. */
export const dimensions = family('iot', {
  CreateDimension(context, input) {
    const { name, type, stringValues: values } = input;
    const arn = arnOf(context, name);
    const table = tableOf(context);
    // The page names a repeat with the same token an error too: clients describe and compare.
    if (table.has(name)) throw alreadyExists(`Dimension ${name} already exists`, name, arn);
    if (table.size >= MAX_DIMENSIONS) {
      throw awsError('LimitExceededException', `The account has ${MAX_DIMENSIONS} dimensions`);
    }
    tagAtCreate(context, arn, input.tags);
    const now = context.now();
    table.set(name, { name, type, values, createdAt: now, modifiedAt: now });
    changed(context, name);
    return { name, arn };
  },

  DescribeDimension: (context, input) => describe(context, dimensionNamed(context, input.name)),

  UpdateDimension(context, input) {
    const dimension = dimensionNamed(context, input.name);
    dimension.values = input.stringValues;
    dimension.modifiedAt = context.now();
    changed(context, dimension.name);
    return describe(context, dimension);
  },

  DeleteDimension(context, input) {
    if (!tableOf(context).has(input.name)) return {};
    const user = userOf(context, input.name);
    if (user !== undefined) throw invalid(`Dimension ${input.name} is used by security profile ${user}`);
    tableOf(context).delete(input.name);
    context.slice(TAGS).drop(arnOf(context, input.name));
    changed(context, input.name);
    return {};
  },

  ListDimensions(context, input) {
    const request = { token: input.nextToken, limit: input.maxResults ?? 25 };
    const page = pageOf(tableOf(context), request, context.world.paging, ({ name }) => name);
    return compact({ dimensionNames: page.items, nextToken: page.next });
  },
});
