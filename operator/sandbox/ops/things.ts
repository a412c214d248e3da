import type { CallContext } from '../context.ts';
import { alreadyExists, invalid, notFound } from '../errors.ts';
import { family } from '../operations.ts';
import { uuid } from '../state/ids.ts';
import { pageOf } from '../state/paging.ts';
import { type Attributes, attributeOf, copyAttributes, type Registry, type Thing } from '../state/registry.ts';
import { joinBillingGroup, leaveBillingGroup } from './billing-groups.ts';
import { leaveGroup } from './membership.ts';
import { checkVersion, compact, registryOf, sameRecord } from './support.ts';

const ATTRIBUTES_WITH_TYPE = 50;
const ATTRIBUTES_WITHOUT_TYPE = 3;
const ATTRIBUTE_BYTES = 47 * 1024;

export function thingNamed(context: CallContext, name: string): Thing {
  const thing = registryOf(context).things.get(name);
  if (!thing) throw notFound(`Thing ${name} not found`);
  return thing;
}

export const thingArn = (context: CallContext, name: string): string => context.arn(`thing/${name}`);

export interface NewThing {
  readonly name: string;
  readonly typeName?: string | undefined;
  readonly attributes?: Attributes | undefined;
  readonly billingGroup?: string | undefined;
}

/** Creates or finds the thing, as CreateThing and RegisterThing do. */
export function createThing(context: CallContext, given: NewThing): Thing {
  const registry = registryOf(context);
  const attributes = mergeAttributes({}, given.attributes ?? {});
  const existing = registry.things.get(given.name);
  if (existing) return sameThing(context, existing, { ...given, attributes });
  checkNewThing(context, { ...given, attributes });
  if (given.billingGroup !== undefined && !registry.billingGroups.has(given.billingGroup)) {
    throw notFound(`Billing group ${given.billingGroup} not found`);
  }
  const thing: Thing = {
    name: given.name,
    id: uuid(context.world.random),
    attributes,
    typeName: undefined,
    billingGroup: undefined,
    version: 1,
    groups: [],
    principals: [],
  };
  registry.setType(thing, given.typeName);
  registry.things.set(thing.name, thing);
  if (given.billingGroup !== undefined) joinBillingGroup(registry, thing, given.billingGroup);
  context.changed({ kind: 'thing', operation: 'CREATED', thingName: thing.name, thingId: thing.id });
  if (given.typeName !== undefined) announceType(context, thing, given.typeName, true);
  return thing;
}

/** Throws when a new thing cannot have this type and these attributes. */
export function checkNewThing(context: CallContext, { attributes = {}, typeName }: NewThing): void {
  checkAttributes(attributes, typeName);
  usableType(registryOf(context), typeName);
}

/** A create of a thing that is there succeeds only with the same type, attributes and billing group. */
function sameThing(context: CallContext, existing: Thing, given: NewThing): Thing {
  const same =
    existing.typeName === given.typeName &&
    existing.billingGroup === given.billingGroup &&
    sameRecord(existing.attributes, given.attributes ?? {});
  if (same) return existing;
  const message = `Thing ${existing.name} already exists in account with different attributes`;
  throw alreadyExists(message, existing.name, thingArn(context, existing.name));
}

/** Applies a change of attributes and type, as UpdateThing does. */
export function updateThing(
  context: CallContext,
  thing: Thing,
  change: { attributes?: Attributes | undefined; typeName?: string | undefined; removeType?: boolean | undefined },
): void {
  const registry = registryOf(context);
  const typeName = change.removeType ? undefined : (change.typeName ?? thing.typeName);
  const attributes = change.attributes ?? thing.attributes;
  checkAttributes(attributes, typeName);
  const before = thing.typeName;
  if (typeName !== before) usableType(registry, typeName);
  registry.setType(thing, typeName);
  thing.attributes = attributes;
  thing.version++;
  context.changed({ kind: 'thing', operation: 'UPDATED', thingName: thing.name, thingId: thing.id });
  if (typeName === before) return;
  if (before !== undefined) announceType(context, thing, before, false);
  if (typeName !== undefined) announceType(context, thing, typeName, true);
}

function announceType(context: CallContext, thing: Thing, thingTypeName: string, added: boolean): void {
  context.changed({ kind: 'thing-type-association', thingName: thing.name, thingId: thing.id, thingTypeName, added });
}

export function usableType(registry: Registry, typeName: string | undefined): void {
  if (typeName === undefined) return;
  const type = registry.types.get(typeName);
  if (!type) throw notFound(`Thing type ${typeName} not found`);
  if (type.deprecatedAt !== undefined) {
    throw invalid(`Cannot associate a thing with deprecated thing type ${typeName}`);
  }
}

/** An empty value removes the attribute: AWS has no attribute with an empty value. */
export function mergeAttributes(base: Attributes, given: Attributes): Attributes {
  const out: Record<string, string> = Object.assign(Object.create(null), base);
  for (const [name, value] of Object.entries(given)) {
    if (value === '') delete out[name];
    else out[name] = value;
  }
  return copyAttributes(out);
}

function checkAttributes(attributes: Attributes, typeName: string | undefined): void {
  const entries = Object.entries(attributes);
  const limit = typeName === undefined ? ATTRIBUTES_WITHOUT_TYPE : ATTRIBUTES_WITH_TYPE;
  if (entries.length > limit) {
    const why = typeName === undefined ? 'a thing without a type' : 'a thing';
    throw invalid(`${entries.length} attributes given; ${why} can have at most ${limit}`);
  }
  const bytes = entries.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  if (bytes > ATTRIBUTE_BYTES)
    throw invalid(`The attributes take ${bytes} bytes; at most ${ATTRIBUTE_BYTES} are allowed`);
}

/** Deleting a missing thing succeeds; one with principals is refused. */
function deleteThing(context: CallContext, name: string, expectedVersion: number | undefined): void {
  const registry = registryOf(context);
  const thing = registry.things.get(name);
  if (!thing) return;
  checkVersion(expectedVersion, thing.version, `thing ${name}`);
  if (thing.principals.length > 0) {
    throw invalid(`Cannot delete. Thing ${name} is still attached to one or more principals`);
  }
  for (const group of [...thing.groups]) leaveGroup(context, thing, group);
  leaveBillingGroup(registry, thing);
  registry.setType(thing, undefined);
  registry.things.delete(name);
  context.changed({ kind: 'thing', operation: 'DELETED', thingName: name, thingId: thing.id });
}

interface ListFilter {
  readonly attributeName?: string | undefined;
  readonly attributeValue?: string | undefined;
  readonly thingTypeName?: string | undefined;
  readonly usePrefixAttributeValue?: boolean | undefined;
}

function matches(thing: Thing, filter: ListFilter): boolean {
  if (filter.thingTypeName !== undefined && thing.typeName !== filter.thingTypeName) return false;
  if (filter.attributeName === undefined) return true;
  const value = attributeOf(thing, filter.attributeName);
  if (value === undefined || filter.attributeValue === undefined) return value !== undefined;
  return filter.usePrefixAttributeValue ? value.startsWith(filter.attributeValue) : value === filter.attributeValue;
}

export const things = family('iot', {
  CreateThing(context, input) {
    const thing = createThing(context, {
      name: input.thingName,
      typeName: input.thingTypeName,
      attributes: input.attributePayload?.attributes,
      billingGroup: input.billingGroupName,
    });
    return { thingName: thing.name, thingArn: thingArn(context, thing.name), thingId: thing.id };
  },

  DescribeThing(context, input) {
    const thing = thingNamed(context, input.thingName);
    return compact({
      defaultClientId: thing.name,
      thingName: thing.name,
      thingId: thing.id,
      thingArn: thingArn(context, thing.name),
      thingTypeName: thing.typeName,
      attributes: { ...thing.attributes },
      version: thing.version,
      billingGroupName: thing.billingGroup,
    });
  },

  UpdateThing(context, input) {
    const thing = thingNamed(context, input.thingName);
    checkVersion(input.expectedVersion, thing.version, `thing ${thing.name}`);
    if (input.removeThingType && input.thingTypeName !== undefined) {
      throw invalid('removeThingType and thingTypeName cannot be given together');
    }
    const given = input.attributePayload?.attributes;
    const base = input.attributePayload?.merge ? thing.attributes : {};
    updateThing(context, thing, {
      attributes: given && mergeAttributes(base, given),
      typeName: input.thingTypeName,
      removeType: input.removeThingType,
    });
    return {};
  },

  DeleteThing(context, input) {
    deleteThing(context, input.thingName, input.expectedVersion);
    return {};
  },

  ListThings(context, input) {
    const page = pageOf(
      registryOf(context).things,
      { token: input.nextToken, limit: input.maxResults ?? 25 },
      context.world.paging,
      (thing) =>
        matches(thing, input)
          ? compact({
              thingName: thing.name,
              thingTypeName: thing.typeName,
              thingArn: thingArn(context, thing.name),
              attributes: { ...thing.attributes },
              version: thing.version,
            })
          : undefined,
    );
    return compact({ things: page.items, nextToken: page.next });
  },
});
