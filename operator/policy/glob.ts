/**
 * A compiled pattern: a code point (>= 0) stands for itself; the negative tokens below are the wildcards.
 * Always normalised: no two stars in a row and no `?` right behind a star (`*?` is written `?*`), which is what lets the
 * bit-parallel step close over stars with one shift.
 */
export type Glob = Int32Array;

export const ANY = -1;
export const STAR = -2;
/** Tokens at or below this stand for one letter in either case: `FOLD - codePoint(lower case)`. */
export const FOLD = -16;

/** Pulls `?` in front of `*` and merges stars inside each run of wildcards; the language stays the same. */
export function normalise(tokens: readonly number[]): Glob {
  const out: number[] = [];
  let star = false;
  for (const token of tokens) {
    if (token === STAR) {
      star = true;
    } else if (token === ANY) {
      out.push(ANY);
    } else {
      if (star) out.push(STAR);
      star = false;
      out.push(token);
    }
  }
  if (star) out.push(STAR);
  return new Int32Array(out);
}

/** Code points of a text, as plain characters. */
export function literalTokens(text: string): number[] {
  const out: number[] = [];
  for (const char of text) out.push(char.codePointAt(0) ?? 0);
  return out;
}

/** A glob from text in which `*` and `?` are wildcards and everything else is itself (no variables, no escapes). */
export function globOf(text: string): Glob {
  return normalise(literalTokens(text).map((code) => (code === 42 ? STAR : code === 63 ? ANY : code)));
}

/** A glob that matches exactly this text. */
export function literalGlob(text: string): Glob {
  return new Int32Array(literalTokens(text));
}

/** The text of a glob without wildcards. Letter by letter: a text may have more letters than a call has room for arguments. */
export function plainText(glob: Iterable<number>): string {
  let text = '';
  for (const code of glob) text += String.fromCodePoint(code);
  return text;
}

/** Whether one token other than STAR takes this code point. */
export function takes(token: number, code: number): boolean {
  if (token >= 0) return token === code;
  return token === ANY || foldCase(code) === FOLD - token;
}

/** Lower case of one code point where that is one code point again; itself otherwise. */
export function foldCase(code: number): number {
  if (code < 128) return code >= 65 && code <= 90 ? code + 32 : code;
  const lower = String.fromCodePoint(code).toLowerCase();
  const folded = lower.codePointAt(0) ?? code;
  return String.fromCodePoint(folded).length === lower.length ? folded : code;
}

/** Capitals that are not the upper case of their lower case: signs like the one for kelvin, capitals in title case, ẞ. */
const furtherCapitals: ReadonlyMap<number, readonly number[]> = Map.groupBy(
  [
    ...[0x1c5, 0x1c8, 0x1cb, 0x1f2, 0x3f4, 0x1e9e, 0x1fbc, 0x1fcc, 0x1ffc, 0x2126, 0x212a, 0x212b],
    ...[0x1f88, 0x1f98, 0x1fa8].flatMap((first) => Array.from({ length: 8 }, (_unused, index) => first + index)),
  ],
  foldCase,
);

/** Every letter whose lower case is this one, beginning with itself: what a token that takes either case takes. */
export function caseVariants(lower: number): number[] {
  const upper = String.fromCodePoint(lower).toUpperCase().codePointAt(0) ?? lower;
  const out = upper !== lower && foldCase(upper) === lower ? [lower, upper] : [lower];
  return [...out, ...(furtherCapitals.get(lower) ?? [])];
}

/** Whether the glob matches the text from `start` (a UTF-16 index) to its end. Linear time in practice, quadratic at worst. */
export function matches(glob: Glob, text: string, start = 0): boolean {
  let position = 0;
  let at = start;
  let starAt = -1;
  let starText = 0;
  while (at < text.length) {
    const code = text.codePointAt(at) ?? 0;
    const token = glob[position];
    if (token === STAR) {
      starAt = position;
      starText = at;
      position += 1;
    } else if (token !== undefined && takes(token, code)) {
      position += 1;
      at += code > 0xffff ? 2 : 1;
    } else if (starAt >= 0) {
      const skipped = text.codePointAt(starText) ?? 0;
      starText += skipped > 0xffff ? 2 : 1;
      at = starText;
      position = starAt + 1;
    } else {
      return false;
    }
  }
  while (glob[position] === STAR) position += 1;
  return position === glob.length;
}

/** The pattern as text, for messages: literal wildcards come out as `${*}` and `${?}`. */
export function showGlob(glob: Glob): string {
  let out = '';
  for (const token of glob) {
    if (token === STAR) out += '*';
    else if (token === ANY) out += '?';
    else if (token === 42) out += '${*}';
    else if (token === 63) out += '${?}';
    else out += String.fromCodePoint(token >= 0 ? token : FOLD - token);
  }
  return out;
}

/** Whether the pattern is a star and nothing else, which matches every resource under each reading of ARNs. */
export function isLoneStar(glob: Glob): boolean {
  return glob.length === 1 && glob[0] === STAR;
}
