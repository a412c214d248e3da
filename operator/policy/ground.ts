import { arnTypePrefix, type ResourceType } from './actions.ts';
import type { CompiledStatement, PolicySet } from './compile.ts';
import {
  arnSegments,
  type Condition,
  foldGlob,
  holds,
  type Lookup,
  meetsGlob,
  type OperatorFamily,
  resolver,
} from './conditions.ts';
import { matchesResource } from './evaluate.ts';
import { FOLD, type Glob, isLoneStar, literalGlob, matches, normalise, STAR, takes } from './glob.ts';
import { substitute, type Template } from './template.ts';

/** Part of a statement's condition on the resource name: inside one of the globs, or (negated) outside them all. */
export interface Conjunct {
  readonly globs: readonly Glob[];
  readonly negated: boolean;
}

/** What a statement says about resource names in one context; all conjuncts must hold. */
export interface GroundStatement {
  readonly statement: CompiledStatement;
  readonly conjuncts: readonly Conjunct[];
}

export interface GroundContext {
  /** Values of the context. For the keys in `self`, ignored. */
  readonly lookup: Lookup;
  /** Keys whose value is the very name that is asked for: on Connect, the client ID. */
  readonly self: ReadonlySet<string>;
}

/** Stands for "the name itself" inside a substituted pattern; a noncharacter, so that no policy can contain it by accident. */
const selfCode = 0x10fffe;
const selfText = String.fromCodePoint(selfCode);

/**
 * Reduces a statement to globs over the name behind `…:topic/` (or the like). Undefined when it does not apply in the context.
 * With a lone `*` instead of a name (actions without a resource), the globs are over that one string.
 */
export function groundStatement(
  set: PolicySet,
  statement: CompiledStatement,
  type: ResourceType,
  context: GroundContext,
): GroundStatement | undefined {
  const conjuncts: Conjunct[] = [];
  for (const condition of statement.conditions) {
    const found = groundCondition(condition, context);
    if (found === false) return undefined;
    if (found !== true) conjuncts.push(...found);
  }
  const lookup = withSelf(context);
  const globs: Glob[] = [];
  for (const template of statement.resources) {
    const glob = fill(set, template, lookup);
    if (glob === undefined) {
      if (statement.negated && set.options.switches.unresolvedNotResource === 'statementInert') return undefined;
    } else globs.push(...tails(set, glob, type).flatMap(reduceSelf), ...namesInFixedPart(set, glob, type));
  }
  if (!statement.negated && globs.length === 0) return undefined;
  conjuncts.unshift({ globs, negated: statement.negated });
  return { statement, conjuncts };
}

function withSelf(context: GroundContext): Lookup {
  if (context.self.size === 0) return context.lookup;
  return (key) => (context.self.has(key) ? selfText : context.lookup(key));
}

function fill(set: PolicySet, template: Template, lookup: Lookup): Glob | undefined {
  if (template.glob !== undefined) return template.glob;
  return substitute(template, resolver(lookup), set.options.switches.substitutedWildcards === 'glob');
}

/** A pattern that holds the name itself matches every name, when nothing but stars stands around it, and else none. */
function reduceSelf(glob: Glob): Glob[] {
  const at = glob.indexOf(selfCode);
  if (at < 0) return [glob];
  const rest = glob.filter((token, index) => index !== at && token !== STAR);
  return rest.length === 0 ? [Int32Array.of(STAR)] : [];
}

/**
 * The names under which a pattern that holds the name itself takes in the whole ARN, where its first letter falls on the fixed part, as in
 * `arn:…:${iot:ClientId}/client` under the client ID `client`. The letters there settle the name: a name that outlasts the fixed part
 * goes on with its own beginning.
 */
function namesInFixedPart(set: PolicySet, glob: Glob, type: ResourceType): Glob[] {
  const at = glob.indexOf(selfCode);
  const typePrefix = arnTypePrefix(type);
  if (at < 0 || typePrefix === undefined) return [];
  const fixed = set.arnPrefix + typePrefix;
  const next = glob[at + 1];
  const names = new Set<string>();
  for (const start of ends(glob.slice(0, at), literalGlob(fixed))) {
    const behind = fixed.slice(start);
    if (behind === '') continue;
    const endless = behind.repeat(Math.ceil(longestName / behind.length) + 1);
    for (let length = 1; length <= longestName; length += 1)
      if (next === undefined || next < 0 || next === selfCode || endless.charCodeAt(length) === next)
        names.add(endless.slice(0, length));
  }
  return [...names].filter((name) => matchesResource(set, insertName(glob, name), fixed + name)).map(literalGlob);
}

/** The patterns that remain for the name once the fixed part of the ARN is read. */
export function tails(set: PolicySet, glob: Glob, type: ResourceType): Glob[] {
  const typePrefix = arnTypePrefix(type);
  if (typePrefix === undefined) return matches(glob, '*') ? [literalGlob('*')] : [];
  if (set.options.switches.starCrossesColons || isLoneStar(glob)) return readPrefix(glob, set.arnPrefix + typePrefix);
  const segments = arnSegments(glob);
  const fixed = set.arnPrefix.split(':');
  if (segments === undefined || !segments.slice(0, 5).every((segment, i) => matches(segment, fixed[i] ?? '')))
    return [];
  return readPrefix(segments[5] ?? new Int32Array(), typePrefix);
}

/** What is left of a glob after it has read a text, one glob per way of reading it. */
function readPrefix(glob: Glob, text: string): Glob[] {
  let plain = 0;
  while (plain < text.length && glob[plain] === text.charCodeAt(plain)) plain += 1;
  if (plain === text.length) return [glob.slice(plain)];
  let positions = new Set<number>([plain]);
  for (let i = plain; i < text.length && positions.size > 0; i += 1) {
    const code = text.charCodeAt(i);
    const next = new Set<number>();
    for (const position of positions) {
      if (glob[position] === STAR) next.add(position);
      const at = glob[position] === STAR ? position + 1 : position;
      const token = glob[at];
      if (token !== undefined && token !== STAR && takes(token, code)) next.add(at + 1);
    }
    positions = next;
  }
  return [...positions].map((position) => glob.slice(position));
}

/** True or false when the condition is settled by the context, otherwise what it demands of the name. */
function groundCondition(condition: Condition, context: GroundContext): boolean | Conjunct[] {
  const aboutSelf = context.self.has(condition.key);
  const usesSelf = condition.values.some((value) => value.variables.some((variable) => context.self.has(variable.key)));
  if (condition.family === 'unknown' || (!aboutSelf && !usesSelf)) return holds(condition, context.lookup);
  if (condition.family === 'null') return condition.values.some((value) => value.text !== 'true');
  return aboutSelf ? [aboutName(condition, context)] : aboutValue(condition, context);
}

/** Operators that compare texts, and so can be turned into patterns for a name. */
const textual: ReadonlySet<OperatorFamily> = new Set(['string', 'stringFold', 'like', 'bool', 'null', 'unknown']);

/**
 * Whether a condition of the statement orders the very name that is asked for, or something by it, as a number, a date or the like: which
 * names those are cannot be said in patterns.
 */
export function ordersName(statement: CompiledStatement, self: ReadonlySet<string>): boolean {
  return statement.conditions.some(({ family, key, values }) => {
    if (textual.has(family)) return false;
    // An ARN that must hold the name holds it letter by letter.
    const byValue = family !== 'arn' && values.some((value) => value.variables.some((one) => self.has(one.key)));
    return self.has(key) || byValue;
  });
}

/** A condition on the client ID itself: its wanted values are patterns for the name. */
function aboutName(condition: Condition, context: GroundContext): Conjunct {
  const resolve = resolver(withSelf(context));
  const globs = condition.values.flatMap((value) => {
    const glob = substitute(value, resolve);
    if (glob === undefined) return [];
    return reduceSelf(glob).map((one) =>
      condition.family === 'stringFold' || condition.family === 'bool' ? foldGlob(one) : one,
    );
  });
  return { globs, negated: condition.negated };
}

/** A condition on another key whose wanted value mentions the client ID: only substrings of the key's value can fulfil it. */
function aboutValue(condition: Condition, context: GroundContext): boolean | Conjunct[] {
  const value = context.lookup(condition.key);
  if (value === undefined) return holds(condition, context.lookup);
  const resolve = resolver(withSelf(context));
  const wanted = condition.values.flatMap((template) => substitute(template, resolve) ?? []);
  const tests = (typeof value === 'string' ? [value] : value).map((one) => nameTest(condition, wanted, one));
  const open = tests.flatMap((test) => (test === true ? [] : [test]));
  const { negated, quantifier, negationOfList } = condition;
  const oneDiffers = quantifier === 'forAny' || (quantifier === 'single' && negationOfList === 'oneUnnamed');
  if (quantifier === 'forAll' && !negated) return open.map((globs) => ({ globs, negated }));
  if (oneDiffers && negated) return open.length > 0 && [{ globs: inAll(open), negated }];
  if (open.length < tests.length) return !negated;
  return [{ globs: open.flat(), negated }];
}

/** True when the value meets a wanted one whatever the name, else the names for which it does. */
function nameTest(condition: Condition, wanted: readonly Glob[], value: string): true | Glob[] {
  const open = wanted.filter((glob) => glob.includes(selfCode));
  if (wanted.some((glob) => !open.includes(glob) && meetsGlob(condition, glob, value))) return true;
  const names = new Set(open.flatMap((glob) => namesInside(glob, value, condition.family === 'stringFold')));
  const globs = [...names]
    .filter((name) => open.some((glob) => meetsGlob(condition, insertName(glob, name), value)))
    .map(literalGlob);
  return condition.family === 'stringFold' ? globs.map(foldGlob) : globs;
}

/**
 * The stretches of a value that may lie opposite the name: behind what the pattern has in front of its first name, and before what it has
 * behind its last one.
 */
function namesInside(glob: Glob, value: string, folded: boolean): string[] {
  const letters = literalGlob(value);
  const read = folded ? foldGlob(glob) : glob;
  const isName = (token: number): boolean => token === selfCode || token === FOLD - selfCode;
  const starts = ends(read.slice(0, read.findIndex(isName)), letters);
  const behind = ends(read.slice(read.findLastIndex(isName) + 1).reverse(), letters.slice().reverse());
  const single = read.filter(isName).length === 1;
  const out = new Set<string>();
  for (const from of starts)
    for (const fromEnd of behind) {
      const last = letters.length - fromEnd;
      // Between two names anything may stand, so the first of them may end anywhere before.
      for (let to = single ? last : from + 1; to <= last && to - from <= longestName; to += 1)
        if (to > from) out.add(String.fromCodePoint(...letters.slice(from, to)));
    }
  return [...out];
}

/** How many letters of a text a pattern may take from its beginning. */
export function ends(pattern: Glob, letters: Glob): number[] {
  let at = new Set([0]);
  for (const token of pattern) {
    const next = new Set<number>();
    for (const position of at) {
      if (token === STAR) for (let to = position; to <= letters.length; to += 1) next.add(to);
      else if (position < letters.length && takes(token, letters[position] ?? 0)) next.add(position + 1);
    }
    at = next;
    if (at.size === 0) break;
  }
  return [...at];
}

/** Client IDs and thing names have at most as many bytes. */
const longestName = 128;

function inAll(sets: readonly (readonly Glob[])[]): Glob[] {
  const [first = [], ...rest] = sets;
  return first.filter((glob) => rest.every((set) => set.some((other) => other.join() === glob.join())));
}

function insertName(glob: Glob, name: string): Glob {
  return normalise(Array.from(glob).flatMap((token) => (token === selfCode ? Array.from(literalGlob(name)) : [token])));
}
