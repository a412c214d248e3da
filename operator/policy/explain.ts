import { type ActionInfo, actionTable, arnTypePrefix, findAction, type ResourceType } from './actions.ts';
import type { CompiledStatement, PolicySet } from './compile.ts';
import { type Condition, holds, type Lookup } from './conditions.ts';
import type { Position, StatementRef } from './document.ts';
import {
  contextLookup,
  type Decision,
  evaluate,
  matchesResource,
  resourceTypeOf,
  statementMatches,
} from './evaluate.ts';
import { keys, normaliseKey, type Request } from './request.ts';
import { isKnownVariable, parseTemplate, substitute, type Template } from './template.ts';
import { isValid, validityOf } from './valid.ts';

export type NearMissReason =
  | 'condition'
  | 'unresolvedVariable'
  | 'resourceType'
  | 'otherAccountOrRegion'
  | 'mqttWildcard'
  | 'resource'
  | 'overruledByDeny';

/** A statement for this action that did not decide, and why. */
export interface NearMiss {
  readonly ref: StatementRef;
  readonly effect: 'Allow' | 'Deny';
  readonly reason: NearMissReason;
  /** A sentence for people. */
  readonly message: string;
  readonly at: Position | undefined;
}

export interface Explanation {
  readonly decision: Decision;
  readonly by: StatementRef | undefined;
  /** Why the broker would refuse the request whatever the policies say; undefined when it would not. */
  readonly refused: string | undefined;
  readonly nearMisses: readonly NearMiss[];
}

/** `evaluate` with reasons: what each other statement for the action lacks, the closest misses first. */
export function explain(set: PolicySet, request: Request): Explanation {
  const action = findAction(request.action);
  const { decision, by } = evaluate(set, request);
  if (action === undefined) {
    const known = actionTable.map((row) => row.name).join(', ');
    return {
      decision,
      by,
      refused: `${request.action} is not an action of a device. Actions: ${known}.`,
      nearMisses: [],
    };
  }
  const lookup = contextLookup(request.context);
  const misses = (set.byAction.get(action.name) ?? []).flatMap(
    (statement) => missOf(set, { statement, action, request, lookup, decision }) ?? [],
  );
  return {
    decision,
    by,
    refused: refusal(set, action, request.resource),
    nearMisses: misses.sort((a, b) => rank(a) - rank(b)),
  };
}

const order: readonly NearMissReason[] = [
  'overruledByDeny',
  'condition',
  'unresolvedVariable',
  'resourceType',
  'mqttWildcard',
  'otherAccountOrRegion',
  'resource',
];

function rank(miss: NearMiss): number {
  return order.indexOf(miss.reason);
}

/** Whether the broker takes such a name at all. */
function refusal(set: PolicySet, action: ActionInfo, resource: string): string | undefined {
  const type = resourceTypeOf(action, set);
  const prefix = arnTypePrefix(type);
  if (prefix === undefined) return undefined;
  if (!resource.startsWith(set.arnPrefix + prefix))
    return `${action.name} is checked against ${set.arnPrefix}${prefix}…, not against ${resource}.`;
  const name = resource.slice(set.arnPrefix.length + prefix.length);
  return isValid(validityOf(type, set.options.maxSlashes), name)
    ? undefined
    : `AWS IoT accepts no ${label(type)} ${JSON.stringify(name)}.`;
}

function label(type: ResourceType): string {
  const labels: Readonly<Record<ResourceType, string>> = {
    client: 'client ID',
    topic: 'topic name',
    topicfilter: 'topic filter',
    thing: 'thing name',
    thingOrShadow: 'thing or shadow name',
    rolealias: 'role alias',
    none: 'resource',
  };
  return labels[type];
}

interface Case {
  readonly statement: CompiledStatement;
  readonly action: ActionInfo;
  readonly request: Request;
  readonly lookup: Lookup;
  readonly decision: Decision;
}

function missOf(set: PolicySet, it: Case): NearMiss | undefined {
  const { statement, request, lookup } = it;
  const miss = (reason: NearMissReason, message: string, at: Position | undefined): NearMiss => ({
    ref: statement.ref,
    effect: statement.effect,
    reason,
    message,
    at: at ?? statement.source.at,
  });
  if (statementMatches(set, statement, request.resource, lookup)) {
    if (it.decision !== 'explicitDeny' || statement.effect === 'Deny') return undefined;
    return miss('overruledByDeny', 'This statement allows the request, but a Deny wins over every Allow.', undefined);
  }
  const failed = statement.conditions.find((condition) => !holds(condition, lookup));
  if (failed !== undefined) return miss('condition', conditionMessage(failed, lookup), failed.at);
  if (statement.negated) return miss('resource', 'The resource is among those that NotResource excepts.', undefined);
  return resourceMiss(set, it, miss);
}

type Make = (reason: NearMissReason, message: string, at: Position | undefined) => NearMiss;

function resourceMiss(set: PolicySet, it: Case, miss: Make): NearMiss {
  const { statement, request, lookup } = it;
  for (const [index, template] of statement.resources.entries()) {
    const at = statement.source.resources[index]?.at;
    const open = template.variables.find(
      (variable) => typeof lookup(variable.key) !== 'string' && variable.fallback === undefined,
    );
    if (open !== undefined)
      return miss(
        'unresolvedVariable',
        `\${${open.name}} does not resolve, so ${template.text} matches nothing: ${whyUnresolved(open.key, lookup)}`,
        at,
      );
    const other = otherType(set, template, it);
    if (other !== undefined)
      return miss(
        'resourceType',
        `${template.text} would match if it named ${other.wanted}; ${it.action.name} is never checked on ${other.found}.`,
        at,
      );
    if (looksForeign(set, template, it))
      return miss(
        'otherAccountOrRegion',
        `${template.text} names another partition, region or account than ${set.arnPrefix}…`,
        at,
      );
    if (matchesAsMqtt(set, template, it))
      return miss(
        'mqttWildcard',
        `+ and # are plain characters in a policy; ${template.text} would take the request with * in their place.`,
        at,
      );
  }
  const patterns = statement.resources.map((template) => template.text).join(', ');
  return miss('resource', `${request.resource} is outside ${patterns}.`, statement.source.resources[0]?.at);
}

function conditionMessage(condition: Condition, lookup: Lookup): string {
  const value = lookup(condition.key);
  const wanted = condition.values.map((one) => JSON.stringify(one.text)).join(' or ');
  const got = value === undefined ? 'the key is absent' : `the request has ${JSON.stringify(value)}`;
  return `The condition ${condition.operator} ${condition.name} ${wanted} does not hold: ${got}.`;
}

function whyUnresolved(key: string, lookup: Lookup): string {
  if (!isKnownVariable(key)) return 'AWS IoT documents no such variable.';
  if (!key.startsWith('iot:connection.thing.')) return 'the request does not carry it.';
  if (lookup(normaliseKey(keys.thingName)) !== undefined) return 'the thing has no such attribute or type.';
  return 'no thing is known for this connection. The certificate must be attached to the thing, and the client ID must be the thing name (unless the attachment is exclusive).';
}

const types: readonly ResourceType[] = ['client', 'topic', 'topicfilter', 'thing', 'rolealias'];

/** Whether the pattern would match the same name under another type of ARN. */
function otherType(set: PolicySet, template: Template, it: Case): { wanted: string; found: string } | undefined {
  const own = arnTypePrefix(resourceTypeOf(it.action, set));
  if (own === undefined || !it.request.resource.startsWith(set.arnPrefix + own)) return undefined;
  const name = it.request.resource.slice(set.arnPrefix.length + own.length);
  for (const type of types) {
    const prefix = arnTypePrefix(type);
    if (prefix !== undefined && prefix !== own && matchesText(set, template, it, set.arnPrefix + prefix + name))
      return { wanted: `${own}…`, found: `${prefix}…` };
  }
  return undefined;
}

function matchesText(set: PolicySet, template: Template, it: Case, resource: string): boolean {
  const glob = substitute(template, textOf(it.lookup));
  return glob !== undefined && matchesResource(set, glob, resource);
}

function textOf(lookup: Lookup): (key: string) => string | undefined {
  return (key) => {
    const value = lookup(key);
    return typeof value === 'string' ? value : undefined;
  };
}

function looksForeign(set: PolicySet, template: Template, it: Case): boolean {
  const tail = /^arn:[^:]*:iot:[^:]*:[^:]*:(.*)$/s.exec(template.text)?.[1];
  return tail !== undefined && matchesText(set, rewritten(it, set.arnPrefix + tail), it, it.request.resource);
}

function matchesAsMqtt(set: PolicySet, template: Template, it: Case): boolean {
  return matchesText(set, rewritten(it, template.text.replace(/[+#]/g, '*')), it, it.request.resource);
}

function rewritten({ statement: { variables } }: Case, text: string): Template {
  return parseTemplate(text, { variables, wildcards: true });
}
