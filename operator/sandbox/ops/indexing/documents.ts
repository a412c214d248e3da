import type { World } from '../../context.ts';
import { attributeOf, REGISTRY, type Thing, type ThingGroup } from '../../state/registry.ts';
import type { Scope } from '../../state/scope.ts';
import { deltaOf, SHADOWS, type Shadow } from '../../state/shadows.ts';
import { VIOLATIONS } from '../defender/violation-state.ts';
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

function registryField(thing: Thing, field: string): readonly string[] {
  switch (field) {
    case 'version':
      return [String(thing.version)];
    case 'thingTypeName':
      return present(thing.typeName);
    case 'thingGroupNames':
      return thing.groups;
    default:
      return [];
  }
}

function classicField({ scope }: Place, thing: Thing, field: 'version' | 'hasDelta'): readonly string[] {
  const shadow = scope.slice(SHADOWS).get(thing.name, '');
  if (!shadow || scope.slice(INDEXING).things.thingIndexingMode !== 'REGISTRY_AND_SHADOW') return [];
  return [String(field === 'version' ? shadow.version : deltaOf(shadow) !== undefined)];
}

/** Violations of Detect (`deviceDefender.violationCount`, `deviceDefender.<profile>.<behavior>.inViolation` and so on). */
function defenderField({ scope }: Place, thing: Thing, field: string): readonly string[] {
  if (scope.slice(INDEXING).things.deviceDefenderIndexingMode !== 'VIOLATIONS') return [];
  const own = scope.slice(VIOLATIONS).filter(({ thingName }) => thingName === thing.name);
  if (field === 'violationCount') return [String(own.filter(({ endedAt }) => endedAt === undefined).length)];
  const [profile, behavior, what] = field.split('.');
  const last = own.filter((v) => v.profile === profile && v.behavior.name === behavior).at(-1);
  switch (what) {
    case 'inViolation':
      return last ? [String(last.endedAt === undefined)] : [];
    case 'lastViolationTime':
      return last ? [String(last.lastAt)] : [];
    case 'lastViolationValue':
      return last?.value ? walk(Object.values(last.value), []) : [];
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
      case 'registry':
        return registryField(thing, rest);
      case 'deviceDefender':
        return defenderField(place, thing, rest);
      case 'shadow':
        if (rest === 'version' || rest === 'hasDelta') return classicField(place, thing, rest);
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
