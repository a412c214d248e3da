import type { Condition } from './conditions.ts';
import { arnSegments, foldGlob, unknownAtom } from './conditions.ts';
import { type DomainOptions, domainOf } from './domains.ts';
import { forcedStretches, type Items, itemsKey } from './forced.ts';
import { FOLD, type Glob, hasCase, isLoneStar, literalTokens, matches, normalise } from './glob.ts';
import type { Budget } from './inclusion.ts';
import { type Alternative, allMeets, meetGlobs } from './meets.ts';
import { arnPrefix } from './options.ts';
import { keys, normaliseKey } from './request.ts';
import { substitute, type Template, templateOf } from './template.ts';
import { isValid } from './valid.ts';
import { cellsOf, fillings, intervalPoints, subsetsOf, type ValueList } from './values.ts';

/** Everything the policies say about one context key, for one action. */
export interface KeyUse {
  readonly key: string;
  readonly conditions: readonly Condition[];
  /** It stands in a resource or in the value of a condition. */
  readonly asVariable: boolean;
  /** A letter that occurs nowhere in the policies and belongs to this key alone. */
  readonly letter: string;
}

export interface CandidateInput {
  readonly uses: readonly KeyUse[];
  /** Patterns that the client ID must match for a session to exist; empty unless sessions count. */
  readonly clientPatterns: readonly LeftPattern[];
  /** Lengths of fresh words to try. */
  readonly lengths: readonly number[];
  /** Some pattern is so long that fresh text may not fit below AWS's limits. */
  readonly tight: boolean;
  readonly options: DomainOptions;
  /** MQTT wildcards inside values change which topics a filter takes in. */
  readonly filters: boolean;
  /**
   * Slashes up to which values are tried where filters are matched against topics (delivery): `+` takes one level, so there a slash is
   * harder to cover than the fresh letter. 0 where patterns alone decide; those take a slash like any letter.
   */
  readonly slashes: number;
  readonly valuesAreGlobs: boolean;
  readonly budget: Budget;
}

/** A pattern on the left, and which statement it is of: one name must match one pattern of every statement. */
export interface LeftPattern {
  readonly items: Items;
  readonly of: number;
}

export type ValueLists = ReadonlyMap<string, ValueList>;

const clientId = normaliseKey(keys.clientId);
const thingName = normaliseKey(keys.thingName);
const connectAttributes = normaliseKey(keys.connectAttributes);
const lastWillTopic = normaliseKey(keys.lastWillTopic);

/** Values per key that do not hang on what a name must match: fresh words, and what conditions single out. */
export function baseCandidates(input: CandidateInput): ValueLists {
  return new Map(input.uses.map((use) => [use.key, valuesOf(use, input)]));
}

/**
 * The base values, and for the variables in `left` (patterns that one name must match all together) the values that those patterns
 * force on each other. A key may be absent besides, which the caller decides.
 */
export function candidates(input: CandidateInput, base: ValueLists, left: readonly LeftPattern[]): ValueLists {
  const patterns = [...left, ...input.clientPatterns];
  const forced = new Map<string, ValueList>();
  for (const use of input.uses) forced.set(use.key, withForced(use, input, base, patterns));
  // Values that hang on other variables come second; what they hang on is settled by then.
  const out = new Map(forced);
  for (const use of input.uses) out.set(use.key, withDependent(use, input, forced, patterns));
  return out;
}

/**
 * Patterns that one value of the variable may have to match all at once: the stretches that lie opposite it in the patterns on the left,
 * and what conditions and the right to connect want of it. The client ID and the thing name may be one, so each takes the other's.
 */
function poolOf(
  use: KeyUse,
  input: CandidateInput,
  patterns: readonly LeftPattern[],
): { stretches: Alternative[]; wanted: Alternative[] } {
  const names = isName(use.key) ? [clientId, thingName] : [use.key];
  const stretches = names.flatMap((key) =>
    stretchesFor(key, patterns).flatMap(({ items, of }) => plainGlob(items).map((glob) => ({ glob, of }))),
  );
  const open = (list: readonly Alternative[]): Alternative[] => list.filter(({ glob }) => !isLoneStar(glob));
  return { stretches: open(stretches), wanted: open([...wantedGlobs(use, input), ...clientGlobs(use, input)]) };
}

function plainGlob(items: Items): Glob[] {
  const plain = items.filter((item) => typeof item === 'number');
  return plain.length < items.length ? [] : [normalise(plain)];
}

function withForced(use: KeyUse, input: CandidateInput, base: ValueLists, patterns: readonly LeftPattern[]): ValueList {
  const known = base.get(use.key) ?? { values: [], exhaustive: true };
  if (!use.asVariable) return known;
  const domain = domainOf(use.key, input.options);
  const values = new Set(known.values);
  const { stretches, wanted } = poolOf(use, input, patterns);
  const alternatives = [...stretches, ...wanted];
  const pool = [...new Map(alternatives.map(({ glob }) => [glob.join(), glob])).values()];
  const meets = allMeets(alternatives.filter(({ glob }) => glob.some((token) => token < 0)));
  let filled = true;
  for (const glob of new Map([...pool, ...meets.globs].map((one) => [one.join(), one])).values()) {
    const { texts, complete } = fillings(glob, use.letter, fillLengths(glob, input));
    for (const text of texts) values.add(text);
    filled &&= complete;
  }
  // Where a value must lie opposite one pattern and outside another, a filling may not do.
  const cells = stretches.length > 0 && wanted.length > 0 ? cellsOf(pool, domain, input.budget) : noCells;
  for (const value of cells.values) values.add(value);
  return {
    values: [...values].filter((value) => typeof value !== 'string' || isValid(domain, value)),
    exhaustive: known.exhaustive && meets.complete && filled && cells.exhaustive,
  };
}

/**
 * Lengths of fresh text to try for a star. Where no pattern has a `?`, one fresh letter is harder to match than none; beside `+` and `#`,
 * or below a limit of length, there may be no room for it.
 */
function fillLengths(stretch: Glob, { lengths, tight }: CandidateInput): readonly number[] {
  const needsNone = tight || lengths.length > 1 || stretch.includes(plus) || stretch.includes(hash);
  return needsNone ? [0, ...lengths] : lengths;
}

const plus = 43;
const hash = 35;

const noCells: ValueList = { values: [], exhaustive: true };

function wantedTemplates(use: KeyUse): Template[] {
  return use.conditions.flatMap((condition) => condition.values);
}

function valuesOf(use: KeyUse, input: CandidateInput): ValueList {
  if (use.key.startsWith('?')) return { values: ['true', 'false'], exhaustive: true };
  const families = new Set(use.conditions.map((condition) => condition.family));
  families.delete('null');
  const [family] = families;
  if (family === 'ip' || family === 'numeric' || family === 'date') return orderedValues(use, input, families.size);
  if (family === 'bool' && families.size === 1) return { values: ['true', 'false'], exhaustive: true };
  const texts = textValues(use, input);
  const multivalued = use.key === connectAttributes || use.key.endsWith('.list');
  if (!multivalued && use.conditions.every((condition) => condition.quantifier === 'single')) return texts;
  return subsetsOf(
    texts.values.filter((value) => typeof value === 'string'),
    texts.exhaustive,
  );
}

/**
 * Points in the intervals of addresses, numbers or dates; where the same key is compared as text as well, the values that the texts
 * single out besides, without a claim that they suffice.
 */
function orderedValues(use: KeyUse, input: CandidateInput, families: number): ValueList {
  const points = intervalPoints(use.conditions);
  const single = use.conditions.every((condition) => condition.quantifier === 'single');
  if (families === 1 && single) return points;
  const texts = families === 1 ? [] : textValues(use, input).values;
  return { values: [...new Set([...points.values, ...texts])], exhaustive: false };
}

function textValues(use: KeyUse, input: CandidateInput): ValueList {
  const domain = domainOf(use.key, input.options);
  const globs = [...wantedGlobs(use, input), ...clientGlobs(use, input)].map(({ glob }) => glob);
  const cells = cellsOf(globs, domain, input.budget);
  const values = new Set<string>(
    use.asVariable ? input.lengths.map((length) => use.letter.repeat(length)) : [use.letter],
  );
  for (const value of cells.values) if (typeof value === 'string') values.add(value);
  if (use.asVariable) {
    for (const glob of globs)
      for (const text of fillings(glob, use.letter, fillLengths(glob, input)).texts) values.add(text);
    for (const text of specialValues(use, input)) values.add(text);
  }
  const exhaustive = cells.exhaustive && !(use.asVariable && globs.some(hasSeveralCases));
  return { values: [...values].filter((value) => isValid(domain, value)), exhaustive };
}

/** Letters in either case beyond one combine in more ways than are tried. */
function hasSeveralCases(glob: Glob): boolean {
  return glob.filter((token) => token <= FOLD && hasCase(FOLD - token)).length > 1;
}

/** The client ID and the thing name may be one, so each takes the other's patterns into account. */
function wantedGlobs(use: KeyUse, input: CandidateInput): Alternative[] {
  const uses = isName(use.key) ? input.uses.filter((other) => isName(other.key)) : [use];
  return uses
    .flatMap((one) => one.conditions)
    .flatMap((condition, index) =>
      condition.values
        .flatMap((value) => {
          if (value.glob === undefined) return [];
          if (condition.family === 'arn' && use.key === lastWillTopic) return bySegments(value.glob, input.options);
          return [condition.family === 'stringFold' ? foldGlob(value.glob) : value.glob];
        })
        .map((glob) => ({ glob, of: `condition ${index}` })),
    );
}

/** What an ARN operator leaves of a pattern for ARNs of this deployment: it compares segment by segment. */
function bySegments(glob: Glob, options: DomainOptions): Glob[] {
  if (isLoneStar(glob)) return [glob];
  const segments = arnSegments(glob);
  const fixed = arnPrefix(options);
  const own = fixed.split(':');
  const name = segments?.at(-1);
  if (segments === undefined || name === undefined) return [];
  if (!segments.slice(0, 5).every((segment, index) => matches(segment, own[index] ?? ''))) return [];
  return [Int32Array.from([...literalTokens(fixed), ...name])];
}

function clientGlobs(use: KeyUse, input: CandidateInput): Alternative[] {
  if (use.key !== clientId && use.key !== thingName) return [];
  return input.clientPatterns.flatMap(({ items, of }) =>
    plainGlob(items).map((glob) => ({ glob, of: `connect ${of}` })),
  );
}

interface Stretch {
  readonly items: Items;
  readonly of: string;
}

/**
 * Stretches of other statements' patterns that the variable can be forced to. Those for one place of the variable in one statement, laid
 * against one other statement, are alternatives.
 */
function stretchesFor(key: string, patterns: readonly LeftPattern[]): Stretch[] {
  const out = new Map<string, Stretch>();
  for (const pattern of patterns) {
    let place = 0;
    for (const [index, item] of pattern.items.entries()) {
      if (typeof item === 'number' || item.key !== key) continue;
      place += 1;
      for (const other of patterns) {
        if (other.of === pattern.of) continue;
        const of = `${key} ${pattern.of} ${place} ${other.of}`;
        for (const items of forcedStretches(pattern.items, index, other.items))
          out.set(`${of} ${itemsKey(items)}`, { items, of });
      }
    }
  }
  return [...out.values()];
}

function specialValues(use: KeyUse, input: CandidateInput): string[] {
  const out: string[] = [''];
  if (input.filters) out.push('+', '#', `${use.letter}/#`);
  if (input.slashes > 0) out.push(...levelledValues(use.letter, input.slashes));
  if (input.valuesAreGlobs) out.push('*', '?', `${use.letter}*`);
  return out;
}

const isName = (key: string): boolean => key === clientId || key === thingName;

/** Several levels of fresh text, some of them empty, and a value that begins with `$`, which first-level wildcards skip. */
function levelledValues(letter: string, slashes: number): string[] {
  const deep = Array.from({ length: slashes }, (_unused, index) => `${letter}${`/${letter}`.repeat(index + 1)}`);
  return [...deep, '/', `/${letter}`, `${letter}/`, '//', `$${letter}`, `$${letter}/${letter}`];
}

/**
 * Values that another variable settles: wanted values and stretches that hold variables, filled in with those variables' own candidates;
 * and, the other way round, the values of a key that a condition compares with this variable.
 */
function withDependent(
  use: KeyUse,
  input: CandidateInput,
  lists: ValueLists,
  patterns: readonly LeftPattern[],
): ValueList {
  const known = lists.get(use.key) ?? { values: [], exhaustive: true };
  const domain = domainOf(use.key, input.options);
  const values = new Set(known.values);
  const take = (text: string): void => {
    if (isValid(domain, text)) values.add(text);
  };
  const { stretches, wanted } = poolOf(use, input, patterns);
  const others = [...new Map([...stretches, ...wanted].map(({ glob }) => [glob.join(), glob])).values()];
  let exhaustive = known.exhaustive;
  for (const template of dependentTemplates(use, input, patterns)) {
    const chosen = assignments(template, lists);
    exhaustive &&= chosen.complete;
    for (const assignment of chosen.list) {
      const glob = substitute(template, (key) => assignment.get(key));
      if (glob === undefined) continue;
      const isOpen = glob.some((token) => token < 0);
      const met = isOpen ? others.flatMap((other) => meetGlobs(glob, other, 16) ?? []) : [];
      for (const one of [glob, ...met])
        for (const text of fillings(one, use.letter, fillLengths(one, input)).texts) take(text);
    }
  }
  for (const other of input.uses)
    if (wantedTemplates(other).some((value) => value.variables.some((variable) => variable.key === use.key)))
      for (const value of lists.get(other.key)?.values ?? []) if (typeof value === 'string') take(value);
  return { values: [...values], exhaustive };
}

function dependentTemplates(use: KeyUse, input: CandidateInput, patterns: readonly LeftPattern[]): Template[] {
  const items = [
    ...(use.asVariable ? stretchesFor(use.key, patterns).map((stretch) => stretch.items) : []),
    ...(use.key === clientId ? input.clientPatterns.map((pattern) => pattern.items) : []),
  ];
  const distinct = new Map(items.map((one) => [itemsKey(one), one])).values();
  const templates = [...wantedTemplates(use), ...[...distinct].flatMap(asTemplate)];
  // A value that would have to hold itself is that value with nothing around it.
  return templates.filter(({ variables }) => variables.length > 0 && variables.every((one) => one.key !== use.key));
}

/** Items as a template, if they hold a variable. */
function asTemplate(items: Items): Template[] {
  return items.some((item) => typeof item === 'object') ? [templateOf('', items)] : [];
}

/** Values of other variables in one template beyond this many are not all combined. */
const maxAssignments = 400;

function assignments(
  template: Template,
  lists: ValueLists,
): { readonly list: readonly ReadonlyMap<string, string>[]; readonly complete: boolean } {
  let list: Map<string, string>[] = [new Map()];
  let complete = true;
  for (const key of new Set(template.variables.map((variable) => variable.key))) {
    const texts = (lists.get(key)?.values ?? []).filter((value) => typeof value === 'string');
    const all = list.flatMap((assignment) => texts.map((text) => new Map(assignment).set(key, text)));
    complete &&= all.length <= maxAssignments;
    list = all.slice(0, maxAssignments);
  }
  return { list, complete };
}

/** The keys (pseudo keys included) that conditions of unknown operators hang on. */
export function atomsOf(conditions: readonly Condition[]): string[] {
  return conditions.filter((condition) => condition.family === 'unknown').map(unknownAtom);
}
