import { type Condition, foldGlob, type OperatorFamily, unknownAtom } from './conditions.ts';
import { domainOf } from './domains.ts';
import { forcedStretches, type Items, itemsKey } from './forced.ts';
import { caseVariants, FOLD, type Glob, literalTokens } from './glob.ts';
import { allMeets, meetGlobs } from './meets.ts';
import { keys, normaliseKey } from './request.ts';
import { hasOneValue, substitute, type Template, templateOf } from './template.ts';
import {
  asCompared,
  type CandidateInput,
  clientGlobs,
  isName,
  type KeyUse,
  type LeftPattern,
  plainGlob,
  poolOf,
  stretchesFor,
  tiesOf,
  wantedGlobs,
  wantedOf,
} from './ties.ts';
import { isValid, thingNames } from './valid.ts';
import {
  cellsOf,
  fillings,
  intervalPoints,
  maxAddresses,
  type OrderedFamily,
  subsetsOf,
  type ValueList,
  writingsWithoutPoint,
} from './values.ts';

export type ValueLists = ReadonlyMap<string, ValueList>;

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
    for (const { template } of dependentOn(use, input, patterns))
      for (const key of [use.key, ...template.variables.map((variable) => variable.key)]) tied.add(key);
  return Math.max(1, tied.size - 1);
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

function valuesOf(use: KeyUse, input: CandidateInput): ValueList {
  if (use.key.startsWith('?')) return { values: ['true', 'false'], exhaustive: true };
  const families = new Set(use.conditions.map((condition) => condition.family));
  families.delete('null');
  const ordered = [...families].filter(isOrdered);
  const isTruth = families.has('bool') && families.size === 1;
  const single =
    ordered.length > 0 ? orderedValues(use, input, ordered) : isTruth ? truths(use, input) : textValues(use, input);
  return holdsSeveral(use) ? setsOf(use, single) : single;
}

/** Bool compares any text, letter case aside; of what wants nothing but true or false the two and one other word are all there is. */
function truths(use: KeyUse, input: CandidateInput): ValueList {
  const plain = ['true', 'false', ...otherText(use)];
  const wanted = use.conditions.flatMap((condition) => condition.values);
  if (wanted.every(({ text }) => /^(?:true|false)$/i.test(text))) return { values: plain, exhaustive: !use.asVariable };
  const { values, exhaustive } = textValues(use, input);
  return { values: [...new Set([...plain, ...values])], exhaustive };
}

/** A variable resolves to a single value alone, so where the key may be one as well, its values are tried as they are too. */
function setsOf(use: KeyUse, { values, exhaustive }: ValueList): ValueList {
  const texts = values.filter(isText);
  const sets = subsetsOf(texts, exhaustive);
  return use.asVariable ? { ...sets, values: [...texts, ...sets.values] } : sets;
}

function isText(value: ValueList['values'][number]): value is string {
  return typeof value === 'string';
}

function isOrdered(family: OperatorFamily): family is OrderedFamily {
  return family === 'ip' || family === 'numeric' || family === 'date';
}

/**
 * Whether one request may carry several values of the key at once. What AWS documents as a variable has one value, whatever operators it is
 * compared with; of keys that AWS IoT does not document, a set operator says that they may have several.
 */
function holdsSeveral({ key, conditions }: KeyUse): boolean {
  return mayHoldSeveral(key, () => conditions.some((condition) => condition.quantifier !== 'single'));
}

/** `holdsSeveral` for a normalised key; the second argument tells whether a set operator is used on it anywhere. */
export function mayHoldSeveral(key: string, inSets: () => boolean): boolean {
  if (key === connectAttributes || key.endsWith('.list')) return true;
  return !hasOneValue(key) && !typedKeys.has(key) && inSets();
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
 * Values in the intervals of addresses, numbers or dates; where the same key is compared as text as well, or stands in a name, also the
 * values that the texts single out. They are known to suffice for one order beside texts without wildcards: the texts themselves, and in
 * every interval one value that is none of them.
 */
function orderedValues(use: KeyUse, input: CandidateInput, families: readonly OrderedFamily[]): ValueList {
  const compared = use.conditions.filter(({ family }) => family !== 'null' && !isOrdered(family));
  const texts = wantedGlobs({ ...use, conditions: compared }, input).map(({ glob }) => glob);
  const withVariables = use.conditions.some((one) => one.values.some((value) => value.variables.length > 0));
  const asText = use.asVariable || withVariables || families.length > 1;
  const domain = domainOf(use.key, input.options);
  const fits = (text: string): boolean => isValid(domain, text);
  // A client ID may have to serve as the thing's name.
  const narrowest = isName(use.key) ? thingNames : domain;
  const points = families.flatMap((family) =>
    intervalPoints(use.conditions, family, { texts, asText }).flatMap((point) =>
      isValid(narrowest, point) ? [point] : [point, ...writingsWithoutPoint(point, family, texts.length)],
    ),
  );
  const besides = compared.length > 0 || use.asVariable ? textValues(use, input).values.filter(isText) : [];
  const plain = texts.every((glob) => glob.every((token) => token >= 0 || token <= FOLD));
  return {
    values: [...new Set([...points, ...otherText(use), ...besides])].filter(fits),
    exhaustive: !asText && plain && texts.length <= maxAddresses && compared.every(({ family }) => family !== 'arn'),
  };
}

function textValues(use: KeyUse, input: CandidateInput): ValueList {
  const domain = domainOf(use.key, input.options);
  const globs = [...wantedGlobs(use, input), ...clientGlobs(use.key, input)].map(({ glob }) => glob);
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
  return glob.filter((token) => token <= FOLD && caseVariants(FOLD - token).length > 1).length > 1;
}

function specialValues(use: KeyUse, input: CandidateInput): string[] {
  const out: string[] = [''];
  if (input.filters) out.push('+', '#', `${use.letter}/#`);
  if (input.slashes > 0) out.push(...levelledValues(use.letter, input.slashes));
  if (input.valuesAreGlobs) out.push('*', '?', `${use.letter}*`);
  return out;
}

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
  const several = holdsSeveral(use);
  const values = new Set(several ? known.values.flat() : known.values);
  const before = values.size;
  const take = (text: string): void => {
    if (isValid(domain, text)) values.add(text);
  };
  const { stretches, wanted } = poolOf(use, input, patterns);
  const others = [...new Map([...stretches, ...wanted].map(({ glob }) => [glob.join(), glob])).values()];
  let exhaustive = known.exhaustive;
  for (const { template, condition, isPart } of dependentOn(use, input, patterns)) {
    const chosen = assignments(template, lists);
    exhaustive &&= chosen.complete;
    for (const assignment of chosen.list) {
      if (input.budget.left < 0) break;
      input.budget.left -= (1 + others.length) / 4;
      const filled = substitute(template, (key) => assignment.get(key));
      if (filled === undefined) continue;
      for (const glob of condition === undefined ? [filled] : asCompared(filled, condition, input.options)) {
        const isOpen = glob.some((token) => token < 0);
        const met = isOpen ? others.flatMap((other) => meetGlobs(glob, other, 16) ?? []) : [];
        exhaustive &&= !hasSeveralCases(glob);
        for (const one of [glob, ...met])
          for (const text of fillings(one, use.letter, fillLengths(one, input)).texts) {
            take(text);
            input.budget.left -= fillingCost;
            if (!isPart) continue;
            // Where it lies opposite another variable it may begin or end in the middle of that one's value.
            const cut = piecesOf(text);
            input.budget.left -= cut.pieces.size * fillingCost;
            for (const piece of cut.pieces) take(piece);
            exhaustive &&= cut.all;
          }
      }
    }
  }
  for (const tie of tiesOf(input))
    tie.items.forEach((item, index) => {
      if (typeof item === 'number' || item.key !== use.key || tie.key === use.key) return;
      for (const value of lists.get(tie.key)?.values ?? []) {
        if (typeof value !== 'string' || input.budget.left < 0) continue;
        input.budget.left -= stretchCost;
        for (const stretch of forcedStretches(tie.items, index, literalTokens(value)).flatMap(plainGlob)) {
          const one = tie.folded ? foldGlob(stretch) : stretch;
          for (const text of fillings(one, use.letter, fillLengths(one, input)).texts) {
            take(text);
            input.budget.left -= fillingCost;
          }
        }
      }
    });
  if (several && values.size === before) return { ...known, exhaustive };
  if (values.size > maxValues) exhaustive = false;
  const kept = [...values].slice(0, maxValues);
  return several ? setsOf(use, { values: kept, exhaustive }) : { values: kept, exhaustive };
}

/** What one text that is tried for a variable takes, in nodes of a search. */
const fillingCost = 0.25;
/** The same for laying a value against a pattern that holds the variable. */
const stretchCost = 4;

/** Of longer texts only the beginnings, the ends and the levels are taken. */
const allPieces = 6;

/** What a name can be cut into, and whether that is everything. */
function piecesOf(text: string): { readonly pieces: ReadonlySet<string>; readonly all: boolean } {
  const pieces = new Set(text.split('/'));
  const all = text.length <= allPieces;
  for (let from = 0; from < text.length; from += 1)
    for (let to = from + 1; to <= text.length; to += 1)
      if (all || from === 0 || to === text.length) pieces.add(text.slice(from, to));
  return { pieces, all };
}

/** Values of one variable beyond this many come only from many patterns that tie variables to each other. */
const maxValues = 2_000;

/** A pattern with variables that the key's value must match, and the condition that wants it, if one does. */
interface Dependent {
  readonly template: Template;
  readonly condition: Condition | undefined;
  /** It lies opposite the variable in a longer name, which may be cut elsewhere. */
  readonly isPart: boolean;
}

function dependentOn(use: KeyUse, input: CandidateInput, patterns: readonly LeftPattern[]): Dependent[] {
  const opposite = (patternsThere: readonly { readonly items: Items }[], isPart: boolean): Dependent[] => {
    const distinct = new Map(patternsThere.map(({ items }) => [itemsKey(items), items])).values();
    return [...distinct].flatMap(asTemplate).map((template) => ({ template, condition: undefined, isPart }));
  };
  const all = [
    ...wantedOf(use, input).map((one) => ({ ...one, isPart: false })),
    ...opposite(use.asVariable ? stretchesFor(use.key, patterns) : [], true),
    ...opposite(isName(use.key) ? input.clientPatterns : [], false),
  ];
  // A value that would have to hold itself is that value with nothing around it.
  return all.filter(
    ({ template: { variables } }) => variables.length > 0 && variables.every((one) => one.key !== use.key),
  );
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
