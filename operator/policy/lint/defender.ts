import { actionTable } from '../actions.ts';
import { appliesTo } from '../compile.ts';
import { combine, shortestWord } from '../reach/machine.ts';
import { clientIdsAreOpen } from './checks/connect.ts';
import { matchedByPatterns, shortResource } from './checks/regions.ts';
import type { DefenderVerdicts, LintFinding, PermissiveVerdict } from './finding.ts';
import { actionNamed, type Model, type StatementView } from './model.ts';
import type { RuleCode } from './rules.ts';

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

/** Breadth that no example speaks of. */
const unspoken: ReadonlySet<RuleCode> = new Set<RuleCode>([
  'any-client-id',
  'thing-not-required',
  'foreign-reserved-publish',
  'foreign-reserved-subscribe',
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
  'unbound-client-id',
  'star-action',
]);

function permissive(model: Model): PermissiveVerdict {
  if (clientIdsAreOpen(model)) return 'noncompliant';
  if (model.findings.some((finding) => grantsEveryThing(model, finding))) return 'noncompliant';
  const open =
    model.findings.some((finding) => unspoken.has(finding.code)) ||
    masked(model) ||
    grantsByExclusion(model) ||
    connectsUnusually(model);
  return open ? 'undocumented' : 'compliant';
}

/** The reserved topics or APIs of any thing at all, as in AWS's examples; not those of names with a common beginning. */
function grantsEveryThing(model: Model, finding: LintFinding): boolean {
  const reserved = finding.code === 'foreign-reserved-publish' || finding.code === 'foreign-reserved-subscribe';
  if ((!reserved && finding.code !== 'foreign-thing-api') || finding.witness === undefined) return false;
  const resource = shortResource(finding.witness.resource);
  const name = reserved ? /\$aws\/(?:things\/)?([^/]*)/.exec(resource)?.[1] : resource.split('/')[1];
  return name === model.names.other || name?.length === 1;
}

/** The text of an example that AWS calls noncompliant, although a condition or a Deny keeps the grant from having that effect. */
function masked(model: Model): boolean {
  const shape =
    /:(client\/\*|topic\/\$aws\/things\/\*|topicfilter\/\$aws\/things\/[*#+]|thing\/\*|topic(?:filter)?\/\*$)/;
  return model.with('Allow').some((view) => {
    const broad = view.statement.resources.filter(({ text }) => shape.test(text) || text === '*');
    return broad.length > 0 && !onlyReceive(view) && checkedByAudit(model, view);
  });
}

/** Connect by a pattern, or by a name out of the certificate: no example shows either. */
function connectsUnusually(model: Model): boolean {
  const connect = actionNamed('iot:Connect');
  return model
    .with('Allow')
    .filter((view) => appliesTo(view.statement, connect, model.options))
    .some((view) => view.statement.resources.some(({ text }) => unusualClient(text)));
}

function unusualClient(text: string): boolean {
  const name = /:client\/(.*)$/.exec(text)?.[1] ?? '';
  return /\$\{\s*iot:certificate/i.test(name) || /[*?]/.test(name.replace(/\$\{[^}]*\}/g, ''));
}

/** Whether the statement grants one of the actions that the audit check speaks of. */
function checkedByAudit(model: Model, view: StatementView): boolean {
  return auditedActions.some((action) => appliesTo(view.statement, action, model.options));
}

const auditedActions = actionTable.filter(
  (action) =>
    ['iot:Connect', 'iot:Publish', 'iot:Subscribe'].includes(action.name) ||
    action.resource === 'thing' ||
    action.resource === 'thingOrShadow',
);

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
  return ['iot:Subscribe', 'iot:Receive'].some((name) => appliesTo(view.statement, actionNamed(name), model.options));
}

function reasonFor(model: Model, view: StatementView): readonly string[] {
  const texts = view.statement.resources.map(({ text }) => text.replace(/\$\{[^}]*\}/g, ''));
  if (texts.some((text) => /[+#]/.test(text))) return [wildcardsInDeny];
  const subscribe = actionNamed('iot:Subscribe');
  if (!appliesTo(view.statement, subscribe, model.options) || !grantsSubscribe(model)) return [];
  if (texts.some((text) => text.includes(':topic/')) && !texts.some((text) => text.includes(':topicfilter/')))
    return [undocumented];
  const delivery = deliveryOfDenied(model, view);
  if (delivery === 'none') return [];
  const plain = view.statement.conditions.length === 0 && texts.every((text) => text.includes('*'));
  return delivery === 'all' && plain ? [bypassedDeny] : [undocumented];
}

function grantsSubscribe(model: Model): boolean {
  const subscribe = actionNamed('iot:Subscribe');
  return model.sessions.some((context) => {
    const { alphabet } = model.languages(context);
    return shortestWord(model.language(context, subscribe).allowed, alphabet, 60_000).kind === 'word';
  });
}

/**
 * What becomes of the topics that a Deny on Subscribe names: `all` may be received, `none` because a Deny on Receive names them
 * too (the correction that AWS shows), or something in between, of which the examples say nothing.
 */
function deliveryOfDenied(model: Model, view: StatementView): 'all' | 'none' | 'some' {
  const [subscribe, receive] = ['iot:Subscribe', 'iot:Receive'].map(actionNamed);
  const verdicts = model.contexts(view, subscribe!).map((context) => {
    const { alphabet } = model.languages(context);
    const meant = matchedByPatterns(model, context, model.language(context, subscribe!).patterns(view.ref));
    const received = model.language(context, receive!);
    const isEmpty = (machine: Parameters<typeof shortestWord>[0]): boolean =>
      shortestWord(machine, alphabet, 60_000).kind === 'none';
    if (isEmpty(combine(alphabet, 'minus', [meant, received.denied]))) return 'none';
    const arriving = combine(alphabet, 'and', [received.allowed, received.valid]);
    const all = isEmpty(combine(alphabet, 'minus', [combine(alphabet, 'and', [meant, received.valid]), arriving]));
    return all && !isEmpty(combine(alphabet, 'and', [meant, model.matched(context)])) ? 'all' : 'some';
  });
  if (verdicts.includes('all')) return 'all';
  return verdicts.every((verdict) => verdict === 'none') ? 'none' : 'some';
}
