import { type ActionInfo, arnTypePrefix, findAction } from './actions.ts';
import type { PolicySet } from './compile.ts';
import type { Lookup } from './conditions.ts';
import type { PlannedContext } from './context-class.ts';
import { contextLookup, decide, resourceTypeOf } from './evaluate.ts';
import { type Context, keys, normaliseKey, type Request } from './request.ts';
import type { Witness } from './verdict.ts';

const clientId = normaliseKey(keys.clientId);
const connectOrder = [clientId, normaliseKey(keys.thingName), normaliseKey(keys.thingType)];

/** A request as the search found it. */
export interface Found {
  readonly action: ActionInfo;
  /** Name behind the type of the ARN. */
  readonly name: string;
  readonly context: PlannedContext;
  readonly spelling: ReadonlyMap<string, string>;
  /** The request counts only where the same policies let the client connect. */
  readonly sessions: boolean;
}

/** The whole resource string for a name. */
export function resourceOf(set: PolicySet, action: ActionInfo, name: string): string {
  const prefix = arnTypePrefix(resourceTypeOf(action, set));
  return prefix === undefined ? '*' : set.arnPrefix + prefix + name;
}

/** The context for people: documented spelling, client ID first, without the pseudo keys of unknown operators. */
export function contextOf(found: Found): { context: Context; assuming: string[] } {
  const values = new Map(found.context.values);
  for (const key of found.context.self) values.set(key, found.name);
  const assuming = [...values]
    .filter(([key]) => key.startsWith('?'))
    .map(([key, value]) => `${key.slice(1)} is ${String(value)}`);
  const ordered = [
    ...connectOrder.filter((key) => values.has(key)),
    ...[...values.keys()].filter((key) => !connectOrder.includes(key)),
  ];
  const context: Record<string, string | readonly string[]> = {};
  for (const key of ordered) {
    const value = values.get(key);
    if (value !== undefined && !key.startsWith('?')) context[found.spelling.get(key) ?? key] = value;
  }
  return { context, assuming };
}

/** The look-up under which a witness is judged: the context as shown, and the open truths. */
export function lookupOf(found: Found, context: Context): Lookup {
  const shown = contextLookup(context);
  const isAttached = normaliseKey(keys.isAttached);
  return (key) => (key === isAttached || key.startsWith('?') ? found.context.lookup(key) : shown(key));
}

/**
 * Judges a found request with the evaluator; undefined when the two disagree, which is a defect of ours and must never become a
 * verdict.
 */
export function confirm(found: Found, allows: PolicySet, refuses: PolicySet): Witness | undefined {
  const { context } = contextOf(found);
  const request = { action: found.action.name, resource: resourceOf(allows, found.action, found.name), context };
  return confirmRequest(request, found, allows, refuses);
}

/** `confirm` for a request that is a variant of the found one (other names, same kind of context). */
export function confirmRequest(
  request: Request,
  found: Found,
  allows: PolicySet,
  refuses: PolicySet,
): Witness | undefined {
  const { assuming } = contextOf(found);
  const lookup = lookupOf(found, request.context);
  if (found.sessions && !canConnect(allows, lookup)) return undefined;
  const granted = decide(allows, found.action, request.resource, lookup);
  const refused = decide(refuses, found.action, request.resource, lookup);
  if (granted.decision !== 'allowed' || granted.by === undefined) return undefined;
  if (refused.decision === 'allowed' && (!found.sessions || canConnect(refuses, lookup))) return undefined;
  return {
    ...request,
    allowedBy: granted.by,
    deniedBy: refused.decision === 'explicitDeny' ? refused.by : undefined,
    ...(assuming.length === 0 ? {} : { assuming }),
  };
}

/** Whether the set allows Connect under the client ID that the look-up gives. */
export function canConnect(set: PolicySet, lookup: Lookup): boolean {
  const action = findAction('iot:Connect');
  const id = lookup(clientId);
  if (action === undefined || typeof id !== 'string') return false;
  return decide(set, action, resourceOf(set, action, id), lookup).decision === 'allowed';
}
