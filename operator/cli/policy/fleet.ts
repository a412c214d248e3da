import type { PolicyDocument } from '../../policy/index.ts';
import type { Fleet, FleetDevice } from '../../policy/reach/index.ts';
import type { PolicySource } from '../../report/policy/source.ts';
import { CommandError, Exit } from '../exit.ts';
import { type Loaded, type OtherManifest, record } from './load.ts';

const textList = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];

/** Names of references: `{kind, name}` as in manifests, or plain names. */
function names(value: unknown): readonly string[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((item) =>
    typeof item === 'string' ? [item] : typeof record(item).name === 'string' ? [String(record(item).name)] : [],
  );
}

function texts(value: unknown): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(record(value)).map(([key, one]) => [key, String(one)]));
}

interface Group {
  readonly name: string;
  readonly parent: string | undefined;
  readonly policies: readonly string[];
}

function groupsIn(others: readonly OtherManifest[]): ReadonlyMap<string, Group> {
  const groups = new Map<string, Group>();
  for (const { kind, value } of others) {
    if (kind !== 'ThingGroup') continue;
    const spec = record(value.spec);
    const name = String(record(value.metadata).name ?? '');
    const parent = record(spec.parentRef).name;
    // Policies of dynamic groups are not inherited by AWS IoT.
    const policies = spec.query === undefined ? names(spec.policyRefs) : [];
    groups.set(name, { name, parent: typeof parent === 'string' ? parent : undefined, policies });
  }
  return groups;
}

/** Policies of the groups and of their parents; a circle of parents is walked once. */
function inherited(direct: readonly string[], groups: ReadonlyMap<string, Group>): string[] {
  const seen = new Set<string>();
  const queue = [...direct];
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    const group = groups.get(name);
    if (group === undefined || seen.has(name)) continue;
    seen.add(name);
    if (group.parent !== undefined) queue.push(group.parent);
  }
  return [...seen].flatMap((name) => groups.get(name)?.policies ?? []);
}

interface RawDevice {
  readonly device: Omit<FleetDevice, 'policies'>;
  readonly policies: readonly string[];
}

function deviceFromManifest(value: Readonly<Record<string, unknown>>, groups: ReadonlyMap<string, Group>): RawDevice {
  const spec = record(value.spec);
  const name = String(record(value.metadata).name ?? '');
  const thing = String(spec.thingName ?? name);
  const groupNames = names(spec.groupRefs);
  const type = record(spec.thingTypeRef).name;
  const given = textList(spec.clientIds);
  return {
    device: {
      name,
      thing,
      clientIds: given.length > 0 ? given : [thing],
      thingType: typeof type === 'string' ? type : undefined,
      attributes: texts(spec.attributes),
      groups: groupNames,
    },
    policies: [...names(spec.policyRefs), ...inherited(groupNames, groups)],
  };
}

/** `{devices: [{name, thing?, type?, attributes?, groups?, clientIds?, policies}]}`: a fleet without manifests. */
function deviceFromList(item: unknown): RawDevice {
  const { name, thing, type, attributes, groups, clientIds, policies } = record(item);
  const text = String(name ?? '');
  const isThing = thing !== false;
  const given = textList(clientIds);
  const thingName = typeof thing === 'string' ? thing : text;
  return {
    device: {
      name: text,
      thing: isThing ? thingName : undefined,
      clientIds: given.length > 0 ? given : [thingName],
      thingType: typeof type === 'string' ? type : undefined,
      attributes: texts(attributes),
      groups: textList(groups),
    },
    policies: names(policies),
  };
}

/** The names by which devices refer to a policy, the likeliest last: of a manifest its own and the policy's, or the file's without its ending. */
function policyKeys(source: PolicySource): readonly string[] {
  const file = source.path.split('/').at(-1) ?? source.path;
  return source.name === source.path
    ? [source.path, file, file.replace(/\.(json|ya?ml)$/, '')]
    : [...(source.reference === undefined ? [] : [source.reference]), source.name];
}

/**
 * The fleet that the loaded files describe: Device and ThingGroup manifests, or a `devices` list. Where they name no device at
 * all, one imaginary pair of devices stands for each policy, so that templates can be judged before there is a fleet.
 */
export function fleetFrom(loaded: Loaded): Fleet {
  const byName = new Map<string, number>();
  loaded.policies.forEach((source, index) => {
    for (const key of policyKeys(source)) byName.set(key, index);
  });
  const documents = loaded.policies.map((source) => source.document);
  const raw = rawDevices(loaded.others);
  if (raw.length === 0) return { documents, devices: loaded.policies.flatMap(imaginary) };
  return { documents, devices: devicesFrom(raw, byName) };
}

function rawDevices(others: readonly OtherManifest[]): readonly RawDevice[] {
  const groups = groupsIn(others);
  return others.flatMap(({ kind, value }) => {
    if (kind === 'Device') return [deviceFromManifest(value, groups)];
    return Array.isArray(value.devices) ? value.devices.map(deviceFromList) : [];
  });
}

function devicesFrom(raw: readonly RawDevice[], byName: ReadonlyMap<string, number>): readonly FleetDevice[] {
  return raw.map(({ device, policies }): FleetDevice => {
    const indexes = policies.map((name) => {
      const index = byName.get(name);
      if (index === undefined)
        throw new CommandError(
          `device ${device.name} names the policy "${name}", which is not among the files`,
          Exit.failed,
        );
      return index;
    });
    return { ...device, policies: [...new Set(indexes)].sort((a, b) => a - b) };
  });
}

const noRights = (name: string): PolicyDocument => ({
  name,
  version: '2012-10-17',
  statements: [],
  at: undefined,
  size: 0,
});

/** One fleet under two sets of policies that are matched by name; a policy that one side lacks grants nothing there. */
export function fleetUnder(
  devices: Loaded,
  before: Loaded,
  after: Loaded,
): { readonly fleet: Fleet; readonly after: readonly PolicyDocument[] } {
  const keyOf = (source: PolicySource): string => policyKeys(source).at(-1) ?? source.name;
  const byKey = (loaded: Loaded) => new Map(loaded.policies.map((source) => [keyOf(source), source]));
  const [old, next] = [byKey(before), byKey(after)];
  const names = [...new Set([...old.keys(), ...next.keys()])];
  const byName = new Map<string, number>();
  names.forEach((name, index) => {
    for (const source of [old.get(name), next.get(name)])
      for (const key of source === undefined ? [] : policyKeys(source)) byName.set(key, index);
  });
  const raw = rawDevices(devices.others);
  if (raw.length === 0) throw new CommandError('the files given with --fleet name no device', Exit.failed);
  return {
    fleet: {
      documents: names.map((name) => old.get(name)?.document ?? noRights(name)),
      devices: devicesFrom(raw, byName),
    },
    after: names.map((name) => next.get(name)?.document ?? noRights(name)),
  };
}

function imaginary(source: PolicySource, index: number): FleetDevice[] {
  const name = policyKeys(source).at(-1) ?? source.name;
  const one = (suffix: string): FleetDevice => ({
    name: `${name}-${suffix}`,
    thing: `${name}-${suffix}`,
    clientIds: [`${name}-${suffix}`],
    thingType: undefined,
    attributes: {},
    groups: [],
    policies: [index],
  });
  return [one('a'), one('b')];
}
