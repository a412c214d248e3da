import { type Classes, slotValue } from './classes.ts';
import type { Fleet } from './fleet.ts';

/** Example values: per signature, ones for a sender and different ones for a receiver. */
export interface Examples {
  value(signature: string, role: 'sender' | 'receiver', slot: number): string;
  readonly all: readonly string[];
}

export function examplesOf(fleet: Fleet, classes: Classes): Examples {
  const bySignature = new Map<string, Set<string>>();
  for (const { slots, signatures, members } of classes.list) {
    slots.forEach((slot, at) => {
      const signature = signatures[at];
      if (signature === undefined) return;
      let values = bySignature.get(signature);
      if (values === undefined) {
        values = new Set();
        bySignature.set(signature, values);
      }
      for (const member of members) {
        if (values.size >= 16) break;
        const value = slotValue(fleet.devices[member]!, slot);
        if (value !== undefined) values.add(value);
      }
    });
  }
  const lists = new Map([...bySignature].map(([signature, values]) => [signature, [...values]]));
  return {
    value(signature, role, slot) {
      const list = lists.get(signature) ?? [''];
      const half = list.length >> 1;
      return role === 'sender'
        ? list[slot % Math.max(1, list.length - half)]!
        : list[list.length - 1 - (slot % Math.max(1, half || 1))]!;
    },
    all: [...lists.values()].flat(),
  };
}
