import type { Field } from '@aws-sdk/client-iot';
import { invalidQuery, type Query } from './query.ts';
import type { Indexing } from './state.ts';

type Things = Indexing['things'];

const REGISTRY: readonly Field[] = [
  { name: 'thingId', type: 'String' },
  { name: 'thingName', type: 'String' },
  { name: 'registry.version', type: 'Number' },
  { name: 'registry.thingTypeName', type: 'String' },
  { name: 'registry.thingGroupNames', type: 'String' },
];
const SHADOW: readonly Field[] = [
  { name: 'shadow.version', type: 'Number' },
  { name: 'shadow.hasDelta', type: 'Boolean' },
];
const CONNECTIVITY: readonly Field[] = [
  { name: 'connectivity.version', type: 'Number' },
  { name: 'connectivity.connected', type: 'Boolean' },
  { name: 'connectivity.timestamp', type: 'Number' },
  { name: 'connectivity.disconnectReason', type: 'String' },
];
const DEFENDER: readonly Field[] = [{ name: 'deviceDefender.violationCount', type: 'Number' }];

/** Fields that the service itself indexes, by the sources that are on (managing-fleet-index). */
export function managedFields(things: Things): Field[] {
  if (things.thingIndexingMode === 'OFF') return [];
  return [
    ...REGISTRY,
    ...(things.thingIndexingMode === 'REGISTRY_AND_SHADOW' ? SHADOW : []),
    ...(things.thingConnectivityIndexingMode === 'STATUS' ? CONNECTIVITY : []),
    ...(things.deviceDefenderIndexingMode === 'VIOLATIONS' ? DEFENDER : []),
  ];
}

/** The field with its type, when values of it can be aggregated: managed and custom fields only. */
export function aggregatable(things: Things, name: string): Field | undefined {
  return [...managedFields(things), ...(things.customFields ?? [])].find((field) => field.name === name);
}

const THING_FIELDS = ['thingName', 'thingId', 'thingTypeName', 'thingGroupNames'];
const THING_PREFIXES = ['attributes.', 'registry.', 'shadow.', 'connectivity.', 'deviceDefender.'];
const GROUP_FIELDS = ['thingGroupName', 'thingGroupId', 'thingGroupDescription', 'parentGroupNames'];

const isThingField = (name: string) =>
  THING_FIELDS.includes(name) || THING_PREFIXES.some((prefix) => name.startsWith(prefix));
const isGroupField = (name: string) => GROUP_FIELDS.includes(name) || name.startsWith('attributes.');

/** A query that names a field which no index has is refused, not answered with nothing. */
export function checkFields(query: Query, text: string, isThings = true): void {
  switch (query.kind) {
    case 'all':
      return;
    case 'not':
      return checkFields(query.of, text, isThings);
    case 'and':
    case 'or':
      for (const part of query.of) checkFields(part, text, isThings);
      return;
    case 'term': {
      const { field } = query;
      if (field === undefined || (isThings ? isThingField(field) : isGroupField(field))) return;
      throw invalidQuery(
        `Unable to parse query, invalid field name, field name: ${field.slice(0, 100)}, query string: ${text.slice(0, 200)}`,
      );
    }
    default:
      query satisfies never;
  }
}
