import type { ActionInfo } from './actions.ts';
import { type CompiledStatement, type PolicySet, partsOf, takesInAll } from './compile.ts';
import { type ContextClass, contextAt, type PlannedContext } from './context-class.ts';
import { type ContextPlan, type ContextQuestion, planContexts } from './contexts.ts';
import { resourceTypeOf } from './evaluate.ts';
import { STAR } from './glob.ts';
import { type ConnectReader, Grounder, type GroundReader, type Identified } from './grounder.ts';
import type { Budget } from './inclusion.ts';
import { findNewName, matchesName, type NewNameProblem } from './obligations.ts';
import { nameItems } from './patterns.ts';
import { keys, normaliseKey } from './request.ts';
import type { Template } from './template.ts';
import type { UndecidedCause } from './undecided.ts';
import { type Step, type WalkResult, walkContexts } from './walk.ts';
import type { Found } from './witness.ts';

/** Both directions of one action. */
export interface ActionDifference {
  readonly gained: readonly Found[];
  readonly lost: readonly Found[];
  /** Why some search came to no end; empty when all did. */
  readonly undecided: readonly UndecidedCause[];
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

export const noDifference: ActionDifference = { gained: [], lost: [], undecided: [], testedValuesOnly: false };

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
const clientId = normaliseKey(keys.clientId);

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

/** Search nodes for a question that is not complete yet: whether it is settled early is worth little effort. */
const trialBudget = 2_000;

/** What is asked in one context, as far as its statements have been read. */
interface Question {
  readonly allow: Identified | undefined;
  readonly deny: Identified | undefined;
  readonly allows: readonly Identified[];
  readonly denies: readonly Identified[];
  readonly signature: string;
}

type Answer = 'covered' | 'exceeded' | { readonly word: string };

/** Answers by signature. */
type Answers = Map<string, Answer>;

const alwaysConnects: ConnectReader = { reads: [], at: () => true };

function grantStep({ reads, at }: GroundReader): Step<Question> {
  return {
    reads,
    take(question, digits) {
      const allow = at(digits);
      return allow && { ...question, allow, signature: `${question.signature} ${allow.id}` };
    },
  };
}

function denyStep({ reads, at }: GroundReader, connects: ConnectReader): Step<Question> {
  return {
    reads: union(reads, connects.reads),
    take(question, digits) {
      const deny = connects.at(digits) ? at(digits) : undefined;
      return deny && { ...question, deny, signature: `${question.signature} ${deny.id}` };
    },
  };
}

/** A statement that the name must escape. The shortest name that escaped the statements before stays the shortest if it escapes this one. */
function escapeStep(
  list: 'allows' | 'denies',
  { reads, at }: GroundReader,
  connects: ConnectReader,
  answers: Answers,
): Step<Question> {
  return {
    reads: union(reads, connects.reads),
    take(question, digits) {
      const ground = connects.at(digits) ? at(digits) : undefined;
      if (ground === undefined || question[list].some((one) => one.id === ground.id)) return question;
      const signature = `${question.signature};${ground.id}`;
      const answer = answers.get(question.signature);
      if (typeof answer === 'object' && !answers.has(signature) && !matchesName(ground, answer.word))
        answers.set(signature, answer);
      return { ...question, [list]: [...question[list], ground], signature };
    },
  };
}

function union(a: readonly number[], b: readonly number[]): readonly number[] {
  return b.length === 0 ? a : [...new Set([...a, ...b])];
}

function answerTo(question: Question, one: ContextClass, budget: Budget, answers: Answers): Answer {
  const known = answers.get(question.signature);
  if (known !== undefined && known !== 'exceeded') return known;
  const { allow, ...rest } = question;
  if (allow === undefined) throw new RangeError('a question without its Allow');
  const problem: NewNameProblem = { allow, ...rest };
  const result = findNewName(problem, one.valid, budget);
  const answer = result.kind === 'word' ? { word: result.word } : result.kind;
  answers.set(question.signature, answer);
  return answer;
}

class ActionComparison {
  readonly #input: ActionInput;
  readonly #plan: ContextPlan;
  readonly #grounder: Grounder;
  readonly #partsOf = new Map<CompiledStatement, readonly CompiledStatement[]>();
  readonly #undecided = new Set<UndecidedCause>();
  #testedValuesOnly = false;

  constructor(input: ActionInput, plan: ContextPlan) {
    this.#input = input;
    this.#plan = plan;
    this.#grounder = new Grounder(input.budget);
  }

  run(from: readonly CompiledStatement[], to: readonly CompiledStatement[]): ActionDifference {
    const before = { set: this.#input.before, statements: from };
    const after = { set: this.#input.after, statements: to };
    const [gained, lost] = [this.#direction(before, after), this.#direction(after, before)];
    return {
      gained,
      lost,
      undecided: [...this.#undecided],
      testedValuesOnly: this.#testedValuesOnly,
    };
  }

  #direction(from: Side, to: Side): Found[] {
    const out: Found[] = [];
    if (!this.#canConnect(to.set)) return out;
    const bears = (statement: CompiledStatement): boolean => this.#bears(statement);
    const denies = from.statements.filter((statement) => statement.effect === 'Deny').filter(bears);
    for (const allow of to.statements.filter(isAllow).filter(bears)) {
      const parts = this.#parts(allow);
      for (const deny of [undefined, ...denies.flatMap((one) => this.#parts(one))]) {
        const found = parts.flatMap((part) => this.#search({ allow: part, deny }, from, to) ?? []);
        const [best] = found.sort((a, b) => a.name.length - b.name.length);
        if (best === undefined) continue;
        out.push(best);
        break;
      }
    }
    return out;
  }

  #bears(statement: CompiledStatement): boolean {
    return this.#plan.bears(statement, resourceTypeOf(this.#input.action, this.#input.before));
  }

  /** Those of the set's statements that can have a say in whether some client connects. */
  #connectStatements(set: PolicySet): CompiledStatement[] {
    return (set.byAction.get(connectName) ?? []).filter((one) => this.#plan.bears(one, 'client'));
  }

  /** Whether plainly every client may connect: an Allow without condition takes in all of them, and no Deny bears on any. */
  #connectsAlways(set: PolicySet): boolean {
    const statements = this.#connectStatements(set);
    const whole = (template: Template): boolean =>
      nameItems(set, template, 'client').some(
        (items) =>
          items.length === 1 && (items[0] === STAR || (typeof items[0] === 'object' && items[0].key === clientId)),
      );
    return (
      statements.every(isAllow) &&
      statements.some((one) => !one.negated && one.conditions.length === 0 && one.resources.some(whole))
    );
  }

  /** False where only sessions count and no statement of the set lets any client connect. */
  #canConnect(set: PolicySet): boolean {
    return !this.#input.sessions || this.#connectStatements(set).some(isAllow);
  }

  #parts(statement: CompiledStatement): readonly CompiledStatement[] {
    const parts = this.#partsOf.get(statement) ?? partsOf(statement);
    this.#partsOf.set(statement, parts);
    return parts;
  }

  /** Whether a statement that stands on both sides, or a wider one, leaves the task nothing to find in any context. */
  #isIdle({ allow, deny }: Task, from: Side, to: Side): boolean {
    if (deny !== undefined) return to.statements.some((one) => !isAllow(one) && takesInAll(one, deny));
    const { before, after, sessions } = this.#input;
    if (sessions && !sameConnect(before, after)) return false;
    return from.statements.some((one) => isAllow(one) && takesInAll(one, allow));
  }

  #search(task: Task, from: Side, to: Side): Found | undefined {
    if (this.#isIdle(task, from, to)) return undefined;
    if (this.#input.budget.left < 0) {
      this.#undecided.add('budget');
      return undefined;
    }
    const list = this.#plan.contextsFor(this.#question(task, from, to));
    this.#testedValuesOnly ||= !list.exhaustive;
    if (list.leftOut !== undefined) this.#undecided.add(list.leftOut);
    const cast: Cast = {
      ...task,
      allows: task.deny === undefined ? from.statements.filter(isAllow).filter((one) => this.#bears(one)) : [],
      denies: to.statements.filter((one) => !isAllow(one) && this.#bears(one)),
    };
    const answers: Answers = new Map();
    for (const one of list.classes) {
      const result = this.#walk(cast, { from, to }, one, answers);
      if (result.kind === 'found') return result.result;
      if (result.kind === 'nothing') continue;
      this.#undecided.add(result.by);
      return undefined;
    }
    return undefined;
  }

  /** Looks through the contexts of one class: first what the request must match, then what it must not. */
  #walk(
    cast: Cast,
    { from, to }: { readonly from: Side; readonly to: Side },
    one: ContextClass,
    answers: Answers,
  ): WalkResult<Found> {
    const { action, budget, sessions } = this.#input;
    const reader = (side: Side, statement: CompiledStatement): GroundReader =>
      this.#grounder.reader(statement, { set: side.set, type: resourceTypeOf(action, side.set), one });
    const connects = (side: Side): ConnectReader =>
      sessions && !this.#connectsAlways(side.set)
        ? this.#grounder.connects(side.set, this.#connectStatements(side.set), one)
        : alwaysConnects;
    const [fromConnects, toConnects] = [connects(from), connects(to)];
    const { allow, deny } = cast;
    const first: Step<Question>[] = [
      grantStep(reader(to, allow)),
      { reads: toConnects.reads, take: (state, digits) => (toConnects.at(digits) ? state : undefined) },
      ...(deny === undefined ? [] : [denyStep(reader(from, deny), fromConnects)]),
    ];
    const narrowing = [
      ...cast.denies.map((statement) => escapeStep('denies', reader(to, statement), alwaysConnects, answers)),
      ...cast.allows.map((statement) => escapeStep('allows', reader(from, statement), fromConnects, answers)),
    ];
    let exceeded = false;
    budget.left -= 1;
    const result = walkContexts<Question, Found>({
      one,
      // Answers are shared by classes with the same names; on Connect a client that is the thing has a narrower choice of them.
      start: { allow: undefined, deny: undefined, allows: [], denies: [], signature: [...one.self].join() },
      first,
      narrowing,
      mayFind: (question) => {
        if (question.deny === undefined && question.allows.length + question.denies.length === 0) return true;
        const trial: Budget = { left: Math.min(budget.left, trialBudget) };
        const before = trial.left;
        const answer = answerTo(question, one, trial, answers);
        budget.left -= before - trial.left;
        return answer !== 'covered';
      },
      end: (question, digits) => {
        const answer = answerTo(question, one, budget, answers);
        if (answer === 'covered') return undefined;
        if (answer !== 'exceeded') return this.#found(answer.word, contextAt(one, digits));
        exceeded = true;
        return undefined;
      },
      spend: () => {
        budget.left -= 1;
        return !exceeded && budget.left >= 0;
      },
    });
    return exceeded && result.kind === 'nothing' ? { kind: 'stopped', by: 'budget' } : result;
  }

  /** A NotResource statement that the name must escape stands on the left: it is escaped by matching what it excepts. */
  #question(task: Task, from: Side, to: Side): ContextQuestion {
    const denies = to.statements.filter((one) => !isAllow(one));
    const others = (task.deny === undefined ? [...denies, ...from.statements.filter(isAllow)] : denies).filter((one) =>
      this.#bears(one),
    );
    const left = [task.allow, ...(task.deny === undefined ? [] : [task.deny]), ...others.filter((one) => one.negated)];
    return { left, right: others.filter((one) => !one.negated) };
  }

  #found(name: string, context: PlannedContext): Found {
    const { action, sessions } = this.#input;
    return { action, name, context, spelling: this.#plan.spelling, sessions };
  }
}
