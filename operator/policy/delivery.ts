import { findAction } from './actions.ts';
import type { CompiledStatement, PolicySet } from './compile.ts';
import type { Lookup } from './conditions.ts';
import { type PlannedContext, planContexts } from './contexts.ts';
import { type DeliverySide, findUndelivered } from './delivery-search.ts';
import { decide } from './evaluate.ts';
import { type GroundStatement, groundStatement } from './ground.ts';
import type { Budget } from './inclusion.ts';
import { sameStatements } from './raw.ts';
import type { Witness } from './verdict.ts';
import { contextOf, type Found, lookupOf, resourceOf } from './witness.ts';

export interface DeliveryDifference {
  readonly gained: readonly Witness[];
  readonly lost: readonly Witness[];
  readonly undecided: boolean;
  readonly testedValuesOnly: boolean;
}

/** Where the two halves of delivery come from; they differ only for the rights that outlive a change (residual.ts). */
export interface DeliveryPolicies {
  readonly subscribe: PolicySet;
  readonly receive: PolicySet;
}

const nothing: DeliveryDifference = { gained: [], lost: [], undecided: false, testedValuesOnly: false };

/**
 * Compares the topics that reach a device by subscription: those it may receive and that some filter it may subscribe to matches.
 * Direct messages are left aside; they need Receive alone.
 */
export function compareDelivery(before: PolicySet, after: PolicySet, budget: Budget): DeliveryDifference {
  return compareDelivered({ subscribe: before, receive: before }, { subscribe: after, receive: after }, budget);
}

export function compareDelivered(
  before: DeliveryPolicies,
  after: DeliveryPolicies,
  budget: Budget,
): DeliveryDifference {
  const of = (
    policies: DeliveryPolicies,
  ): { subscribe: readonly CompiledStatement[]; receive: readonly CompiledStatement[] } => ({
    subscribe: policies.subscribe.byAction.get('iot:Subscribe') ?? [],
    receive: policies.receive.byAction.get('iot:Receive') ?? [],
  });
  const old = of(before);
  const next = of(after);
  if (sameStatements(old.subscribe, next.subscribe) && sameStatements(old.receive, next.receive)) return nothing;
  const action = findAction('iot:Receive');
  if (action === undefined) return nothing;
  const statements = [...old.subscribe, ...old.receive, ...next.subscribe, ...next.receive];
  const sets = [before.subscribe, after.subscribe];
  const plan = planContexts({ sets, action, statements, types: ['topic', 'topicfilter'], connect: [], budget });
  const seen = new Set<string>();
  const gained: Witness[] = [];
  const lost: Witness[] = [];
  let undecided = !plan.complete;
  for (const context of plan.contexts) {
    const left = sideIn(before, old, context);
    const right = sideIn(after, next, context);
    const signature = `${sideKey(left)} || ${sideKey(right)}`;
    if (seen.has(signature)) continue;
    seen.add(signature);
    const found = (name: string): Found => ({ action, name, context, spelling: plan.spelling, sessions: false });
    for (const [list, here, there, allows, refuses] of [
      [gained, right, left, after, before],
      [lost, left, right, before, after],
    ] as const) {
      if (list.length > 0) continue;
      const result = findUndelivered(here, there, { valid: context.valid, budget, skipDollar: skipsDollar(allows) });
      if (result.kind === 'exceeded') undecided = true;
      if (result.kind !== 'word') continue;
      const witness = confirmDelivery(found(result.word), allows, refuses);
      if (witness === undefined) undecided = true;
      else list.push(witness);
    }
    if (undecided || (gained.length > 0 && lost.length > 0)) break;
  }
  return { gained, lost, undecided, testedValuesOnly: !plan.exhaustive };
}

function skipsDollar(policies: DeliveryPolicies): boolean {
  return policies.subscribe.options.switches.wildcardSkipsDollar;
}

function sideIn(
  policies: DeliveryPolicies,
  statements: { readonly subscribe: readonly CompiledStatement[]; readonly receive: readonly CompiledStatement[] },
  context: PlannedContext,
): DeliverySide {
  return {
    subscribe: statements.subscribe.flatMap(
      (one) => groundStatement(policies.subscribe, one, 'topicfilter', context) ?? [],
    ),
    receive: statements.receive.flatMap((one) => groundStatement(policies.receive, one, 'topic', context) ?? []),
  };
}

function sideKey(side: DeliverySide): string {
  const key = (ground: readonly GroundStatement[]): string =>
    ground
      .map(({ statement, conjuncts }) => {
        const globs = conjuncts.map(
          (one) => `${one.negated ? '!' : ''}${one.globs.map((glob) => glob.join('.')).join(',')}`,
        );
        return `${statement.effect}${globs.join('&')}`;
      })
      .join(';');
  return `${key(side.subscribe)} | ${key(side.receive)}`;
}

function confirmDelivery(found: Found, allows: DeliveryPolicies, refuses: DeliveryPolicies): Witness | undefined {
  const { context, assuming } = contextOf(found);
  const lookup = lookupOf(found, context);
  const filter = deliveringFilter(allows, found.name, lookup);
  if (filter === undefined || deliveringFilter(refuses, found.name, lookup) !== undefined) return undefined;
  const resource = resourceOf(allows.receive, found.action, found.name);
  const granted = decide(allows.receive, found.action, resource, lookup);
  if (granted.by === undefined) return undefined;
  const refused = decide(refuses.receive, found.action, resource, lookup);
  return {
    action: found.action.name,
    resource,
    context,
    allowedBy: granted.by,
    deniedBy: refused.decision === 'explicitDeny' ? refused.by : undefined,
    filter,
    ...(assuming.length === 0 ? {} : { assuming }),
  };
}

/**
 * A filter that the policies let the client subscribe to and that brings the topic, if the client may receive it; tried one by one
 * with the evaluator, so independent of the search. A topic has few levels, hence few filters that match it.
 */
export function deliveringFilter(policies: DeliveryPolicies, topic: string, lookup: Lookup): string | undefined {
  const receive = findAction('iot:Receive');
  const subscribe = findAction('iot:Subscribe');
  if (receive === undefined || subscribe === undefined) return undefined;
  const received = decide(policies.receive, receive, resourceOf(policies.receive, receive, topic), lookup);
  if (received.decision !== 'allowed') return undefined;
  return filtersFor(topic, skipsDollar(policies)).find((filter) => {
    const resource = resourceOf(policies.subscribe, subscribe, filter);
    return decide(policies.subscribe, subscribe, resource, lookup).decision === 'allowed';
  });
}

/** All filters that match the topic, plain ones first. `a/#` does not match `a`; first-level wildcards skip topics with `$`. */
export function filtersFor(topic: string, skipDollar: boolean): string[] {
  const levels = topic.split('/');
  const bound = levels.length > 12 ? 12 : levels.length;
  let heads: string[][] = [[]];
  const out: string[] = [];
  const hashes: string[] = [];
  for (const [index, level] of levels.entries()) {
    const wild = index < bound && !(index === 0 && skipDollar && topic.startsWith('$'));
    if (wild) hashes.push(...heads.map((head) => [...head, '#'].join('/')));
    heads = heads.flatMap((head) =>
      wild
        ? [
            [...head, level],
            [...head, '+'],
          ]
        : [[...head, level]],
    );
  }
  out.push(...heads.map((head) => head.join('/')), ...hashes);
  return out;
}
