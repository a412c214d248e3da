import { actionTable } from '../../actions.ts';
import { appliesTo } from '../../compile.ts';
import { resolver } from '../../conditions.ts';
import { contextLookup } from '../../evaluate.ts';
import type { Glob } from '../../glob.ts';
import { globMachine } from '../../reach/globs.ts';
import { behindPrefix } from '../../reach/ground.ts';
import { resourcePrefix } from '../../reach/languages.ts';
import { combine, type Machine, shortestWord } from '../../reach/machine.ts';
import { type Context, keys, normaliseKey } from '../../request.ts';
import { parseTemplate, substitute } from '../../template.ts';
import { actionNamed, type Model, type StatementView } from '../model.ts';
import { deviceContext, variableNames } from '../scenario.ts';
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

function exceptsTopics(model: Model, view: StatementView): boolean {
  const { statement } = view;
  return statement.resourceMode === 'NotResource' && appliesTo(statement, actionNamed('iot:Publish'), model.options);
}

function checkAnyTopic(model: Model): void {
  const publish = actionNamed('iot:Publish');
  for (const view of allowing(model, publish)) {
    const witness = firstFound(model, view, publish, (context) => {
      const part = model.language(context, publish).part(view.ref);
      const all = applicationTopics(model, context);
      return { inside: covers(model, context, part, all) ? [all] : [region(model, context, [])], preferred: ['x'] };
    });
    if (witness === undefined) continue;
    const { context } = witness;
    const all = applicationTopics(model, context);
    const whole = covers(model, context, model.language(context, publish).allowed, all);
    // A Deny on all but a few topics leaves those few: nothing like every topic.
    if (!whole && model.with('Deny').some((deny) => exceptsTopics(model, deny))) continue;
    const message = `Publish is allowed on every topic${whole ? '' : ' but those that a Deny takes away'}`;
    model.report('any-topic', { view, message, witness });
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
    if (view.statement.resourceMode !== 'Resource' || view.document.version !== '2012-10-17') continue;
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
    const witness = firstFound(model, view, assume, (context) => {
      const language = model.language(context, assume);
      const all = covers(model, context, language.part(view.ref), language.valid);
      return { inside: all ? [] : [region(model, context, [])], preferred: ['admin'] };
    });
    if (witness === undefined) continue;
    const message =
      'the certificate obtains AWS credentials through every role alias of the account, the most powerful included';
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
      const witness = firstFound(model, view, action, () => ({ preferred: ['zzz', 'x'] }));
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
