import type { Lookup } from './conditions.ts';
import { keys, normaliseKey } from './request.ts';
import type { Validity } from './valid.ts';

export type Value = string | readonly string[];

/** The thing behind the connection: none, one whose name is the client ID, or (exclusive attachment) one under another client ID. */
export type ThingClass = 'none' | 'same' | 'other' | 'unattached';

/** Values to try for one key; undefined: the key is absent. */
export interface Choice {
  readonly key: string;
  readonly values: readonly (Value | undefined)[];
}

/** All combinations of the choices, for one relation between client and thing. Never written out: walked by digits. */
export interface ContextClass {
  readonly choices: readonly Choice[];
  /** Keys that equal the name asked for (on Connect: the client ID, and the thing name where the two are one). */
  readonly self: ReadonlySet<string>;
  /** The thing name is the client ID. */
  readonly sameName: boolean;
  readonly attached: boolean;
  /** The names that are possible in this class. */
  readonly valid: Validity;
}

/** One context. Keys are normalised; `?…` keys are the open truth of unknown operators. */
export interface PlannedContext {
  readonly values: ReadonlyMap<string, Value>;
  readonly lookup: Lookup;
  readonly self: ReadonlySet<string>;
  readonly valid: Validity;
}

/** Which value of each choice, in the order of the choices. */
export type Digits = Int32Array;

const clientId = normaliseKey(keys.clientId);
const thingName = normaliseKey(keys.thingName);
const isAttached = normaliseKey(keys.isAttached);

export function sizeOf(one: ContextClass): number {
  return one.choices.reduce((size, choice) => size * choice.values.length, 1);
}

/** The choices of the given keys, by index, and how much the digit of each counts in a number that tells their combinations apart. */
export function weightsFor(
  one: ContextClass,
  wanted: readonly string[],
): { readonly reads: readonly number[]; readonly weights: Float64Array } {
  const relevant = new Set(wanted.map((key) => (key === thingName && one.sameName ? clientId : key)));
  const reads = one.choices.flatMap((choice, i) => (relevant.has(choice.key) ? [i] : []));
  let weight = 1;
  const weights = Float64Array.from(reads, (index) => {
    const own = weight;
    weight *= one.choices[index]?.values.length ?? 1;
    return own;
  });
  return { reads, weights };
}

/** The combination written out. */
export function contextAt(one: ContextClass, digits: Digits): PlannedContext {
  const values = new Map<string, Value>();
  one.choices.forEach((choice, i) => {
    const value = choice.values[digits[i] ?? 0];
    if (value !== undefined) values.set(choice.key, value);
  });
  const client = values.get(clientId);
  if (one.sameName && client !== undefined) values.set(thingName, client);
  const attached = one.attached ? 'true' : 'false';
  return {
    values,
    lookup: (key) => (key === isAttached ? attached : values.get(key)),
    self: one.self,
    valid: one.valid,
  };
}
