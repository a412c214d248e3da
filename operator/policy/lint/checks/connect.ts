import { appliesTo } from '../../compile.ts';
import { contextLookup } from '../../evaluate.ts';
import { ANY, type Glob, globOf, STAR } from '../../glob.ts';
import { globMachine } from '../../reach/globs.ts';
import { behindPrefix } from '../../reach/ground.ts';
import { accepts, combine, type Machine, shortestWord } from '../../reach/machine.ts';
import { type Context, keys, normaliseKey, type Request } from '../../request.ts';
import { parseTemplate, substitute } from '../../template.ts';
import { actionNamed, type Model, resourcesOf, type StatementView } from '../model.ts';
import { filled, variableNames } from '../scenario.ts';

const clientIdKey = normaliseKey(keys.clientId);
const thingKey = normaliseKey(keys.thingName);

const isWildcard = (token: number): boolean => token === STAR || token === ANY;

/** Without exclusive attachment, a context with a thing has the thing's name as its client ID: nothing is left to choose. */
export function clientIdIsFree(model: Model, context: Context): boolean {
  return model.options.exclusiveThings || context[keys.thingName] === undefined;
}

/** Client IDs that one resource lets a principal choose from; empty when it names one. */
function choices(model: Model, view: StatementView, context: Context, text: string): readonly Glob[] {
  const lookup = contextLookup(context);
  const template = parseTemplate(text, { variables: view.document.version === '2012-10-17', wildcards: true });
  const resolve = (key: string): string | undefined => {
    const value = key === clientIdKey ? '*' : lookup(key);
    return typeof value === 'string' ? value : undefined;
  };
  const glob = substitute(template, resolve, true);
  if (glob === undefined) return [];
  const prefix = model.language(context, actionNamed('iot:Connect')).prefix;
  return behindPrefix(glob, prefix, model.options).filter((rest) => rest.some(isWildcard));
}

/** Conditions on the client ID itself, as patterns; they bound the choice. */
function bounds(view: StatementView): readonly (readonly string[])[] {
  return view.statement.conditions
    .filter((entry) => normaliseKey(entry.key) === clientIdKey && /^(string(like|equals))$/i.test(entry.operator))
    .map((entry) => entry.values.map((value) => value.text));
}

function freeIds(model: Model, view: StatementView, context: Context, text: string): Machine | undefined {
  const globs = choices(model, view, context, text);
  // A condition that lists its names means them, as a resource does.
  if (globs.length === 0 || bounds(view).some((list) => list.every((value) => !/[*?]/.test(value)))) return undefined;
  const { alphabet } = model.languages(context);
  const language = model.language(context, actionNamed('iot:Connect'));
  const within = [
    globMachine(globs, alphabet),
    ...bounds(view).map((list) => globMachine(list.map(globOf), alphabet)),
    language.valid,
  ];
  return combine(alphabet, 'minus', [combine(alphabet, 'and', within), language.denied]);
}

function connectRequest(model: Model, context: Context, id: string): Request {
  const { prefix } = model.language(context, actionNamed('iot:Connect'));
  return { action: 'iot:Connect', resource: prefix + id, context: { ...context, [keys.clientId]: id } };
}

/** Two different client IDs that the same principal may take in this context through this resource. */
function twoIds(model: Model, view: StatementView, context: Context, text: string): readonly Request[] {
  const machine = freeIds(model, view, context, text);
  if (machine === undefined) return [];
  const { alphabet } = model.languages(context);
  const tail = filled(text.slice(text.lastIndexOf('/') + 1), context);
  const tails = [tail, ...bounds(view).flat()];
  const numbered = (digit: string): string[] => tails.map((one) => one.replace(/[*?]/g, digit));
  const nice = [model.names.other, ...numbered('2'), 'x1', 'x2', ...numbered('3')];
  const ids = nice.filter((id) => accepts(machine, alphabet, id));
  if (ids.length < 2) {
    const first = shortestWord(machine, alphabet, 20_000);
    if (first.kind === 'word')
      ids.push(...[first.word, `${first.word}2`].filter((id) => accepts(machine, alphabet, id)));
  }
  return [...new Set(ids)].map((id) => connectRequest(model, context, id)).filter(model.allows);
}

export interface OpenConnect {
  readonly view: StatementView;
  readonly context: Context;
  readonly requests: readonly Request[];
}

/** The Connect statements that leave the client ID to the device. */
export function openConnects(model: Model): readonly OpenConnect[] {
  const connect = actionNamed('iot:Connect');
  const out: OpenConnect[] = [];
  for (const view of model.with('Allow')) {
    if (!appliesTo(view.statement, connect, model.options)) continue;
    const found = firstOpen(model, view);
    if (found !== undefined) out.push(found);
  }
  return out;
}

function firstOpen(model: Model, view: StatementView): OpenConnect | undefined {
  const free = model.contexts(view, actionNamed('iot:Connect')).filter((context) => clientIdIsFree(model, context));
  for (const context of free) {
    for (const { text } of view.statement.resources) {
      const requests =
        view.statement.resourceMode === 'Resource' ? twoIds(model, view, context, text) : anyTwo(model, context);
      if (requests.length >= 2) return { view, context, requests };
    }
  }
  return undefined;
}

function anyTwo(model: Model, context: Context): readonly Request[] {
  return [model.names.other, 'x1', 'x2'].map((id) => connectRequest(model, context, id)).filter(model.allows);
}

export function checkConnect(model: Model): void {
  const open = openConnects(model);
  for (const { view, requests } of open) {
    const witness = requests[0]!;
    const id = String(witness.context[keys.clientId]);
    const message = `Connect is allowed under client IDs that the device picks itself, for example "${id}": it can take the place of another device, cut it off, and use every topic that rests on the client ID`;
    model.report('any-client-id', { view, message, witness });
  }
  checkThingRequired(model);
  checkMissingConnect(model);
  if (open.length > 0) checkUnbound(model, open);
}

function requiresAttachment(view: StatementView): boolean {
  return view.statement.conditions.some(
    (entry) =>
      normaliseKey(entry.key) === normaliseKey(keys.isAttached) &&
      /^(bool|stringequals)(ifexists)?$/i.test(entry.operator) &&
      entry.values.every((value) => value.text.toLowerCase() === 'true'),
  );
}

function checkThingRequired(model: Model): void {
  const connect = actionNamed('iot:Connect');
  for (const view of model.with('Allow')) {
    if (!appliesTo(view.statement, connect, model.options) || view.document.version !== '2012-10-17') continue;
    const named = resourcesOf(view).find(({ text }) =>
      variableNames(text).some((name) => normaliseKey(name) === thingKey),
    );
    if (named === undefined || !named.text.includes(':client/') || requiresAttachment(view)) continue;
    const message =
      'Connect names the thing but does not require that it is attached; the variable resolves only for an attached thing, so this is advice only';
    model.report('thing-not-required', { view, at: named.at, message });
  }
}

const mqttUse = ['iot:Publish', 'iot:RetainPublish', 'iot:Subscribe', 'iot:Receive'].map(actionNamed);

function checkMissingConnect(model: Model): void {
  const used = model
    .with('Allow')
    .some((view) => mqttUse.some((action) => appliesTo(view.statement, action, model.options)));
  if (!used || model.connects) return;
  const connect = actionNamed('iot:Connect');
  // A Connect whose conditions we could not meet may still let devices in; only one that names no client ID at all counts as missing.
  const some = model
    .with('Allow')
    .some(
      (view) =>
        appliesTo(view.statement, connect, model.options) &&
        (view.statement.resourceMode === 'NotResource' ||
          resourcesOf(view).some(({ text, index }) => mayNameClient(model, view, text, index))),
    );
  if (some) return;
  const message =
    'no statement lets a device connect; publishing and subscribing over MQTT need iot:Connect, here or in another policy of the certificate';
  model.report('missing-connect', { message });
}

function mayNameClient(model: Model, view: StatementView, text: string, index: number): boolean {
  const connect = actionNamed('iot:Connect');
  if (text.includes('${') && view.document.version !== '2012-10-17') return false;
  return model
    .contexts(view, connect)
    .some((context) => model.language(context, connect).patterns(view.ref, index).length > 0);
}

function checkUnbound(model: Model, open: readonly OpenConnect[]): void {
  for (const view of model.with('Allow')) {
    const named = resourcesOf(view).find(({ text }) =>
      variableNames(text).some((name) => normaliseKey(name) === clientIdKey),
    );
    if (named === undefined || view.document.version !== '2012-10-17') continue;
    const witness = unboundWitness(model, view, named.index, open);
    if (witness === undefined) continue;
    const id = String(witness.context[keys.clientId]);
    const message = `the resource rests on \${iot:ClientId}, which Connect leaves open: a device that calls itself "${id}" reaches ${witness.resource.slice(witness.resource.indexOf('/') + 1)}`;
    model.report('unbound-client-id', { view, at: named.at, message, witness });
  }
}

function unboundWitness(
  model: Model,
  view: StatementView,
  resource: number,
  open: readonly OpenConnect[],
): Request | undefined {
  for (const action of [actionNamed('iot:Subscribe'), ...mqttUse]) {
    if (!appliesTo(view.statement, action, model.options)) continue;
    for (const { context, requests } of open) {
      // A client that calls itself + turns the variable into an MQTT wildcard; where that is refused, the name of another device will do.
      const ids =
        action.name === 'iot:Subscribe'
          ? ['+', ...requests.map((r) => String(r.context[keys.clientId]))]
          : requests.map((r) => String(r.context[keys.clientId]));
      for (const id of ids) {
        const as = { ...context, [keys.clientId]: id };
        if (!model.allows(connectRequest(model, context, id))) continue;
        const found = model.find({ context: as, action, within: { ref: view.ref, resource } });
        if (found !== undefined) return found;
      }
    }
  }
  return undefined;
}

/** Whether some principal may take every client ID there is. */
export function clientIdsAreOpen(model: Model): boolean {
  return openConnects(model).some(({ view, context }) =>
    view.statement.resources.some(({ text }) => {
      const free = freeIds(model, view, context, text);
      if (free === undefined) return false;
      const { alphabet } = model.languages(context);
      const { valid } = model.language(context, actionNamed('iot:Connect'));
      return shortestWord(combine(alphabet, 'minus', [valid, free]), alphabet, 20_000).kind === 'none';
    }),
  );
}
