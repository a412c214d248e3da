import type { Condition } from './conditions.ts';
import { foldGlob, unknownAtom } from './conditions.ts';
import { domainOf } from './domains.ts';
import { forcedStretches, type Items } from './forced.ts';
import type { Glob } from './glob.ts';
import type { Budget } from './inclusion.ts';
import { itemsKey } from './patterns.ts';
import { keys, normaliseKey } from './request.ts';
import { substitute, type Template } from './template.ts';
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
  readonly patterns: readonly Items[];
  /** Patterns that the client ID must match for a session to exist; empty unless sessions count. */
  readonly clientPatterns: readonly Items[];
  /** Lengths of fresh words to try. */
  readonly lengths: readonly number[];
  readonly maxSlashes: number;
  /** MQTT wildcards inside values change which topics a filter takes in. */
  readonly filters: boolean;
  readonly valuesAreGlobs: boolean;
  readonly budget: Budget;
}

const clientId = normaliseKey(keys.clientId);
const connectAttributes = normaliseKey(keys.connectAttributes);

/** Values per key; a key may be absent besides, which the caller decides. */
export function candidates(input: CandidateInput): ReadonlyMap<string, ValueList> {
  const lists = new Map<string, ValueList>();
  for (const use of input.uses) lists.set(use.key, valuesOf(use, input));
  const withVariables = input.uses.filter(
    (use) => use.key === clientId || wantedTemplates(use).some((value) => value.variables.length > 0),
  );
  for (const use of withVariables) lists.set(use.key, withDependent(use, input, lists));
  return shareAmongVariables(input, lists);
}

function wantedTemplates(use: KeyUse): Template[] {
  return use.conditions.flatMap((condition) => condition.values);
}

function valuesOf(use: KeyUse, input: CandidateInput): ValueList {
  if (use.key.startsWith('?')) return { values: ['true', 'false'], exhaustive: true };
  const families = new Set(use.conditions.map((condition) => condition.family));
  if (families.has('ip') || families.has('numeric') || families.has('date')) return intervalPoints(use.conditions);
  if (families.has('bool')) return { values: ['true', 'false'], exhaustive: true };
  const texts = textValues(use, input);
  const multivalued = use.key === connectAttributes || use.key.endsWith('.list');
  if (!multivalued && use.conditions.every((condition) => condition.quantifier === 'single')) return texts;
  return subsetsOf(
    texts.values.filter((value) => typeof value === 'string'),
    texts.exhaustive,
  );
}

function textValues(use: KeyUse, input: CandidateInput): ValueList {
  const domain = domainOf(use.key, input.maxSlashes);
  const globs = [...wantedGlobs(use), ...clientGlobs(use, input)];
  const cells = cellsOf(globs, domain, input.budget);
  const values = new Set<string>(
    use.asVariable ? input.lengths.map((length) => use.letter.repeat(length)) : [use.letter],
  );
  for (const value of cells.values) if (typeof value === 'string') values.add(value);
  if (use.asVariable) {
    for (const glob of globs) for (const text of fillings(glob, use.letter, input.lengths)) values.add(text);
    for (const stretch of stretchesFor(use.key, [...input.patterns, ...input.clientPatterns]))
      for (const text of fillings(stretch, use.letter, input.lengths)) values.add(text);
    for (const text of specialValues(use, input)) values.add(text);
  }
  return { values: [...values].filter((value) => isValid(domain, value)), exhaustive: cells.exhaustive };
}

function wantedGlobs(use: KeyUse): Glob[] {
  return use.conditions.flatMap((condition) =>
    condition.values.flatMap((value) => {
      if (value.glob === undefined) return [];
      return [condition.family === 'stringFold' ? foldGlob(value.glob) : value.glob];
    }),
  );
}

function clientGlobs(use: KeyUse, input: CandidateInput): Glob[] {
  if (use.key !== clientId) return [];
  return input.clientPatterns
    .filter((items) => items.every((item) => typeof item === 'number'))
    .map((items) => Int32Array.from(items.filter((item) => typeof item === 'number')));
}

/** Stretches of other patterns that the variable can be forced to. */
function stretchesFor(key: string, patterns: readonly Items[]): number[][] {
  const out = new Map<string, number[]>();
  for (const pattern of patterns)
    for (const [index, item] of pattern.entries()) {
      if (typeof item === 'number' || item.key !== key) continue;
      const own = itemsKey(pattern);
      for (const other of patterns)
        if (itemsKey(other) !== own)
          for (const stretch of forcedStretches(pattern, index, other)) out.set(stretch.join(), stretch);
    }
  return [...out.values()];
}

function specialValues(use: KeyUse, input: CandidateInput): string[] {
  const out: string[] = [''];
  if (input.filters) out.push('+', '#', `${use.letter}/#`);
  if (input.valuesAreGlobs) out.push('*', '?', `${use.letter}*`);
  return out;
}

/** Wanted values that hold variables themselves: filled in with the variables' own candidates. */
function withDependent(use: KeyUse, input: CandidateInput, lists: ReadonlyMap<string, ValueList>): ValueList {
  const known = lists.get(use.key) ?? { values: [], exhaustive: true };
  const domain = domainOf(use.key, input.maxSlashes);
  const values = new Set(known.values);
  const connectTemplates = use.key === clientId ? input.clientPatterns.flatMap(asTemplate) : [];
  for (const template of [...wantedTemplates(use), ...connectTemplates])
    for (const assignment of assignments(template, lists)) {
      const glob = substitute(template, (key) => assignment.get(key));
      for (const text of glob === undefined ? [] : fillings(glob, use.letter, input.lengths))
        if (isValid(domain, text)) values.add(text);
    }
  return { values: [...values], exhaustive: known.exhaustive };
}

/** A pattern for client IDs that holds variables, as a template. */
function asTemplate(items: Items): Template[] {
  const variables = items.filter((item) => typeof item === 'object');
  return variables.length === 0 ? [] : [{ text: '', items, variables, glob: undefined }];
}

function assignments(template: Template, lists: ReadonlyMap<string, ValueList>): Map<string, string>[] {
  let out: Map<string, string>[] = [new Map()];
  for (const { key } of template.variables) {
    const texts = (lists.get(key)?.values ?? []).filter((value) => typeof value === 'string').slice(0, 12);
    out = out.flatMap((assignment) => texts.map((text) => new Map(assignment).set(key, text))).slice(0, 200);
  }
  return out;
}

/** A variable may equal another one: each takes over the other's values as far as its own domain has them. */
function shareAmongVariables(
  input: CandidateInput,
  lists: ReadonlyMap<string, ValueList>,
): ReadonlyMap<string, ValueList> {
  const variables = input.uses.filter((use) => use.asVariable && !use.key.startsWith('?'));
  if (variables.length < 2) return lists;
  const out = new Map(lists);
  for (const use of variables) {
    const domain = domainOf(use.key, input.maxSlashes);
    const values = new Set(lists.get(use.key)?.values ?? []);
    for (const other of variables)
      for (const value of lists.get(other.key)?.values ?? [])
        if (typeof value === 'string' && isValid(domain, value)) values.add(value);
    out.set(use.key, { values: [...values], exhaustive: lists.get(use.key)?.exhaustive ?? true });
  }
  return out;
}

/** The keys (pseudo keys included) that conditions of unknown operators hang on. */
export function atomsOf(conditions: readonly Condition[]): string[] {
  return conditions.filter((condition) => condition.family === 'unknown').map(unknownAtom);
}
