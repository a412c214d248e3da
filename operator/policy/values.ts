import { parseAddress, parseCidr, showAddress } from './address.ts';
import { type Condition, parseDate, parseNumber } from './conditions.ts';
import { caseVariants, FOLD, type Glob, matches, plainText, STAR } from './glob.ts';
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
  for (const literal of literals) values.add(plainText(literal));
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

/** Not `toUpperCase`: the capital of ß is one letter here, as in names. */
function capital(letter: string): string {
  const [lower = 0, upper = lower] = caseVariants(letter.codePointAt(0) ?? 0);
  return String.fromCodePoint(upper);
}

const writings: readonly Writing[] = [
  (letter) => letter,
  capital,
  (letter, index) => (index % 2 === 0 ? capital(letter) : letter),
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

/** Beyond this many values of a list, further ones are tried alone only. */
const maxPaired = 12;

/** Every single class, and every set of classes up to a limit, for keys that hold several values at once. */
export function subsetsOf(single: readonly string[], exhaustive: boolean): ValueList {
  if (single.length > 6) {
    const paired = single.slice(0, maxPaired);
    const pairs = paired.flatMap((a, i) => paired.slice(i + 1).map((b) => [a, b]));
    return { values: [[], ...single.map((one) => [one]), ...pairs, [...paired]], exhaustive: false };
  }
  const values: string[][] = [];
  for (let mask = 0; mask < 1 << single.length; mask += 1) values.push(single.filter((_one, i) => (mask >> i) & 1));
  return { values, exhaustive };
}

/** Families of operators that put values in an order. */
export type OrderedFamily = 'numeric' | 'date' | 'ip';

/** What else is asked of a key whose values are put in order. */
export interface OtherDemands {
  /** Patterns with which the same values are compared as text. */
  readonly texts: readonly Glob[];
  /** The value stands in a name, or is compared with a variable: more than its place in the order counts. */
  readonly asText: boolean;
}

/**
 * A value in every interval that the conditions of one family cut out. One number, date or address can be written in several ways, so
 * where texts count as well each interval also gets a writing that none of the texts takes in, if there is one.
 */
export function intervalPoints(
  conditions: readonly Condition[],
  family: OrderedFamily,
  demands: OtherDemands,
): readonly string[] {
  const wanted = conditions.filter((condition) => condition.family === family).flatMap((condition) => condition.values);
  const texts = wanted.filter((value) => value.variables.length === 0).map((value) => value.text);
  const filled = demands.texts.flatMap((glob) => writtenInto(glob, family));
  if (family === 'ip') return [...new Set([...addressPoints(texts, demands.texts.length), ...filled])];
  const isDate = family === 'date';
  const step = isDate ? 1000 : 1;
  const bounds = [...new Set(texts.map(isDate ? parseDate : parseNumber).filter((bound) => !Number.isNaN(bound)))];
  bounds.sort((a, b) => a - b);
  const points = bounds.flatMap((bound, i) => {
    const next = bounds[i + 1];
    return [bound, next === undefined ? beyond(bound, step) : between(bound, next)];
  });
  const [first] = bounds;
  points.push(first === undefined ? 0 : -beyond(-first, step));
  // What is compared with a variable may lie before, at or behind the variable's value.
  if (wanted.length > texts.length) points.push((points.at(-1) ?? 0) - step, (points.at(-1) ?? 0) + 2 * step);
  const written = points
    .filter((point) => !isDate || isShowable(point))
    .flatMap((point) => writingsOf(point, isDate, demands));
  return [...new Set([...written, ...filled])];
}

/**
 * The same number or date in letters of thing names, which have no point: as many writings as there are texts and one more, so that one is
 * left that no text names. A date between two seconds becomes both of them.
 */
export function writingsWithoutPoint(text: string, family: OrderedFamily, named: number): string[] {
  if (family === 'ip') return [];
  const zeros = Array.from({ length: Math.min(named, maxAddresses) + 1 }, (_unused, index) => '0'.repeat(index));
  if (family === 'numeric') {
    const [mantissa = '', exponent = '0'] = text.split('e');
    const [whole = '', fraction = ''] = mantissa.split('.');
    return zeros.map((more) => `${whole}${fraction}${more}e${Number(exponent) - fraction.length - more.length}`);
  }
  const seconds = parseDate(text) / 1000;
  return [Math.floor(seconds), Math.ceil(seconds)].flatMap((second) => {
    const plain = new Date(second * 1000).toISOString().replace('.000Z', '');
    return [`${plain}Z`, `${plain}-00:00`, ...zeros.map((more) => `${more}${second}`)];
  });
}

/** A larger number: so far out that a step makes no difference, twice as far. */
function beyond(bound: number, step: number): number {
  return bound + step > bound ? bound + step : bound + Math.abs(bound);
}

/** The middle; of what is endless, the largest number counts. */
function between(low: number, high: number): number {
  return Math.max(low, -Number.MAX_VALUE) / 2 + Math.min(high, Number.MAX_VALUE) / 2;
}

/** Dates outside what JavaScript can write are left out rather than thrown over. */
function isShowable(value: number): boolean {
  return Math.abs(value) <= 8.64e15;
}

/** The plain writing; where texts count, also one that no text takes in; where patterns count, some that begin or end otherwise. */
function writingsOf(value: number, isDate: boolean, { texts, asText }: OtherDemands): string[] {
  const write = isDate ? writtenDate : writtenNumber;
  const out = [write(value, 0)];
  if (asText || texts.some((glob) => glob.some((token) => token < 0))) {
    out.push(write(value, 1));
    // A number of seconds is a date and a number at once.
    if (!isDate || value >= 0) {
      const number = writtenNumber(isDate ? value / 1000 : value, 0);
      out.push(number, value < 0 ? number.replace('-', '-0') : `0${number}`);
    }
  }
  const odd = texts.map((_text, zeros) => write(value, zeros + 1));
  return [...out, ...odd.filter((text) => !texts.some((glob) => matches(glob, text))).slice(0, 1)];
}

/** A number with superfluous zeros behind the point. */
function writtenNumber(value: number, zeros: number): string {
  // Larger than the largest: any text that is read as such.
  const plain = Number.isFinite(value) ? String(value) : value < 0 ? '-1e999' : '1e999';
  if (zeros === 0) return plain;
  const [mantissa = '', exponent] = plain.split('e');
  const point = mantissa.includes('.') ? '' : '.';
  return `${mantissa}${point}${'0'.repeat(zeros)}${exponent === undefined ? '' : `e${exponent}`}`;
}

/** An ISO date with superfluous zeros behind the milliseconds. */
function writtenDate(value: number, zeros: number): string {
  return new Date(value).toISOString().replace('Z', `${'0'.repeat(zeros)}Z`);
}

const fillers: Readonly<Record<OrderedFamily, readonly string[]>> = {
  numeric: ['', '0', '1', '5', '.5'],
  date: ['', 'Z', '01', '01-01', '01-01T00:00:00Z', 'T00:00:00Z'],
  ip: ['', '0', '0.0', '0.0.0', ':', ':1'],
};

/** Numbers, dates or addresses that a pattern with wildcards takes in, as far as simple fillings show some. */
function writtenInto(glob: Glob, family: OrderedFamily): string[] {
  if (glob.every((token) => token >= 0)) return [];
  const isOne = (text: string): boolean =>
    family === 'ip'
      ? parseAddress(text) !== undefined
      : !Number.isNaN(family === 'date' ? parseDate(text) : parseNumber(text));
  return fillers[family]
    .map((filler) =>
      Array.from(glob, (token) =>
        token >= 0
          ? String.fromCodePoint(token)
          : token === STAR
            ? filler
            : token <= FOLD
              ? String.fromCodePoint(FOLD - token)
              : '0',
      ).join(''),
    )
    .filter(isOne);
}

/** More addresses than this of one interval are not listed; with more texts than that on one key the list is not known to suffice. */
export const maxAddresses = 16;

/**
 * Addresses on both sides of every end of a block, and two outside them all. Behind each beginning of an interval as many as there are
 * texts, so that one is left that no text names.
 */
function addressPoints(texts: readonly string[], named: number): string[] {
  const out = new Set(['192.0.2.1', '2001:db8:0:0:0:0:0:1']);
  const more = BigInt(Math.min(named, maxAddresses));
  for (const text of texts) {
    const block = parseCidr(text);
    if (block === undefined) continue;
    const limit = block.family === 4 ? (1n << 32n) - 1n : (1n << 128n) - 1n;
    const take = (value: bigint): void => {
      if (value >= 0n && value <= limit) out.add(showAddress(block.family, value));
    };
    take(block.high);
    take(block.low - 1n);
    for (let next = 0n; next <= more; next += 1n) {
      take(block.low + next);
      take(block.high + 1n + next);
      if (more > 0n) take(next);
    }
  }
  return [...out];
}
