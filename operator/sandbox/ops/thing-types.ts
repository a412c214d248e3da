import { isDeepStrictEqual } from 'node:util';
import type { ThingTypeProperties } from '@aws-sdk/client-iot';
import type { CallContext } from '../context.ts';
import { alreadyExists, invalid, notFound } from '../errors.ts';
import { family } from '../operations.ts';
import { uuid } from '../state/ids.ts';
import { pageOf } from '../state/paging.ts';
import type { ThingType } from '../state/registry.ts';
import { TAGS } from '../state/tags.ts';
import { compact, registryOf, sameTags, tagAtCreate } from './support.ts';

const MAX_SEARCHABLE = 3;
const MAX_PROPAGATING = 20;

const arnOf = (context: CallContext, name: string) => context.arn(`thingtype/${name}`);

function typeNamed(context: CallContext, name: string): ThingType {
  const type = registryOf(context).types.get(name);
  if (!type) throw notFound(`Thing type ${name} not found`);
  return type;
}

function describe(type: ThingType) {
  return {
    thingTypeProperties: compact({
      thingTypeDescription: type.description,
      searchableAttributes: [...type.searchableAttributes],
      mqtt5Configuration: type.mqtt5 as undefined,
    }),
    thingTypeMetadata: compact({
      deprecated: type.deprecatedAt !== undefined,
      deprecationDate: type.deprecatedAt === undefined ? undefined : new Date(type.deprecatedAt),
      creationDate: new Date(type.createdAt),
    }),
  };
}

const sameList = (a: readonly string[], b: readonly string[]) =>
  a.length === b.length && a.every((entry) => b.includes(entry));

function checkProperties(properties: ThingTypeProperties | undefined): void {
  if ((properties?.searchableAttributes ?? []).length > MAX_SEARCHABLE) {
    throw invalid(`A thing type can have at most ${MAX_SEARCHABLE} searchable attributes`);
  }
  if ((properties?.mqtt5Configuration?.propagatingAttributes ?? []).length > MAX_PROPAGATING) {
    throw invalid(`A thing type can have at most ${MAX_PROPAGATING} propagating attributes`);
  }
}

function isSame(type: ThingType, properties: ThingTypeProperties | undefined): boolean {
  return (
    type.description === properties?.thingTypeDescription &&
    sameList(type.searchableAttributes, properties?.searchableAttributes ?? []) &&
    isDeepStrictEqual(type.mqtt5, properties?.mqtt5Configuration)
  );
}

export const thingTypes = family('iot', {
  CreateThingType(context, input) {
    const registry = registryOf(context);
    const name = input.thingTypeName;
    const description = input.thingTypeProperties?.thingTypeDescription;
    const searchable = input.thingTypeProperties?.searchableAttributes ?? [];
    checkProperties(input.thingTypeProperties);
    let type = registry.types.get(name);
    if (type) {
      if (!isSame(type, input.thingTypeProperties) || !sameTags(context, arnOf(context, name), input.tags)) {
        const message = `Thing type ${name} already exists in account with different properties`;
        throw alreadyExists(message, name, arnOf(context, name));
      }
    } else {
      type = {
        name,
        id: uuid(context.world.random),
        createdAt: context.now(),
        description,
        searchableAttributes: searchable,
        mqtt5: input.thingTypeProperties?.mqtt5Configuration,
        deprecatedAt: undefined,
      };
      tagAtCreate(context, arnOf(context, name), input.tags);
      registry.types.set(name, type);
      context.changed({ kind: 'thing-type', operation: 'CREATED', thingTypeName: name });
    }
    return { thingTypeName: name, thingTypeArn: arnOf(context, name), thingTypeId: type.id };
  },

  DescribeThingType(context, input) {
    const type = typeNamed(context, input.thingTypeName);
    return {
      thingTypeName: type.name,
      thingTypeId: type.id,
      thingTypeArn: arnOf(context, type.name),
      ...describe(type),
    };
  },

  UpdateThingType(context, input) {
    const type = typeNamed(context, input.thingTypeName);
    const properties = input.thingTypeProperties;
    const searchable = properties?.searchableAttributes;
    checkProperties(properties);
    if (properties?.thingTypeDescription !== undefined) type.description = properties.thingTypeDescription;
    if (searchable) type.searchableAttributes = searchable;
    if (properties?.mqtt5Configuration) type.mqtt5 = properties.mqtt5Configuration;
    context.changed({ kind: 'thing-type', operation: 'UPDATED', thingTypeName: type.name });
    return {};
  },

  DeprecateThingType(context, input) {
    const type = typeNamed(context, input.thingTypeName);
    if (input.undoDeprecate) type.deprecatedAt = undefined;
    else type.deprecatedAt ??= context.now();
    context.changed({ kind: 'thing-type', operation: 'UPDATED', thingTypeName: type.name });
    return {};
  },

  DeleteThingType(context, input) {
    const registry = registryOf(context);
    const type = typeNamed(context, input.thingTypeName);
    if (type.deprecatedAt === undefined) {
      throw invalid(`Thing type ${type.name} must be deprecated before it can be deleted`);
    }
    if (context.now() < type.deprecatedAt + context.world.delays.thingTypeDelete) {
      throw invalid(`Thing type ${type.name} can be deleted 5 minutes after its deprecation`);
    }
    if (registry.typeUse.has(type.name)) throw invalid(`Thing type ${type.name} is still associated with things`);
    registry.types.delete(type.name);
    context.slice(TAGS).drop(arnOf(context, type.name));
    context.changed({ kind: 'thing-type', operation: 'DELETED', thingTypeName: type.name });
    return {};
  },

  ListThingTypes(context, input) {
    const page = pageOf(
      registryOf(context).types,
      { token: input.nextToken, limit: input.maxResults ?? 25 },
      context.world.paging,
      (type) =>
        input.thingTypeName === undefined || type.name === input.thingTypeName
          ? { thingTypeName: type.name, thingTypeArn: arnOf(context, type.name), ...describe(type) }
          : undefined,
    );
    return compact({ thingTypes: page.items, nextToken: page.next });
  },
});
