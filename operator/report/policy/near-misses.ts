import type { CompiledStatement } from '../../policy/compile.ts';
import { type Condition, holds, type Lookup, resolver } from '../../policy/conditions.ts';
import { statementMatches } from '../../policy/evaluate.ts';
import { globOf, matches } from '../../policy/glob.ts';
import {
  arnPrefix,
  arnTypePrefix,
  contextLookup,
  evaluate,
  findAction,
  type PolicySet,
  type Request,
  type StatementRef,
} from '../../policy/index.ts';
import { keys } from '../../policy/request.ts';
import { substitute, type Template } from '../../policy/template.ts';
import { shortArn } from './source.ts';

/** A statement that almost had a say on a request, and what kept it from it. */
export interface NearMiss {
  readonly ref: StatementRef;
  readonly effect: 'Allow' | 'Deny';
  /** Smaller is nearer. */
  readonly rank: number;
  readonly reason: string;
}

const types = ['topic', 'topicfilter', 'client', 'thing', 'rolealias'];

/** Statements that would decide the request if one thing were different, nearest first. */
export function nearMisses(set: PolicySet, request: Request): readonly NearMiss[] {
  const lookup = contextLookup(request.context);
  const applying = new Set(set.byAction.get(request.action) ?? []);
  const overruled = evaluate(set, request).decision === 'explicitDeny';
  return set.statements
    .flatMap((statement) => missOf(set, statement, { request, lookup, applies: applying.has(statement), overruled }))
    .sort((a, b) => a.rank - b.rank);
}

interface Asked {
  readonly request: Request;
  readonly lookup: Lookup;
  readonly applies: boolean;
  /** A Deny decides the request. */
  readonly overruled: boolean;
}

function missOf(
  set: PolicySet,
  statement: CompiledStatement,
  { request, lookup, applies, overruled }: Asked,
): NearMiss[] {
  const miss = (rank: number, reason: string): NearMiss[] => [
    { ref: statement.ref, effect: statement.effect, rank, reason },
  ];
  const matched = statementMatches(set, { ...statement, conditions: [] }, request.resource, lookup);
  const failed = statement.conditions.filter((condition) => !holds(condition, lookup));
  if (!applies) {
    const names = statement.source.actions.map((action) => action.text).join(', ');
    return matched && failed.length === 0 ? miss(5, `it is about ${names}, not ${request.action}`) : [];
  }
  if (matched && failed.length === 0)
    return overruled && statement.effect === 'Allow'
      ? miss(0, 'it allows the request, but a Deny wins over every Allow')
      : [];
  if (matched) return miss(1, failed.map((one) => conditionReason(one, lookup)).join('; '));
  if (statement.negated) return miss(4, 'the resource is among those that NotResource leaves out');
  const reasons = statement.resources.flatMap((template) => resourceReason(set, template, request, lookup) ?? []);
  const best = reasons.sort((a, b) => a.rank - b.rank)[0];
  return best === undefined ? [] : miss(best.rank + (failed.length > 0 ? 1 : 0), best.reason);
}

function conditionReason(condition: Condition, lookup: Lookup): string {
  const value = lookup(condition.key);
  const wanted = condition.values.map((one) => `"${one.text}"`).join(' or ');
  const got =
    value === undefined
      ? 'the request does not carry that key'
      : `it is "${typeof value === 'string' ? value : value.join('", "')}"`;
  return `its condition ${condition.operator} ${condition.name} ${wanted} does not hold: ${got}`;
}

interface Reason {
  readonly rank: number;
  readonly reason: string;
}

function unresolvedReason(name: string, lookup: Lookup): string {
  const isThing = /^iot:connection\.thing\./i.test(name);
  if (!isThing) return `\${${name}} has no value in this request`;
  const hasThing = lookup(keys.thingName.toLowerCase()) !== undefined;
  return hasThing
    ? `\${${name}} has no value: the thing does not have that attribute or type`
    : `\${${name}} has no value: it resolves only when the certificate is attached to a thing and the client ID is the thing's name`;
}

function typeReason(action: string, asked: string, named: string): string {
  const right = arnTypePrefix(findAction(action)?.resource ?? 'none');
  return right === `${asked}/`
    ? `it names ${named}/…, but ${action} is checked against ${right}…`
    : `the request names ${asked}/…, but ${action} is checked against ${right ?? '*'}…`;
}

function resourceReason(set: PolicySet, template: Template, request: Request, lookup: Lookup): Reason | undefined {
  const missing = template.variables.find((variable) => typeof lookup(variable.key) !== 'string');
  if (missing !== undefined) return { rank: 2, reason: unresolvedReason(missing.name, lookup) };
  const glob = substitute(template, resolver(lookup));
  if (glob === undefined) return undefined;
  const fits = (resource: string): boolean => matches(glob, resource);
  const { resource } = request;
  const head = arnPrefix(set.options);
  const tail = resource.startsWith(head) ? resource.slice(head.length) : shortArn(resource);
  const slash = tail.indexOf('/');
  const [type, name] = [tail.slice(0, slash), tail.slice(slash + 1)];
  const other = types.find((one) => one !== type && fits(`${head}${one}/${name}`));
  if (other !== undefined) return { rank: 1, reason: typeReason(request.action, type, other) };
  const lower = globOf(template.glob === undefined ? '' : template.text.toLowerCase());
  if (matches(lower, resource.toLowerCase()))
    return { rank: 1, reason: 'upper and lower case differ; names are compared letter by letter' };
  const pattern = shortArn(template.text);
  if (/(^|\/)[+#](\/|$)/.test(pattern) && looksLikeFilter(shortOf(pattern), name)) {
    return { rank: 1, reason: `+ and # in ${pattern} are plain characters in a policy; write * for "anything"` };
  }
  const elsewhere = template.text.split(':');
  if (elsewhere.length >= 6 && sameTail(elsewhere, tail)) {
    return {
      rank: 2,
      reason: `its ARN is of ${elsewhere[4] || 'no account'} in ${elsewhere[3] || 'no region'}, the request of ${set.options.account} in ${set.options.region}`,
    };
  }
  return { rank: 4, reason: `${shortArn(resource)} is not of the form ${pattern}${valuesIn(template, lookup)}` };
}

const shortOf = (pattern: string): string => pattern.slice(pattern.indexOf('/') + 1);

function valuesIn(template: Template, lookup: Lookup): string {
  const values = template.variables.map((variable) => `${variable.name} = ${String(lookup(variable.key))}`);
  return values.length === 0 ? '' : ` (${[...new Set(values)].join(', ')})`;
}

function sameTail(parts: readonly string[], tail: string): boolean {
  return matches(globOf(parts.slice(5).join(':')), tail);
}

function looksLikeFilter(filter: string, topic: string): boolean {
  const wide = filter.replace(/(^|\/)[+#](?=\/|$)/g, '$1*');
  return matches(globOf(wide), topic);
}
