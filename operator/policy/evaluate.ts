import { type ActionInfo, arnTypePrefix, findAction } from './actions.ts';
import type { CompiledStatement, PolicySet } from './compile.ts';
import { holds, type Lookup, matchesArn, resolver } from './conditions.ts';
import type { StatementRef } from './document.ts';
import { type Glob, matches } from './glob.ts';
import { type Context, keys, normaliseKey, type Request } from './request.ts';
import { substitute, type Template } from './template.ts';

export type Decision = 'allowed' | 'explicitDeny' | 'implicitDeny';

export interface Evaluation {
  readonly decision: Decision;
  /** The Deny that decided, else the first Allow that grants; undefined for an implicit deny. */
  readonly by: StatementRef | undefined;
}

const isAttached = normaliseKey(keys.isAttached);
const thingName = normaliseKey(keys.thingName);

/**
 * Look-up in a context by normalised key. `IsAttached` follows from the thing name unless the context states it: the thing name
 * resolves exactly for an attached principal (developer guide, "Thing policy variables"; switch `thingNameNeedsAttachment`).
 */
export function contextLookup(context: Context, normalise: (key: string) => string = normaliseKey): Lookup {
  const normalised = new Map<string, string | readonly string[]>();
  for (const key of Object.keys(context)) {
    const value = context[key];
    if (value !== undefined) normalised.set(normalise(key), value);
  }
  if (!normalised.has(isAttached)) normalised.set(isAttached, normalised.has(thingName) ? 'true' : 'false');
  return (key) => normalised.get(key);
}

/**
 * Decides one request as AWS IoT does: a matching Deny wins, then a matching Allow, else denied.
 * Whether the broker would accept the topic, filter or client ID at all is not looked at; see valid.ts.
 */
export function evaluate(set: PolicySet, request: Request): Evaluation {
  const action = findAction(request.action);
  return action === undefined
    ? { decision: 'implicitDeny', by: undefined }
    : decide(set, action, request.resource, contextLookup(request.context, set.normalise));
}

/** `evaluate` for callers that have the row of the action and a look-up at hand. */
export function decide(set: PolicySet, action: ActionInfo, resource: string, lookup: Lookup): Evaluation {
  const checked = checkedResource(action, resource, set);
  if (checked === undefined) return { decision: 'implicitDeny', by: undefined };
  let allowed: StatementRef | undefined;
  for (const statement of set.byAction.get(action.name) ?? []) {
    if (allowed !== undefined && statement.effect === 'Allow') continue;
    if (!statementMatches(set, statement, checked, lookup)) continue;
    if (statement.effect === 'Deny') return { decision: 'explicitDeny', by: statement.ref };
    allowed = statement.ref;
  }
  return allowed === undefined ? { decision: 'implicitDeny', by: undefined } : { decision: 'allowed', by: allowed };
}

/** The resource type that an action is checked against under the options (switch `listResource`). */
export function resourceTypeOf(action: ActionInfo, set: PolicySet): ActionInfo['resource'] {
  if (action.resource !== 'none' || set.options.switches.listResource === 'star') return action.resource;
  return action.name === 'iot:ListNamedShadowsForThing' ? 'thing' : 'topic';
}

/** The string that AWS compares: `*` for actions without a resource; undefined when the ARN is of another type, account or region. */
function checkedResource(action: ActionInfo, resource: string, set: PolicySet): string | undefined {
  const prefix = arnTypePrefix(resourceTypeOf(action, set));
  if (prefix === undefined) return '*';
  return resource.startsWith(set.arnPrefix) && resource.startsWith(prefix, set.arnPrefix.length) ? resource : undefined;
}

export function statementMatches(
  set: PolicySet,
  statement: CompiledStatement,
  resource: string,
  lookup: Lookup,
): boolean {
  for (const condition of statement.conditions) if (!holds(condition, lookup)) return false;
  let matched = false;
  for (const template of statement.resources) {
    const result = matchesTemplate(set, template, resource, lookup);
    if (result === undefined) {
      if (statement.negated && set.options.switches.unresolvedNotResource === 'statementInert') return false;
    } else if (result) {
      matched = true;
      break;
    }
  }
  return matched !== statement.negated;
}

/** Undefined when a variable does not resolve. */
function matchesTemplate(set: PolicySet, template: Template, resource: string, lookup: Lookup): boolean | undefined {
  const { starCrossesColons, substitutedWildcards } = set.options.switches;
  const resolve = resolver(lookup);
  if (!starCrossesColons) {
    const glob = substitute(template, resolve, substitutedWildcards === 'glob');
    return glob === undefined ? undefined : matchesResource(set, glob, resource);
  }
  const inertNegation = set.options.switches.unresolvedNotResource === 'statementInert';
  if (!inertNegation && !resource.startsWith(template.prefix)) return false;
  const rest = substitute(template.rest, resolve, substitutedWildcards === 'glob');
  if (rest === undefined) return undefined;
  return resource.startsWith(template.prefix) && matches(rest, resource, template.prefix.length);
}

export function matchesResource(set: PolicySet, glob: Glob, resource: string): boolean {
  if (set.options.switches.starCrossesColons || resource === '*') return matches(glob, resource);
  return matchesArn(glob, resource);
}
