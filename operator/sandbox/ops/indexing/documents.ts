import type { World } from '../../context.ts';
import { attributeOf, REGISTRY, type Thing, type ThingGroup } from '../../state/registry.ts';
import type { Scope } from '../../state/scope.ts';
import { SHADOWS, type Shadow } from '../../state/shadows.ts';
import type { Lookup } from './match.ts';
import { INDEXING } from './state.ts';

export interface Place {
  readonly world: World;
  readonly scope: Scope;
}

/** Connectivity is known of the client whose id is the thing's name (managing-index). */
export function connectivityOf({ world, scope }: Place, thing: Thing) {
  const info = world.ports.broker?.lastSeen(scope, thing.name);
  const at = info && (info.connected ? info.connectedAt : (info.disconnectedAt ?? info.connectedAt));
  return { connected: info?.connected ?? false, timestamp: at, info };
}

const named = ({ desired, reported }: Shadow) => ({ desired, reported });

/** The shadows as the index holds them: the classic one at the top, named ones under `name`. */
export function shadowsOf({ scope }: Place, thing: Thing): Record<string, unknown> | undefined {
  const { things } = scope.slice(INDEXING);
  if (things.thingIndexingMode !== 'REGISTRY_AND_SHADOW') return undefined;
  const shadows = scope.slice(SHADOWS);
  const classic = shadows.get(thing.name, '');
  const wanted = things.namedShadowIndexingMode === 'ON' ? (things.filter?.namedShadowNames ?? []) : [];
  const found = wanted.flatMap((name) => {
    const shadow = shadows.get(thing.name, name);
    return shadow ? [[name, named(shadow)] as const] : [];
  });
  if (!classic && found.length === 0) return undefined;
  return { ...(classic && named(classic)), ...(found.length > 0 && { name: Object.fromEntries(found) }) };
}

function walk(value: unknown, path: readonly string[]): readonly string[] {
  const [step, ...rest] = path;
  if (Array.isArray(value)) return value.flatMap((item) => walk(item, path));
  if (step === undefined)
    return value === undefined || value === null || typeof value === 'object' ? [] : [String(value)];
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return [];
  return walk((value as Readonly<Record<string, unknown>>)[step], rest);
}

const present = (value: string | undefined): readonly string[] => (value === undefined ? [] : [value]);

function connectivityField(place: Place, thing: Thing, field: string): readonly string[] {
  if (place.scope.slice(INDEXING).things.thingConnectivityIndexingMode !== 'STATUS') return [];
  const { connected, timestamp, info } = connectivityOf(place, thing);
  switch (field) {
    case 'connected':
      return [String(connected)];
    case 'timestamp':
      return present(timestamp === undefined ? undefined : String(timestamp));
    case 'disconnectReason':
      return present(info?.disconnectReason);
    default:
      return [];
  }
}

/** Answers a query's fields for one thing. */
export function thingLookup(place: Place, thing: Thing): Lookup {
  return (field) => {
    if (field === undefined) {
      const type = present(thing.typeName);
      return [thing.name, thing.id, ...type, ...thing.groups, ...Object.values(thing.attributes)];
    }
    const dot = field.indexOf('.');
    const [head, rest] = dot < 0 ? [field, ''] : [field.slice(0, dot), field.slice(dot + 1)];
    switch (head) {
      case 'thingName':
        return [thing.name];
      case 'thingId':
        return [thing.id];
      case 'thingTypeName':
        return present(thing.typeName);
      case 'thingGroupNames':
        return thing.groups;
      case 'attributes':
        return present(attributeOf(thing, rest));
      case 'shadow':
        return walk(shadowsOf(place, thing), rest.split('.'));
      case 'connectivity':
        return connectivityField(place, thing, rest);
      default:
        return [];
    }
  };
}

export function groupLookup({ scope }: Place, group: ThingGroup): Lookup {
  const parents = () => scope.slice(REGISTRY).lineage(group.name).slice(1);
  return (field) => {
    switch (field) {
      case undefined:
        return [group.name, ...present(group.description), ...Object.values(group.attributes), ...parents()];
      case 'thingGroupName':
        return [group.name];
      case 'thingGroupId':
        return [group.id];
      case 'thingGroupDescription':
        return present(group.description);
      case 'parentGroupNames':
        return parents();
      default: {
        const name = field.startsWith('attributes.') ? field.slice('attributes.'.length) : '';
        return Object.hasOwn(group.attributes, name) ? present(group.attributes[name]) : [];
      }
    }
  };
}
