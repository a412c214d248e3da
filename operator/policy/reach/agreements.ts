import { type Classes, type DeviceClass, slotValue } from './classes.ts';
import type { Fleet } from './fleet.ts';

/** Slot `from` of the sender has the same value as slot `to` of the receiver. */
export interface SameValue {
  readonly from: number;
  readonly to: number;
}

/** Ways in which values of two devices may agree that are tried although no two devices need agree so. */
const maxAgreements = 64;
/** Beyond that, the ways in which devices do agree are looked for; so many of them are tried, among classes of so many devices. */
const maxWaysMet = 256;
const maxMembers = 20_000;
/** Combinations of values on one side that are compared with those of the other. */
const maxCombinations = 500;

/** Of slots that have a signature in the class: there every member has a value. */
export interface FleetValues {
  of(cls: DeviceClass, slot: number): ReadonlySet<string | undefined>;
  /** The value of one member. */
  at(cls: DeviceClass, member: number, slot: number): string | undefined;
}

export function fleetValues(fleet: Fleet, classes: Classes): FleetValues {
  const at = (cls: DeviceClass, member: number, slot: number): string | undefined =>
    slotValue(fleet.devices[member]!, classes.list[cls.id]!.slots[slot]!);
  const known = new Map<string, ReadonlySet<string | undefined>>();
  const of = (cls: DeviceClass, slot: number): ReadonlySet<string | undefined> => {
    const key = `${cls.id}.${slot}`;
    const values = known.get(key) ?? new Set(cls.members.map((member) => at(cls, member, slot)));
    known.set(key, values);
    return values;
  };
  return { of, at };
}

/** Ways in which values of two devices of these classes agree somewhere in the fleet; the empty one first unless one always agrees. */
export function agreements(
  from: DeviceClass,
  to: DeviceClass,
  values: FleetValues,
): {
  readonly list: readonly SameValue[][];
  /** Every pair of values that is told apart. */
  readonly compared: readonly SameValue[];
  /** Whether devices agree in these ways only. */
  readonly complete: boolean;
} {
  const pairs: SameValue[] = [];
  const always: SameValue[] = [];
  // Whatever a property is called, its value may be what another device reads under another name.
  from.signatures.forEach((signature, i) => {
    to.signatures.forEach((other, j) => {
      // Two devices never share the name that tells them apart.
      if (signature === undefined || signature !== other || (i === 0 && j === 0)) return;
      // A value that repeats inside one device is compared once.
      if (from.roots[i] !== i || to.roots[j] !== j) return;
      const [mine, theirs] = [values.of(from, i), values.of(to, j)];
      if (mine.isDisjointFrom(theirs)) return;
      if (mine.size === 1 && theirs.size === 1) always.push({ from: i, to: j });
      else pairs.push({ from: i, to: j });
    });
  });
  const compared = [...always, ...pairs];
  if (2 ** pairs.length > maxAgreements) {
    const met = waysMet(from, to, pairs, values);
    const list = met ?? [[], ...pairs.map((pair) => [pair])];
    return { list: list.map((same) => [...always, ...same]), compared, complete: met !== undefined };
  }
  const subsets: SameValue[][] = [always];
  for (const pair of pairs) {
    for (const subset of [...subsets]) if (!subset.some((one) => one.to === pair.to)) subsets.push([...subset, pair]);
  }
  return { list: subsets, compared, complete: true };
}

/** The ways in which devices of the two classes do agree; undefined where there are too many to look at. */
function waysMet(
  from: DeviceClass,
  to: DeviceClass,
  pairs: readonly SameValue[],
  values: FleetValues,
): SameValue[][] | undefined {
  if (from.members.length + to.members.length > maxMembers) return undefined;
  const senders = combinations(from, pairs, (member, pair) => {
    const value = values.at(from, member, pair.from);
    return values.of(to, pair.to).has(value) ? value : undefined;
  });
  const receivers = combinations(to, pairs, (member, pair) => {
    const value = values.at(to, member, pair.to);
    return values.of(from, pair.from).has(value) ? value : undefined;
  });
  if (senders.length > maxCombinations || receivers.length > maxCombinations) return undefined;
  const ways = new Map<string, SameValue[]>();
  for (const mine of senders)
    for (const theirs of receivers) {
      const same = pairs.filter((_pair, at) => mine[at] !== undefined && mine[at] === theirs[at]);
      ways.set(wayKey(same), same);
      if (ways.size > maxWaysMet) return undefined;
    }
  return [...ways.values()].sort((a, b) => a.length - b.length);
}

/** What members have to compare, each combination once; values that the other side does not have at all are one. */
function combinations(
  cls: DeviceClass,
  pairs: readonly SameValue[],
  valueFor: (member: number, pair: SameValue) => string | undefined,
): (readonly (string | undefined)[])[] {
  const all = cls.members.map((member) => pairs.map((pair) => valueFor(member, pair)));
  return [...new Map(all.map((list) => [JSON.stringify(list), list])).values()];
}

/** Equal for the same agreements; every list of them is in the order of `compared`. */
export function wayKey(same: readonly SameValue[]): string {
  return same.map((pair) => `${pair.from}.${pair.to}`).join();
}
