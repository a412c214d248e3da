import type { ActionInfo, ResourceType } from './actions.ts';
import { atomsOf, baseCandidates, candidates } from './candidates.ts';
import { enumerate, keysWithFallback } from './choices.ts';
import type { CompiledStatement, PolicySet } from './compile.ts';
import type { ContextClass } from './context-class.ts';
import { documentedSpelling } from './domains.ts';
import type { Items } from './forced.ts';
import type { Budget } from './inclusion.ts';
import {
  asTopicPatterns,
  fixedPart,
  mostQuestionMarks,
  mostSlashes,
  opensFixedPart,
  patternReader,
  sharesLevel,
} from './patterns.ts';
import { keys, normaliseKey } from './request.ts';
import { isKnownVariable } from './template.ts';
import { type CandidateInput, isName, type KeyUse, type LeftPattern } from './ties.ts';
import type { UndecidedCause } from './undecided.ts';

export interface ContextPlan {
  /**
   * The contexts to try: for the variables of the left statements all values that may matter, for every other key that has a say one
   * value for each way in which conditions can turn out.
   */
  contextsFor(question: ContextQuestion): ContextList;
  /** Whether any name of the type can match a resource of the statement: an Allow on `client/…` says nothing about topics. */
  bears(statement: CompiledStatement, type: ResourceType): boolean;
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
  /** Why a class is left out, if one is: it holds more contexts than can be numbered, or conditions that patterns cannot express. */
  readonly leftOut: UndecidedCause | undefined;
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

/** What the contexts of a question hang on, beside its conditions. */
interface Facts extends Pick<CandidateInput, 'clientPatterns' | 'lengths' | 'tight' | 'slashes'> {
  readonly patterns: readonly LeftPattern[];
  /** Keys whose values are all tried. */
  readonly full: readonly string[];
  /** Whether it matters if a thing is attached. */
  readonly attachment: boolean;
  /** Whether the argument that the values tried suffice holds for these patterns. */
  readonly isProved: boolean;
}

const clientId = normaliseKey(keys.clientId);
const isAttached = normaliseKey(keys.isAttached);
const freshLetters = Array.from('qwvkjzyxghmnoprstudefabcilQWVKJZYXGHMNOPRSTUDEFABCIL0123456789-_');

/** Patterns of more letters than this may leave values little room below AWS's limits of 128 and 256 bytes. */
const tightLength = 100;

/** Plans the context classes that can tell the two sides apart on this action. Method: docs/policy-engine.md, "Contexts". */
export function planContexts(given: ContextInput): ContextPlan {
  const { options } = given.set;
  const patternsOf = patternReader(given.set);
  const bears = (statement: CompiledStatement, type: ResourceType): boolean =>
    statement.negated || patternsOf([statement], type).length > 0;
  /** Resources of which a variable may make up the fixed part. */
  const loose = (statements: readonly CompiledStatement[], type: ResourceType): Items[] =>
    statements
      .flatMap((one) => one.resources)
      .filter((template) => opensFixedPart(given.set, template, type))
      .map((template) => template.items);
  const input: ContextInput = {
    ...given,
    statements: given.statements.filter((one) => given.types.some((type) => bears(one, type))),
    connect: given.connect.filter((one) => bears(one, 'client')),
  };
  const spelling = new Map(documentedSpelling);
  const uses = keyUses([...input.statements, ...input.connect], spelling, input.connect.length > 0);
  const known = new Map<string, ContextList>();
  /** A name matches one pattern of each statement, so those of one statement force nothing on each other. */
  const leftNames = (left: readonly CompiledStatement[]): LeftPattern[] => {
    const [type, ...more] = input.types;
    if (type !== undefined && more.length === 0)
      return left.flatMap((one, of) => patternsOf([one], type).map((items) => ({ items, of })));
    const patterns = input.types.flatMap((one) => patternsOf(left, one));
    return [...patterns, ...asTopicPatterns(patterns)].map((items, of) => ({ items, of }));
  };
  /** Where variables may make up the fixed part of an ARN, what they must be shows when it is laid against whole ARNs. */
  const wholeArns = (
    statements: readonly CompiledStatement[],
    types: readonly ResourceType[],
    names: readonly LeftPattern[],
  ): Items[] => {
    const open = types.flatMap((type) => loose(statements, type));
    if (open.length === 0) return [];
    return [...open, ...types.flatMap((type) => names.map(({ items }) => [...fixedPart(given.set, type), ...items]))];
  };
  const leftPatterns = (left: readonly CompiledStatement[]): LeftPattern[] => {
    const names = leftNames(left);
    const arns = wholeArns(left, input.types, names).map((items, index) => ({
      items,
      of: left.length + names.length + index,
    }));
    return [...names, ...arns];
  };
  const clientPatternsOf = (statements: readonly CompiledStatement[]): LeftPattern[] =>
    statements.flatMap((one, index) => patternsOf([one], 'client').map((items) => ({ items, of: -1 - index })));
  const sessionPatterns = clientPatternsOf(input.connect);
  const sessionArns = wholeArns(input.connect, ['client'], sessionPatterns).map(
    (items, index): LeftPattern => ({ items, of: -1 - input.connect.length - index }),
  );
  // On Connect the name that must match is the client ID itself, and conditions may want other keys to go by it.
  const namePatterns = given.action.name === 'iot:Connect' ? clientPatternsOf : (): LeftPattern[] => [];
  const factsOf = (
    { left, right }: ContextQuestion,
    involved: readonly CompiledStatement[],
    concerned: readonly KeyUse[],
  ): Facts => {
    const readAs = (statements: readonly CompiledStatement[]): Items[] =>
      input.types.flatMap((type) => patternsOf(statements, type));
    const own = readAs([...left, ...right]);
    const patterns = [...leftPatterns(left), ...sessionArns];
    const isTied = concerned.some((use) => isName(use.key));
    const clientPatterns = [...sessionPatterns, ...(isTied ? namePatterns(left) : [])];
    const clients = clientPatterns.map(({ items }) => items);
    const wanted = concerned.flatMap((use) => use.conditions.flatMap((one) => one.values.map((value) => value.items)));
    // Only patterns that must not match can tell lengths of fresh text apart; for delivery any may be that.
    const apart = input.types.length > 1 ? own : readAs([...right, ...left.filter((one) => one.negated)]);
    const longest = mostQuestionMarks([...apart, ...clients, ...wanted]) + 1;
    const isOpened = input.types.some((type) => loose(left, type).length > 0) || sessionArns.length > 0;
    return {
      patterns: patterns.some(({ items }) => items.some((item) => typeof item === 'object')) ? patterns : [],
      clientPatterns,
      lengths: longest <= 6 ? range(longest) : [1, 2, 3, longest - 1, longest],
      tight: [...own, ...clients, ...wanted].some((items) => items.length > tightLength),
      slashes: input.types.length > 1 ? Math.min(options.maxSlashes, mostSlashes(own) + 1) : 0,
      full: unique([...tiedKeys(involved, input.connect), ...left.flatMap(resourceVariables)]),
      attachment: involved.some((one) => one.keys.includes(isAttached)),
      isProved:
        !isOpened &&
        (longest <= 6 || !concerned.some((use) => use.asVariable)) &&
        ![...own, ...clients].some(sharesLevel) &&
        concerned.every((use) => use.letter !== ''),
    };
  };
  const list = (facts: Facts, involved: readonly CompiledStatement[], concerned: readonly KeyUse[]): ContextList => {
    const values: CandidateInput = {
      ...facts,
      uses: concerned,
      options,
      filters: input.types.includes('topicfilter'),
      valuesAreGlobs: options.switches.substitutedWildcards === 'glob',
      budget: input.budget,
    };
    const lists = candidates(values, baseCandidates(values), facts.patterns);
    const found = enumerate(input, concerned, lists, {
      full: new Set(facts.full),
      attachment: facts.attachment,
      involved,
    });
    return {
      ...found,
      // A list that ran out of budget may lack the very value that matters, and a short question may need no budget to be answered.
      leftOut: found.leftOut ?? (input.budget.left < 0 ? 'budget' : undefined),
      exhaustive: found.exhaustive && facts.isProved,
    };
  };
  const contextsFor = ({ left, right }: ContextQuestion): ContextList => {
    const involved = [...left, ...right, ...input.connect];
    const concerned = usesIn(uses, involved, input.connect.length > 0);
    const facts = factsOf({ left, right }, involved, concerned);
    // All that the contexts hang on: with less, one question would get the values of another.
    const key = JSON.stringify([
      facts,
      concerned.map((use) => use.key),
      unique(involved.flatMap((one) => one.conditionTexts.map((text) => `${one.variables} ${text}`))),
      unique(keysWithFallback(involved)),
    ]);
    const contexts = known.get(key) ?? list(facts, involved, concerned);
    known.set(key, contexts);
    return contexts;
  };
  return { contextsFor, bears, spelling };
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

function unique(texts: Iterable<string>): string[] {
  return [...new Set(texts)].sort();
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
