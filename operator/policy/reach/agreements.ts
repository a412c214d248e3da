import { type Classes, type DeviceClass, type Slot, slotValue } from './classes.ts';
import type { Fleet } from './fleet.ts';

/** Slot `from` of the sender has the same value as slot `to` of the receiver. */
export interface SameValue {
  readonly from: number;
  readonly to: number;
}

/** Ways in which values of two devices may agree; beyond this, only single agreements are tried. */
const maxAgreements = 64;

/** The values that members of a class have for a slot. */
export function slotValues(fleet: Fleet, classes: Classes) {
  const known = new Map<string, ReadonlySet<string>>();
  return (cls: DeviceClass, slot: number): ReadonlySet<string> => {
    const key = `${cls.id}.${slot}`;
    let values = known.get(key);
    if (values === undefined) {
      const list = cls.members.map((member) => slotValue(fleet.devices[member]!, classes.list[cls.id]!.slots[slot]!));
      values = new Set(list.filter((value) => value !== undefined));
      known.set(key, values);
    }
    return values;
  };
}

export type SlotValues = ReturnType<typeof slotValues>;

function overlap(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  const [small, large] = a.size < b.size ? [a, b] : [b, a];
  for (const value of small) if (large.has(value)) return true;
  return false;
}

/** Ways in which values of two devices of these classes agree somewhere in the fleet; the empty one first unless one always agrees. */
export function agreements(
  from: DeviceClass,
  to: DeviceClass,
  values: SlotValues,
): {
  readonly list: readonly SameValue[][];
  /** Every pair of values that is told apart. */
  readonly compared: readonly SameValue[];
  readonly complete: boolean;
} {
  const pairs: SameValue[] = [];
  const always: SameValue[] = [];
  from.slots.forEach((left, i) => {
    to.slots.forEach((right, j) => {
      const comparable =
        from.signatures[i] !== undefined && from.signatures[i] === to.signatures[j] && sameMeaning(left, right);
      // Two devices never share the name that tells them apart.
      if (!comparable || (i === 0 && j === 0)) return;
      // A value that repeats inside one device is compared once.
      if (from.roots[i] !== i || to.roots[j] !== j) return;
      const [mine, theirs] = [values(from, i), values(to, j)];
      if (!overlap(mine, theirs)) return;
      if (mine.size === 1 && theirs.size === 1) always.push({ from: i, to: j });
      else pairs.push({ from: i, to: j });
    });
  });
  if (2 ** pairs.length > maxAgreements)
    return {
      list: [always, ...pairs.map((pair) => [...always, pair])],
      compared: [...always, ...pairs],
      complete: false,
    };
  const subsets: SameValue[][] = [always];
  for (const pair of pairs) {
    for (const subset of [...subsets]) if (!subset.some((one) => one.to === pair.to)) subsets.push([...subset, pair]);
  }
  return { list: subsets, compared: [...always, ...pairs], complete: true };
}

/** Values are compared where both devices read the same property, or where a property may hold the name of another device. */
function sameMeaning(a: Slot, b: Slot): boolean {
  return a.key === b.key || a.key === 'name' || b.key === 'name';
}
