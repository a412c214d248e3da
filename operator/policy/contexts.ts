import type { ActionInfo, ResourceType } from './actions.ts';
import { atomsOf, baseCandidates, type CandidateInput, candidates, type KeyUse } from './candidates.ts';
import type { CompiledStatement, PolicySet } from './compile.ts';
import { holds } from './conditions.ts';
import { type Choice, type ContextClass, sizeOf, type ThingClass, type Value } from './context-class.ts';
import { documentedSpelling, domainOf } from './domains.ts';
import { itemsKey } from './forced.ts';
import type { Budget } from './inclusion.ts';
import { asTopicPatterns, mostQuestionMarks, patternReader, sharesLevel } from './patterns.ts';
import { isThingKey, keys, normaliseKey } from './request.ts';
import { isKnownVariable } from './template.ts';
import { isValid, thingNames, validityOf } from './valid.ts';
import type { ValueList } from './values.ts';

export interface ContextPlan {
  /**
   * The contexts to try: for the variables of the left statements all values that may matter, for every other key that has a say one
   * value for each way in which conditions can turn out.
   */
  contextsFor(question: ContextQuestion): ContextList;
  /** False when no argument shows that the listed values suffice. */
  readonly exhaustive: boolean;
  /** Spelling of keys as the policies write them. */
  readonly spelling: ReadonlyMap<string, string>;
}

/** What one search is about. */
export interface ContextQuestion {
  /** One name must match a resource of each of these statements: their variables may be forced to particular values. */
  readonly left: readonly CompiledStatement[];
  /** The other statements that have a say. */
  readonly right: readonly CompiledStatement[];
}

export interface ContextList {
  readonly classes: readonly ContextClass[];
  /** False when more contexts would be needed than may be walked through. */
  readonly complete: boolean;
}

export interface ContextInput {
  /** Either of the sets; only their common options count here. */
  readonly set: PolicySet;
  readonly action: ActionInfo;
  readonly statements: readonly CompiledStatement[];
  readonly types: readonly ResourceType[];
  /** Connect statements, where only sessions that can exist count. */
  readonly connect: readonly CompiledStatement[];
  readonly budget: Budget;
}

const clientId = normaliseKey(keys.clientId);
const thingName = normaliseKey(keys.thingName);
const isAttached = normaliseKey(keys.isAttached);
/** Contexts of one class that a search walks through at most; each costs a few microseconds. */
export const maxContexts = 50_000;
const freshLetters = Array.from('qwvkjzyxghmnoprstudefabcilQWVKJZYXGHMNOPRSTUDEFABCIL0123456789-_');

/** Plans the context classes that can tell the two sides apart on this action. Method: docs/policy-engine.md, "Contexts". */
export function planContexts(input: ContextInput): ContextPlan {
  const { options } = input.set;
  const spelling = new Map(documentedSpelling);
  const uses = keyUses([...input.statements, ...input.connect], spelling, input.connect.length > 0);
  const patternsOf = patternReader(input.set);
  const own = input.types.flatMap((type) => patternsOf(input.statements, type));
  const wanted = uses.flatMap((use) =>
    use.conditions.flatMap((condition) => condition.values.map((value) => value.items)),
  );
  const longest = mostQuestionMarks([...own, ...wanted]) + 1;
  const values: CandidateInput = {
    uses,
    clientPatterns: patternsOf(input.connect, 'client'),
    lengths: longest <= 6 ? range(longest) : [1, 2, 3, longest - 1, longest],
    maxSlashes: options.maxSlashes,
    filters: input.types.includes('topicfilter'),
    valuesAreGlobs: options.switches.substitutedWildcards === 'glob',
    budget: input.budget,
  };
  const base = baseCandidates(values);
  const variables = uses.some((use) => use.asVariable);
  const exhaustive =
    [...base.values()].every((list) => list.exhaustive) &&
    (!variables || longest <= 6) &&
    !own.some(sharesLevel) &&
    uses.every((use) => use.letter !== '');
  const known = new Map<string, ContextList>();
  const contextsFor = ({ left, right }: ContextQuestion): ContextList => {
    const involved = [...left, ...right, ...input.connect];
    const patterns = input.types.flatMap((type) => patternsOf(left, type));
    const withVariables = patterns.some((items) => items.some((item) => typeof item === 'object'));
    const all = input.types.length > 1 ? [...patterns, ...asTopicPatterns(patterns)] : patterns;
    const concerned = usesIn(uses, involved, input.connect.length > 0);
    const key = [
      String(involved.some((one) => one.keys.includes(isAttached))),
      ...(withVariables ? all.map(itemsKey) : []),
      ...concerned.map(useKey),
    ]
      .sort()
      .join(' ');
    let list = known.get(key);
    if (list === undefined) {
      const full = new Set([...tiedKeys(involved, input.connect), ...left.flatMap(resourceVariables)]);
      const lists = candidates({ ...values, uses: concerned }, base, withVariables ? all : []);
      list = enumerate(input, concerned, lists, {
        full,
        attachment: involved.some((one) => one.keys.includes(isAttached)),
      });
      known.set(key, list);
    }
    return list;
  };
  return { contextsFor, exhaustive, spelling };
}

/** The uses as far as the given statements make them. */
function usesIn(uses: readonly KeyUse[], statements: readonly CompiledStatement[], sessions: boolean): KeyUse[] {
  const conditions = new Set(statements.flatMap((statement) => statement.conditions));
  const named = new Set(statements.flatMap((statement) => statement.keys));
  const atoms = new Set(atomsOf([...conditions]));
  return uses
    .filter((use) => named.has(use.key) || atoms.has(use.key) || (sessions && use.key === clientId))
    .map((use) => ({ ...use, conditions: use.conditions.filter((condition) => conditions.has(condition)) }));
}

function useKey(use: KeyUse): string {
  return `${use.key}:${use.conditions.map((one) => `${one.operator}=${one.values.map((value) => value.text).join('|')}`).join(',')}`;
}

/** Keys that conditions tie to each other or to the client's right to connect; their values cannot be chosen one key at a time. */
function tiedKeys(involved: readonly CompiledStatement[], connect: readonly CompiledStatement[]): string[] {
  const conditions = involved.flatMap((statement) => statement.conditions);
  const mixed = conditions.flatMap((condition) =>
    condition.values.flatMap((value) =>
      value.variables.length === 0 ? [] : [condition.key, ...value.variables.map((variable) => variable.key)],
    ),
  );
  return [...mixed, ...(connect.length === 0 ? [] : [clientId, ...connect.flatMap(resourceVariables)])];
}

/** Variables in the resources of a statement. */
export function resourceVariables(statement: CompiledStatement): string[] {
  return statement.resources.flatMap((template) => template.variables.map((variable) => variable.key));
}

function range(last: number): number[] {
  return Array.from({ length: last }, (_unused, index) => index + 1);
}

function keyUses(statements: readonly CompiledStatement[], spelling: Map<string, string>, sessions: boolean): KeyUse[] {
  const conditions = statements.flatMap((statement) => statement.conditions);
  const variables = new Set<string>(sessions ? [clientId] : []);
  for (const statement of statements)
    for (const template of [...statement.resources, ...statement.conditions.flatMap((condition) => condition.values)])
      for (const variable of template.variables) {
        if (!spelling.has(variable.key)) spelling.set(variable.key, variable.name);
        if (isKnownVariable(variable.key)) variables.add(variable.key);
      }
  const all = new Set([...variables, ...atomsOf(conditions)]);
  for (const condition of conditions) {
    if (!spelling.has(condition.key)) spelling.set(condition.key, condition.name);
    if (condition.family !== 'unknown') all.add(condition.key);
  }
  all.delete(isAttached);
  const used = new Set(statements.flatMap((statement) => textsOf(statement)).join(''));
  const letters = freshLetters.filter((letter) => !used.has(letter));
  return [...all].map((key, index) => ({
    key,
    conditions: conditions.filter((condition) => condition.key === key),
    asVariable: variables.has(key),
    letter: letters[index] ?? '',
  }));
}

/** The text behind the type of the ARN; the fixed parts use up letters that names are free to use. */
function textsOf(statement: CompiledStatement): string[] {
  const resources = statement.resources.map((template) => plainText(template.text).replace(/^arn:[^/]*\//, ''));
  return [
    ...resources,
    ...statement.conditions.flatMap((condition) => condition.values.map((value) => plainText(value.text))),
  ];
}

function plainText(text: string): string {
  return text.replace(/\$\{[^}]*\}/g, '');
}

function enumerate(
  input: ContextInput,
  uses: readonly KeyUse[],
  lists: ReadonlyMap<string, ValueList>,
  { full, attachment }: { readonly full: ReadonlySet<string>; readonly attachment: boolean },
): ContextList {
  const narrow: Narrow = (use, values) => (full.has(use.key) ? values : distinctEffects(use, values));
  const classes = thingClasses(input, uses, attachment).map((thing): ContextClass => {
    const isConnect = input.action.name === 'iot:Connect';
    const sameName = thing === 'same' || thing === 'unattached';
    const { maxSlashes } = input.set.options;
    return {
      sameName,
      attached: thing === 'same' || thing === 'other',
      choices: choicesFor(thing, input, uses, narrow, lists),
      self: new Set(isConnect ? (sameName ? [clientId, thingName] : [clientId]) : []),
      valid:
        isConnect && sameName ? domainOf(thingName, maxSlashes) : validityOf(input.types[0] ?? 'topic', maxSlashes),
    };
  });
  return {
    classes: classes.filter((one) => sizeOf(one) > 0),
    complete: classes.every((one) => sizeOf(one) <= maxContexts),
  };
}

function thingClasses(input: ContextInput, uses: readonly KeyUse[], attachment: boolean): ThingClass[] {
  const { options } = input.set;
  const wanted = attachment || uses.some((use) => isThingKey(use.key));
  if (!wanted || (input.action.plane === 'http' && !options.switches.thingVariablesOnHttps)) return ['none'];
  const clientMatters =
    input.action.name === 'iot:Connect' || input.connect.length > 0 || uses.some((use) => use.key === clientId);
  const out: ThingClass[] = ['none', 'same'];
  if (options.exclusiveThings && clientMatters) out.push('other');
  if (!options.switches.thingNameNeedsAttachment) out.push('unattached');
  return out;
}

type Narrow = (use: KeyUse, values: readonly (Value | undefined)[]) => readonly (Value | undefined)[];

function choicesFor(
  thing: ThingClass,
  input: ContextInput,
  uses: readonly KeyUse[],
  narrow: Narrow,
  lists: ReadonlyMap<string, ValueList>,
): Choice[] {
  const isConnect = input.action.name === 'iot:Connect';
  const choices: Choice[] = [];
  for (const use of uses) {
    if (use.key === clientId || use.key === thingName) continue;
    const values = lists.get(use.key)?.values ?? [];
    const absentOnly = thing === 'none' && isThingKey(use.key);
    const pseudo = use.key.startsWith('?');
    choices.push({
      key: use.key,
      values: absentOnly ? [undefined] : pseudo ? values : narrow(use, [undefined, ...values]),
    });
  }
  const same = thing === 'same' || thing === 'unattached';
  const named = (keysOfName: readonly string[], fallback: string): Choice['values'] => {
    const chosen = uses.filter((use) => keysOfName.includes(use.key));
    const fits = (value: Value): boolean =>
      keysOfName.length < 2 || (typeof value === 'string' && isValid(thingNames, value));
    const conditions = chosen.flatMap((use) => use.conditions);
    // Where the thing has the client's name, one value must serve the conditions on both keys.
    const values = chosen.flatMap((use) =>
      narrow({ ...use, conditions }, (lists.get(use.key)?.values ?? []).filter(fits)),
    );
    return values.length === 0 ? [fallback] : [...new Set(values)];
  };
  if (!isConnect)
    choices.push({ key: clientId, values: same ? named([clientId, thingName], 'dev1') : named([clientId], 'c1') });
  if (thing === 'other') choices.push({ key: thingName, values: named([thingName], 'dev1') });
  return choices;
}

/**
 * One value for each way in which the conditions on the key can turn out. Enough for a key that stands in no resource that must match:
 * in one that must not, the value with the key's own letter is the hardest to match, so such values come first.
 */
function distinctEffects(use: KeyUse, all: readonly (Value | undefined)[]): readonly (Value | undefined)[] {
  const fresh = (value: Value | undefined): boolean => value === undefined || value.includes(use.letter);
  const values = [...all.filter(fresh), ...all.filter((value) => !fresh(value))];
  if (use.conditions.some((condition) => condition.values.some((value) => value.variables.length > 0))) return values;
  const seen = new Map<string, Value | undefined>();
  for (const value of values) {
    const effect = use.conditions.map((condition) => Number(holds(condition, () => value)));
    if (!seen.has(effect.join())) seen.set(effect.join(), value);
  }
  return [...seen.values()];
}
