import { ANY, type Glob, normalise, STAR, takes } from '../glob.ts';
import { utf8Length } from '../valid.ts';
import { type Alphabet, spend } from './alphabet.ts';
import { lazyMachine, type Machine, nothing } from './machine.ts';

/**
 * What remains of a pattern behind a fixed beginning: every way in which the pattern can have taken `prefix`, as the pattern
 * of the rest. A star may swallow any part of it (`arn:aws:iot:*` over the whole ARN), so there can be several.
 */
export function residuals(glob: Glob, prefix: string): Glob[] {
  // Up to the first star there is one way only, and nearly every pattern spells the beginning out.
  let plain = 0;
  while (plain < prefix.length && glob[plain] === prefix.charCodeAt(plain)) plain += 1;
  if (plain === prefix.length) return [glob.slice(plain)];
  let active = close(glob, new Set([plain]));
  for (const char of prefix.slice(plain)) {
    const code = char.codePointAt(0) ?? 0;
    const next = new Set<number>();
    for (const at of active) {
      const token = glob[at];
      if (token === undefined) continue;
      if (token === STAR) next.add(at);
      else if (takes(token, code)) next.add(at + 1);
    }
    active = close(glob, next);
    if (active.size === 0) return [];
  }
  // A position right behind an active star is part of what the star's own residual says.
  const starts = [...active].filter((at) => !(at > 0 && glob[at - 1] === STAR && active.has(at - 1)));
  return starts.map((at) => normalise([...glob.subarray(at)]));
}

function close(glob: Glob, active: Set<number>): Set<number> {
  for (const at of active) if (glob[at] === STAR) active.add(at + 1);
  return active;
}

interface Masks {
  readonly words: number;
  readonly star: Uint32Array;
  readonly final: Uint32Array;
  readonly first: Uint32Array;
  /** Stars at the end of a pattern: from there on everything matches. */
  readonly tail: Uint32Array;
  /** Positions that advance on a letter: `words` entries for each letter number. */
  readonly advance: Uint32Array;
}

function masksOf(globs: readonly Glob[], alphabet: Alphabet): Masks {
  const positions = globs.reduce((sum, glob) => sum + glob.length + 1, 0);
  const words = Math.max(1, (positions + 31) >>> 5);
  const anyLetter = globs.reduce((sum, glob) => sum + glob.filter((token) => token === ANY).length, 0);
  spend(alphabet.budget, (words * alphabet.size) / 128 + positions / 8 + (anyLetter * alphabet.size) / 32);
  const make = (): Uint32Array => new Uint32Array(words);
  const advance = new Uint32Array(words * alphabet.size);
  const masks = { words, star: make(), final: make(), first: make(), tail: make(), advance };
  let base = 0;
  const set = (mask: Uint32Array, at: number): void => {
    mask[at >>> 5]! |= 1 << (at & 31);
  };
  for (const glob of globs) {
    set(masks.first, base);
    glob.forEach((token, offset) => {
      if (token === STAR) set(masks.star, base + offset);
      else for (const letter of lettersFor(token, alphabet)) set(advance, letter * words * 32 + base + offset);
    });
    set(masks.final, base + glob.length);
    if (glob.at(-1) === STAR) set(masks.tail, base + glob.length - 1);
    base += glob.length + 1;
  }
  return masks;
}

function lettersFor(token: number, alphabet: Alphabet): number[] {
  const letter = alphabet.index(token);
  if (alphabet.codes[letter] === token) return [letter];
  return [...alphabet.codes.keys()].filter((at) => takes(token, alphabet.codes[at]!));
}

/** The fewest bytes that a text of the pattern takes; wildcards have numbers below those of letters, and take one where they take any. */
function leastBytes(glob: Glob): number {
  return glob.reduce((sum, token) => sum + (token === STAR ? 0 : utf8Length(token)), 0);
}

/** The union of patterns as a machine: Shift-And over all of them at once, determinised as states are met. Longer words are left out. */
export function globMachine(
  globs: readonly Glob[],
  alphabet: Alphabet,
  maxBytes: number = Number.POSITIVE_INFINITY,
): Machine {
  const short = globs.filter((glob) => leastBytes(glob) <= maxBytes);
  if (short.length === 0) return nothing;
  const masks = masksOf(short, alphabet);
  const { words, star } = masks;
  const closed = (set: Uint32Array): Uint32Array => {
    let carry = 0;
    for (let at = 0; at < words; at += 1) {
      const stars = set[at]! & star[at]!;
      set[at]! |= (stars << 1) | carry;
      carry = stars >>> 31;
    }
    return set;
  };
  // Most letters lead nowhere; to see that costs no array.
  const leads = (set: Uint32Array, from: number): boolean => {
    for (let at = 0; at < words; at += 1) if ((set[at]! & (star[at]! | masks.advance[from + at]!)) !== 0) return true;
    return false;
  };
  return lazyMachine<Uint32Array>({
    alphabet,
    stepCost: 1 + words / 8,
    start: closed(masks.first.slice()),
    key(set) {
      if (words === 1) return set[0]!;
      let key = '';
      for (let at = 0; at < words; at += 1) key += String.fromCharCode(set[at]! & 0xffff, set[at]! >>> 16);
      return key;
    },
    step(set, letter) {
      const from = letter * words;
      if (!leads(set, from)) return undefined;
      const next = new Uint32Array(words);
      let carry = 0;
      for (let at = 0; at < words; at += 1) {
        const moved = set[at]! & masks.advance[from + at]!;
        next[at] = (set[at]! & star[at]!) | (moved << 1) | carry;
        carry = moved >>> 31;
      }
      return closed(next);
    },
    accepts: (set) => set.some((word, at) => (word & masks.final[at]!) !== 0),
    all: (set) => set.some((word, at) => (word & masks.tail[at]!) !== 0),
    maxBytes,
  });
}
