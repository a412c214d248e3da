import type { ActionInfo } from '../../actions.ts';
import { appliesTo } from '../../compile.ts';
import { type Glob, globOf, literalTokens, plainText } from '../../glob.ts';
import { matchedTopics } from '../../reach/delivery.ts';
import { filterMatching } from '../../reach/filters.ts';
import { globMachine } from '../../reach/globs.ts';
import { accepts, combine, everything, type Machine } from '../../reach/machine.ts';
import { readableWord } from '../../reach/readable.ts';
import { validNames } from '../../reach/validity.ts';
import { type Context, keys, type Request } from '../../request.ts';
import { actionNamed, type Model, type StatementView } from '../model.ts';

/** A machine for patterns in which `*` and `?` are wildcards, in the alphabet of the context. */
export function region(model: Model, context: Context, patterns: readonly string[]): Machine {
  return globMachine(patterns.map(globOf), model.languages(context).alphabet);
}

/** The names under which the device of this context goes. */
export function ownNames(context: Context): string[] {
  return [context[keys.thingName], context[keys.clientId]].filter((name) => typeof name === 'string');
}

/**
 * Names that the patterns spell out behind `head`, up to the next slash: what is listed by name is meant, and is not what a
 * wildcard lets in by accident. Values of variables count, since they are the device's own.
 */
export function spelledNames(globs: readonly Glob[], head: string): string[] {
  const lead = literalTokens(head);
  return globs.flatMap((glob) => {
    if (!lead.every((code, at) => glob[at] === code)) return [];
    const rest = [...glob.subarray(lead.length)];
    const end = rest.findIndex((token) => token < 0 || token === 47);
    if (end === -1) return [plainText(rest)];
    return rest[end] === 47 ? [plainText(rest.slice(0, end))] : [];
  });
}

/** Wildcard characters of a name, so that it can stand in a pattern of ours. Names that hold them are left out. */
export const plain = (name: string): boolean => !/[*?]/.test(name);

/** Topics without a dollar in front: the ones that applications name. */
export function applicationTopics(model: Model, context: Context): Machine {
  const { alphabet } = model.languages(context);
  const valid = validNames('topic', alphabet, model.options.maxSlashes);
  return combine(alphabet, 'minus', [valid, globMachine([globOf('$*')], alphabet)]);
}

/** Topics that the filters of one Subscribe statement (or one resource of it) match, without what is denied. */
export function matchedBy(model: Model, context: Context, view: StatementView, resource?: number): Machine {
  const { alphabet } = model.languages(context);
  const subscribe = model.language(context, actionNamed('iot:Subscribe'));
  const filters = combine(alphabet, 'and', [subscribe.allowed, subscribe.part(view.ref, resource)]);
  return matchedTopics(filters, alphabet, model.options.switches.wildcardSkipsDollar);
}

/** Topics that the filters of these patterns match, whether they are allowed or not. */
export function matchedByPatterns(model: Model, context: Context, globs: readonly Glob[]): Machine {
  const { alphabet } = model.languages(context);
  const filters = combine(alphabet, 'and', [
    globMachine(globs, alphabet),
    validNames('topicfilter', alphabet, model.options.maxSlashes),
  ]);
  return matchedTopics(filters, alphabet, model.options.switches.wildcardSkipsDollar);
}

/** Whether any Allow names Receive; where none does, it is taken to stand in another policy. */
export function receiveKnown(model: Model): boolean {
  const receive = actionNamed('iot:Receive');
  return model.with('Allow').some((view) => appliesTo(view.statement, receive, model.options));
}

/** Topics that may arrive: Receive allowed, or everything where the documents say nothing about Receive. */
export function receivable(model: Model, context: Context): Machine {
  return receiveKnown(model) ? model.language(context, actionNamed('iot:Receive')).allowed : everything;
}

/** A topic of the machine: one of the preferred, or else a short one that reads well. */
export function topicOf(
  model: Model,
  context: Context,
  machine: Machine,
  preferred: readonly string[] = [],
): string | undefined {
  const { alphabet } = model.languages(context);
  const nice = preferred.find((topic) => accepts(machine, alphabet, topic));
  if (nice !== undefined) return nice;
  const found = readableWord(machine, alphabet, 60_000);
  if (found.kind === 'undecided') model.undecided('the search for a topic was given up');
  return found.kind === 'word' ? found.word : undefined;
}

/** The Subscribe request by which the device gets this topic, through this statement where one is given. */
export function subscribeFor(
  model: Model,
  context: Context,
  topic: string,
  prefer: 'wide' | 'narrow',
  view?: StatementView,
): Request | undefined {
  const { alphabet } = model.languages(context);
  const subscribe = model.language(context, actionNamed('iot:Subscribe'));
  const part = view === undefined ? [] : [subscribe.part(view.ref)];
  const filters = combine(alphabet, 'and', [subscribe.allowed, ...part]);
  const filter = filterMatching(filters, alphabet, topic, prefer, model.options.switches.wildcardSkipsDollar);
  if (filter === undefined) return undefined;
  const request = { action: 'iot:Subscribe', resource: subscribe.prefix + filter, context };
  return model.allows(request) ? request : undefined;
}

/** Allow statements that take in the action. */
export function allowing(model: Model, action: ActionInfo): readonly StatementView[] {
  return model.with('Allow').filter((view) => appliesTo(view.statement, action, model.options));
}

/** The part of an ARN that people read: behind the account. */
export function shortResource(resource: string): string {
  return resource.split(':').slice(5).join(':') || resource;
}
