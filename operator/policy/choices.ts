import type { ValueLists } from './candidates.ts';
import type { CompiledStatement } from './compile.ts';
import { holds } from './conditions.ts';
import { type Choice, type ContextClass, sizeOf, type ThingClass, type Value } from './context-class.ts';
import type { ContextInput, ContextList } from './contexts.ts';
import { domainOf } from './domains.ts';
import { ordersName } from './ground.ts';
import { isThingKey, keys, normaliseKey } from './request.ts';
import type { KeyUse } from './ties.ts';
import type { UndecidedCause } from './undecided.ts';
import { isValid, searchedNames, thingNames } from './valid.ts';

const clientId = normaliseKey(keys.clientId);
const thingName = normaliseKey(keys.thingName);

interface Involved {
  /** Keys whose values are all tried. */
  readonly full: ReadonlySet<string>;
  /** Whether it matters if a thing is attached. */
  readonly attachment: boolean;
  readonly involved: readonly CompiledStatement[];
}

/** The classes of contexts and, in each, the values to try for every key. */
export function enumerate(
  input: ContextInput,
  uses: readonly KeyUse[],
  lists: ValueLists,
  { full, attachment, involved }: Involved,
): ContextList {
  const fallbacks = keysWithFallback(involved);
  const narrow: Narrow = (use, values) => (full.has(use.key) ? values : distinctEffects(use, values, fallbacks));
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
        isConnect && sameName
          ? domainOf(thingName, input.set.options)
          : searchedNames(input.types[0] ?? 'topic', maxSlashes, longestName(input, involved)),
    };
  });
  const obstacle = (one: ContextClass): UndecidedCause | undefined => {
    if (sizeOf(one) > Number.MAX_SAFE_INTEGER) return 'combinations';
    return involved.some((statement) => ordersName(statement, one.self)) ? 'orderedName' : undefined;
  };
  return {
    classes: classes.filter((one) => sizeOf(one) > 0 && obstacle(one) === undefined),
    leftOut: classes.map(obstacle).find((cause) => cause !== undefined),
    exhaustive: uses.every((use) => lists.get(use.key)?.exhaustive !== false),
  };
}

/** Letters of the longest pattern behind the beginning that all ARNs share. */
function longestName({ set }: ContextInput, statements: readonly CompiledStatement[]): number {
  const lengths = statements.flatMap(({ resources }) => resources.map(({ items }) => items.length));
  return Math.max(0, ...lengths) - set.arnPrefix.length;
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
  lists: ValueLists,
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
 * The values that can matter of a key that stands in no resource that must match. For each way in which the conditions on it can turn out:
 * a value that leaves its resources without a match at all (absent, a list), or else one with the key's own letter, which is the hardest to
 * match. Where conditions leave only plain texts, each of them may be the one that a resource which must not match fails to take in.
 */
function distinctEffects(
  use: KeyUse,
  all: readonly (Value | undefined)[],
  fallbacks: ReadonlySet<string>,
): readonly (Value | undefined)[] {
  if (use.conditions.some((condition) => condition.values.some((value) => value.variables.length > 0))) return all;
  const isHardest = (value: Value | undefined): boolean => {
    if (!use.asVariable || Array.isArray(value)) return true;
    // A variable with a default stands for plain text where its key is absent.
    return value === undefined ? !fallbacks.has(use.key) : value.includes(use.letter);
  };
  const values = [...all.filter(isHardest), ...all.filter((value) => !isHardest(value))];
  const settled = new Set<string>();
  return values.filter((value) => {
    const effect = use.conditions.map((condition) => Number(holds(condition, () => value))).join();
    if (settled.has(effect)) return false;
    if (isHardest(value)) settled.add(effect);
    return true;
  });
}

/** Keys of variables with a default, `${key, 'default'}`. */
export function keysWithFallback(statements: readonly CompiledStatement[]): ReadonlySet<string> {
  const variables = statements.flatMap(({ resources }) => resources.flatMap((template) => template.variables));
  return new Set(variables.filter(({ fallback }) => fallback !== undefined).map(({ key }) => key));
}
