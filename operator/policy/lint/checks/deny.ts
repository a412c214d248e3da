import { type ActionInfo, actionTable } from '../../actions.ts';
import { appliesTo } from '../../compile.ts';
import { holds } from '../../conditions.ts';
import { hasVariables } from '../../document.ts';
import { contextLookup } from '../../evaluate.ts';
import type { Glob } from '../../glob.ts';
import { globMachine } from '../../reach/globs.ts';
import { behindPrefix } from '../../reach/ground.ts';
import { resourcePrefix } from '../../reach/languages.ts';
import { combine, everything, type Machine, shortestWord } from '../../reach/machine.ts';
import { type Context, keys, normaliseKey, type Request } from '../../request.ts';
import { parseTemplate, substitute } from '../../template.ts';
import { compiledConditions } from '../client-ids.ts';
import { actionNamed, type Model, resourcesOf, type StatementView } from '../model.ts';
import { variableNames, without } from '../scenario.ts';
import {
  applicationTopics,
  matchedByPatterns,
  receivable,
  receiveKnown,
  shortResource,
  subscribeFor,
  topicOf,
} from './regions.ts';

/** `+` or `#` as MQTT would read it: a whole level. Beside a policy wildcard it is a way to refuse wildcard filters, and is meant. */
const mqttLevel = /(^|\/)(\+|#)(\/|$)/;

function tailOf(text: string): string | undefined {
  const match = /:(topic|topicfilter)\/(.*)$/s.exec(text);
  return match?.[2];
}

const topicActions = actionTable.filter((row) => row.resource === 'topic' || row.resource === 'topicfilter');

/** A topic that the Deny names when + and # are read as MQTT does, and that is not denied as it stands. */
function undeniedTopic(
  model: Model,
  view: StatementView,
  index: number,
): { context: Context; topic: string; action: ActionInfo } | undefined {
  for (const action of topicActions) {
    if (!appliesTo(view.statement, action, model.options)) continue;
    for (const context of model.contexts(view, action)) {
      const language = model.language(context, action);
      const globs = language.patterns(view.ref, index);
      if (globs.length === 0) continue;
      const { alphabet } = model.languages(context);
      const meant = matchedByPatterns(model, context, globs);
      const topic = topicOf(model, context, combine(alphabet, 'minus', [meant, language.denied]));
      if (topic !== undefined) return { context, topic, action };
    }
  }
  return undefined;
}

function checkWildcards(model: Model): void {
  for (const view of model.with('Deny')) {
    if (view.statement.resourceMode !== 'Resource') continue;
    for (const { text, at, index } of resourcesOf(view)) {
      const tail = tailOf(text);
      if (tail === undefined || !mqttLevel.test(tail)) continue;
      const found = undeniedTopic(model, view, index);
      if (found === undefined) continue;
      const message = `+ and # are plain characters in a policy: the Deny on ${shortResource(text)} stops only that very string, not ${found.action.name} on ${found.topic}`;
      model.report('mqtt-wildcard-in-deny', { view, at, message });
    }
  }
}

/** Patterns of the Deny that speak of topics; those that refuse wildcard filters as such are left out. */
function topicPatterns(model: Model, view: StatementView, context: Context): readonly Glob[] {
  const language = model.language(context, actionNamed('iot:Subscribe'));
  return resourcesOf(view)
    .filter(({ text }) => {
      const tail = tailOf(text) ?? '';
      return !/[+#]/.test(tail) || mqttLevel.test(tail);
    })
    .flatMap(({ index }) => language.patterns(view.ref, index));
}

function bypass(model: Model, view: StatementView): { readonly topic: string; readonly witness: Request } | undefined {
  const subscribe = actionNamed('iot:Subscribe');
  for (const context of model.contexts(view, subscribe)) {
    const { alphabet } = model.languages(context);
    const meant = matchedByPatterns(model, context, topicPatterns(model, view, context));
    // A Deny that names every topic (# alone) refuses that filter; nobody expects it to withhold what other filters bring.
    const all = combine(alphabet, 'minus', [applicationTopics(model, context), meant]);
    if (shortestWord(all, alphabet, 60_000).kind !== 'word') continue;
    const arriving = combine(alphabet, 'and', [model.matched(context), receivable(model, context), meant]);
    const topic = topicOf(model, context, arriving);
    const witness = topic === undefined ? undefined : subscribeFor(model, context, topic, 'wide');
    if (topic !== undefined && witness !== undefined) return { topic, witness };
  }
  return undefined;
}

function checkBypass(model: Model): void {
  if (!receiveKnown(model)) return;
  for (const view of model.with('Deny')) {
    if (view.statement.resourceMode !== 'Resource') continue;
    if (!appliesTo(view.statement, actionNamed('iot:Subscribe'), model.options)) continue;
    const found = bypass(model, view);
    if (found === undefined) continue;
    const filter = shortResource(found.witness.resource).slice('topicfilter/'.length);
    const message = `the Deny does not stop delivery: a device that subscribes to ${filter} still receives ${found.topic}, because a Deny on Subscribe is compared with the text of the filter, not with the topics it matches`;
    model.report('deny-subscribe-bypassed', { view, message, witness: found.witness });
  }
}

const thingKey = normaliseKey(keys.thingName);
const attachedKey = normaliseKey(keys.isAttached);

/** Variables that a device may lack. The client ID, the certificate ID and whether a thing is attached are always there. */
const maybeMissing = (name: string): boolean => {
  const key = normaliseKey(name);
  return key !== attachedKey && (key.startsWith('iot:connection.thing.') || key.startsWith('iot:certificate.'));
};

/** The words that the Deny would catch for some value of the missing variable. */
function caughtForSomeValue(
  model: Model,
  view: StatementView,
  context: Context,
  missing: string,
  action: ActionInfo,
): Machine {
  const { alphabet } = model.languages(context);
  const lookup = contextLookup(context);
  const resolve = (key: string): string | undefined => {
    const value = key === normaliseKey(missing) ? '*' : lookup(key);
    return typeof value === 'string' ? value : undefined;
  };
  const globsOf = (texts: readonly string[]): Glob[] =>
    texts.flatMap((text) => {
      const glob = substitute(parseTemplate(text, { variables: true, wildcards: true }), resolve, true);
      return glob === undefined ? [] : behindPrefix(glob, resourcePrefix(action, model.options) ?? '', model.options);
    });
  const texts = view.statement.resources.map(({ text }) => text);
  if (view.statement.resourceMode === 'Resource') return globMachine(globsOf(texts), alphabet);
  // What a NotResource leaves out without the variable is left out whatever its value is.
  const others = texts.filter((text) => !rests(text, missing));
  return combine(alphabet, 'minus', [everything, globMachine(globsOf(others), alphabet)]);
}

const rests = (text: string, name: string): boolean =>
  variableNames(text).some((one) => normaliseKey(one) === normaliseKey(name));

/** Whether the conditions that do not rest on the variable hold; where they do not, the Deny does nothing on their account. */
function otherwiseHolds(view: StatementView, context: Context, name: string): boolean {
  const lookup = contextLookup(context);
  return compiledConditions(view).every(
    (condition) =>
      condition.values.some(({ text }) => rests(text, name)) ||
      condition.key === normaliseKey(name) ||
      holds(condition, lookup),
  );
}

/** Contexts in which the variable does not resolve: a thing name only where sessions without a thing are possible. */
function contextsWithout(model: Model, view: StatementView, action: ActionInfo, name: string): readonly Context[] {
  const contexts = model.contexts(view, action);
  if (normaliseKey(name) === thingKey) return contexts.filter((context) => context[keys.thingName] === undefined);
  return contexts.map((context) => without(context, name));
}

function failsOpen(model: Model, view: StatementView, name: string): Request | undefined {
  for (const action of actionTable) {
    if (action.resource === 'none' || !appliesTo(view.statement, action, model.options)) continue;
    for (const context of contextsWithout(model, view, action, name)) {
      if (!otherwiseHolds(view, context, name)) continue;
      const inside = [caughtForSomeValue(model, view, context, name, action)];
      const found = model.find({ context, action, inside });
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

function checkUnresolved(model: Model): void {
  for (const view of model.with('Deny')) {
    if (!hasVariables(view.document)) continue;
    const texts = [
      ...view.statement.resources.map((resource) => resource.text),
      ...view.statement.conditions
        .filter((entry) => !/not/i.test(entry.operator))
        .flatMap((entry) => entry.values.map((v) => v.text)),
    ];
    for (const name of new Set(texts.flatMap(variableNames).filter(maybeMissing))) {
      const witness = failsOpen(model, view, name);
      if (witness === undefined) continue;
      const message = `the Deny rests on \${${name}}; where it does not resolve the Deny does nothing, and ${witness.action} on ${shortResource(witness.resource)} stays allowed`;
      model.report('deny-may-not-resolve', { view, message, witness });
      break;
    }
  }
}

/** Denies that do less than they seem to. */
export function checkDenies(model: Model): void {
  checkWildcards(model);
  checkBypass(model);
  checkUnresolved(model);
}
