import { findAction } from './actions.ts';
import type { CompiledStatement, PolicySet } from './compile.ts';
import type { Lookup } from './conditions.ts';
import { type ContextClass, contextAt, type PlannedContext } from './context-class.ts';
import { type ContextPlan, type ContextQuestion, planContexts } from './contexts.ts';
import { type DeliverySide, findUndelivered } from './delivery-search.ts';
import type { Effect } from './document.ts';
import { decide } from './evaluate.ts';
import { Grounder, type Identified } from './grounder.ts';
import type { Budget, InclusionResult } from './inclusion.ts';
import { sameStatements } from './raw.ts';
import type { UndecidedCause } from './undecided.ts';
import { isValid } from './valid.ts';
import type { Witness } from './verdict.ts';
import { type Step, type WalkResult, walkContexts } from './walk.ts';
import { contextOf, type Found, lookupOf, resourceOf } from './witness.ts';

export interface DeliveryDifference {
  readonly gained: readonly Witness[];
  readonly lost: readonly Witness[];
  /** Why some search came to no end; empty when all did. */
  readonly undecided: readonly UndecidedCause[];
  readonly testedValuesOnly: boolean;
}

/** Where the two halves of delivery come from; they differ only for the rights that outlive a change (residual.ts). */
export interface DeliveryPolicies {
  readonly subscribe: PolicySet;
  readonly receive: PolicySet;
}

const nothing: DeliveryDifference = { gained: [], lost: [], undecided: [], testedValuesOnly: false };

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
  const halfOf = (policies: DeliveryPolicies): Half => ({
    policies,
    subscribe: policies.subscribe.byAction.get('iot:Subscribe') ?? [],
    receive: policies.receive.byAction.get('iot:Receive') ?? [],
  });
  const old = halfOf(before);
  const next = halfOf(after);
  if (sameStatements(old.subscribe, next.subscribe) && sameStatements(old.receive, next.receive)) return nothing;
  const action = findAction('iot:Receive');
  if (action === undefined) return nothing;
  const statements = [...old.subscribe, ...old.receive, ...next.subscribe, ...next.receive];
  const set = before.subscribe;
  const plan = planContexts({ set, action, statements, types: ['topic', 'topicfilter'], connect: [], budget });
  const bearing = ({ policies, subscribe, receive }: Half): Half => ({
    policies,
    subscribe: subscribe.filter((statement) => plan.bears(statement, 'topicfilter')),
    receive: receive.filter((statement) => plan.bears(statement, 'topic')),
  });
  const gained = deliveredAnew(bearing(old), bearing(next), plan, budget);
  const lost = deliveredAnew(bearing(next), bearing(old), plan, budget);
  return {
    gained: gained.witness,
    lost: lost.witness,
    undecided: [gained.undecided, lost.undecided].filter((cause) => cause !== undefined),
    testedValuesOnly: !gained.exhaustive || !lost.exhaustive,
  };
}

interface Half {
  readonly policies: DeliveryPolicies;
  readonly subscribe: readonly CompiledStatement[];
  readonly receive: readonly CompiledStatement[];
}

interface Delivered {
  readonly witness: readonly Witness[];
  readonly undecided: UndecidedCause | undefined;
  readonly exhaustive: boolean;
}

/** A topic that reaches the device on side `to` and not on side `from`. */
function deliveredAnew(from: Half, to: Half, plan: ContextPlan, budget: Budget): Delivered {
  const action = findAction('iot:Receive');
  const grants = (statements: readonly CompiledStatement[]): boolean =>
    statements.some((statement) => statement.effect === 'Allow');
  if (action === undefined || !grants(to.subscribe) || !grants(to.receive))
    return { witness: [], undecided: undefined, exhaustive: true };
  const list = plan.contextsFor(question(from, to));
  const { exhaustive } = list;
  const search = new DeliverySearch(from, to, budget);
  for (const one of list.classes) {
    const result = search.walk(one);
    if (result.kind === 'nothing') continue;
    if (result.kind === 'stopped') return { witness: [], undecided: result.by, exhaustive };
    const { word, context } = result.result;
    const found: Found = { action, name: word, context, spelling: plan.spelling, sessions: false };
    // People read a level that has a name more easily.
    const name = word.endsWith('/') && isValid(one.valid, `${word}x`) ? `${word}x` : word;
    const witness =
      confirmDelivery({ ...found, name }, to.policies, from.policies) ??
      confirmDelivery(found, to.policies, from.policies);
    if (witness === undefined) return { witness: [], undecided: 'disagreement', exhaustive };
    return { witness: [witness], undecided: undefined, exhaustive };
  }
  return { witness: [], undecided: list.leftOut, exhaustive };
}

/** Search nodes for a question that is not complete yet. */
const trialBudget = 5_000;

/** What is asked in one context, as far as its statements have been read. */
interface DeliveryQuestion {
  readonly here: IdentifiedSide;
  readonly there: IdentifiedSide;
  readonly signature: string;
}

interface Undelivered {
  readonly word: string;
  readonly context: PlannedContext;
}

const nobody: IdentifiedSide = { subscribe: [], receive: [] };

/** Looks for a topic delivered on side `to` and not on side `from`, context by context. */
class DeliverySearch {
  readonly #from: Half;
  readonly #to: Half;
  readonly #budget: Budget;
  readonly #grounder: Grounder;
  readonly #answers = new Map<string, InclusionResult>();

  constructor(from: Half, to: Half, budget: Budget) {
    this.#from = from;
    this.#to = to;
    this.#budget = budget;
    this.#grounder = new Grounder(budget);
  }

  walk(one: ContextClass): WalkResult<Undelivered> {
    let exceeded = false;
    this.#budget.left -= 1;
    const result = walkContexts<DeliveryQuestion, Undelivered>({
      one,
      start: { here: nobody, there: nobody, signature: '' },
      // What may bring a topic must be known in full before anything can be said; what takes topics away may come in any order.
      first: [
        ...this.#steps('here', 'subscribe', 'Allow', one),
        grantedStep(({ here }) => here.subscribe.length > 0),
        ...this.#steps('here', 'receive', 'Allow', one),
        grantedStep(({ here }) => here.receive.length > 0),
        ...this.#steps('there', 'subscribe', 'Deny', one),
        ...this.#steps('there', 'receive', 'Deny', one),
      ],
      narrowing: [
        ...this.#steps('here', 'subscribe', 'Deny', one),
        ...this.#steps('here', 'receive', 'Deny', one),
        ...this.#steps('there', 'subscribe', 'Allow', one),
        ...this.#steps('there', 'receive', 'Allow', one),
      ],
      mayFind: (state) => {
        const left = Math.min(this.#budget.left, trialBudget);
        const trial: Budget = { left };
        const { kind } = this.#answer(state, one, trial);
        this.#budget.left -= left - trial.left;
        return kind !== 'covered';
      },
      end: (state, digits) => {
        const answer = this.#answer(state, one, this.#budget);
        if (answer.kind === 'word') return { word: answer.word, context: contextAt(one, digits) };
        exceeded ||= answer.kind === 'exceeded';
        return undefined;
      },
      spend: () => {
        this.#budget.left -= 1;
        return !exceeded && this.#budget.left >= 0;
      },
    });
    return exceeded ? { kind: 'stopped', by: 'budget' } : result;
  }

  #steps(
    side: 'here' | 'there',
    part: keyof IdentifiedSide,
    effect: Effect,
    one: ContextClass,
  ): Step<DeliveryQuestion>[] {
    const half = side === 'here' ? this.#to : this.#from;
    const place = { set: half.policies[part], type: part === 'subscribe' ? 'topicfilter' : 'topic', one } as const;
    return half[part]
      .filter((statement) => statement.effect === effect)
      .map((statement) => {
        const { reads, at } = this.#grounder.reader(statement, place);
        return {
          reads,
          take(state, digits) {
            const ground = at(digits);
            if (ground === undefined || state[side][part].some((known) => known.id === ground.id)) return state;
            return {
              ...state,
              [side]: { ...state[side], [part]: [...state[side][part], ground] },
              signature: `${state.signature};${side}${part}${ground.id}`,
            };
          },
        };
      });
  }

  #answer({ here, there, signature }: DeliveryQuestion, { valid }: ContextClass, budget: Budget): InclusionResult {
    const known = this.#answers.get(signature);
    if (known !== undefined && known.kind !== 'exceeded') return known;
    const answer = findUndelivered(here, there, { budget, valid, skipDollar: skipsDollar(this.#to.policies) });
    this.#answers.set(signature, answer);
    return answer;
  }
}

/** Reads nothing, and ends the search where nothing was granted. */
function grantedStep(isGranted: (state: DeliveryQuestion) => boolean): Step<DeliveryQuestion> {
  return { reads: [], take: (state) => (isGranted(state) ? state : undefined) };
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
