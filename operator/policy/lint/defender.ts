import type { ActionInfo } from '../actions.ts';
import { appliesTo } from '../compile.ts';
import type { ConditionEntry, Located } from '../document.ts';
import { ANY, STAR } from '../glob.ts';
import { type Alphabet, BudgetExhausted } from '../reach/alphabet.ts';
import { behindPrefix } from '../reach/ground.ts';
import { resourcePrefix } from '../reach/languages.ts';
import { combine, type Machine, shortestWord } from '../reach/machine.ts';
import { type Context, keys, normaliseKey } from '../request.ts';
import { parseTemplate, substitute } from '../template.ts';
import { clientIdsAreOpen } from './checks/connect.ts';
import { allowing, matchedByPatterns, shortResource } from './checks/regions.ts';
import { foreignMatched } from './checks/reserved.ts';
import type { DefenderVerdicts, LintFinding, PermissiveVerdict } from './finding.ts';
import { actionNamed, type Model, type StatementView } from './model.ts';
import type { RuleCode } from './rules.ts';
import { clientIdKey } from './scenario.ts';

/**
 * AWS publishes examples for its two policy checks and no algorithm. A verdict is given where a policy has the form of an example,
 * or grants what an example grants; anything that AWS might or might not count is `undocumented`.
 * Sources: Device Defender developer guide, "AWS IoT policies overly permissive" and "AWS IoT policy potentially misconfigured".
 */
export function deviceDefender(model: Model): DefenderVerdicts {
  return {
    IOT_POLICY_OVERLY_PERMISSIVE_CHECK: permissive(model),
    IOT_POLICY_POTENTIAL_MISCONFIGURATION_CHECK: misconfigured(model),
  };
}

const connect = actionNamed('iot:Connect');
const subscribe = actionNamed('iot:Subscribe');
const receive = actionNamed('iot:Receive');

/** Breadth that no example speaks of. */
const unspoken: ReadonlySet<RuleCode> = new Set<RuleCode>([
  'any-client-id',
  'foreign-reserved-publish',
  'foreign-thing-api',
  'foreign-topic',
  'any-topic',
  'unanchored-star',
  'question-admits-mqtt-wildcard',
  'attribute-may-hold-mqtt-wildcard',
  'deny-may-not-resolve',
  'control-plane-action',
  'unknown-variable',
  'variables-need-2012',
  'region-or-account-wildcard',
  'placeholder',
  'basic-ingest-open',
  'any-role-alias',
  'direct-message-any-client',
  'delete-any-connection',
  'star-action',
]);

function permissive(model: Model): PermissiveVerdict {
  if (clientIdsAreOpen(model) && !mayBeTakenBack(model, connect, '')) return 'noncompliant';
  if (model.findings.some((finding) => grantsEveryThing(model, finding))) return 'noncompliant';
  const open =
    model.findings.some((finding) => unspoken.has(finding.code)) ||
    masked(model) ||
    asksForForeign(model) ||
    grantsByExclusion(model) ||
    connectsUnusually(model);
  return open ? 'undocumented' : 'compliant';
}

/**
 * The reserved topics or APIs of any thing at all, as in AWS's examples; not those of names with a common beginning, nor what a
 * condition or a Deny narrows: no example has either.
 */
function grantsEveryThing(model: Model, { code, document, statement, witness }: LintFinding): boolean {
  const reserved = code === 'foreign-reserved-publish' || code === 'foreign-reserved-subscribe';
  if ((!reserved && code !== 'foreign-thing-api') || witness === undefined) return false;
  const resource = shortResource(witness.resource);
  const name = reserved ? /\$aws\/(?:things\/)?([^/]*)/.exec(resource)?.[1] : resource.split('/')[1];
  if (name !== model.names.other && name?.length !== 1) return false;
  const view = model.statements.find(({ ref }) => ref.document === document && ref.statement === statement);
  const plain = view?.statement.conditions.length === 0;
  return plain && !mayBeTakenBack(model, actionNamed(witness.action), reserved ? '$aws/things/' : '');
}

/** Whether some Deny, whatever its conditions and variables, names words of the action that begin like this: no example has one. */
function mayBeTakenBack(model: Model, action: ActionInfo, head: string): boolean {
  const prefix = (resourcePrefix(action, model.options) ?? '') + head;
  const names = ({ text }: Located): boolean => {
    const glob = substitute(parseTemplate(text, { variables: true, wildcards: true }), () => '*', true);
    return glob !== undefined && behindPrefix(glob, prefix, model.options).length > 0;
  };
  return model
    .with('Deny')
    .filter((view) => appliesTo(view.statement, action, model.options))
    .some(({ statement }) => statement.resourceMode === 'NotResource' || statement.resources.some(names));
}

/** A search that was given up settles nothing, and ends the verdicts as a whole. */
function isEmpty(alphabet: Alphabet, machine: Machine): boolean {
  const { kind } = shortestWord(machine, alphabet, 60_000);
  if (kind === 'undecided') throw new BudgetExhausted('a search for the verdicts of Device Defender was given up');
  return kind === 'none';
}

/** The text of an example that AWS calls noncompliant, although a condition or a Deny keeps the grant from having that effect. */
function masked(model: Model): boolean {
  const shape =
    /:(client\/\*|topic\/\$aws\/things\/\*|topicfilter\/\$aws\/things\/[*#+]|thing\/\*|topic(?:filter)?\/\*$)/;
  return model.with('Allow').some((view) => {
    const broad = view.statement.resources.filter(({ text }) => shape.test(text) || text === '*');
    return broad.length > 0 && !onlyReceive(view);
  });
}

/** Connect by a pattern, by a name out of the certificate, or by a variable without the condition of the examples: AWS shows none of these. */
function connectsUnusually(model: Model): boolean {
  return model
    .with('Allow')
    .filter((view) => appliesTo(view.statement, connect, model.options))
    .some((view) => view.statement.resources.some(({ text }) => unusualClient(text, view)));
}

function unusualClient(text: string, view: StatementView): boolean {
  if (!text.includes(':client/')) return false;
  const { items, variables } = parseTemplate(text, { variables: true, wildcards: true });
  if (items.some((item) => item === STAR || item === ANY)) return true;
  const shown = variables.every(({ key }) => key === clientIdKey || key === normaliseKey(keys.thingName));
  return !shown || (variables.length > 0 && !view.statement.conditions.some(asksForThing));
}

/** The condition as AWS writes it. */
const asksForThing = ({ operator, key, values }: ConditionEntry): boolean =>
  operator.toLowerCase() === 'bool' &&
  normaliseKey(key) === normaliseKey(keys.isAttached) &&
  values.every(({ text }) => text.toLowerCase() === 'true');

const onlyReceive = (view: StatementView): boolean =>
  view.statement.actions.every(({ text }) => /^iot:receive$/i.test(text));

function grantsByExclusion(model: Model): boolean {
  return model.with('Allow').some((view) => view.statement.resourceMode === 'NotResource' && !onlyReceive(view));
}

const wildcardsInDeny = 'POLICY_CONTAINS_MQTT_WILDCARDS_IN_DENY_STATEMENT';
const bypassedDeny = 'TOPIC_FILTERS_INTENDED_TO_DENY_ALLOWED_USING_WILDCARDS';
const undocumented = 'undocumented';

function misconfigured(model: Model): readonly string[] {
  const reasons = new Set(model.with('Deny').flatMap((view) => reasonFor(model, view)));
  const notResource = model.statements.some(
    (view) => view.statement.resourceMode === 'NotResource' && concernsTopics(model, view),
  );
  if (notResource) reasons.add(undocumented);
  const known = [...reasons].filter((reason) => reason !== undocumented).sort();
  return known.length > 0 ? known : [...reasons];
}

function concernsTopics(model: Model, view: StatementView): boolean {
  return [subscribe, receive].some((action) => appliesTo(view.statement, action, model.options));
}

function reasonFor(model: Model, view: StatementView): readonly string[] {
  const texts = view.statement.resources.map(({ text }) => text.replace(/\$\{[^}]*\}/g, ''));
  if (texts.some((text) => /[+#]/.test(text))) return [wildcardsInDeny];
  if (!appliesTo(view.statement, subscribe, model.options) || !grantsSubscribe(model)) return [];
  if (texts.some((text) => text.includes(':topic/')) && !texts.some((text) => text.includes(':topicfilter/')))
    return [undocumented];
  const delivery = deliveryOfDenied(model, view);
  if (delivery === 'none') return [];
  const granting = [subscribe, receive].flatMap((action) => allowing(model, action));
  const unconditional = [view, ...granting].every(({ statement }) => statement.conditions.length === 0);
  const plain = unconditional && texts.every((text) => text.includes('*'));
  return delivery === 'all' && plain ? [bypassedDeny] : [undocumented];
}

function grantsSubscribe(model: Model): boolean {
  return someFilter(model, (context) => model.language(context, subscribe).allowed);
}

/** Whether a filter asks for reserved topics of other things, whatever Receive makes of them. */
function asksForForeign(model: Model): boolean {
  return someFilter(model, (context, view) => foreignMatched(model, context, view));
}

/** Whether the machine holds something for a statement that allows Subscribe, in a context in which it does. */
function someFilter(model: Model, machine: (context: Context, view: StatementView) => Machine): boolean {
  return allowing(model, subscribe).some((view) =>
    model
      .contexts(view, subscribe)
      .some((context) => !isEmpty(model.languages(context).alphabet, machine(context, view))),
  );
}

/**
 * What becomes of the topics that a Deny on Subscribe names: `all` may be received, `none` because a Deny on Receive names them
 * too (the correction that AWS shows), or something in between, of which the examples say nothing.
 */
function deliveryOfDenied(model: Model, view: StatementView): 'all' | 'none' | 'some' {
  const verdicts = model.contexts(view, subscribe).map((context) => {
    const { alphabet } = model.languages(context);
    const meant = matchedByPatterns(model, context, model.language(context, subscribe).patterns(view.ref));
    const received = model.language(context, receive);
    if (isEmpty(alphabet, combine(alphabet, 'minus', [meant, received.denied]))) return 'none';
    const arriving = combine(alphabet, 'and', [received.allowed, received.valid]);
    const named = combine(alphabet, 'and', [meant, received.valid]);
    const all = isEmpty(alphabet, combine(alphabet, 'minus', [named, arriving]));
    return all && !isEmpty(alphabet, combine(alphabet, 'and', [meant, model.matched(context)])) ? 'all' : 'some';
  });
  if (verdicts.includes('all')) return 'all';
  return verdicts.every((verdict) => verdict === 'none') ? 'none' : 'some';
}
