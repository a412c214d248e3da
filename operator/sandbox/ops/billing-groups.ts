import type { CallContext } from '../context.ts';
import { alreadyExists, invalid, notFound } from '../errors.ts';
import { family } from '../operations.ts';
import { uuid } from '../state/ids.ts';
import { pageOf } from '../state/paging.ts';
import type { BillingGroup, Registry, Thing } from '../state/registry.ts';
import { SequencedMap } from '../state/sequenced.ts';
import { TAGS } from '../state/tags.ts';
import { checkVersion, compact, registryOf, sameTags, tagAtCreate } from './support.ts';

const MAX_BILLING_GROUPS = 20_000;

const arnOf = (context: CallContext, name: string) => context.arn(`billinggroup/${name}`);

function groupNamed(registry: Registry, name: string): BillingGroup {
  const group = registry.billingGroups.get(name);
  if (!group) throw notFound(`Billing group ${name} not found`);
  return group;
}

/** A thing is in at most one billing group; joining another moves it. */
export function joinBillingGroup(registry: Registry, thing: Thing, name: string): void {
  const group = groupNamed(registry, name);
  leaveBillingGroup(registry, thing);
  group.things.set(thing.name, true);
  thing.billingGroup = name;
}

export function leaveBillingGroup(registry: Registry, thing: Thing): void {
  if (thing.billingGroup !== undefined) registry.billingGroups.get(thing.billingGroup)?.things.delete(thing.name);
  thing.billingGroup = undefined;
}

interface Names {
  readonly billingGroupName?: string | undefined;
  readonly billingGroupArn?: string | undefined;
  readonly thingName?: string | undefined;
  readonly thingArn?: string | undefined;
}

/** Both calls take the names or the ARNs. */
function resolve(context: CallContext, input: Names): { group: BillingGroup; thing: Thing } {
  const registry = registryOf(context);
  const groupName = input.billingGroupName ?? input.billingGroupArn?.split('/').at(-1);
  const thingName = input.thingName ?? input.thingArn?.split('/').at(-1);
  if (groupName === undefined || thingName === undefined) throw invalid('A billing group and a thing must be given');
  const thing = registry.things.get(thingName);
  if (!thing) throw notFound(`Thing ${thingName} not found`);
  return { group: groupNamed(registry, groupName), thing };
}

export const billingGroups = family('iot', {
  CreateBillingGroup(context, input) {
    const registry = registryOf(context);
    const name = input.billingGroupName;
    const description = input.billingGroupProperties?.billingGroupDescription;
    let group = registry.billingGroups.get(name);
    if (group) {
      if (group.description !== description || !sameTags(context, arnOf(context, name), input.tags)) {
        throw alreadyExists(
          `Billing group ${name} already exists with different properties`,
          name,
          arnOf(context, name),
        );
      }
    } else {
      if (registry.billingGroups.size >= MAX_BILLING_GROUPS) throw invalid('The account has 20,000 billing groups');
      const id = uuid(context.world.random);
      group = { name, id, createdAt: context.now(), things: new SequencedMap(), description, version: 1 };
      tagAtCreate(context, arnOf(context, name), input.tags);
      registry.billingGroups.set(name, group);
      context.changed({ kind: 'other', resource: `billinggroup/${name}` });
    }
    return { billingGroupName: name, billingGroupArn: arnOf(context, name), billingGroupId: group.id };
  },

  DescribeBillingGroup(context, input) {
    const group = groupNamed(registryOf(context), input.billingGroupName);
    return {
      billingGroupName: group.name,
      billingGroupId: group.id,
      billingGroupArn: arnOf(context, group.name),
      version: group.version,
      billingGroupProperties: compact({ billingGroupDescription: group.description }),
      billingGroupMetadata: { creationDate: new Date(group.createdAt) },
    };
  },

  UpdateBillingGroup(context, input) {
    const group = groupNamed(registryOf(context), input.billingGroupName);
    checkVersion(input.expectedVersion, group.version, `billing group ${group.name}`);
    group.description = input.billingGroupProperties?.billingGroupDescription;
    group.version++;
    context.changed({ kind: 'other', resource: `billinggroup/${group.name}` });
    return { version: group.version };
  },

  DeleteBillingGroup(context, input) {
    const registry = registryOf(context);
    const group = registry.billingGroups.get(input.billingGroupName);
    if (!group) return {};
    checkVersion(input.expectedVersion, group.version, `billing group ${group.name}`);
    for (const name of group.things.keys()) {
      const thing = registry.things.get(name);
      if (thing) thing.billingGroup = undefined;
    }
    registry.billingGroups.delete(group.name);
    context.slice(TAGS).drop(arnOf(context, group.name));
    context.changed({ kind: 'other', resource: `billinggroup/${group.name}` });
    return {};
  },

  AddThingToBillingGroup(context, input) {
    const { group, thing } = resolve(context, input);
    if (thing.billingGroup === group.name) return {};
    joinBillingGroup(registryOf(context), thing, group.name);
    context.changed({ kind: 'thing', operation: 'UPDATED', thingName: thing.name, thingId: thing.id });
    return {};
  },

  RemoveThingFromBillingGroup(context, input) {
    const { group, thing } = resolve(context, input);
    if (thing.billingGroup !== group.name) return {};
    leaveBillingGroup(registryOf(context), thing);
    context.changed({ kind: 'thing', operation: 'UPDATED', thingName: thing.name, thingId: thing.id });
    return {};
  },

  ListBillingGroups(context, input) {
    const page = pageOf(
      registryOf(context).billingGroups,
      { token: input.nextToken, limit: input.maxResults ?? 25 },
      context.world.paging,
      (group) =>
        group.name.startsWith(input.namePrefixFilter ?? '')
          ? { groupName: group.name, groupArn: arnOf(context, group.name) }
          : undefined,
    );
    return compact({ billingGroups: page.items, nextToken: page.next });
  },

  ListThingsInBillingGroup(context, input) {
    const group = groupNamed(registryOf(context), input.billingGroupName);
    const request = { token: input.nextToken, limit: input.maxResults ?? 25 };
    const page = pageOf(group.things, request, context.world.paging, (_, name) => name);
    return compact({ things: page.items, nextToken: page.next });
  },
});
