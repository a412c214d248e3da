import { ANY, caseVariants, FOLD, type Glob, STAR } from './glob.ts';

/**
 * Several globs side by side in one bit vector: bit i of a glob's stretch says "the next token to read is i", the last bit that the
 * glob is finished. One letter moves all positions of all globs at once (Shift-And).
 */
export interface PackedGlobs {
  /** Length of a vector in 32-bit words. */
  readonly words: number;
  /** Writes the starting positions; true when some glob already takes every continuation. */
  start(out: Uint32Array): boolean;
  /** Writes the positions after one letter; true when some glob then takes every continuation. */
  step(from: Uint32Array, letter: number, out: Uint32Array): boolean;
  /** Whether some glob is finished. */
  accepts(vector: Uint32Array): boolean;
  /** Bits that say "finished", per glob in the order given. */
  readonly finals: readonly number[];
  /** Positions from which every continuation is taken. */
  readonly universal: Uint32Array;
  /** Letters that some glob asks for by name, with the positions that ask. */
  readonly literals: ReadonlyMap<number, Uint32Array>;
}

export function packGlobs(globs: readonly Glob[]): PackedGlobs {
  const bits = globs.reduce((sum, glob) => sum + glob.length + 1, 0);
  const words = Math.max(1, Math.ceil(bits / 32));
  const masks = {
    starts: new Uint32Array(words),
    star: new Uint32Array(words),
    any: new Uint32Array(words),
    universal: new Uint32Array(words),
    final: new Uint32Array(words),
  };
  const literals = new Map<number, Uint32Array>();
  const finals: number[] = [];
  let bit = 0;
  for (const glob of globs) {
    set(masks.starts, bit);
    for (const [index, token] of glob.entries()) {
      if (token === STAR) set(index === glob.length - 1 ? masks.universal : masks.star, bit + index);
      else if (token === ANY) set(masks.any, bit + index);
      else
        for (const code of token >= 0 ? [token] : caseVariants(FOLD - token))
          set(literalMask(literals, code, words), bit + index);
      if (token === STAR) set(masks.star, bit + index);
    }
    bit += glob.length;
    set(masks.final, bit);
    finals.push(bit);
    bit += 1;
  }
  const empty = new Uint32Array(words);
  return {
    words,
    finals,
    universal: masks.universal,
    literals,
    start(out) {
      out.set(masks.starts);
      return closeStars(out, masks.star, masks.universal);
    },
    step(from, letter, out) {
      const literal = literals.get(letter) ?? empty;
      let carry = 0;
      for (let i = 0; i < words; i += 1) {
        const here = from[i] ?? 0;
        const moving = here & ((masks.any[i] ?? 0) | (literal[i] ?? 0));
        out[i] = (here & (masks.star[i] ?? 0)) | (moving << 1) | carry;
        carry = moving >>> 31;
      }
      return closeStars(out, masks.star, masks.universal);
    },
    accepts(vector) {
      for (let i = 0; i < words; i += 1) if (((vector[i] ?? 0) & (masks.final[i] ?? 0)) !== 0) return true;
      return false;
    },
  };
}

/** A star may be empty: its bit implies the next one. One pass is enough because normalised globs have no two stars in a row. */
function closeStars(vector: Uint32Array, star: Uint32Array, universal: Uint32Array): boolean {
  let carry = 0;
  let all = 0;
  for (let i = 0; i < vector.length; i += 1) {
    const here = vector[i] ?? 0;
    const empties = here & (star[i] ?? 0);
    all |= here & (universal[i] ?? 0);
    vector[i] = here | (empties << 1) | carry;
    carry = empties >>> 31;
  }
  // The carry of one word may land on a star only if a star followed a star, which normalised globs rule out.
  return all !== 0;
}

function set(mask: Uint32Array, bit: number): void {
  const word = bit >>> 5;
  mask[word] = (mask[word] ?? 0) | (1 << (bit & 31));
}

function literalMask(literals: Map<number, Uint32Array>, code: number, words: number): Uint32Array {
  const known = literals.get(code);
  if (known !== undefined) return known;
  const mask = new Uint32Array(words);
  literals.set(code, mask);
  return mask;
}
