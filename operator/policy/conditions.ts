import { cidrContains, parseCidr } from './address.ts';
import type { ConditionEntry, Position } from './document.ts';
import { FOLD, foldCase, type Glob, isLoneStar, matches, normalise } from './glob.ts';
import type { Switches } from './options.ts';
import { normaliseKey } from './request.ts';
import { parseTemplate, type Resolve, substitute, type Template } from './template.ts';

export type OperatorFamily =
  | 'string'
  | 'stringFold'
  | 'like'
  | 'arn'
  | 'numeric'
  | 'date'
  | 'bool'
  | 'ip'
  | 'null'
  | 'unknown';

export type Comparison = 'eq' | 'lt' | 'le' | 'gt' | 'ge';

/** One entry of a Condition block, ready for evaluation. */
export interface Condition {
  readonly key: string;
  readonly name: string;
  readonly operator: string;
  readonly family: OperatorFamily;
  readonly negated: boolean;
  readonly comparison: Comparison;
  readonly quantifier: 'single' | 'forAll' | 'forAny';
  readonly ifExists: boolean;
  readonly negationOfList: Switches['negationOfList'];
  readonly values: readonly Template[];
  readonly at: Position | undefined;
}

/** The value of a normalised key in a request; undefined when the key is absent. */
export type Lookup = (key: string) => string | readonly string[] | undefined;

type OperatorRow = readonly [OperatorFamily, boolean, Comparison?];

/** Source: IAM user guide, "IAM JSON policy elements: Condition operators". Names compare without case. */
const operators: ReadonlyMap<string, OperatorRow> = new Map<string, OperatorRow>([
  ['stringequals', ['string', false]],
  ['stringnotequals', ['string', true]],
  ['stringequalsignorecase', ['stringFold', false]],
  ['stringnotequalsignorecase', ['stringFold', true]],
  ['stringlike', ['like', false]],
  ['stringnotlike', ['like', true]],
  ['arnequals', ['arn', false]],
  ['arnlike', ['arn', false]],
  ['arnnotequals', ['arn', true]],
  ['arnnotlike', ['arn', true]],
  ['binaryequals', ['string', false]],
  ['numericequals', ['numeric', false]],
  ['numericnotequals', ['numeric', true]],
  ['numericlessthan', ['numeric', false, 'lt']],
  ['numericlessthanequals', ['numeric', false, 'le']],
  ['numericgreaterthan', ['numeric', false, 'gt']],
  ['numericgreaterthanequals', ['numeric', false, 'ge']],
  ['dateequals', ['date', false]],
  ['datenotequals', ['date', true]],
  ['datelessthan', ['date', false, 'lt']],
  ['datelessthanequals', ['date', false, 'le']],
  ['dategreaterthan', ['date', false, 'gt']],
  ['dategreaterthanequals', ['date', false, 'ge']],
  ['bool', ['bool', false]],
  ['ipaddress', ['ip', false]],
  ['notipaddress', ['ip', true]],
  ['null', ['null', false]],
]);

const takesWildcards: ReadonlySet<OperatorFamily> = new Set(['like', 'arn']);

/** Compiles one entry; an operator that IAM does not define becomes the family `unknown`, whose truth is left open. */
export function compileCondition(
  entry: ConditionEntry,
  variables: boolean,
  negationOfList: Switches['negationOfList'] = 'noneNamed',
): Condition {
  const match = /^(?:(ForAllValues|ForAnyValue):)?(.*?)(IfExists)?$/is.exec(entry.operator);
  const set = match?.[1]?.toLowerCase();
  const row = operators.get((match?.[2] ?? '').toLowerCase());
  const family = row?.[0] ?? 'unknown';
  return {
    key: normaliseKey(entry.key),
    name: entry.key,
    operator: entry.operator,
    family,
    negated: row?.[1] ?? false,
    comparison: row?.[2] ?? 'eq',
    quantifier: set === 'forallvalues' ? 'forAll' : set === 'foranyvalue' ? 'forAny' : 'single',
    ifExists: match?.[3] !== undefined,
    negationOfList,
    values: entry.values.map((value) =>
      parseTemplate(value.text, { variables, wildcards: takesWildcards.has(family) }),
    ),
    at: entry.at,
  };
}

/**
 * The pseudo key under which an unknown operator's truth is looked up. Two equal conditions share it, so they are taken to be
 * true together or false together.
 */
export function unknownAtom(condition: Condition): string {
  const { operator, key, values } = condition;
  return `?${quoted(operator)} ${quoted(key)} ${values.map((value) => quoted(value.text)).join(' | ')}`;
}

/** Quoted where it could run into its neighbours, since two different conditions must not be taken for one. */
function quoted(text: string): string {
  return /^[^\s|"]+$/.test(text) ? text : JSON.stringify(text);
}

/**
 * Whether the condition holds. Absent keys follow IAM: negated operators, IfExists and ForAllValues are true of them, the rest false.
 */
export function holds(condition: Condition, lookup: Lookup): boolean {
  if (condition.family === 'unknown') return lookup(unknownAtom(condition)) === 'true';
  const value = lookup(condition.key);
  if (condition.family === 'null')
    return condition.values.some((wanted) => (wanted.text === 'true') === (value === undefined));
  if (value === undefined) {
    if (condition.ifExists || condition.quantifier === 'forAll') return true;
    return condition.quantifier === 'single' && condition.negated;
  }
  const list = typeof value === 'string' ? [value] : value;
  const resolve = resolver(lookup);
  const test = (one: string): boolean => condition.values.some((wanted) => meets(condition, wanted, one, resolve));
  switch (condition.quantifier) {
    case 'forAll':
      return list.every((one) => test(one) !== condition.negated);
    case 'forAny':
      return list.some((one) => test(one) !== condition.negated);
    case 'single':
      // A plain operator on a multivalued key: IAM leaves it open. By default its negation is the opposite of "some value equals".
      if (condition.negated && condition.negationOfList === 'oneUnnamed') return list.some((one) => !test(one));
      return list.some(test) !== condition.negated;
    default:
      return condition.quantifier satisfies never;
  }
}

/** Variables take only single values. */
export function resolver(lookup: Lookup): Resolve {
  return (key) => {
    const value = lookup(key);
    return typeof value === 'string' ? value : undefined;
  };
}

function meets(condition: Condition, wanted: Template, value: string, resolve: Resolve): boolean {
  const glob = substitute(wanted, resolve);
  return glob !== undefined && meetsGlob(condition, glob, value);
}

/** Whether one value meets one wanted value, already substituted. */
export function meetsGlob(condition: Condition, wanted: Glob, value: string): boolean {
  switch (condition.family) {
    case 'string':
    case 'like':
      return matches(wanted, value);
    case 'stringFold':
      return matches(foldGlob(wanted), value);
    case 'arn':
      return matchesArn(wanted, value);
    case 'bool':
      return glyphs(wanted).toLowerCase() === value.toLowerCase();
    case 'numeric':
      return compare(parseNumber(value), parseNumber(glyphs(wanted)), condition.comparison);
    case 'date':
      return compare(parseDate(value), parseDate(glyphs(wanted)), condition.comparison);
    case 'ip': {
      const block = parseCidr(glyphs(wanted));
      return block !== undefined && cidrContains(block, value);
    }
    case 'null':
    case 'unknown':
      return false;
    default:
      return condition.family satisfies never;
  }
}

/** The literal text of a glob without wildcards. */
export function glyphs(glob: Glob): string {
  let out = '';
  for (const token of glob) if (token >= 0) out += String.fromCodePoint(token);
  return out;
}

/** The same pattern, with every letter taken in either case. */
export function foldGlob(glob: Glob): Glob {
  return normalise(Array.from(glob, (token) => (token >= 0 ? FOLD - foldCase(token) : token)));
}

/** A decimal number, with an exponent or without; NaN for any other text, the empty one among them. */
export function parseNumber(text: string): number {
  return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text) ? Number(text) : Number.NaN;
}

const isoDate =
  /^(\d{4}|\+\d{6}|-(?!0{6})\d{6})-(0[1-9]|1[0-2])(?:-(0[1-9]|[12]\d|3[01])(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?)?$/;

/**
 * Epoch milliseconds of an ISO 8601 date (in UTC where it names no zone) or of a number of seconds; NaN when it is neither, as for days and
 * years that no calendar has.
 */
export function parseDate(text: string): number {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  // Left to itself, Date.parse reads "5 Jan 2026" too, and a time without a zone as one of wherever this runs.
  const [date, year = '', month, day = '01', zone] = isoDate.exec(text) ?? [];
  // It also reads 31 February as 3 March, the year minus nought as 2001, and a 13th month with a sign as it likes.
  if (date === undefined || Number(day) > daysOf(Number(year), Number(month))) return Number.NaN;
  return Date.parse(text.includes('T') && zone === undefined ? `${text}Z` : text);
}

/** Days of a month, from 1. The calendar repeats every 400 years, and Date.UTC takes years below 100 for those of the last century. */
function daysOf(year: number, month: number): number {
  return new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate();
}

/** Nothing holds of NaN, which stands for text that is no number or date: each of these comparisons is false of it by itself. */
function compare(left: number, right: number, comparison: Comparison): boolean {
  switch (comparison) {
    case 'eq':
      return left === right;
    case 'lt':
      return left < right;
    case 'le':
      return left <= right;
    case 'gt':
      return left > right;
    case 'ge':
      return left >= right;
    default:
      return comparison satisfies never;
  }
}

const colon = 58;

/** Cuts a pattern at its first five colons; undefined when it has fewer. */
export function arnSegments(glob: Glob): Glob[] | undefined {
  const out: Glob[] = [];
  let from = 0;
  for (let i = 0; i < glob.length && out.length < 5; i += 1)
    if (glob[i] === colon) {
      out.push(glob.slice(from, i));
      from = i + 1;
    }
  if (out.length < 5) return undefined;
  out.push(glob.slice(from));
  return out;
}

/** IAM's ARN operators match each of the six segments on its own; a lone star matches all. */
export function matchesArn(wanted: Glob, value: string): boolean {
  const patterns = arnSegments(wanted);
  if (patterns === undefined) return isLoneStar(wanted);
  const parts = value.split(':');
  if (parts.length < 6) return false;
  const segments = [...parts.slice(0, 5), parts.slice(5).join(':')];
  return patterns.every((pattern, index) => matches(pattern, segments[index] ?? ''));
}
