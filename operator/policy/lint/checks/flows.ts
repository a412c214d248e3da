import { type ActionInfo, actionTable } from '../../actions.ts';
import { appliesTo } from '../../compile.ts';
import { spend } from '../../reach/alphabet.ts';
import { combine, type Machine, shortestWord } from '../../reach/machine.ts';
import { type Context, keys, normaliseKey, type Request } from '../../request.ts';
import { actionNamed, type Model, type StatementView } from '../model.ts';
import { satisfy } from '../scenario.ts';
import { allowing, matchedBy, receivable, receiveKnown, shortResource } from './regions.ts';

const publish = actionNamed('iot:Publish');
const retain = actionNamed('iot:RetainPublish');
const subscribe = actionNamed('iot:Subscribe');
const receive = actionNamed('iot:Receive');

/**
 * Contexts of the statement in which the conditions of the partners are met as well, so that a pair is judged at its best. None may be left
 * out: what is said here is said of all of them.
 */
function pairedContexts(model: Model, view: StatementView, partners: readonly StatementView[]): readonly Context[] {
  const own = unlike(model, model.contexts(view, receive));
  const paired = own.flatMap((context) => partners.map((partner) => satisfy(partner.statement, context)));
  return unlike(model, new Set([...own, ...paired]));
}

/** Of contexts in which the statements say the same about topics and filters, the first. */
function unlike(model: Model, contexts: Iterable<Context>): readonly Context[] {
  const unique = new Map<string, Context>();
  for (const context of contexts) {
    spend(model.budget, model.statements.length);
    const said = JSON.stringify([publish, retain, subscribe, receive].map((action) => saidOf(model, context, action)));
    if (!unique.has(said)) unique.set(said, context);
  }
  return [...unique.values()];
}

function saidOf(model: Model, context: Context, action: ActionInfo): unknown {
  const language = model.language(context, action);
  return (['Allow', 'Deny'] as const).flatMap((effect) =>
    language.refs(effect).map((ref) => [ref, language.patterns(ref).map((glob) => glob.join())]),
  );
}

const isEmpty = (model: Model, context: Context, machine: Machine): boolean =>
  shortestWord(machine, model.languages(context).alphabet, 60_000).kind === 'none';

function checkMissingReceive(model: Model): void {
  const partners = allowing(model, receive);
  for (const view of allowing(model, subscribe)) {
    let subscribes = false;
    const arrives = pairedContexts(model, view, partners).some((context) => {
      const matched = matchedBy(model, context, view);
      if (isEmpty(model, context, matched)) return false;
      subscribes = true;
      const { alphabet } = model.languages(context);
      const allowed = model.language(context, receive).allowed;
      return !isEmpty(model, context, combine(alphabet, 'and', [matched, allowed]));
    });
    if (!subscribes || arrives) continue;
    const message = 'the device may subscribe, but no Receive lets a message through: nothing arrives';
    model.report('missing-receive', { view, message });
  }
}

/** Judges each Receive against all filters: none brings anything in, or it takes in more than they bring. */
function checkReceive(model: Model): void {
  const partners = allowing(model, subscribe);
  for (const view of allowing(model, receive)) {
    const contexts = pairedContexts(model, view, partners).filter(
      (context) => !isEmpty(model, context, received(model, context, view)),
    );
    if (contexts.length === 0) continue;
    const fed = contexts.filter((context) => {
      const { alphabet } = model.languages(context);
      return !isEmpty(
        model,
        context,
        combine(alphabet, 'and', [received(model, context, view), model.matched(context)]),
      );
    });
    if (fed.length === 0) {
      const message = 'no Subscribe brings in a topic of this Receive; alone it serves direct messages only';
      model.report('missing-subscribe', { view, message });
    } else checkBroad(model, view, fed);
  }
}

function received(model: Model, context: Context, view: StatementView): Machine {
  const language = model.language(context, receive);
  return combine(model.languages(context).alphabet, 'and', [language.allowed, language.part(view.ref)]);
}

function checkBroad(model: Model, view: StatementView, contexts: readonly Context[]): void {
  const { other } = model.names;
  const preferred = [`$aws/things/${other}/jobs/notify`, 'x'];
  const found = contexts.map((context) =>
    model.find({ context, action: receive, within: { ref: view.ref }, outside: [model.matched(context)], preferred }),
  );
  const witness = found[0];
  // A conditional Subscribe makes Receive wider in some contexts by design; only what is wider in all of them is a finding.
  if (witness === undefined || found.includes(undefined)) return;
  const message = `Receive is wider than the filters: no subscription brings in ${shortResource(witness.resource)}, but a direct message on it is delivered`;
  model.report('broad-receive', { view, message, witness });
}

function checkEcho(model: Model): void {
  if (allowing(model, subscribe).length === 0) return;
  for (const view of allowing(model, publish)) {
    const witness = echo(model, view);
    if (witness === undefined) continue;
    const message = `what the device publishes to ${shortResource(witness.resource)} comes back to it through its own subscription`;
    model.report('own-echo', { view, message, witness });
  }
}

function echo(model: Model, view: StatementView): Request | undefined {
  for (const context of model.contexts(view, publish)) {
    const inside = [model.matched(context), receivable(model, context)];
    const found = model.find({ context, action: publish, within: { ref: view.ref }, inside });
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Whether somebody asked for RetainPublish, rather than for everything. */
function namesRetain(model: Model, view: StatementView): boolean {
  const wanted = {
    ...view.statement,
    actions: view.statement.actions.filter((action) => !/^(iot:)?\*$/i.test(action.text)),
  };
  return view.statement.actionMode === 'Action' && appliesTo(wanted, retain, model.options);
}

function checkRetain(model: Model): void {
  for (const view of model.with('Allow').filter((one) => namesRetain(model, one))) {
    const contexts = pairedContexts(model, view, allowing(model, publish));
    const found = contexts.map((context) =>
      model.find({
        context,
        action: retain,
        within: { ref: view.ref },
        outside: [model.language(context, publish).allowed],
        preferred: ['x'],
      }),
    );
    const witness = found[0];
    if (witness === undefined || found.includes(undefined)) continue;
    const message = `a retained message needs Publish as well, which is not allowed on ${shortResource(witness.resource)}`;
    model.report('retain-without-publish', { view, message, witness });
  }
}

/**
 * Keys that are never missing where it matters: the client ID, whether a thing is attached, and the one for which AWS documents
 * ForAllValues as the way to list what a connection may use, true of the empty set by intent.
 */
const neverMissing: ReadonlySet<string> = new Set(
  [keys.clientId, keys.isAttached, 'iot:ConnectAttributes'].map(normaliseKey),
);

function checkForAll(model: Model): void {
  for (const view of model.with('Allow')) {
    const entry = view.statement.conditions.find(
      ({ operator, key }) => /^forallvalues:/i.test(operator) && !neverMissing.has(normaliseKey(key)),
    );
    if (entry === undefined) continue;
    const witness = vacuous(model, view, entry.key);
    if (witness === undefined) continue;
    const message = `ForAllValues holds where ${entry.key} is missing: without it ${witness.action} on ${shortResource(witness.resource)} is allowed`;
    model.report('forall-vacuous', { view, at: entry.at, message, witness });
  }
}

function vacuous(model: Model, view: StatementView, key: string): Request | undefined {
  for (const action of actionTable) {
    if (!appliesTo(view.statement, action, model.options)) continue;
    for (const context of model.contexts(view, action)) {
      const bare = Object.fromEntries(
        Object.entries(context).filter(([name]) => normaliseKey(name) !== normaliseKey(key)),
      );
      const found = model.find({ context: bare, action, within: { ref: view.ref } });
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

/** How sending, subscribing and receiving fit together. */
export function checkFlows(model: Model): void {
  checkMissingReceive(model);
  if (receiveKnown(model)) checkReceive(model);
  checkEcho(model);
  checkRetain(model);
  checkForAll(model);
}
