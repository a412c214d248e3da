import type { Change } from '../state/changes.ts';
import { uuid } from '../state/ids.ts';
import { REGISTRY } from '../state/registry.ts';
import type { Scope } from '../state/scope.ts';
import { SETTINGS } from '../state/settings.ts';
import { executionEvent, jobEvent } from './job-events.ts';

type Payload = Readonly<Record<string, unknown>>;

export interface RegistryEvent {
  readonly topic: string;
  readonly payload: Payload;
}

const VERB = { CREATED: 'created', UPDATED: 'updated', DELETED: 'deleted' } as const;

/** The registry event of a change (registry-events), when the account has events of that type enabled. */
export function registryEvent(
  scope: Scope,
  change: Change,
  { now, random }: { readonly now: number; readonly random: () => number },
): RegistryEvent | undefined {
  // Most accounts have no events enabled, and every change asks.
  const { eventConfigurations } = scope.slice(SETTINGS);
  if (eventConfigurations.size === 0) return undefined;
  const described = describe(scope, change, now);
  if (!described || eventConfigurations.get(described.type) !== true) return undefined;
  const { type, topic, payload } = described;
  return {
    topic: `$aws/events/${topic}`,
    payload: {
      eventType: `${type}_EVENT`,
      eventId: uuid(random).replaceAll('-', ''),
      timestamp: now,
      accountId: scope.accountId,
      ...payload,
    },
  };
}

export interface Described {
  readonly type: string;
  readonly topic: string;
  readonly payload: Payload;
}

function describe(scope: Scope, change: Change, now: number): Described | undefined {
  const registry = scope.slice(REGISTRY);
  switch (change.kind) {
    case 'thing': {
      const thing = registry.things.get(change.thingName);
      const { thingName, thingId, operation } = change;
      const fields = thing && {
        versionNumber: thing.version,
        thingTypeName: thing.typeName ?? null,
        billingGroupName: thing.billingGroup ?? null,
        attributes: thing.attributes,
      };
      return {
        type: 'THING',
        topic: `thing/${thingName}/${VERB[operation]}`,
        payload: { operation, thingId, thingName, ...fields },
      };
    }
    case 'thing-type': {
      const { thingTypeName, operation } = change;
      const type = registry.types.get(thingTypeName);
      const fields = type && {
        thingTypeId: type.id,
        isDeprecated: type.deprecatedAt !== undefined,
        deprecationDate: type.deprecatedAt ?? null,
        searchableAttributes: type.searchableAttributes,
        description: type.description ?? null,
      };
      return {
        type: 'THING_TYPE',
        topic: `thingType/${thingTypeName}/${VERB[operation]}`,
        payload: { operation, thingTypeName, ...fields },
      };
    }
    case 'thing-type-association': {
      const { thingName, thingId, thingTypeName, added } = change;
      return {
        type: 'THING_TYPE_ASSOCIATION',
        topic: `thingTypeAssociation/thing/${thingName}/thingType/${thingTypeName}/${added ? 'added' : 'removed'}`,
        payload: { operation: added ? 'ADDED' : 'REMOVED', thingId, thingName, thingTypeName },
      };
    }
    case 'thing-group':
      return describeGroup(scope, change);
    case 'hierarchy': {
      const { parentName, parentId, groupName, groupId, added } = change;
      return {
        type: 'THING_GROUP_HIERARCHY',
        topic: `thingGroupHierarchy/thingGroup/${parentName}/childThingGroup/${groupName}/${added ? 'added' : 'removed'}`,
        payload: {
          operation: added ? 'ADDED' : 'REMOVED',
          thingGroupId: parentId,
          thingGroupName: parentName,
          childGroupId: groupId,
          childGroupName: groupName,
        },
      };
    }
    case 'membership': {
      const { groupName, groupId, thingName, thingId, added } = change;
      return {
        type: 'THING_GROUP_MEMBERSHIP',
        topic: `thingGroupMembership/thingGroup/${groupName}/thing/${thingName}/${added ? 'added' : 'removed'}`,
        payload: {
          operation: added ? 'ADDED' : 'REMOVED',
          groupArn: scope.arn(`thinggroup/${groupName}`),
          groupId,
          thingArn: scope.arn(`thing/${thingName}`),
          thingId,
          membershipId: `${groupId}:${thingId}`,
        },
      };
    }
    case 'job':
      return jobEvent(scope, change, now);
    case 'job-execution':
      return executionEvent(scope, change, now);
    case 'ca-certificate':
    case 'restored':
    case 'certificate':
    case 'policy':
    case 'policy-attachment':
    case 'thing-principal':
    case 'other':
      // AWS documents no event for these; CloudTrail is their only signal.
      return undefined;
  }
}

function describeGroup(scope: Scope, change: Change & { kind: 'thing-group' }): Described {
  const registry = scope.slice(REGISTRY);
  const { groupName, groupId, operation } = change;
  const group = registry.groups.get(groupName);
  const parent = group?.parent === undefined ? undefined : registry.groups.get(group.parent);
  const fields = group && {
    versionNumber: group.version,
    parentGroupName: parent?.name ?? null,
    parentGroupId: parent?.id ?? null,
    description: group.description ?? null,
    rootToParentThingGroups: registry
      .lineage(groupName)
      .slice(1)
      .reverse()
      .map((name) => ({ groupArn: scope.arn(`thinggroup/${name}`), groupId: registry.groups.get(name)?.id })),
    attributes: group.attributes,
    dynamicGroupMappingId: group.query ? group.id : null,
  };
  return {
    type: 'THING_GROUP',
    topic: `thingGroup/${groupName}/${VERB[operation]}`,
    payload: { operation, thingGroupId: groupId, thingGroupName: groupName, ...fields },
  };
}
