import type { ActionInfo } from './actions.ts';
import type { CompiledStatement, PolicySet } from './compile.ts';
import { type ContextPlan, type ContextQuestion, type PlannedContext, planContexts } from './contexts.ts';
import { resourceTypeOf } from './evaluate.ts';
import type { Glob } from './glob.ts';
import { unknownAtom } from './conditions.ts';
import { type GroundStatement, groundStatement } from './ground.ts';
import type { Budget } from './inclusion.ts';
import { findNewName } from './obligations.ts';
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

class ActionComparison {
  readonly #input: ActionInput;
  readonly #plan: ContextPlan;
  readonly #grounder: Grounder;
  #undecided = false;

  constructor(input: ActionInput, plan: ContextPlan) {
    this.#input = input;
    this.#plan = plan;
    this.#grounder = new Grounder(input.action);
  }

  run(from: readonly CompiledStatement[], to: readonly CompiledStatement[]): ActionDifference {
    const before = { set: this.#input.before, statements: from };
    const after = { set: this.#input.after, statements: to };
    return {
      gained: this.#direction(before, after),
      lost: this.#direction(after, before),
      undecided: this.#undecided,
      testedValuesOnly: !this.#plan.exhaustive,
    };
  }

  #direction(from: Side, to: Side): Found[] {
    const out: Found[] = [];
    const denies = from.statements.filter((statement) => statement.effect === 'Deny');
    for (const allow of to.statements.filter(isAllow)) {
      for (const deny of [undefined, ...denies]) {
        const found = this.#search({ allow, deny }, from, to);
        if (found === undefined) continue;
        out.push(found);
        break;
      }
    }
    return out;
  }

  #search(task: Task, from: Side, to: Side): Found | undefined {
    const question = this.#question(task, from, to);
    const list = this.#plan.contextsFor(question);
    if (!list.complete) this.#undecided = true;
    const seen = new Set<string>();
    const denies = to.statements.filter((statement) => !isAllow(statement));
    const allows = task.deny === undefined ? from.statements.filter(isAllow) : [];
    for (const context of list.contexts) {
      if (!this.#counts(to.set, context)) continue;
      const fromCounts = this.#counts(from.set, context);
      const allow = this.#grounder.ground(to.set, task.allow, context);
      const deny = task.deny === undefined || !fromCounts ? undefined : this.#grounder.ground(from.set, task.deny, context);
      if (allow === undefined || (task.deny !== undefined && deny === undefined)) continue;
      const old = fromCounts ? this.#grounder.all(from.set, allows, context) : [];
      const next = this.#grounder.all(to.set, denies, context);
      const ids = [context.valid.states, allow.id, deny?.id ?? -1, ...old.map((one) => one.id), -1, ...next.map((one) => one.id)];
      const signature = ids.join(' ');
      if (seen.has(signature)) continue;
      seen.add(signature);
      const result = findNewName({ allow, deny, allows: old, denies: next }, context.valid, this.#input.budget);
      if (result.kind === 'word') return this.#found(result.word, context);
      if (result.kind === 'covered') continue;
      this.#undecided = true;
      return undefined;
    }
    return undefined;
  }

  /** A NotResource statement that the name must escape stands on the left: it is escaped by matching what it excepts. */
  #question(task: Task, from: Side, to: Side): ContextQuestion {
    const denies = to.statements.filter((one) => !isAllow(one));
    const others = task.deny === undefined ? [...denies, ...from.statements.filter(isAllow)] : denies;
    const left = [task.allow, ...(task.deny === undefined ? [] : [task.deny]), ...others.filter((one) => one.negated)];
    return { left, right: others.filter((one) => !one.negated) };
  }

  /** Sessions: whether the side lets the client of this context connect. */
  #counts(set: PolicySet, context: PlannedContext): boolean {
    return !this.#input.sessions || canConnect(set, context.lookup);
  }

  #found(name: string, context: PlannedContext): Found {
    const { action, sessions } = this.#input;
    return { action, name, context, spelling: this.#plan.spelling, sessions };
  }
}

interface Identified extends GroundStatement {
  /** Equal for statements that say the same. */
  readonly id: number;
}

/** Grounds statements once for each combination of the values that they read. */
class Grounder {
  readonly #action: ActionInfo;
  readonly #known = new Map<CompiledStatement, Map<string, Identified | undefined>>();
  readonly #ids = new Map<string, number>();
  readonly #globs = new Map<string, Glob>();
  readonly #numbers = new Map<Glob, number>();

  constructor(action: ActionInfo) {
    this.#action = action;
  }

  all(set: PolicySet, statements: readonly CompiledStatement[], context: PlannedContext): Identified[] {
    return statements.flatMap((statement) => this.ground(set, statement, context) ?? []);
  }

  ground(set: PolicySet, statement: CompiledStatement, context: PlannedContext): Identified | undefined {
    let known = this.#known.get(statement);
    if (known === undefined) {
      known = new Map();
      this.#known.set(statement, known);
    }
    const key = valuesKey(statement, context);
    if (known.has(key)) return known.get(key);
    const ground = groundStatement(set, statement, resourceTypeOf(this.#action, set), context);
    const identified = ground === undefined ? undefined : this.#intern(ground);
    known.set(key, identified);
    return identified;
  }

  /** Equal globs become one object, so that later steps compare by identity. */
  #intern({ statement, conjuncts }: GroundStatement): Identified {
    const interned = conjuncts.map(({ globs, negated }) => ({ globs: globs.map((glob) => this.#glob(glob)), negated }));
    const parts = interned.map(({ globs, negated }) => `${negated}${globs.map((glob) => this.#numbers.get(glob)).join(',')}`);
    const text = `${statement.effect}${parts.join('&')}`;
    const id = this.#ids.get(text) ?? this.#ids.size;
    this.#ids.set(text, id);
    return { statement, conjuncts: interned, id };
  }

  #glob(glob: Glob): Glob {
    const key = glob.join();
    const known = this.#globs.get(key);
    if (known !== undefined) return known;
    this.#globs.set(key, glob);
    this.#numbers.set(glob, this.#numbers.size);
    return glob;
  }
}

function valuesKey(statement: CompiledStatement, context: PlannedContext): string {
  if (statement.keys.length === 0) return '';
  const values = statement.keys.map((key) => (context.self.has(key) ? [true] : context.lookup(key)));
  const atoms = statement.conditions.filter((one) => one.family === 'unknown').map((one) => context.lookup(unknownAtom(one)));
  return JSON.stringify([...values, ...atoms]);
}
