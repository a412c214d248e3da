import { actionTable } from './actions.ts';
import { canonicalText } from './canonical.ts';
import { compilePolicies, type PolicySet, unknownActions } from './compile.ts';
import { compareDelivery } from './delivery.ts';
import { denySets } from './denies.ts';
import type { PolicyDocument } from './document.ts';
import type { Budget } from './inclusion.ts';
import { type GivenOptions, withDefaults } from './options.ts';
import { prettier } from './prettier.ts';
import { type ActionDifference, perKindOfAction } from './raw.ts';
import { readingsThatMatter, untestedAssumptions } from './readings.ts';
import { isKnownVariable } from './template.ts';
import { type UndecidedCause, undecidedReasons, valuesTriedReason } from './undecided.ts';
import { type Comparison, type IncompleteAction, type Level, verdictOf, type Witness } from './verdict.ts';
import { confirm, type Found } from './witness.ts';

export interface CompareOptions extends GivenOptions {
  /** Default `raw`. */
  readonly level?: Level;
  /** Whether to look for switches (undocumented behaviour) on which the verdict hangs. Default true; costs one comparison per switch. */
  readonly probeSwitches?: boolean;
}

/**
 * Compares what a principal may do under `after` with what it may do under `before`. Exact unless the result says otherwise
 * (`undecided`, `testedValuesOnly`, `assumptions`). Never throws on documents that the parser accepted.
 */
export function compare(
  before: readonly PolicyDocument[],
  after: readonly PolicyDocument[],
  given: CompareOptions = {},
): Comparison {
  const { level = 'raw', probeSwitches = true, ...rest } = given;
  const options = withDefaults(rest);
  const result = compareSets(compilePolicies(before, options), compilePolicies(after, options), level);
  const assumptions = [...result.assumptions];
  if (probeSwitches && !identical(before, after))
    assumptions.push(...untestedAssumptions([...before, ...after], level));
  if (probeSwitches)
    for (const reading of readingsThatMatter([...before, ...after], options, level)) {
      const other = compareSets(
        compilePolicies(before, reading.options),
        compilePolicies(after, reading.options),
        level,
      );
      if (other.verdict !== result.verdict)
        assumptions.push(
          `${reading.question} If not as assumed, the verdict is "${other.verdict}" (switch ${reading.name}).`,
        );
    }
  return { ...result, assumptions };
}

/** The same texts on both sides: no reading of anything can tell them apart. */
function identical(before: readonly PolicyDocument[], after: readonly PolicyDocument[]): boolean {
  const texts = (documents: readonly PolicyDocument[]): string => documents.map(canonicalText).sort().join('\n');
  return texts(before) === texts(after);
}

const deliveryActions = new Set(['iot:Connect', 'iot:Publish', 'iot:RetainPublish']);
const sessionActions = new Set(['iot:Publish', 'iot:RetainPublish', 'iot:Subscribe', 'iot:Receive']);

/** `compare` for sets that are compiled already; looks at no other reading of the switches. Takes what it uses from the budget. */
export function compareSets(
  before: PolicySet,
  after: PolicySet,
  level: Level,
  budget: Budget = { left: before.options.budget },
): Comparison {
  const state = new Collector(before, after);
  const compareOne = perKindOfAction(before, after, budget);
  for (const action of actionTable) {
    if (level === 'delivery' && !deliveryActions.has(action.name)) continue;
    state.take(action.name, compareOne(action, level === 'session' && sessionActions.has(action.name)));
  }
  if (level === 'delivery') state.takeDelivery(compareDelivery(before, after, budget));
  const denies = denySets(before, after, budget);
  return { level, ...state.result(), ...denies };
}

class Collector {
  readonly #before: PolicySet;
  readonly #after: PolicySet;
  readonly #gained: Witness[] = [];
  readonly #lost: Witness[] = [];
  readonly #assumptions = new Set<string>();
  readonly #undecided = new Set<UndecidedCause>();
  readonly #incomplete: IncompleteAction[] = [];
  #testedValuesOnly = false;

  constructor(before: PolicySet, after: PolicySet) {
    this.#before = before;
    this.#after = after;
    const unknown = changedUnknownActions(before, after);
    if (unknown.length > 0)
      this.#assumptions.add(`The action table does not know ${unknown.join(', ')}; taken to grant a device nothing.`);
    for (const operator of unknownOperators([before, after]))
      this.#assumptions.add(`The condition operator ${operator} is not known; it was taken both ways.`);
    for (const name of unknownVariablesIn([before, after]))
      this.#assumptions.add(`AWS IoT documents no policy variable \${${name}}; taken never to resolve.`);
  }

  take(action: string, difference: ActionDifference): void {
    this.#doubt(action, difference);
    for (const found of difference.gained) this.#add(this.#gained, found, this.#after, this.#before);
    for (const found of difference.lost) this.#add(this.#lost, found, this.#before, this.#after);
  }

  takeDelivery(difference: ReturnType<typeof compareDelivery>): void {
    this.#doubt('iot:Receive', difference);
    this.#gained.push(...difference.gained);
    this.#lost.push(...difference.lost);
  }

  #doubt(action: string, { undecided, testedValuesOnly }: Pick<ActionDifference, 'undecided' | 'testedValuesOnly'>) {
    for (const cause of undecided) this.#undecided.add(cause);
    this.#testedValuesOnly ||= testedValuesOnly;
    const reasons = [...new Set(undecided)].map((cause) => undecidedReasons[cause]);
    if (testedValuesOnly) reasons.push(valuesTriedReason);
    if (reasons.length > 0) this.#incomplete.push({ action, because: reasons.join(' ') });
  }

  #add(list: Witness[], found: Found, allows: PolicySet, refuses: PolicySet): void {
    const witness = confirm(found, allows, refuses);
    if (witness === undefined) {
      this.#doubt(found.action.name, { undecided: ['disagreement'], testedValuesOnly: false });
      this.#assumptions.add(
        `Internal error: the search and the evaluator disagree on ${found.action.name} ${found.name}. Please report the two documents.`,
      );
    } else list.push(prettier(witness, found, allows, refuses));
  }

  result(): Omit<Comparison, 'level' | 'addsDeny' | 'dropsDeny'> {
    const verdict = verdictOf(this.#gained.length > 0, this.#lost.length > 0);
    // Both directions shown by witnesses: what was left undecided cannot change the answer.
    const certain = verdict === 'incomparable';
    const causes = certain ? [] : [...this.#undecided];
    return {
      verdict: causes.length > 0 ? 'undecided' : verdict,
      undecidedBecause: causes.map((cause) => undecidedReasons[cause]),
      gained: bySize(this.#gained),
      lost: bySize(this.#lost),
      incomplete: this.#incomplete,
      assumptions: [...this.#assumptions],
      testedValuesOnly: this.#testedValuesOnly && !certain,
    };
  }
}

function bySize(witnesses: readonly Witness[]): Witness[] {
  const size = (witness: Witness): number => witness.resource.length + Object.keys(witness.context).length * 4;
  return [...witnesses].sort((a, b) => size(a) - size(b));
}

function changedUnknownActions(before: PolicySet, after: PolicySet): string[] {
  const old = unknownActions(before.documents, before.options).sort();
  const next = unknownActions(after.documents, after.options).sort();
  return old.join() === next.join() ? [] : [...new Set([...old, ...next])];
}

function unknownOperators(sets: readonly PolicySet[]): string[] {
  const conditions = sets.flatMap((set) => set.statements.flatMap((statement) => statement.conditions));
  return [...new Set(conditions.filter((one) => one.family === 'unknown').map((one) => one.operator))];
}

function unknownVariablesIn(sets: readonly PolicySet[]): string[] {
  const templates = sets.flatMap((set) =>
    set.statements.flatMap((one) => [...one.resources, ...one.conditions.flatMap((condition) => condition.values)]),
  );
  const variables = templates.flatMap((template) => template.variables);
  return [...new Set(variables.filter((variable) => !isKnownVariable(variable.key)).map((variable) => variable.name))];
}
