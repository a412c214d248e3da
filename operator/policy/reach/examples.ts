import { thingNames } from '../valid.ts';
import { type Classes, slotValue } from './classes.ts';
import type { Fleet } from './fleet.ts';

/** Example values: per signature, ones for a sender and different ones for a receiver, a different one for each slot. */
export interface Examples {
  value(signature: string, role: 'sender' | 'receiver', slot: number): string;
  readonly all: readonly string[];
}

const letters = [...'zyxwvutsrq0123456789'];

/**
 * Values that no device need have but that the policies treat like `value`: a small change to it, kept only when the signature
 * stays the same. Where the policies spell the value out there are none, and then no two devices can differ in it either. None is longer
 * than names may be, unless the value is.
 */
function* variants(value: string, signature: string, classes: Classes): Generator<string> {
  const [head, last] = [value.slice(0, -1), value.slice(1)];
  for (const letter of letters)
    for (const one of [value + letter, head + letter, letter + last, letter + value, letter.repeat(value.length)])
      if (one.length <= Math.max(value.length, thingNames.maxBytes) && classes.signature(one) === signature) yield one;
}

function realValues(fleet: Fleet, classes: Classes): ReadonlyMap<string, Set<string>> {
  const bySignature = new Map<string, Set<string>>();
  for (const { slots, signatures, members } of classes.list) {
    slots.forEach((slot, at) => {
      const signature = signatures[at];
      if (signature === undefined) return;
      const values = bySignature.get(signature) ?? new Set<string>();
      bySignature.set(signature, values);
      for (const member of members) {
        if (values.size >= 16) break;
        const value = slotValue(fleet.devices[member]!, slot);
        if (value !== undefined) values.add(value);
      }
    });
  }
  return bySignature;
}

/** Real values of the fleet first, so that examples read like it; made-up ones of the same kind where there are too few. */
export function examplesOf(fleet: Fleet, classes: Classes): Examples {
  const needed = 2 * classes.list.reduce((most, cls) => Math.max(most, cls.slots.length), 1);
  const lists = new Map<string, readonly string[]>();
  for (const [signature, values] of realValues(fleet, classes)) {
    for (const value of [...values]) {
      for (const one of variants(value, signature, classes)) {
        if (values.size >= needed) break;
        values.add(one);
      }
    }
    lists.set(signature, [...values]);
  }
  return {
    value(signature, role, slot) {
      const list = lists.get(signature) ?? [''];
      const at = role === 'sender' ? slot * 2 : slot * 2 + 1;
      return list[at % list.length]!;
    },
    all: [...lists.values()].flat(),
  };
}
