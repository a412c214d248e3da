import { type ActionInfo, actionTable } from '../../actions.ts';
import { appliesTo } from '../../compile.ts';
import { resolver } from '../../conditions.ts';
import { hasVariables, type StatementRef } from '../../document.ts';
import { contextLookup } from '../../evaluate.ts';
import type { Glob } from '../../glob.ts';
import { globMachine } from '../../reach/globs.ts';
import { behindPrefix } from '../../reach/ground.ts';
import { resourcePrefix } from '../../reach/languages.ts';
import { combine, type Machine, shortestWord } from '../../reach/machine.ts';
import { type Context, keys, normaliseKey, type Request } from '../../request.ts';
import { parseTemplate, substitute } from '../../template.ts';
import { actionNamed, type Model, type StatementView } from '../model.ts';
import { deviceContext, variableNames } from '../scenario.ts';
import { connectThrough } from './connect.ts';
import {
  allowing,
  applicationTopics,
  matchedBy,
  matchedByPatterns,
  ownNames,
  plain,
  receivable,
  region,
  shortResource,
  spelledNames,
  subscribeFor,
  topicOf,
} from './regions.ts';
import { firstFound } from './reserved.ts';

/** Whether `part` leaves out no word of `all`. */
function covers(model: Model, context: Context, part: Machine, all: Machine): boolean {
  const { alphabet } = model.languages(context);
  return shortestWord(combine(alphabet, 'minus', [all, part]), alphabet, 60_000).kind === 'none';
}

/** Whether a Deny on everything but a few names has a say here: it leaves those few, and nothing like all. */
function leavesFew(model: Model, context: Context, action: ActionInfo): boolean {
  const { refs } = model.language(context, action);
  const statementOf = (ref: StatementRef) =>
    model.documents[ref.document]?.statements.find(({ index }) => index === ref.statement);
  return refs('Deny').some((ref) => statementOf(ref)?.resourceMode === 'NotResource');
}

interface WholeGrant {
  readonly witness: Request;
  /** False: Denies take some of it back. */
  readonly whole: boolean;
}

/** A request through a statement that names all words of a kind, in a context where no Deny takes any back if there is one. */
function wholeGrant(
  model: Model,
  view: StatementView,
  action: ActionInfo,
  kind: (context: Context) => Machine,
  preferred: readonly string[],
): WholeGrant | undefined {
  let partial: WholeGrant | undefined;
  for (const context of model.contexts(view, action)) {
    const language = model.language(context, action);
    const all = kind(context);
    if (!covers(model, context, language.part(view.ref), all)) continue;
    const whole = covers(model, context, language.allowed, all);
    if (!whole && (partial !== undefined || leavesFew(model, context, action))) continue;
    const witness = model.find({ context, action, within: { ref: view.ref }, inside: [all], preferred });
    if (witness === undefined) continue;
    if (whole) return { witness, whole };
    partial = { witness, whole };
  }
  return partial;
}

const butDenied = (whole: boolean): string => (whole ? '' : ' but those that a Deny takes away');

function checkAnyTopic(model: Model): void {
  const publish = actionNamed('iot:Publish');
  for (const view of allowing(model, publish)) {
    const grant = wholeGrant(model, view, publish, (context) => applicationTopics(model, context), ['x']);
    if (grant === undefined) continue;
    const { witness, whole } = grant;
    model.report('any-topic', { view, message: `Publish is allowed on every topic${butDenied(whole)}`, witness });
  }
  const subscribe = actionNamed('iot:Subscribe');
  for (const view of allowing(model, subscribe)) {
    const witness = firstFound(model, view, subscribe, (context) => ({ inside: [region(model, context, ['#'])] }));
    if (witness === undefined) continue;
    model.report('any-topic', {
      view,
      message: 'Subscribe is allowed with the filter #, which matches every topic',
      witness,
    });
  }
}

const identityKey =
  /^(iot:connection\.thing\.thingname|iot:clientid|iot:certificateid|iot:certificate\.subject\.(commonname|serialnumber)(\.\d+)?)$/;

interface OwnPattern {
  readonly kind: 'topic' | 'topicfilter';
  readonly text: string;
}

/** Resources by which the policy marks topics as one device's own: those that hold an identity variable. */
function ownPatterns(model: Model): OwnPattern[] {
  const out: OwnPattern[] = [];
  for (const view of model.with('Allow')) {
    if (view.statement.resourceMode !== 'Resource' || !hasVariables(view.document)) continue;
    for (const { text } of view.statement.resources) {
      if (!variableNames(text).some((name) => identityKey.test(normaliseKey(name)))) continue;
      if (text.includes(':topic/')) out.push({ kind: 'topic', text });
      else if (text.includes(':topicfilter/')) out.push({ kind: 'topicfilter', text });
    }
  }
  return out;
}

/** The topics that belong to the device `owner` by these patterns, in the alphabet of `context`. */
function ownedTopics(model: Model, context: Context, owner: Context, patterns: readonly OwnPattern[]): Machine {
  const { alphabet } = model.languages(context);
  const resolve = resolver(contextLookup(owner));
  const globs = (kind: OwnPattern['kind']): Glob[] =>
    patterns
      .filter((pattern) => pattern.kind === kind)
      .flatMap(({ text }) => {
        const glob = substitute(parseTemplate(text, { variables: true, wildcards: true }), resolve);
        const action = actionNamed(kind === 'topic' ? 'iot:Publish' : 'iot:Subscribe');
        return glob === undefined ? [] : behindPrefix(glob, resourcePrefix(action, model.options) ?? '', model.options);
      });
  return combine(alphabet, 'or', [
    globMachine(globs('topic'), alphabet),
    matchedByPatterns(model, context, globs('topicfilter')),
  ]);
}

/** Application topics of a second device, equal to this one in all but its names, that are not this one's own as well. */
function foreignTopics(model: Model, context: Context, patterns: readonly OwnPattern[]): Machine {
  const { other } = model.names;
  const thing = context[keys.thingName] === undefined ? undefined : other;
  const owner = deviceContext(model.texts, { clientId: other, thing });
  const { alphabet } = model.languages(context);
  return combine(alphabet, 'minus', [
    combine(alphabet, 'and', [ownedTopics(model, context, owner, patterns), applicationTopics(model, context)]),
    ownedTopics(model, context, context, patterns),
  ]);
}

function checkForeignTopics(model: Model): void {
  const patterns = ownPatterns(model);
  if (patterns.length === 0) return;
  const publish = actionNamed('iot:Publish');
  for (const view of allowing(model, publish)) {
    const witness = firstFound(model, view, publish, (context) => ({
      inside: [foreignTopics(model, context, patterns)],
    }));
    if (witness === undefined) continue;
    const message = `the device may publish to ${shortResource(witness.resource)}, which by the policy's own pattern belongs to another device`;
    model.report('foreign-topic', { view, message, witness });
  }
  for (const view of allowing(model, actionNamed('iot:Subscribe'))) checkForeignSubscribe(model, view, patterns);
}

function checkForeignSubscribe(model: Model, view: StatementView, patterns: readonly OwnPattern[]): void {
  for (const context of model.contexts(view, actionNamed('iot:Subscribe'))) {
    const { alphabet } = model.languages(context);
    const reached = combine(alphabet, 'and', [
      matchedBy(model, context, view),
      receivable(model, context),
      foreignTopics(model, context, patterns),
    ]);
    const topic = topicOf(model, context, reached);
    const witness = topic === undefined ? undefined : subscribeFor(model, context, topic, 'wide', view);
    if (witness === undefined) continue;
    const message = `the filter ${shortResource(witness.resource).slice('topicfilter/'.length)} brings in ${topic}, which by the policy's own pattern belongs to another device`;
    model.report('foreign-topic', { view, message, witness });
    return;
  }
}

function checkRoleAlias(model: Model): void {
  const assume = actionNamed('iot:AssumeRoleWithCertificate');
  for (const view of allowing(model, assume)) {
    const grant = wholeGrant(model, view, assume, (context) => model.language(context, assume).valid, ['admin']);
    if (grant === undefined) continue;
    const { witness, whole } = grant;
    const which = whole ? ', the most powerful included' : butDenied(whole);
    const message = `the certificate obtains AWS credentials through every role alias of the account${which}`;
    model.report('any-role-alias', { view, message, witness });
  }
}

function checkOtherClients(model: Model): void {
  const rows = [
    ['iot:SendDirectMessage', 'direct-message-any-client', 'send direct messages to'],
    ['iot:DeleteConnection', 'delete-any-connection', 'cut the connection of'],
  ] as const;
  for (const [name, code, verb] of rows) {
    const action = actionNamed(name);
    for (const view of allowing(model, action)) {
      const witness = firstFound(model, view, action, (context) => {
        const spelled = spelledNames(model.language(context, action).patterns(view.ref), '').filter(plain);
        const own = ownNames(context).filter(plain);
        return {
          outside: [region(model, context, [...spelled, ...own.map((one) => `${one}*`)])],
          preferred: [model.names.other],
        };
      });
      if (witness === undefined) continue;
      const message = `the device may ${verb} clients that the policy does not name, for example ${shortResource(witness.resource)}`;
      model.report(code, { view, message, witness });
    }
  }
}

function checkNotResource(model: Model): void {
  for (const view of model.with('Allow')) {
    if (view.statement.resourceMode !== 'NotResource') continue;
    for (const action of actionTable.filter((row) => appliesTo(view.statement, row, model.options))) {
      const preferred = ['zzz', 'x'];
      const witness =
        action.name === 'iot:Connect'
          ? connectThrough(model, view, preferred)
          : firstFound(model, view, action, () => ({ preferred }));
      if (witness === undefined) continue;
      const message = `NotResource in an Allow denies nothing: it grants ${action.name} on everything but what it lists, for example ${shortResource(witness.resource)}`;
      model.report('allow-notresource', { view, message, witness });
      break;
    }
  }
}

/** What a statement grants beyond one device. */
export function checkBreadth(model: Model): void {
  checkAnyTopic(model);
  checkForeignTopics(model);
  checkRoleAlias(model);
  checkOtherClients(model);
  checkNotResource(model);
}
