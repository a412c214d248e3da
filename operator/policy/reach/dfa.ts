import type { Alphabet } from './alphabet.ts';
import { dead, type Machine } from './machine.ts';

/**
 * A complete table of a machine in canonical form: minimal, states numbered in the order of a breadth-first walk. Two languages
 * over one alphabet are equal exactly when their tables are, so `key` identifies a language.
 */
export interface Dfa {
  readonly letters: number;
  readonly size: number;
  /** `size * letters` entries; `dead` where no word is accepted any more. */
  readonly next: Int32Array;
  readonly accepting: Uint8Array;
  readonly key: string;
}

/** The empty language has no state at all. */
export const emptyDfa: Dfa = { letters: 0, size: 0, next: new Int32Array(0), accepting: new Uint8Array(0), key: '' };

interface Table {
  readonly letters: number;
  readonly size: number;
  readonly next: Int32Array;
  readonly accepting: Uint8Array;
}

/** Walks the whole machine; `undefined` when it has more than `maxStates` states. */
function explore(machine: Machine, alphabet: Alphabet, maxStates: number): Table | undefined {
  const letters = alphabet.size;
  const ids = new Map<number, number>([[machine.start, 0]]);
  const order = [machine.start];
  const rows: Int32Array[] = [];
  for (let at = 0; at < order.length; at += 1) {
    const row = new Int32Array(letters);
    for (let letter = 0; letter < letters; letter += 1) {
      const target = machine.step(order[at]!, letter);
      if (target === dead) {
        row[letter] = dead;
        continue;
      }
      let id = ids.get(target);
      if (id === undefined) {
        id = order.length;
        if (id >= maxStates) return undefined;
        ids.set(target, id);
        order.push(target);
      }
      row[letter] = id;
    }
    rows.push(row);
  }
  const next = new Int32Array(order.length * letters);
  rows.forEach((row, at) => {
    next.set(row, at * letters);
  });
  return { letters, size: order.length, next, accepting: Uint8Array.from(order, (s) => (machine.accepts(s) ? 1 : 0)) };
}

/** States from which some word is accepted; all others become `dead`. */
function prune(table: Table): Table {
  const { letters, size, next } = table;
  const back: number[][] = Array.from({ length: size }, () => []);
  for (let at = 0; at < next.length; at += 1) {
    const target = next[at]!;
    if (target !== dead) back[target]!.push((at / letters) | 0);
  }
  const live = Uint8Array.from(table.accepting);
  const queue: number[] = [];
  live.forEach((flag, state) => {
    if (flag === 1) queue.push(state);
  });
  for (let at = 0; at < queue.length; at += 1) {
    for (const source of back[queue[at]!]!) {
      if (live[source] === 1) continue;
      live[source] = 1;
      queue.push(source);
    }
  }
  return { ...table, next: next.map((target) => (target !== dead && live[target] === 1 ? target : dead)) };
}

/** Moore's refinement: classes are split by the classes of their successors until nothing splits. */
function classesOf(table: Table): Int32Array {
  const { letters, size, next } = table;
  let classes = Int32Array.from(table.accepting);
  let count = new Set(classes).size;
  for (;;) {
    const seen = new Map<string, number>();
    const refined = new Int32Array(size);
    const row = new Array<number>(letters + 1);
    for (let state = 0; state < size; state += 1) {
      row[0] = classes[state]!;
      for (let letter = 0; letter < letters; letter += 1) {
        const target = next[state * letters + letter]!;
        row[letter + 1] = target === dead ? dead : classes[target]!;
      }
      const key = row.join();
      let id = seen.get(key);
      if (id === undefined) {
        id = seen.size;
        seen.set(key, id);
      }
      refined[state] = id;
    }
    classes = refined;
    if (seen.size === count) return classes;
    count = seen.size;
  }
}

function canonical(table: Table): Dfa {
  const { letters } = table;
  const classes = classesOf(table);
  const member = new Map<number, number>();
  classes.forEach((cls, state) => {
    if (!member.has(cls)) member.set(cls, state);
  });
  const number = new Map<number, number>([[classes[0]!, 0]]);
  const order = [classes[0]!];
  const rows: number[] = [];
  for (let at = 0; at < order.length; at += 1) {
    const from = member.get(order[at]!)! * letters;
    for (let letter = 0; letter < letters; letter += 1) {
      const target = table.next[from + letter]!;
      if (target === dead) {
        rows.push(dead);
        continue;
      }
      const cls = classes[target]!;
      if (!number.has(cls)) {
        number.set(cls, order.length);
        order.push(cls);
      }
      rows.push(number.get(cls)!);
    }
  }
  const next = Int32Array.from(rows);
  const accepting = Uint8Array.from(order, (cls) => table.accepting[member.get(cls)!]!);
  return { letters, size: order.length, next, accepting, key: keyOf(next, accepting) };
}

function keyOf(next: Int32Array, accepting: Uint8Array): string {
  const parts: string[] = [];
  // In slices: a spread over a long table would overflow the stack. 1 is added so that `dead` fits in 16 bits beside 65,535 states.
  for (let at = 0; at < next.length; at += 4096) {
    parts.push(String.fromCharCode(...next.subarray(at, at + 4096).map((target) => target + 1)));
  }
  return `${String.fromCharCode(...accepting)}|${parts.join('')}`;
}

/** The canonical table of a machine, or `undefined` beyond `maxStates` (at most 60,000). */
export function compileDfa(machine: Machine, alphabet: Alphabet, maxStates = 20_000): Dfa | undefined {
  if (machine.start === dead) return emptyDfa;
  const table = explore(machine, alphabet, Math.min(maxStates, 60_000));
  if (table === undefined) return undefined;
  const pruned = prune(table);
  const empty = pruned.accepting[0] !== 1 && pruned.next.subarray(0, pruned.letters).every((target) => target === dead);
  return empty ? emptyDfa : canonical(pruned);
}

/** The table as a machine, to combine it further. */
export function dfaMachine(dfa: Dfa): Machine {
  return {
    start: dfa.size === 0 ? dead : 0,
    step: (state, letter) => (state === dead ? dead : dfa.next[state * dfa.letters + letter]!),
    accepts: (state) => state !== dead && dfa.accepting[state] === 1,
    all: () => false,
  };
}

/** A shortest word in both languages as letter numbers, `undefined` when they are disjoint. */
export function sharedWord(left: Dfa, right: Dfa): readonly number[] | undefined {
  if (left.size === 0 || right.size === 0) return undefined;
  const { letters } = left;
  const width = right.size;
  const parent = new Map<number, number>([[0, -1]]);
  const queue = [0];
  for (let at = 0; at < queue.length; at += 1) {
    const pair = queue[at]!;
    const l = Math.floor(pair / width);
    const r = pair % width;
    if (left.accepting[l] === 1 && right.accepting[r] === 1) return wordTo(parent, letters, pair);
    for (let letter = 0; letter < letters; letter += 1) {
      const nl = left.next[l * letters + letter]!;
      const nr = right.next[r * letters + letter]!;
      if (nl === dead || nr === dead) continue;
      const target = nl * width + nr;
      if (parent.has(target)) continue;
      parent.set(target, pair * letters + letter);
      queue.push(target);
    }
  }
  return undefined;
}

function wordTo(parent: ReadonlyMap<number, number>, letters: number, end: number): number[] {
  const word: number[] = [];
  for (let link = parent.get(end)!; link !== -1; link = parent.get(Math.floor(link / letters))!)
    word.push(link % letters);
  return word.reverse();
}
