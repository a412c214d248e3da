import type { PolicyDocument } from '../document.ts';
import { keys, normaliseKey } from '../request.ts';
import { templateItems } from '../template.ts';
import type { Fleet, FleetDevice } from './fleet.ts';
import { type Signatures, signatures } from './signature.ts';

/** A property of devices that some policy reads. The name is always one: it tells devices apart. */
export interface Slot {
  /** Normalised variable key; the name's slot is `name`. */
  readonly key: string;
  /** As written in policies, for contexts. */
  readonly name: string;
}

/** Devices with the same policies whose values the policies cannot tell apart except by comparing them with each other. */
export interface DeviceClass {
  readonly id: number;
  readonly policies: readonly number[];
  readonly isThing: boolean;
  readonly slots: readonly Slot[];
  /** Signature per slot; undefined where the devices lack the property. */
  readonly signatures: readonly (string | undefined)[];
  /** Per slot, the first slot that has the same value in these devices; itself where the value is its own. */
  readonly roots: readonly number[];
  /** Indexes into the fleet's devices. */
  readonly members: readonly number[];
}

export interface Classes {
  readonly list: readonly DeviceClass[];
  /** Class of each device of the fleet. */
  readonly of: Int32Array;
  /** Equal for values that policies treat alike, whoever has them. */
  signature(value: string): string;
  /** Whether policies put together values of more devices than are told apart. */
  readonly coarse: boolean;
}

/** So many values that policies may put together with other text are told apart each. */
const maxApart = 256;

const nameSlot: Slot = { key: 'name', name: keys.thingName };

/** Values of the fleet that policies of a document list read, beside the name and what follows from it. */
function slotsOf(documents: readonly PolicyDocument[]): Slot[] {
  const slots = new Map<string, Slot>();
  const note = (name: string): void => {
    const key = normaliseKey(name);
    const attribute = key.startsWith('iot:connection.thing.attributes[');
    if (attribute || key === normaliseKey(keys.thingType)) slots.set(key, { key, name });
  };
  for (const document of documents) {
    for (const statement of document.statements) {
      const texts = [...statement.resources, ...statement.conditions.flatMap((entry) => entry.values)];
      for (const { text } of texts) {
        for (const item of templateItems(text, { variables: true, wildcards: true }))
          if (typeof item === 'object') note(item.name);
      }
      for (const entry of statement.conditions) note(entry.key);
    }
  }
  return [nameSlot, ...[...slots.values()].sort((a, b) => (a.key < b.key ? -1 : 1))];
}

/** The device's value for a slot. */
export function slotValue(device: FleetDevice, slot: Slot): string | undefined {
  if (slot.key === 'name') return device.thing ?? device.clientIds[0] ?? device.name;
  if (slot.key === normaliseKey(keys.thingType)) return device.thing === undefined ? undefined : device.thingType;
  const attribute = /\[(.*)\]/.exec(slot.name)?.[1] ?? '';
  return device.thing === undefined || !Object.hasOwn(device.attributes, attribute)
    ? undefined
    : device.attributes[attribute];
}

/**
 * The values that may be a part of another device's value, or of it with other text: `gw-${site}` of one device and the name of another.
 * No two of them are treated alike. Undefined: they are too many.
 */
function valuesApart(values: ReadonlySet<string>, known: Signatures): ReadonlySet<string> | undefined {
  const apart = new Set(known.joined ? values : []);
  const owners = new Map<string, string>();
  for (const value of values)
    for (const text of known.framed(value)) {
      const owner = owners.get(text) ?? value;
      owners.set(text, owner);
      if (owner !== value) apart.add(owner).add(value);
    }
  return apart.size > maxApart ? undefined : apart;
}

/**
 * Groups the fleet. `alsoRead` are documents that will be compared with the fleet's own (a proposal): the classes are made fine
 * enough for both, so that graphs before and after have the same nodes.
 */
export function classify(fleet: Fleet, alsoRead: readonly PolicyDocument[] = []): Classes {
  const known = signatures([...fleet.documents, ...alsoRead]);
  const slotCache = new Map<string, readonly Slot[]>();
  const slotsFor = (policies: readonly number[]): readonly Slot[] => {
    const key = policies.join();
    const documents = policies.flatMap((policy) => [fleet.documents[policy]!, alsoRead[policy] ?? []].flat());
    const slots = slotCache.get(key) ?? slotsOf(documents);
    slotCache.set(key, slots);
    return slots;
  };
  const rows = fleet.devices.map((device) => {
    const slots = slotsFor(device.policies);
    return { device, slots, values: slots.map((slot) => slotValue(device, slot)) };
  });
  const all = new Set(rows.flatMap(({ values }) => values.filter((value) => value !== undefined)));
  const apart = valuesApart(all, known);
  const signature = (value: string): string => known.of(value) + (apart?.has(value) ? `=${value}` : '');
  const byKey = new Map<string, { readonly sample: Omit<DeviceClass, 'id' | 'members'>; readonly members: number[] }>();
  const of = new Int32Array(fleet.devices.length);
  const ids = new Map<string, number>();
  rows.forEach(({ device, slots, values }, index) => {
    const list = values.map((value) => (value === undefined ? undefined : signature(value)));
    const roots = values.map((value, at) => (value === undefined ? at : values.indexOf(value)));
    const isThing = device.thing !== undefined;
    const key = `${device.policies.join()}|${isThing ? 1 : 0}|${list.map((one) => one ?? '\u0001').join('\u0000')}|${roots.join()}`;
    let group = byKey.get(key);
    if (group === undefined) {
      ids.set(key, byKey.size);
      group = { sample: { policies: device.policies, isThing, slots, signatures: list, roots }, members: [] };
      byKey.set(key, group);
    }
    group.members.push(index);
    of[index] = ids.get(key)!;
  });
  const list = [...byKey.values()].map(({ sample, members }, id): DeviceClass => ({ ...sample, id, members }));
  return { list, of, signature, coarse: apart === undefined };
}
