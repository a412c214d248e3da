import { utf8Length } from '../valid.ts';
import { type Alphabet, spend } from './alphabet.ts';

/**
 * A deterministic automaton whose states are made when first visited. States are numbers; `dead` is the state from which no
 * word is accepted, so that searches stop there. All set operations below keep that promise where it is cheap to keep.
 */
export interface Machine {
  readonly start: number;
  step(state: number, letter: number): number;
  accepts(state: number): boolean;
  /** True only where every continuation is accepted, so that a search may stop subtracting there. May miss such states. */
  all(state: number): boolean;
  /**
   * Longer words are not in the language, although its states do not count: only searches do. Machines for names of one kind have one
   * bound, so that what is taken away from a language may have none.
   */
  readonly maxBytes: number;
}

export const dead = -1;

export interface LazySpec<S> {
  readonly alphabet: Alphabet;
  /** What working out one step costs, the cheapest kind being 1. */
  readonly stepCost?: number;
  readonly start: S | undefined;
  /** Equal keys mean equal states. */
  key(state: S): string | number;
  /** `undefined`: dead. */
  step(state: S, letter: number): S | undefined;
  accepts(state: S): boolean;
  /** Optional, as `Machine.all`. */
  all?(state: S): boolean;
  /** As `Machine.maxBytes`; default: words of any length. */
  readonly maxBytes?: number;
}

const blockBits = 3;
const block = 1 << blockBits;

/** Numbers the states of `spec` as they are reached and remembers each transition. */
export function lazyMachine<S>(spec: LazySpec<S>): Machine {
  const unknown = -2;
  const ids = new Map<string | number, number>();
  const states: S[] = [];
  const { alphabet, stepCost = 1 } = spec;
  const alphabetSize = alphabet.size;
  const stateCost = 1 + alphabetSize / 64;
  // Rows in blocks: an array for each state is dear to make and dearer to collect.
  const blocks: Int32Array[] = [];
  const accepting: boolean[] = [];
  const whole: boolean[] = [];
  const intern = (state: S | undefined): number => {
    if (state === undefined) return dead;
    const key = spec.key(state);
    const known = ids.get(key);
    if (known !== undefined) return known;
    spend(alphabet.budget, stateCost);
    const id = states.length;
    ids.set(key, id);
    states.push(state);
    if (id % block === 0) blocks.push(new Int32Array(alphabetSize * block).fill(unknown));
    accepting.push(spec.accepts(state));
    whole.push(spec.all?.(state) ?? false);
    return id;
  };
  const start = intern(spec.start);
  return {
    start,
    step(state, letter) {
      if (state === dead) return dead;
      const rows = blocks[state >>> blockBits]!;
      const at = (state & (block - 1)) * alphabetSize + letter;
      let next = rows[at]!;
      if (next === unknown) {
        spend(alphabet.budget, stepCost);
        next = intern(spec.step(states[state]!, letter));
        rows[at] = next;
      }
      return next;
    },
    accepts: (state) => state !== dead && accepting[state]!,
    all: (state) => state !== dead && whole[state]!,
    maxBytes: spec.maxBytes ?? Number.POSITIVE_INFINITY,
  };
}

/** How the parts of a product decide together. `and`: all; `or`: one; `minus`: the first and none of the others. */
export type Join = 'and' | 'or' | 'minus';

type Flag = (machine: Machine, state: number) => boolean;

function joined(join: Join, machines: readonly Machine[], states: readonly number[], flag: Flag): boolean {
  for (let at = join === 'minus' ? 1 : 0; at < machines.length; at += 1) {
    const holds = flag(machines[at]!, states[at]!);
    if (join === 'and' ? !holds : holds) return join === 'or';
  }
  if (join === 'minus') return flag(machines[0]!, states[0]!);
  return join === 'and';
}

const accepting: Flag = (machine, state) => machine.accepts(state);

function joinedDead(join: Join, states: readonly number[], machines: readonly Machine[]): boolean {
  if (join === 'and') return states.includes(dead);
  if (join === 'or') return states.every((state) => state === dead);
  return states[0] === dead || machines.some((machine, at) => at > 0 && machine.all(states[at]!));
}

function joinedAll(join: Join, states: readonly number[], machines: readonly Machine[]): boolean {
  const whole = (machine: Machine, at: number): boolean => machine.all(states[at]!);
  if (join === 'and') return machines.every(whole);
  if (join === 'or') return machines.some(whole);
  return machines[0]!.all(states[0]!) && states.slice(1).every((state) => state === dead);
}

/** More states than this no search visits; two of them fit into one number. */
const width = 2 ** 26;

/** The product of several machines over one alphabet. */
export function combine(alphabet: Alphabet, join: Join, machines: readonly Machine[]): Machine {
  const { left, right } = trimmed(join, machines);
  if (right.length === 0) return left;
  return product(alphabet, join, [left, ...right]);
}

/** Machines that cannot change the result are left out: empty ones in a union or a difference, an empty one decides an intersection. */
function trimmed(
  join: Join,
  machines: readonly Machine[],
): { readonly left: Machine; readonly right: readonly Machine[] } {
  const [first = join === 'and' ? everything : nothing, ...others] = machines;
  const isEmpty = (machine: Machine): boolean => machine.start === dead;
  if (join === 'and') return machines.some(isEmpty) ? { left: nothing, right: [] } : { left: first, right: others };
  if (join === 'minus')
    return isEmpty(first)
      ? { left: nothing, right: [] }
      : { left: first, right: others.filter((one) => !isEmpty(one)) };
  const [one = nothing, ...rest] = machines.filter((machine) => !isEmpty(machine));
  return { left: one, right: rest };
}

function product(alphabet: Alphabet, join: Join, machines: readonly Machine[]): Machine {
  const check = (states: number[]): number[] | undefined => (joinedDead(join, states, machines) ? undefined : states);
  const step = (states: readonly number[], letter: number): number[] | undefined => {
    const first = machines[0]!.step(states[0]!, letter);
    if (join !== 'or' && first === dead) return undefined;
    const next = [first];
    for (let at = 1; at < machines.length; at += 1) {
      const state = machines[at]!.step(states[at]!, letter);
      if (join === 'and' && state === dead) return undefined;
      next.push(state);
    }
    return join === 'and' ? next : check(next);
  };
  const isPair = machines.length === 2;
  return lazyMachine<number[]>({
    alphabet,
    stepCost: machines.length / 2,
    start: check(machines.map((machine) => machine.start)),
    // A state of an overlap is two numbers already, and leaves no room for a third.
    key: (states) =>
      isPair && states[0]! < width && states[1]! < width ? (states[0]! + 1) * width + states[1]! + 1 : states.join(','),
    step,
    accepts: (states) => joined(join, machines, states, accepting),
    all: (states) => joinedAll(join, states, machines),
    maxBytes: joinedBound(join, machines),
  });
}

function joinedBound(join: Join, machines: readonly Machine[]): number {
  const bounds = machines.map(({ maxBytes }) => maxBytes);
  if (join === 'minus') return bounds[0]!;
  return join === 'and' ? Math.min(...bounds) : Math.max(...bounds);
}

/** The machine that accepts nothing. */
export const nothing: Machine = { start: dead, step: () => dead, accepts: () => false, all: () => false, maxBytes: 0 };

/** The machine that accepts every word. */
export const everything: Machine = {
  start: 0,
  step: () => 0,
  accepts: () => true,
  all: () => true,
  maxBytes: Number.POSITIVE_INFINITY,
};

/** Whether the text is in the language. */
export function accepts(machine: Machine, alphabet: Alphabet, text: string): boolean {
  let state = machine.start;
  let left = machine.maxBytes;
  for (const char of text) {
    if (state === dead) return false;
    const code = char.codePointAt(0) ?? 0;
    left -= utf8Length(code);
    state = machine.step(state, alphabet.index(code));
  }
  return left >= 0 && machine.accepts(state);
}

export type Found =
  | { readonly kind: 'word'; readonly word: string }
  | { readonly kind: 'none' }
  | { readonly kind: 'undecided' };

/** A word of the language with the fewest bytes; `undecided` when `budget` states were visited without an answer. */
export function shortestWord(machine: Machine, alphabet: Alphabet, budget: number): Found {
  if (machine.start === dead) return { kind: 'none' };
  const states = [machine.start];
  const parents = [-1];
  const letters = [-1];
  const fewest = new Map([[machine.start, 0]]);
  /** Places in `states`, by the bytes of the words that lead there. */
  const reached: number[][] = [[0]];
  for (let length = 0; length < reached.length; length += 1) {
    for (const at of reached[length] ?? []) {
      const state = states[at]!;
      if (fewest.get(state)! < length) continue;
      if (machine.accepts(state)) return { kind: 'word', word: alphabet.text(path(parents, letters, at)) };
      spend(alphabet.budget, 1 + alphabet.size / 64);
      if (states.length > budget) return { kind: 'undecided' };
      for (let letter = 0; letter < alphabet.size; letter += 1) {
        const next = machine.step(state, letter);
        const bytes = length + alphabet.bytes[letter]!;
        if (next === dead || bytes > machine.maxBytes || (fewest.get(next) ?? bytes + 1) <= bytes) continue;
        fewest.set(next, bytes);
        reached[bytes] ??= [];
        reached[bytes].push(states.length);
        states.push(next);
        parents.push(at);
        letters.push(letter);
      }
    }
  }
  return { kind: 'none' };
}

/** What both machines accept, worked out anew at each step: for the many pairs of a fleet, each of which is searched once. */
export function overlap(left: Machine, right: Machine): Machine {
  if (left.start === dead || right.start === dead) return nothing;
  let [pair, l, r] = [dead, dead, dead];
  const at = (state: number): void => {
    if (state === pair) return;
    pair = state;
    l = Math.floor(state / width);
    r = state % width;
  };
  return {
    start: left.start * width + right.start,
    step(state, letter) {
      at(state);
      const nextLeft = left.step(l, letter);
      if (nextLeft === dead) return dead;
      const nextRight = right.step(r, letter);
      return nextRight === dead ? dead : nextLeft * width + nextRight;
    },
    accepts(state) {
      at(state);
      return left.accepts(l) && right.accepts(r);
    },
    all: () => false,
    maxBytes: Math.min(left.maxBytes, right.maxBytes),
  };
}

function path(parents: readonly number[], letters: readonly number[], end: number): number[] {
  const word: number[] = [];
  for (let at = end; parents[at] !== -1; at = parents[at]!) word.push(letters[at]!);
  return word.reverse();
}
