import type { ActionInfo } from './actions.ts';
import type { CompiledStatement, PolicySet } from './compile.ts';
import { type ContextPlan, type PlannedContext, planContexts } from './contexts.ts';
import { resourceTypeOf } from './evaluate.ts';
import { type GroundStatement, groundStatement } from './ground.ts';
import type { Budget } from './inclusion.ts';
import { findNewName, type GroundSide } from './obligations.ts';
import { canConnect, type Found } from './witness.ts';

/** Both directions of one action. */
export interface ActionDifference {
  readonly gained: readonly Found[];
  readonly lost: readonly Found[];
  /** Some search stopped at the budget or not all contexts could be listed. */
  readonly undecided: boolean;
  readonly testedValuesOnly: boolean;
}

export interface ActionInput {
  readonly before: PolicySet;
  readonly after: PolicySet;
  readonly action: ActionInfo;
  /** Count only contexts in which the same side allows Connect. */
  readonly sessions: boolean;
  readonly budget: Budget;
}

export const noDifference: ActionDifference = { gained: [], lost: [], undecided: false, testedValuesOnly: false };

/** Compares what the two sets say about one action, request by request. */
export function compareAction(input: ActionInput): ActionDifference {
  const { before, after, action, budget } = input;
  const from = before.byAction.get(action.name) ?? [];
  const to = after.byAction.get(action.name) ?? [];
  const connect = input.sessions ? connectStatements(before, after) : [];
  if (sameStatements(from, to) && (!input.sessions || sameConnect(before, after))) return noDifference;
  if (!from.some(isAllow) && !to.some(isAllow)) return noDifference;
  const type = resourceTypeOf(action, before);
  const statements = [...from, ...to];
  const plan = planContexts({ sets: [before, after], action, statements, types: [type], connect, budget });
  return new ActionComparison(input, plan).run(from, to);
}

function isAllow(statement: CompiledStatement): boolean {
  return statement.effect === 'Allow';
}

const connectName = 'iot:Connect';

function connectStatements(before: PolicySet, after: PolicySet): CompiledStatement[] {
  return [...(before.byAction.get(connectName) ?? []), ...(after.byAction.get(connectName) ?? [])];
}

function sameConnect(before: PolicySet, after: PolicySet): boolean {
  return sameStatements(before.byAction.get(connectName) ?? [], after.byAction.get(connectName) ?? []);
}

/** Equal as sets of statements, whatever their order and documents. */
export function sameStatements(a: readonly CompiledStatement[], b: readonly CompiledStatement[]): boolean {
  const left = new Set(a.map((statement) => statement.identity));
  const right = new Set(b.map((statement) => statement.identity));
  return left.size === right.size && [...left].every((identity) => right.has(identity));
}

class ActionComparison {
  readonly #input: ActionInput;
  readonly #plan: ContextPlan;
  readonly #gained = new Map<CompiledStatement, Found>();
  readonly #lost = new Map<CompiledStatement, Found>();
  readonly #seen = new Set<string>();
  #exceeded = false;

  constructor(input: ActionInput, plan: ContextPlan) {
    this.#input = input;
    this.#plan = plan;
  }

  run(from: readonly CompiledStatement[], to: readonly CompiledStatement[]): ActionDifference {
    const { before, after } = this.#input;
    for (const context of this.#plan.contexts) {
      if (this.#exceeded) break;
      const open = this.#connectable(context);
      if (!open.before && !open.after) continue;
      const old = open.before ? this.#ground(before, from, context) : [];
      const next = open.after ? this.#ground(after, to, context) : [];
      const signature = `${[...context.self].length}${context.valid.states}|${signatureOf(old)}|${signatureOf(next)}`;
      if (this.#seen.has(signature)) continue;
      this.#seen.add(signature);
      this.#direction(old, next, context, this.#gained);
      this.#direction(next, old, context, this.#lost);
    }
    return {
      gained: [...this.#gained.values()],
      lost: [...this.#lost.values()],
      undecided: this.#exceeded || !this.#plan.complete,
      testedValuesOnly: !this.#plan.exhaustive,
    };
  }

  #ground(set: PolicySet, statements: readonly CompiledStatement[], context: PlannedContext): GroundStatement[] {
    const type = resourceTypeOf(this.#input.action, set);
    return statements.flatMap((statement) => groundStatement(set, statement, type, context) ?? []);
  }

  /** Sessions: whether each side lets the client of this context connect. */
  #connectable(context: PlannedContext): { before: boolean; after: boolean } {
    if (!this.#input.sessions) return { before: true, after: true };
    return {
      before: canConnect(this.#input.before, context.lookup),
      after: canConnect(this.#input.after, context.lookup),
    };
  }

  #direction(
    from: readonly GroundStatement[],
    to: readonly GroundStatement[],
    context: PlannedContext,
    found: Map<CompiledStatement, Found>,
  ): void {
    const sides = { from: sideOf(from), to: sideOf(to) };
    for (const allow of sides.to.allows) {
      if (found.has(allow.statement)) continue;
      const result = findNewName(allow, sides, context.valid, this.#input.budget);
      if (result.kind === 'exceeded') {
        this.#exceeded = true;
        return;
      }
      if (result.kind === 'word')
        found.set(allow.statement, {
          action: this.#input.action,
          name: result.word,
          context,
          spelling: this.#plan.spelling,
          sessions: this.#input.sessions,
        });
    }
  }
}

function sideOf(ground: readonly GroundStatement[]): GroundSide {
  return {
    allows: ground.filter(({ statement }) => statement.effect === 'Allow'),
    denies: ground.filter(({ statement }) => statement.effect === 'Deny'),
  };
}

function signatureOf(ground: readonly GroundStatement[]): string {
  return ground
    .map(
      ({ statement, conjuncts }) =>
        `${statement.effect}${conjuncts.map(({ globs, negated }) => `${negated ? '!' : ''}${globs.map((glob) => glob.join('.')).join(',')}`).join('&')}`,
    )
    .join(';');
}
