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
  let out = new Map<string, ValueList>();
  for (const use of input.uses) out.set(use.key, withForced(use, input, base, patterns));
  // Values that hang on other variables come second; in a chain of such ties a value travels one link in each round.
  for (let round = longestChain(input, patterns); round > 0; round -= 1) {
    const next = new Map<string, ValueList>();
    for (const use of input.uses) next.set(use.key, withDependent(use, input, out, patterns));
    out = next;
  }
  return out;
}

/** Links of the longest chain of variables that may be tied to one another; at least one. */
function longestChain(input: CandidateInput, patterns: readonly LeftPattern[]): number {
  const tied = new Set<string>();
  for (const use of input.uses)
    for (const { variables } of dependentTemplates(use, input, patterns))
      for (const key of [use.key, ...variables.map((variable) => variable.key)]) tied.add(key);
  return Math.max(1, tied.size - 1);
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
  const tied = names.flatMap((key) => tiedStretches(key, input, patterns));
  const open = (list: readonly Alternative[]): Alternative[] => list.filter(({ glob }) => !isLoneStar(glob));
  return {
    stretches: open([...stretches, ...tied]),
    wanted: open([...wantedGlobs(use, input), ...clientGlobs(use, input)]),
  };
}

/** A key whose value must match a pattern with variables: the wanted value of a condition, or a pattern that the client ID must fit. */
interface Tie {
  readonly key: string;
  readonly items: Items;
}

function tiesOf(input: CandidateInput): Tie[] {
  const conditions = input.uses.flatMap((use) =>
    wantedTemplates(use).map((template) => ({ key: use.key, items: template.items })),
  );
  const clients = input.clientPatterns.map(({ items }) => ({ key: clientId, items }));
  return [...conditions, ...clients].filter(({ items }) => items.some((item) => typeof item === 'object'));
}

/**
 * What a variable inside a tie must be where the tied key's own value is forced: with a client ID of `dev-${serial}` and a name that forces the
 * client ID to `dev-a*`, the serial must be `a*`.
 */
function tiedStretches(key: string, input: CandidateInput, patterns: readonly LeftPattern[]): Alternative[] {
  return tiesOf(input).flatMap((tie, number) =>
    tie.items.flatMap((item, index) => {
      if (typeof item === 'number' || item.key !== key || tie.key === key) return [];
      const use = input.uses.find((one) => one.key === tie.key);
      const own = use === undefined ? [] : [...wantedGlobs(use, input), ...clientGlobs(use, input)];
      const names = isName(tie.key) ? [clientId, thingName] : [tie.key];
      const forced = names.flatMap((name) =>
        stretchesFor(name, patterns).flatMap(({ items, of }) => plainGlob(items).map((glob) => ({ glob, of }))),
      );
      return [...own, ...forced].flatMap(({ glob, of }) =>
        forcedStretches(tie.items, index, Array.from(glob))
          .flatMap(plainGlob)
          .map((stretch) => ({ glob: stretch, of: `tie ${number} ${index} ${of}` })),
      );
    }),
  );
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
  if (family === 'bool' && families.size === 1)
    return { values: ['true', 'false', ...otherText(use)], exhaustive: !use.asVariable };
  const texts = textValues(use, input);
  const multivalued = use.key === connectAttributes || use.key.endsWith('.list');
  if (!multivalued && use.conditions.every((condition) => condition.quantifier === 'single')) return texts;
  return subsetsOf(
    texts.values.filter((value) => typeof value === 'string'),
    texts.exhaustive,
  );
}

/** Keys that AWS itself fills with an address, a time, a number or a truth; any other key may hold plain text. */
const typedKeys: ReadonlySet<string> = new Set([
  'aws:sourceip',
  'aws:currenttime',
  'aws:epochtime',
  'aws:securetransport',
  'aws:multifactorauthage',
  'aws:multifactorauthpresent',
]);

/** A text that is no address, time, number or truth, for keys that may hold one: neither half of any order holds of it. */
function otherText(use: KeyUse): string[] {
  return typedKeys.has(use.key) ? [] : ['x'];
}

/**
 * Points in the intervals of addresses, numbers or dates; where the same key is compared as text as well, or stands in a name, the values
 * that the texts single out besides, without a claim that they suffice.
 */
function orderedValues(use: KeyUse, input: CandidateInput, families: number): ValueList {
  const points = [...intervalPoints(use.conditions).values, ...otherText(use)];
  const single = use.conditions.every((condition) => condition.quantifier === 'single');
  if (families === 1 && single && !use.asVariable) return { values: points, exhaustive: true };
  const texts = families === 1 && !use.asVariable ? [] : textValues(use, input).values;
  return { values: [...new Set([...points, ...texts])], exhaustive: false };
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
  // An ARN operator compares segment by segment, which the cells of whole patterns do not follow.
  const arns = use.key !== lastWillTopic && use.conditions.some((condition) => condition.family === 'arn');
  const exhaustive = cells.exhaustive && !arns && !(use.asVariable && globs.some(hasSeveralCases));
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
  for (const tie of tiesOf(input))
    tie.items.forEach((item, index) => {
      if (typeof item === 'number' || item.key !== use.key || tie.key === use.key) return;
      for (const value of lists.get(tie.key)?.values ?? []) {
        if (typeof value !== 'string') continue;
        for (const stretch of forcedStretches(tie.items, index, literalTokens(value)).flatMap(plainGlob))
          for (const text of fillings(stretch, use.letter, fillLengths(stretch, input)).texts) take(text);
      }
    });
  if (values.size > maxValues) exhaustive = false;
  return { values: [...values].slice(0, maxValues), exhaustive };
}

/** Values of one variable beyond this many come only from many patterns that tie variables to each other. */
const maxValues = 2_000;

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
