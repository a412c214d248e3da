import { appliesTo } from '../../compile.ts';
import { holds } from '../../conditions.ts';
import { hasVariables, type PolicyDocument } from '../../document.ts';
import { contextLookup } from '../../evaluate.ts';
import { literalGlob } from '../../glob.ts';
import { globMachine } from '../../reach/globs.ts';
import { accepts, combine, type Machine, shortestWord } from '../../reach/machine.ts';
import { readableWord } from '../../reach/readable.ts';
import { type Context, keys, normaliseKey, type Request } from '../../request.ts';
import { boundsOf, compiledConditions, isPattern, namedIds, takenIds } from '../client-ids.ts';
import { actionNamed, type Model, resourcesOf, type StatementView } from '../model.ts';
import { clientIdKey, filled, variableNames } from '../scenario.ts';
import { sameMeaning } from './surplus.ts';

const connect = actionNamed('iot:Connect');
const thingKey = normaliseKey(keys.thingName);
const attachedKey = normaliseKey(keys.isAttached);

/** Without exclusive attachment, a context with a thing has the thing's name as its client ID: nothing is left to choose. */
export function clientIdIsFree(model: Model, context: Context): boolean {
  return model.options.exclusiveThings || context[keys.thingName] === undefined;
}

/** The client IDs among which a statement, or one resource of it, leaves the choice; undefined when it names them one by one. */
function freeIds(model: Model, view: StatementView, context: Context, text?: string): Machine | undefined {
  // What a star in the region or account lets in beside a name is a flaw with a code of its own.
  if (text !== undefined && !namedIds(model, view, context, text).every(isPattern)) return undefined;
  // A condition that lists its names means them, as a resource does.
  if (boundsOf(view, context).some(({ negated, globs }) => !negated && !globs.some(isPattern))) return undefined;
  return grantedIds(model, view, context, text);
}

/** The client IDs that a statement, or one resource of it, grants and no Deny takes back, whatever the client calls itself in this context. */
function grantedIds(model: Model, view: StatementView, context: Context, text?: string): Machine {
  const { alphabet } = model.languages(context);
  const { valid } = model.language(context, connect);
  const taken = combine(alphabet, 'and', [takenIds(model, view, context, text), valid]);
  const denies = model.with('Deny').filter((deny) => appliesTo(deny.statement, connect, model.options));
  return combine(alphabet, 'minus', [taken, ...denies.map((deny) => takenIds(model, deny, context))]);
}

/** A Connect that the statement grants: under a client ID of the device's own choice if there is one, one of the preferred if it may be. */
export function connectThrough(model: Model, view: StatementView, preferred: readonly string[]): Request | undefined {
  const contexts = model.contexts(view, connect);
  const free = contexts.filter((context) => clientIdIsFree(model, context));
  for (const context of new Set([...free, ...contexts])) {
    const { alphabet } = model.languages(context);
    const ids = grantedIds(model, view, context);
    const nice = free.includes(context) ? preferred : [String(context[keys.clientId])];
    const accepted = nice.filter((id) => accepts(ids, alphabet, id));
    const found = free.includes(context) ? readableWord(ids, alphabet, 20_000) : undefined;
    if (found?.kind === 'undecided') model.undecided('iot:Connect: the search for an example was given up');
    const requests = [...accepted, ...(found?.kind === 'word' ? [found.word] : [])].map((id) =>
      connectRequest(model, context, id),
    );
    const witness = requests.find(model.allows);
    if (witness !== undefined) return witness;
  }
  return undefined;
}

function connectRequest(model: Model, context: Context, id: string): Request {
  const { prefix } = model.language(context, connect);
  return { action: 'iot:Connect', resource: prefix + id, context: { ...context, [keys.clientId]: id } };
}

/** Names that look like what the statement writes, with something in place of its wildcards. */
function niceIds(model: Model, view: StatementView, context: Context, text = ''): readonly string[] {
  const written = [
    text.slice(text.lastIndexOf('/') + 1),
    ...view.statement.conditions.flatMap((entry) => entry.values.map((value) => value.text)),
  ];
  return [model.names.other, ...written.map((one) => filled(one, context).replace(/[*?]/g, '2')), 'x1'];
}

/** Different client IDs that the same principal may take in this context; at least two where there are two. */
function choices(model: Model, view: StatementView, context: Context, text?: string): readonly Request[] {
  const machine = freeIds(model, view, context, text);
  if (machine === undefined) return [];
  const { alphabet } = model.languages(context);
  const allowed = (ids: readonly string[]): Request[] =>
    [...new Set(ids)].map((id) => connectRequest(model, context, id)).filter(model.allows);
  const nice = niceIds(model, view, context, text).filter((id) => accepts(machine, alphabet, id));
  const requests = allowed(nice);
  if (requests.length >= 2) return requests;
  const first = shortestWord(machine, alphabet, 20_000);
  if (first.kind !== 'word') return requests;
  const others = combine(alphabet, 'minus', [machine, globMachine([literalGlob(first.word)], alphabet)]);
  const second = shortestWord(others, alphabet, 20_000);
  return allowed([...nice, first.word, ...(second.kind === 'word' ? [second.word] : [])]);
}

export interface OpenConnect {
  readonly view: StatementView;
  readonly context: Context;
  readonly requests: readonly Request[];
}

/** The Connect statements that leave the client ID to the device. */
export function openConnects(model: Model): readonly OpenConnect[] {
  const out: OpenConnect[] = [];
  for (const view of model.with('Allow')) {
    if (!appliesTo(view.statement, connect, model.options)) continue;
    const found = firstOpen(model, view);
    if (found !== undefined) out.push(found);
  }
  return out;
}

function firstOpen(model: Model, view: StatementView): OpenConnect | undefined {
  const free = model.contexts(view, connect).filter((context) => clientIdIsFree(model, context));
  for (const context of free) {
    for (const text of partsOf(view)) {
      const requests = choices(model, view, context, text);
      if (requests.length >= 2) return { view, context, requests };
    }
  }
  return undefined;
}

/** The resources one by one, or all that a NotResource leaves out at once. */
function partsOf(view: StatementView): readonly (string | undefined)[] {
  const { resourceMode, resources } = view.statement;
  return resourceMode === 'Resource' ? resources.map(({ text }) => text) : [undefined];
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

/** A principal without a thing, whatever it calls itself. */
const unattached: Context = {};

/** Whether a condition on the attachment fails for a principal without a thing, whatever operator it is written with. */
function requiresAttachment(view: StatementView): boolean {
  const lookup = contextLookup(unattached);
  return compiledConditions(view).some((condition) => condition.key === attachedKey && !holds(condition, lookup));
}

/** Whether a Deny takes Connect from every principal without a thing. */
function attachmentIsDenied(model: Model): boolean {
  const { alphabet } = model.languages(unattached);
  const { valid } = model.language(unattached, connect);
  return model
    .with('Deny')
    .some(
      (view) =>
        appliesTo(view.statement, connect, model.options) &&
        view.statement.conditions.some((entry) => normaliseKey(entry.key) === attachedKey) &&
        shortestWord(combine(alphabet, 'minus', [valid, takenIds(model, view, unattached)]), alphabet, 20_000).kind ===
          'none',
    );
}

function checkThingRequired(model: Model): void {
  if (attachmentIsDenied(model)) return;
  for (const view of model.with('Allow')) {
    if (!appliesTo(view.statement, connect, model.options) || !hasVariables(view.document)) continue;
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
  // A Connect whose conditions no imagined device meets may still let one in; whether any may, the comparison with nothing says.
  if (
    !sameMeaning(
      model,
      [],
      model.documents.map((document) => onlyConnects(model, document)),
    )
  )
    return;
  const message =
    'no statement lets a device connect; publishing and subscribing over MQTT need iot:Connect, here or in another policy of the certificate';
  model.report('missing-connect', { message });
}

/** What the document allows of Connect, as if no Deny took it back: that has a finding of its own. */
function onlyConnects(model: Model, document: PolicyDocument): PolicyDocument {
  const statements = document.statements
    .filter((statement) => statement.effect === 'Allow' && appliesTo(statement, connect, model.options))
    .map((statement) => ({
      ...statement,
      actionMode: 'Action' as const,
      actions: [{ text: connect.name, at: statement.at }],
    }));
  return { ...document, statements };
}

function checkUnbound(model: Model, open: readonly OpenConnect[]): void {
  for (const view of model.with('Allow')) {
    const named = resourcesOf(view).find(({ text }) =>
      variableNames(text).some((name) => normaliseKey(name) === clientIdKey),
    );
    if (named === undefined || !hasVariables(view.document)) continue;
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

/** Whether a statement without conditions lets a principal take every client ID there is. */
export function clientIdsAreOpen(model: Model): boolean {
  return openConnects(model).some(
    ({ view, context }) => view.statement.conditions.length === 0 && isEveryId(model, view, context),
  );
}

function isEveryId(model: Model, view: StatementView, context: Context): boolean {
  const { alphabet } = model.languages(context);
  const { valid } = model.language(context, connect);
  return partsOf(view).some((text) => {
    const free = freeIds(model, view, context, text);
    return (
      free !== undefined && shortestWord(combine(alphabet, 'minus', [valid, free]), alphabet, 20_000).kind === 'none'
    );
  });
}
