import { type ActionInfo, actionTable } from '../../actions.ts';
import { appliesTo } from '../../compile.ts';
import { resolver } from '../../conditions.ts';
import { contextLookup } from '../../evaluate.ts';
import { ANY, type Glob, normalise, plainText, STAR } from '../../glob.ts';
import { globMachine } from '../../reach/globs.ts';
import { behindPrefix } from '../../reach/ground.ts';
import { resourcePrefix } from '../../reach/languages.ts';
import { shortestWord } from '../../reach/machine.ts';
import { type Context, keys, normaliseKey, type Request } from '../../request.ts';
import { substitute, type Template } from '../../template.ts';
import { actionNamed, type Model, resourcesOf, type StatementView, templateOf } from '../model.ts';
import { variableNames } from '../scenario.ts';
import { clientIdIsFree } from './connect.ts';
import { allowing, shortResource } from './regions.ts';

const hashCode = 35;
const plusCode = 43;

/** Whether no valid word matches the resource in any context, although it is of the right type there. */
function neverMatches(model: Model, view: StatementView, action: ActionInfo, index: number): boolean {
  let seen = false;
  for (const context of model.contexts(view, action)) {
    const language = model.language(context, action);
    if (language.patterns(view.ref, index).length === 0) continue;
    seen = true;
    const { alphabet } = model.languages(context);
    if (shortestWord(language.part(view.ref, index), alphabet, 60_000).kind !== 'none') return false;
  }
  return seen;
}

function checkMalformed(model: Model): void {
  const subscribe = actionNamed('iot:Subscribe');
  for (const view of model.statements) {
    if (view.statement.resourceMode !== 'Resource' || !appliesTo(view.statement, subscribe, model.options)) continue;
    for (const { text, at, index } of resourcesOf(view)) {
      if (!text.includes(':topicfilter/') || !neverMatches(model, view, subscribe, index)) continue;
      const message = `the broker refuses every filter that ${shortResource(text)} could match`;
      model.report('malformed-filter', { view, at, message });
    }
  }
}

const topicActions = ['iot:Publish', 'iot:RetainPublish', 'iot:Receive'].map(actionNamed);

function checkTopicWildcards(model: Model): void {
  for (const view of model.with('Allow')) {
    if (view.statement.resourceMode !== 'Resource') continue;
    const actions = topicActions.filter((action) => appliesTo(view.statement, action, model.options));
    for (const { text, at, index } of resourcesOf(view)) {
      if (!text.includes(':topic/') || !/[+#]/.test(text)) continue;
      if (!actions.some((action) => neverMatches(model, view, action, index))) continue;
      const message = `no topic name holds + or #, so ${shortResource(text)} never matches; in a policy they are plain characters`;
      model.report('mqtt-wildcard-in-publish', { view, at, message });
    }
  }
}

/** Names that the documents spell out as client IDs or things. */
function spelledDevices(model: Model): ReadonlySet<string> {
  const names = model.texts.flatMap((text) => /:(?:client|thing)\/([^/*?$]+)(?:\/|$)/.exec(text)?.[1] ?? []);
  return new Set(names);
}

/** Index of a star that follows a name or a variable directly; -1 when there is none. */
function looseStar(template: Template, devices: ReadonlySet<string>): number {
  return template.items.findIndex((item, at) => {
    if (item !== STAR || at === 0) return false;
    const before = template.items[at - 1];
    if (typeof before !== 'number') return true;
    const level = levelBefore(template.items, at);
    return level !== undefined && (devices.has(level) || /[a-zA-Z].*\d$/.test(level));
  });
}

/** The literal text between the last slash and this place; `undefined` when it is not all literal or empty. */
function levelBefore(items: Template['items'], at: number): string | undefined {
  let text = '';
  for (let back = at - 1; back >= 0; back -= 1) {
    const item = items[back];
    if (item === 47 || item === 58) break;
    if (typeof item !== 'number' || item < 0) return undefined;
    text = String.fromCodePoint(item) + text;
  }
  return text === '' ? undefined : text;
}

/** The resource with something put in place of the item at `at`, as patterns behind the prefix of the action. */
function withItem(
  model: Model,
  context: Context,
  template: Template,
  at: number,
  put: readonly number[],
  action: ActionInfo,
): Glob[] {
  const items = [...template.items.slice(0, at), ...put, ...template.items.slice(at + 1)];
  const glob = substitute({ ...template, items, glob: undefined }, resolver(contextLookup(context)));
  return glob === undefined
    ? []
    : behindPrefix(normalise([...glob]), resourcePrefix(action, model.options) ?? '', model.options);
}

function longerName(
  model: Model,
  view: StatementView,
  index: number,
  template: Template,
  star: number,
): Request | undefined {
  const preferredTails = ['', '/x', '/shadow/update'];
  for (const action of actionTable) {
    if (action.resource === 'none' || !appliesTo(view.statement, action, model.options)) continue;
    for (const context of model.contexts(view, action)) {
      if (action.name === 'iot:Connect' && !clientIdIsFree(model, context)) continue;
      const globs = withItem(model, context, template, star, [48, STAR], action);
      if (globs.length === 0) continue;
      const { alphabet } = model.languages(context);
      const head = globs
        .map((glob) => [...glob].findIndex((token) => token < 0))
        .map((end, at) => plainText(globs[at]!.subarray(0, end)));
      const preferred = ['/shadow/update', ...preferredTails].flatMap((tail) => head.map((text) => text + tail));
      const nice = template.text.includes('$aws/things/') ? preferred : preferred.slice(head.length);
      const found = model.find({
        context,
        action,
        within: { ref: view.ref, resource: index },
        inside: [globMachine(globs, alphabet)],
        preferred: nice,
      });
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

function checkStars(model: Model): void {
  const devices = spelledDevices(model);
  for (const view of model.with('Allow')) {
    if (view.statement.resourceMode !== 'Resource') continue;
    for (const { text, at, index } of resourcesOf(view)) {
      const template = templateOf(view, text);
      const star = looseStar(template, devices);
      const witness = star < 0 ? undefined : longerName(model, view, index, template, star);
      if (witness === undefined) continue;
      const message = `the star follows a name without a separator, so ${shortResource(text)} also takes in ${shortResource(witness.resource)}`;
      model.report('unanchored-star', { view, at, message, witness });
    }
  }
}

function questionPlaces(template: Template): number[] {
  const items = template.items;
  // Beside a star the question mark only says "at least one character"; the star is what admits wildcards there, by intent.
  return items.flatMap((item, at) => (item === ANY && items[at - 1] !== STAR && items[at + 1] !== STAR ? [at] : []));
}

function checkQuestionMarks(model: Model): void {
  const subscribe = actionNamed('iot:Subscribe');
  for (const view of allowing(model, subscribe)) {
    if (view.statement.resourceMode !== 'Resource') continue;
    for (const { text, at, index } of resourcesOf(view)) {
      const template = templateOf(view, text);
      const witness = admitted(model, view, index, template);
      if (witness === undefined) continue;
      const message = `? stands for any character, MQTT's wildcards included: ${shortResource(text)} lets the device subscribe to ${shortResource(witness.resource).slice('topicfilter/'.length)}`;
      model.report('question-admits-mqtt-wildcard', { view, at, message, witness });
    }
  }
}

function admitted(model: Model, view: StatementView, index: number, template: Template): Request | undefined {
  const subscribe = actionNamed('iot:Subscribe');
  for (const place of questionPlaces(template)) {
    for (const context of model.contexts(view, subscribe)) {
      for (const put of [hashCode, plusCode]) {
        const globs = withItem(model, context, template, place, [put], subscribe);
        const { alphabet } = model.languages(context);
        const found = model.find({
          context,
          action: subscribe,
          within: { ref: view.ref, resource: index },
          inside: [globMachine(globs, alphabet)],
        });
        if (found !== undefined) return found;
      }
    }
  }
  return undefined;
}

/** Attribute values that AWS accepts (`[a-zA-Z0-9_.,@/:#=\[\]-]*`) and that mean something inside a filter. */
const hostileValues = ['#', 'x/#', 'x/y'];

function checkAttributes(model: Model): void {
  const subscribe = actionNamed('iot:Subscribe');
  for (const view of allowing(model, subscribe)) {
    for (const { text, at, index } of resourcesOf(view)) {
      const name = variableNames(text).find((one) => normaliseKey(one).startsWith('iot:connection.thing.attributes['));
      if (name === undefined || view.statement.resourceMode !== 'Resource') continue;
      const witness = hostileAttribute(model, view, index, name);
      if (witness === undefined) continue;
      const message = `the value of \${${name}} may hold # or /: with "${String(witness.context[name])}" the device may subscribe to ${shortResource(witness.resource).slice('topicfilter/'.length)}`;
      model.report('attribute-may-hold-mqtt-wildcard', { view, at, message, witness });
    }
  }
}

function hostileAttribute(model: Model, view: StatementView, index: number, name: string): Request | undefined {
  const subscribe = actionNamed('iot:Subscribe');
  for (const value of hostileValues) {
    for (const context of model.contexts(view, subscribe)) {
      if (context[keys.thingName] === undefined) continue;
      const found = model.find({
        context: { ...context, [name]: value },
        action: subscribe,
        within: { ref: view.ref, resource: index },
      });
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

/** Patterns that mean something else than they look. */
export function checkFilters(model: Model): void {
  checkMalformed(model);
  checkTopicWildcards(model);
  checkStars(model);
  checkQuestionMarks(model);
  checkAttributes(model);
}
