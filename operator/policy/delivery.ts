import { findAction, type ResourceType } from './actions.ts';
import { maxContexts } from './choices.ts';
import type { CompiledStatement, PolicySet } from './compile.ts';
import type { Lookup } from './conditions.ts';
import { advance, type ContextClass, contextAt, type Digits } from './context-class.ts';
import { type ContextPlan, type ContextQuestion, planContexts } from './contexts.ts';
import { type DeliverySide, findUndelivered } from './delivery-search.ts';
import type { Effect } from './document.ts';
import { decide } from './evaluate.ts';
import { Grounder, type Identified } from './grounder.ts';
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
  const set = before.subscribe;
  const plan = planContexts({ set, action, statements, types: ['topic', 'topicfilter'], connect: [], budget });
  const gained = deliveredAnew({ policies: before, ...old }, { policies: after, ...next }, plan, budget);
  const lost = deliveredAnew({ policies: after, ...next }, { policies: before, ...old }, plan, budget);
  return {
    gained: gained.witness,
    lost: lost.witness,
    undecided: gained.undecided || lost.undecided,
    testedValuesOnly: !plan.exhaustive || !gained.exhaustive || !lost.exhaustive,
  };
}

interface Half {
  readonly policies: DeliveryPolicies;
  readonly subscribe: readonly CompiledStatement[];
  readonly receive: readonly CompiledStatement[];
}

interface Delivered {
  readonly witness: readonly Witness[];
  readonly undecided: boolean;
  readonly exhaustive: boolean;
}

/** A topic that reaches the device on side `to` and not on side `from`. */
function deliveredAnew(from: Half, to: Half, plan: ContextPlan, budget: Budget): Delivered {
  const action = findAction('iot:Receive');
  const grants = (statements: readonly CompiledStatement[]): boolean =>
    statements.some((statement) => statement.effect === 'Allow' && plan.bears(statement));
  if (action === undefined || !grants(to.subscribe) || !grants(to.receive))
    return { witness: [], undecided: false, exhaustive: true };
  const list = plan.contextsFor(question(from, to));
  const { exhaustive } = list;
  const options = { budget, skipDollar: skipsDollar(to.policies) };
  const grounder = new Grounder();
  const seen = new Set<string>();
  const mayWalkOn = (): boolean => {
    budget.left -= 1;
    return budget.left >= 0;
  };
  for (const one of list.classes) {
    const digits = new Int32Array(one.choices.length);
    let walked = 0;
    do {
      const here = sideIn(to, grounder, one, digits);
      if (here.subscribe.length === 0 || here.receive.length === 0) continue;
      const there = sideIn(from, grounder, one, digits);
      const signature = `${sideKey(here)} || ${sideKey(there)}`;
      if (seen.has(signature)) continue;
      seen.add(signature);
      const result = findUndelivered(here, there, { ...options, valid: one.valid });
      if (result.kind === 'exceeded') return { witness: [], undecided: true, exhaustive };
      if (result.kind === 'covered') continue;
      const context = contextAt(one, digits);
      const found: Found = { action, name: result.word, context, spelling: plan.spelling, sessions: false };
      const named: Found = result.word.endsWith('/') ? { ...found, name: `${result.word}x` } : found;
      const witness =
        (named.name.length < 200 ? confirmDelivery(named, to.policies, from.policies) : undefined) ??
        confirmDelivery(found, to.policies, from.policies);
      return { witness: witness === undefined ? [] : [witness], undecided: witness === undefined, exhaustive };
    } while (++walked < maxContexts && mayWalkOn() && advance(one, digits));
  }
  return { witness: [], undecided: !list.complete || budget.left < 0, exhaustive };
}

/** Left: the statements that a topic or its filter must match for the difference to show (NotResource: to be let off). */
function question(from: Half, to: Half): ContextQuestion {
  const split = (half: Half, effect: Effect): ContextQuestion => {
    const all = [...half.subscribe, ...half.receive];
    const isLeft = (statement: CompiledStatement): boolean => statement.effect === effect || statement.negated;
    return { left: all.filter(isLeft), right: all.filter((statement) => !isLeft(statement)) };
  };
  const granting = split(to, 'Allow');
  const denying = split(from, 'Deny');
  return { left: [...granting.left, ...denying.left], right: [...granting.right, ...denying.right] };
}

function skipsDollar(policies: DeliveryPolicies): boolean {
  return policies.subscribe.options.switches.wildcardSkipsDollar;
}

interface IdentifiedSide extends DeliverySide {
  readonly subscribe: readonly Identified[];
  readonly receive: readonly Identified[];
}

function sideIn(half: Half, grounder: Grounder, one: ContextClass, digits: Digits): IdentifiedSide {
  const { subscribe, receive } = half.policies;
  const ground = (set: PolicySet, type: ResourceType, statements: readonly CompiledStatement[]): Identified[] =>
    statements.flatMap((statement) => grounder.ground(statement, { set, type }, one, digits) ?? []);
  return {
    subscribe: ground(subscribe, 'topicfilter', half.subscribe),
    receive: ground(receive, 'topic', half.receive),
  };
}

function sideKey(side: IdentifiedSide): string {
  return `${side.subscribe.map((one) => one.id).join(' ')} | ${side.receive.map((one) => one.id).join(' ')}`;
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
  const bound = Math.min(levels.length, 12);
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
