import { type Condition, compileCondition, foldGlob, holds, type Lookup } from '../conditions.ts';
import { hasVariables } from '../document.ts';
import { contextLookup } from '../evaluate.ts';
import { ANY, type Glob, globOf, STAR } from '../glob.ts';
import { globMachine } from '../reach/globs.ts';
import { behindPrefix } from '../reach/ground.ts';
import { combine, everything, type Machine, nothing } from '../reach/machine.ts';
import type { Context } from '../request.ts';
import { type Resolve, substitute, type Template } from '../template.ts';
import { actionNamed, type Model, type StatementView, templateOf } from './model.ts';
import { clientIdKey } from './scenario.ts';

const connect = actionNamed('iot:Connect');

/** Stands for the client ID in a pattern; no policy holds it. */
const self = 0;

/**
 * Variables filled in, with the client ID left open: a pattern that the client ID is compared with and in which it stands itself
 * takes in every client ID where only stars are beside it, and else none, since no text is longer than itself.
 */
function openGlobs(glob: Glob | undefined): readonly Glob[] {
  if (glob === undefined) return [];
  const own = glob.filter((token) => token === self).length;
  if (own === 0) return [glob];
  return own === 1 && glob.every((token) => token === self || token === STAR) ? [globOf('*')] : [];
}

function openResolve(lookup: Lookup): Resolve {
  return (key) => {
    const value = key === clientIdKey ? String.fromCodePoint(self) : lookup(key);
    return typeof value === 'string' ? value : undefined;
  };
}

export function compiledConditions(view: StatementView): readonly Condition[] {
  return view.statement.conditions.map((entry) => compileCondition(entry, hasVariables(view.document)));
}

/** What a condition says about the client ID as text. IfExists and set operators add nothing: it is always there, and one value. */
export interface Bound {
  readonly negated: boolean;
  readonly globs: readonly Glob[];
}

function boundOf(condition: Condition, lookup: Lookup): Bound | undefined {
  const { key, family, negated, values } = condition;
  if (key !== clientIdKey || (family !== 'string' && family !== 'like' && family !== 'stringFold')) return undefined;
  const globs = values.flatMap((value) => openGlobs(substitute(value, openResolve(lookup))));
  return { negated, globs: family === 'stringFold' ? globs.map(foldGlob) : globs };
}

/** What the conditions of the statement want of the client ID. */
export function boundsOf(view: StatementView, context: Context): readonly Bound[] {
  const lookup = contextLookup(context);
  return compiledConditions(view).flatMap((condition) => boundOf(condition, lookup) ?? []);
}

const readsClientId = (condition: Condition): boolean =>
  condition.key === clientIdKey ||
  condition.values.some(({ variables }) => variables.some((variable) => variable.key === clientIdKey));

/** The client IDs that one resource of the statement names in this context, whatever the client calls itself. */
export function namedIds(model: Model, view: StatementView, context: Context, text: string): readonly Glob[] {
  const { prefix } = model.language(context, connect);
  return behind(model, prefix, templateOf(view, text), openResolve(contextLookup(context)));
}

function behind(model: Model, prefix: string, template: Template, resolve: Resolve): readonly Glob[] {
  const glob = substitute(template, resolve);
  return glob === undefined ? [] : behindPrefix(glob, prefix, model.options).flatMap(openGlobs);
}

/**
 * The client IDs under which a statement has a say on Connect, all else as in the context. Where a condition compares the client ID
 * otherwise than as text, an Allow is taken to hold and a Deny not to: what is found that way is evaluated before it is shown.
 */
export function takenIds(model: Model, view: StatementView, context: Context, text?: string): Machine {
  const { alphabet } = model.languages(context);
  const lookup = contextLookup(context);
  const inside: Machine[] = [];
  const outside: Machine[] = [];
  for (const condition of compiledConditions(view)) {
    const bound = boundOf(condition, lookup);
    if (bound !== undefined) (bound.negated ? outside : inside).push(globMachine(bound.globs, alphabet));
    else if (readsClientId(condition) ? view.statement.effect === 'Deny' : !holds(condition, lookup)) return nothing;
  }
  const texts = text === undefined ? view.statement.resources.map((resource) => resource.text) : [text];
  const named = globMachine(
    texts.flatMap((one) => namedIds(model, view, context, one)),
    alphabet,
  );
  const by = view.statement.resourceMode === 'Resource' ? named : combine(alphabet, 'minus', [everything, named]);
  return combine(alphabet, 'minus', [combine(alphabet, 'and', [by, ...inside]), ...outside]);
}

/** Whether the pattern leaves something open. */
export const isPattern = (glob: Glob): boolean => glob.some((token) => token === STAR || token === ANY);
