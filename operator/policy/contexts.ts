import type { ActionInfo, ResourceType } from './actions.ts';
import { atomsOf, candidates, type KeyUse } from './candidates.ts';
import type { CompiledStatement, PolicySet } from './compile.ts';
import { holds, type Lookup } from './conditions.ts';
import { documentedSpelling, domainOf } from './domains.ts';
import type { Budget } from './inclusion.ts';
import { mostQuestionMarks, patternsOf, sharesLevel } from './patterns.ts';
import { isThingKey, keys, normaliseKey } from './request.ts';
import { isKnownVariable } from './template.ts';
import { isValid, thingNames, type Validity, validityOf } from './valid.ts';
import type { ValueList } from './values.ts';

type Value = string | readonly string[];

/** One class of contexts, by a representative. Keys are normalised; `?…` keys are the open truth of unknown operators. */
export interface PlannedContext {
  readonly values: ReadonlyMap<string, Value>;
  readonly lookup: Lookup;
  /** Keys that equal the name asked for (on Connect: the client ID, and the thing name where the two are one). */
  readonly self: ReadonlySet<string>;
  /** The names that are possible in this class. */
  readonly valid: Validity;
}

export interface ContextPlan {
  readonly contexts: readonly PlannedContext[];
  /** False when more contexts would be needed than were listed. */
  readonly complete: boolean;
  /** False when no argument shows that the listed values suffice. */
  readonly exhaustive: boolean;
  /** Spelling of keys as the policies write them. */
  readonly spelling: ReadonlyMap<string, string>;
}

export interface ContextInput {
  /** Both sets share their options. */
  readonly sets: readonly PolicySet[];
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
const maxContexts = 6000;
const freshLetters = Array.from('qwvkjzyxghmnoprstudefabcilQWVKJZYXGHMNOPRSTUDEFABCIL0123456789-_');

/** Lists the context classes that can tell the two sides apart on this action. Method: docs/policy-engine.md, "Contexts". */
export function planContexts(input: ContextInput): ContextPlan {
  const [set] = input.sets;
  const spelling = new Map(documentedSpelling);
  const all = [...input.statements, ...input.connect];
  const uses = keyUses(all, spelling, input.connect.length > 0);
  const { options } = set ?? { options: undefined };
  if (set === undefined || options === undefined) return { contexts: [], complete: true, exhaustive: true, spelling };
  const patterns = input.types.flatMap((type) => patternsOf(set, input.statements, type));
  const clientPatterns = patternsOf(set, input.connect, 'client');
  const longest = mostQuestionMarks(patterns) + 1;
  const lengths = longest <= 6 ? range(longest) : [1, 2, 3, longest - 1, longest];
  const lists = candidates({
    uses,
    patterns,
    clientPatterns,
    lengths,
    maxSlashes: options.maxSlashes,
    filters: input.types.includes('topicfilter'),
    valuesAreGlobs: options.switches.substitutedWildcards === 'glob',
    budget: input.budget,
  });
  const enumerated = enumerate(input, set, uses, lists);
  const variables = uses.some((use) => use.asVariable);
  const exhaustive =
    [...lists.values()].every((list) => list.exhaustive) &&
    (!variables || longest <= 6) &&
    !patterns.some(sharesLevel) &&
    uses.every((use) => use.letter !== '');
  return { ...enumerated, exhaustive, spelling };
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

type Enumerated = Pick<ContextPlan, 'contexts' | 'complete'>;

/** The thing behind the connection: none, one whose name is the client ID, or (exclusive attachment) one under another client ID. */
type ThingClass = 'none' | 'same' | 'other' | 'unattached';

function enumerate(
  input: ContextInput,
  set: PolicySet,
  uses: readonly KeyUse[],
  lists: ReadonlyMap<string, ValueList>,
): Enumerated {
  const contexts: PlannedContext[] = [];
  let complete = true;
  for (const thing of thingClasses(input, set, uses)) {
    const choices = choicesFor(thing, input, uses, lists);
    let count = 0;
    for (const values of product(choices)) {
      if (count >= maxContexts) {
        complete = false;
        break;
      }
      count += 1;
      contexts.push(contextOf(thing, values, input, set));
    }
  }
  return { contexts, complete };
}

function thingClasses(input: ContextInput, set: PolicySet, uses: readonly KeyUse[]): ThingClass[] {
  const { options } = set;
  const statements = [...input.statements, ...input.connect];
  const wanted = statements.some((statement) => statement.keys.some(isThingKey));
  if (!wanted || (input.action.plane === 'http' && !options.switches.thingVariablesOnHttps)) return ['none'];
  const clientMatters =
    input.action.name === 'iot:Connect' || input.connect.length > 0 || uses.some((use) => use.key === clientId);
  const out: ThingClass[] = ['none', 'same'];
  if (options.exclusiveThings && clientMatters) out.push('other');
  if (!options.switches.thingNameNeedsAttachment) out.push('unattached');
  return out;
}

interface Choice {
  readonly key: string;
  readonly values: readonly (Value | undefined)[];
}

function choicesFor(
  thing: ThingClass,
  input: ContextInput,
  uses: readonly KeyUse[],
  lists: ReadonlyMap<string, ValueList>,
): Choice[] {
  const valuesOf = (key: string): readonly Value[] => lists.get(key)?.values ?? [];
  const isConnect = input.action.name === 'iot:Connect';
  const choices: Choice[] = [];
  for (const use of uses) {
    if (use.key === clientId || use.key === thingName) continue;
    const absentOnly = thing === 'none' && isThingKey(use.key);
    const values = use.key.startsWith('?') ? valuesOf(use.key) : [undefined, ...valuesOf(use.key)];
    choices.push({ key: use.key, values: absentOnly ? [undefined] : distinctEffects(use, values) });
  }
  if (!isConnect) choices.push({ key: clientId, values: clientValues(thing, valuesOf) });
  if (thing === 'other' || (isConnect && thing === 'unattached'))
    choices.push({ key: thingName, values: orDefault(valuesOf(thingName), 'dev1') });
  return choices;
}

function clientValues(thing: ThingClass, valuesOf: (key: string) => readonly Value[]): readonly Value[] {
  if (thing === 'none' || thing === 'other') return orDefault(valuesOf(clientId), 'c1');
  const both = [...new Set([...valuesOf(thingName), ...valuesOf(clientId)])];
  return orDefault(
    both.filter((value) => typeof value === 'string' && isValid(thingNames, value)),
    'dev1',
  );
}

function orDefault(values: readonly Value[], fallback: string): readonly Value[] {
  return values.length === 0 ? [fallback] : values;
}

/** A key that only conditions read needs one value for each way in which those conditions can turn out. */
function distinctEffects(use: KeyUse, values: readonly (Value | undefined)[]): readonly (Value | undefined)[] {
  if (use.asVariable || use.key.startsWith('?')) return values;
  if (use.conditions.some((condition) => condition.values.some((value) => value.variables.length > 0))) return values;
  const seen = new Map<string, Value | undefined>();
  for (const value of values) {
    const effect = use.conditions.map((condition) =>
      Number(holds(condition, (key) => (key === use.key ? value : undefined))),
    );
    if (!seen.has(effect.join())) seen.set(effect.join(), value);
  }
  return [...seen.values()];
}

function* product(choices: readonly Choice[]): Generator<Map<string, Value>> {
  const at = choices.map(() => 0);
  if (choices.some((choice) => choice.values.length === 0)) return;
  for (;;) {
    const values = new Map<string, Value>();
    choices.forEach((choice, i) => {
      const value = choice.values[at[i] ?? 0];
      if (value !== undefined) values.set(choice.key, value);
    });
    yield values;
    let digit = 0;
    while (digit < choices.length) {
      at[digit] = (at[digit] ?? 0) + 1;
      if ((at[digit] ?? 0) < (choices[digit]?.values.length ?? 0)) break;
      at[digit] = 0;
      digit += 1;
    }
    if (digit === choices.length) return;
  }
}

function contextOf(thing: ThingClass, values: Map<string, Value>, input: ContextInput, set: PolicySet): PlannedContext {
  const isConnect = input.action.name === 'iot:Connect';
  const self = new Set<string>(isConnect ? [clientId] : []);
  const sameName = thing === 'same' || thing === 'unattached';
  if (sameName && isConnect) self.add(thingName);
  else if (sameName) values.set(thingName, values.get(clientId) ?? 'dev1');
  const attached = thing === 'same' || thing === 'other' ? 'true' : 'false';
  const { maxSlashes } = set.options;
  const type = input.types[0] ?? 'topic';
  return {
    values,
    lookup: (key) => (key === isAttached ? attached : values.get(key)),
    self,
    valid: isConnect && sameName ? domainOf(thingName, maxSlashes) : validityOf(type, maxSlashes),
  };
}
