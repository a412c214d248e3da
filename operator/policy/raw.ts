import type { ActionInfo } from './actions.ts';
import { maxContexts } from './choices.ts';
import type { CompiledStatement, PolicySet } from './compile.ts';
import { advance, type ContextClass, contextAt, type Digits, type PlannedContext } from './context-class.ts';
import { type ContextPlan, type ContextQuestion, planContexts } from './contexts.ts';
import { resourceTypeOf } from './evaluate.ts';
import { Grounder, type Identified } from './grounder.ts';
import type { Budget } from './inclusion.ts';
import { findNewName, type NewNameProblem } from './obligations.ts';
import type { Found } from './witness.ts';

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

/**
 * `compareAction` that answers once for all actions to which the same statements apply on the same type of resource: with `iot:*`, that
 * is most of the table.
 */
export function perKindOfAction(
  before: PolicySet,
  after: PolicySet,
  budget: Budget,
): (action: ActionInfo, sessions: boolean) => ActionDifference {
  const known = new Map<string, ActionDifference>();
  const refs = (set: PolicySet, name: string): string =>
    (set.byAction.get(name) ?? []).map(({ ref }) => `${ref.document}.${ref.statement}`).join(',');
  return (action, sessions) => {
    const own =
      action.name === connectName ? action.name : `${action.plane} ${resourceTypeOf(action, before)} ${sessions}`;
    const key = `${own} ${refs(before, action.name)} ${refs(after, action.name)}`;
    const difference = known.get(key) ?? compareAction({ before, after, action, sessions, budget });
    known.set(key, difference);
    const relabel = (found: Found): Found => ({ ...found, action });
    return { ...difference, gained: difference.gained.map(relabel), lost: difference.lost.map(relabel) };
  };
}

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
  const plan = planContexts({ set: before, action, statements, types: [type], connect, budget });
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

interface Side {
  readonly set: PolicySet;
  readonly statements: readonly CompiledStatement[];
}

/** The allow statement of the new side and, for the second family of searches, the Deny of the old side that it is put against. */
interface Task {
  readonly allow: CompiledStatement;
  readonly deny: CompiledStatement | undefined;
}

/** The statements of a task with all that have a say in it. */
interface Cast extends Task {
  /** Allows of the old side; none when the task has a Deny. */
  readonly allows: readonly CompiledStatement[];
  /** Denies of the new side. */
  readonly denies: readonly CompiledStatement[];
}

class ActionComparison {
  readonly #input: ActionInput;
  readonly #plan: ContextPlan;
  readonly #grounder: Grounder;
  #undecided = false;
  #testedValuesOnly = false;

  constructor(input: ActionInput, plan: ContextPlan) {
    this.#input = input;
    this.#plan = plan;
    this.#grounder = new Grounder();
  }

  run(from: readonly CompiledStatement[], to: readonly CompiledStatement[]): ActionDifference {
    const before = { set: this.#input.before, statements: from };
    const after = { set: this.#input.after, statements: to };
    const [gained, lost] = [this.#direction(before, after), this.#direction(after, before)];
    return {
      gained,
      lost,
      undecided: this.#undecided,
      testedValuesOnly: this.#testedValuesOnly || !this.#plan.exhaustive,
    };
  }

  #direction(from: Side, to: Side): Found[] {
    const out: Found[] = [];
    const denies = from.statements.filter((statement) => statement.effect === 'Deny');
    const bears = (statement: CompiledStatement): boolean => this.#plan.bears(statement);
    for (const allow of to.statements.filter(isAllow).filter(bears)) {
      for (const deny of [undefined, ...denies.filter(bears)]) {
        const found = this.#search({ allow, deny }, from, to);
        if (found === undefined) continue;
        out.push(found);
        break;
      }
    }
    return out;
  }

  #search(task: Task, from: Side, to: Side): Found | undefined {
    const list = this.#plan.contextsFor(this.#question(task, from, to));
    this.#testedValuesOnly ||= !list.exhaustive;
    const cast: Cast = {
      ...task,
      allows: task.deny === undefined ? from.statements.filter(isAllow) : [],
      denies: to.statements.filter((statement) => !isAllow(statement)),
    };
    const seen = new Set<string>();
    for (const one of list.classes) {
      const digits = new Int32Array(one.choices.length);
      let walked = 0;
      do {
        const problem = this.#problem(cast, { from, to }, one, digits);
        if (problem === undefined || seen.has(problem.signature)) continue;
        seen.add(problem.signature);
        const result = findNewName(problem, one.valid, this.#input.budget);
        if (result.kind === 'word') return this.#found(result.word, contextAt(one, digits));
        if (result.kind === 'exceeded') {
          this.#undecided = true;
          return undefined;
        }
      } while (++walked < maxContexts && this.#mayWalkOn() && advance(one, digits));
    }
    if (!list.complete || this.#input.budget.left < 0) this.#undecided = true;
    return undefined;
  }

  /** Each context costs a node too: one task walks through few, but a comparison may have hundreds of tasks. */
  #mayWalkOn(): boolean {
    this.#input.budget.left -= 1;
    return this.#input.budget.left >= 0;
  }

  /** The question in one context; undefined when the task's statements do not apply there or no session can exist. */
  #problem(
    cast: Cast,
    { from, to }: { readonly from: Side; readonly to: Side },
    one: ContextClass,
    digits: Digits,
  ): (NewNameProblem & { readonly signature: string }) | undefined {
    const ground = (side: Side, statement: CompiledStatement): Identified | undefined =>
      this.#grounder.ground(
        statement,
        { set: side.set, type: resourceTypeOf(this.#input.action, side.set) },
        one,
        digits,
      );
    const allow = ground(to, cast.allow);
    if (allow === undefined || !this.#counts(to.set, one, digits)) return undefined;
    const fromCounts = this.#counts(from.set, one, digits);
    const deny = cast.deny === undefined || !fromCounts ? undefined : ground(from, cast.deny);
    if (cast.deny !== undefined && deny === undefined) return undefined;
    let signature = `${one.valid.states} ${allow.id} ${deny?.id ?? ''}`;
    const gather = (side: Side, statements: readonly CompiledStatement[]): Identified[] => {
      const out: Identified[] = [];
      for (const statement of statements) {
        const found = ground(side, statement);
        if (found === undefined) continue;
        out.push(found);
        signature += ` ${found.id}`;
      }
      signature += ';';
      return out;
    };
    const allows = fromCounts ? gather(from, cast.allows) : [];
    const denies = gather(to, cast.denies);
    return { allow, deny, allows, denies, signature };
  }

  /** A NotResource statement that the name must escape stands on the left: it is escaped by matching what it excepts. */
  #question(task: Task, from: Side, to: Side): ContextQuestion {
    const denies = to.statements.filter((one) => !isAllow(one));
    const others = task.deny === undefined ? [...denies, ...from.statements.filter(isAllow)] : denies;
    const left = [task.allow, ...(task.deny === undefined ? [] : [task.deny]), ...others.filter((one) => one.negated)];
    return { left, right: others.filter((one) => !one.negated) };
  }

  /** Sessions: whether the side lets the client of this context connect. */
  #counts(set: PolicySet, one: ContextClass, digits: Digits): boolean {
    return !this.#input.sessions || this.#grounder.connects(set, one, digits);
  }

  #found(name: string, context: PlannedContext): Found {
    const { action, sessions } = this.#input;
    return { action, name, context, spelling: this.#plan.spelling, sessions };
  }
}
