import type { ActionInfo, ResourceType } from './actions.ts';
import {
  atomsOf,
  baseCandidates,
  type CandidateInput,
  candidates,
  type KeyUse,
  type LeftPattern,
} from './candidates.ts';
import { enumerate } from './choices.ts';
import type { CompiledStatement, PolicySet } from './compile.ts';
import type { ContextClass } from './context-class.ts';
import { documentedSpelling } from './domains.ts';
import { itemsKey } from './forced.ts';
import type { Budget } from './inclusion.ts';
import { asTopicPatterns, mostQuestionMarks, mostSlashes, patternReader, sharesLevel } from './patterns.ts';
import { keys, normaliseKey } from './request.ts';
import { isKnownVariable } from './template.ts';

export interface ContextPlan {
  /**
   * The contexts to try: for the variables of the left statements all values that may matter, for every other key that has a say one
   * value for each way in which conditions can turn out.
   */
  contextsFor(question: ContextQuestion): ContextList;
  /** Whether any name at all can match a resource of the statement: an Allow on `client/…` says nothing about topics. */
  bears(statement: CompiledStatement): boolean;
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
  /** False when no argument shows that the values listed for the variables suffice. */
  readonly exhaustive: boolean;
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
const isAttached = normaliseKey(keys.isAttached);
const freshLetters = Array.from('qwvkjzyxghmnoprstudefabcilQWVKJZYXGHMNOPRSTUDEFABCIL0123456789-_');

/** A resource whose type is plain text, so that no value of a variable can change it. */
const typeIsPlain = /^arn:[^:]*:[^:]*:[^:]*:[^:]*:[^/]*\//;

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
    options,
    filters: input.types.includes('topicfilter'),
    slashes: input.types.length > 1 ? Math.min(options.maxSlashes, mostSlashes(own) + 1) : 0,
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
  /** A name matches one pattern of each statement, so those of one statement force nothing on each other. */
  const leftPatterns = (left: readonly CompiledStatement[]): LeftPattern[] => {
    const [type, ...more] = input.types;
    if (type !== undefined && more.length === 0)
      return left.flatMap((one, of) => patternsOf([one], type).map((items) => ({ items, of })));
    const patterns = input.types.flatMap((one) => patternsOf(left, one));
    return [...patterns, ...asTopicPatterns(patterns)].map((items, of) => ({ items, of }));
  };
  const contextsFor = ({ left, right }: ContextQuestion): ContextList => {
    const involved = [...left, ...right, ...input.connect];
    const all = leftPatterns(left);
    const withVariables = all.some(({ items }) => items.some((item) => typeof item === 'object'));
    const concerned = usesIn(uses, involved, input.connect.length > 0);
    const key = [
      String(involved.some((one) => one.keys.includes(isAttached))),
      ...(withVariables ? all.map(({ items, of }) => `${of} ${itemsKey(items)}`) : []),
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
  const bears = (statement: CompiledStatement): boolean =>
    statement.negated ||
    input.types.some((type) => patternsOf([statement], type).length > 0) ||
    statement.resources.some((template) => template.variables.length > 0 && !typeIsPlain.test(template.prefix));
  return { contextsFor, bears, exhaustive, spelling };
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
