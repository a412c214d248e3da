import { ANY, caseVariants, FOLD, type Glob, STAR, takes } from './glob.ts';
import type { Validity } from './valid.ts';

/**
 * A quick "yes": reads `inner` as if its wildcards were letters that only a like or stronger wildcard takes. Sound for yes, says
 * nothing on no.
 */
export function coversLinearly(outer: Glob, inner: Glob): boolean {
  let position = 0;
  let at = 0;
  let starAt = -1;
  let starInner = 0;
  while (at < inner.length) {
    const token = outer[position];
    if (token === STAR) {
      starAt = position;
      starInner = at;
      position += 1;
    } else if (token !== undefined && tokenCovers(token, inner[at] ?? 0)) {
      position += 1;
      at += 1;
    } else if (starAt >= 0) {
      starInner += 1;
      at = starInner;
      position = starAt + 1;
    } else {
      return false;
    }
  }
  while (outer[position] === STAR) position += 1;
  return position === outer.length;
}

function tokenCovers(outer: number, inner: number): boolean {
  if (outer === ANY) return inner !== STAR;
  return inner >= 0 ? takes(outer, inner) : outer === inner;
}

const readable: readonly number[] = Array.from(
  'xyzabcdefghijklmnopqrstuvw0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ',
  (char) => char.charCodeAt(0),
);

/**
 * A letter that no glob mentions: on the right it is taken by wildcards alone, which makes it the hardest letter to cover, so the
 * search need try no other one where the left leaves the letter open. Undefined when a finite alphabet is used up.
 */
export function freshLetter(globs: readonly Glob[], valid: Validity): number | undefined {
  const used = new Set<number>();
  for (const glob of globs)
    for (const token of glob)
      if (token >= 0) used.add(token);
      else if (token <= FOLD) for (const code of caseVariants(FOLD - token)) used.add(code);
  const known = valid.alphabet === undefined ? undefined : new Set(valid.alphabet);
  const free = readable.find((code) => !used.has(code) && (known === undefined || known.has(code)));
  if (free !== undefined) return free;
  // Slash and dollar are letters of a shadow's name alone and cannot stand for one of the thing's.
  if (known !== undefined) return valid.alphabet?.find((code) => !used.has(code) && code !== 47 && code !== 36);
  let code = 0x100;
  while (used.has(code)) code += 1;
  return code;
}

/** Adds the letters that a token asks for by name. */
export function addLetters(letters: Set<number>, token: number | undefined): void {
  if (token === undefined) return;
  if (token >= 0) letters.add(token);
  else if (token <= FOLD) for (const code of caseVariants(FOLD - token)) letters.add(code);
}
