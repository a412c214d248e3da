import { parseCidr, showAddress } from './address.ts';
import { type Condition, parseDate, parseNumber } from './conditions.ts';
import { FOLD, type Glob, STAR } from './glob.ts';
import { type Budget, findUncovered } from './inclusion.ts';
import type { Validity } from './valid.ts';

/** Values to try for a key, and whether trying them all is known to suffice. */
export interface ValueList {
  readonly values: readonly (string | readonly string[])[];
  readonly exhaustive: boolean;
}

/** Patterns with wildcards beyond this many are combined in pairs only, and the list is no longer known to suffice. */
const maxCellGlobs = 7;

/**
 * One value from each cell into which the patterns cut the domain: for every combination of "matches" and "does not match" that some
 * value shows, such a value.
 */
export function cellsOf(globs: readonly Glob[], domain: Validity, budget: Budget): ValueList {
  const values = new Set<string>();
  const literals = globs.filter((glob) => glob.every((token) => token >= 0));
  const open = globs.filter((glob) => glob.some((token) => token < 0));
  for (const literal of literals) values.add(String.fromCodePoint(...literal));
  const exhaustive = open.length <= maxCellGlobs;
  const split = (index: number, inside: readonly Glob[], outside: readonly Glob[]): void => {
    const glob = open[index];
    const left = inside.length === 0 ? [Int32Array.of(STAR)] : inside;
    const found = findUncovered({ left, right: [...outside, ...literals], valid: domain, budget });
    if (found.kind !== 'word') return;
    if (glob === undefined) {
      values.add(found.word);
      return;
    }
    if (exhaustive || inside.length < 2) split(index + 1, [...inside, glob], outside);
    split(index + 1, inside, [...outside, glob]);
  };
  split(0, [], []);
  return { values: [...values], exhaustive };
}

export interface Fillings {
  readonly texts: readonly string[];
  /** False where there were too many combinations to list. */
  readonly complete: boolean;
}

/** More combinations than this come only from many stars beside long runs of `?`. */
const maxFillings = 81;

/**
 * Fresh text for the wildcards of a stretch: for each star every one of the given lengths, in all combinations. Letters that are taken in
 * either case come out in lower, in upper and in mixed case.
 */
export function fillings(stretch: Glob, letter: string, lengths: readonly number[]): Fillings {
  const stars = stretch.filter((token) => token === STAR).length;
  const complete = lengths.length ** stars <= maxFillings;
  const out = new Set<string>();
  for (const writing of stretch.some((token) => token <= FOLD) ? writings : writings.slice(0, 1)) {
    const take = (lengthOf: (star: number) => number): void => {
      out.add(fill(stretch, writing, letter, lengthOf));
    };
    if (complete)
      for (let code = 0; code < lengths.length ** stars; code += 1)
        take((star) => lengths[Math.floor(code / lengths.length ** star) % lengths.length] ?? 0);
    else
      for (const length of lengths) {
        take(() => length);
        for (let only = 0; only < stars; only += 1) take((star) => (star === only ? length : 0));
      }
  }
  return { texts: [...out], complete };
}

type Writing = (letter: string, index: number) => string;

const writings: readonly Writing[] = [
  (letter) => letter,
  (letter) => letter.toUpperCase(),
  (letter, index) => (index % 2 === 0 ? letter.toUpperCase() : letter),
];

function fill(stretch: Glob, writing: Writing, letter: string, lengthOf: (star: number) => number): string {
  let star = -1;
  let out = '';
  for (const [index, token] of stretch.entries()) {
    if (token === STAR) {
      star += 1;
      out += letter.repeat(lengthOf(star));
    } else if (token >= 0) out += String.fromCodePoint(token);
    else out += token <= FOLD ? writing(String.fromCodePoint(FOLD - token), index) : letter;
  }
  return out;
}

/** Every single class, and every set of classes up to a limit, for keys that hold several values at once. */
export function subsetsOf(single: readonly string[], exhaustive: boolean): ValueList {
  if (single.length > 6) {
    const pairs = single.flatMap((a, i) => single.slice(i + 1).map((b) => [a, b]));
    return { values: [[], ...single.map((one) => [one]), ...pairs, [...single]], exhaustive: false };
  }
  const values: string[][] = [];
  for (let mask = 0; mask < 1 << single.length; mask += 1) values.push(single.filter((_one, i) => (mask >> i) & 1));
  return { values, exhaustive };
}

/** A point in every interval that the conditions' numbers, dates or address blocks cut out. */
export function intervalPoints(conditions: readonly Condition[]): ValueList {
  const texts = conditions.flatMap((condition) => condition.values.map((value) => value.text));
  const family = conditions.find((condition) => condition.family !== 'null')?.family;
  if (family === 'ip') return { values: addressPoints(texts), exhaustive: true };
  const parse = family === 'date' ? parseDate : parseNumber;
  const bounds = [...new Set(texts.map(parse).filter((bound) => Number.isFinite(bound)))].sort((a, b) => a - b);
  const show = (value: number): string => (family === 'date' ? new Date(value).toISOString() : String(value));
  const points = bounds.flatMap((bound, i) => {
    const next = bounds[i + 1];
    const step = family === 'date' ? 1000 : 1;
    return [bound, next === undefined ? bound + step : (bound + next) / 2];
  });
  const first = bounds[0];
  if (first !== undefined) points.push(first - (family === 'date' ? 1000 : 1));
  return {
    values: [...new Set(points.filter(isShowable).map(show)), ...(first === undefined ? [show(0)] : [])],
    exhaustive: true,
  };
}

/** Dates outside what JavaScript can write are left out rather than thrown over. */
function isShowable(value: number): boolean {
  return Math.abs(value) <= 8.64e15;
}

function addressPoints(texts: readonly string[]): string[] {
  const out = new Set(['192.0.2.1', '2001:db8:0:0:0:0:0:1']);
  for (const text of texts) {
    const block = parseCidr(text);
    if (block === undefined) continue;
    const limit = block.family === 4 ? (1n << 32n) - 1n : (1n << 128n) - 1n;
    for (const value of [block.low, block.high, block.low - 1n, block.high + 1n])
      if (value >= 0n && value <= limit) out.add(showAddress(block.family, value));
  }
  return [...out];
}
