import type { ContextClass, Digits } from './context-class.ts';

/** One statement's part in a search through contexts. */
export interface Step<State> {
  /** Choices, by index, whose values the step looks at. */
  readonly reads: readonly number[];
  /** What is known behind the step; undefined: under these values nothing can be found, whatever the others are. */
  readonly take: (state: State, digits: Digits) => State | undefined;
}

export interface WalkState {
  /** Equal for states that know the same. */
  readonly signature: string;
}

export interface Walk<State extends WalkState, Result> {
  readonly one: ContextClass;
  readonly start: State;
  /** Steps that say what may be found at all, in this order. */
  readonly first: readonly Step<State>[];
  /** Steps that take something away each; walked in the order that multiplies the fewest values. */
  readonly narrowing: readonly Step<State>[];
  /** False when nothing is left to be found, whatever the steps to come take away. Asked behind the first steps, before values are multiplied. */
  readonly mayFind: (state: State) => boolean;
  /** All steps are taken; undefined: nothing found here. */
  readonly end: (state: State, digits: Digits) => Result | undefined;
  /** Spends one unit of the budget; false when there is none left. */
  readonly spend: () => boolean;
}

/** Combinations of values that one walk looks at; each costs a few microseconds. */
export const maxCombinations = 200_000;

export type WalkResult<Result> =
  | { readonly kind: 'found'; readonly result: Result }
  /** No context of the class gives a result. */
  | { readonly kind: 'nothing' }
  /** Not all contexts could be looked at. */
  | { readonly kind: 'stopped'; readonly by: 'budget' | 'combinations' };

/**
 * Searches the contexts of a class, statement by statement: values are chosen only when a statement reads them, so that one that settles
 * the matter early settles it for all values of the other keys. Two ways to the same state that agree in the values still to be read are one.
 */
export function walkContexts<State extends WalkState, Result>(walk: Walk<State, Result>): WalkResult<Result> {
  return new Walker(walk).run();
}

interface PlannedStep<State> {
  /** Whether it can only take away, and all before it that can add has been read. */
  readonly narrows: boolean;
  readonly take: Step<State>['take'];
  /** Choices with several values that no earlier step reads. */
  readonly fresh: readonly number[];
  /** Choices that are settled before and looked at here or later. */
  readonly open: readonly number[];
}

class Walker<State extends WalkState, Result> {
  readonly #walk: Walk<State, Result>;
  readonly #steps: readonly PlannedStep<State>[];
  readonly #digits: Digits;
  readonly #seen: readonly Set<string>[];
  #combinations = 0;
  #stopped = false;

  constructor(walk: Walk<State, Result>) {
    this.#walk = walk;
    this.#steps = planned(walk);
    this.#digits = new Int32Array(walk.one.choices.length);
    this.#seen = this.#steps.map(() => new Set<string>());
  }

  run(): WalkResult<Result> {
    const result = this.#visit(0, this.#walk.start);
    if (result !== undefined) return { kind: 'found', result };
    if (!this.#stopped) return { kind: 'nothing' };
    return { kind: 'stopped', by: this.#combinations > maxCombinations ? 'combinations' : 'budget' };
  }

  #visit(index: number, state: State): Result | undefined {
    const step = this.#steps[index];
    if (step === undefined) return this.#walk.end(state, this.#digits);
    if (step.fresh.length === 0) {
      const next = step.take(state, this.#digits);
      return next === undefined ? undefined : this.#visit(index + 1, next);
    }
    if (this.#wasHere(index, step, state)) return undefined;
    if (step.narrows && !this.#walk.mayFind(state)) return undefined;
    for (const choice of step.fresh) this.#digits[choice] = 0;
    do {
      this.#combinations += 1;
      if (this.#combinations > maxCombinations || !this.#walk.spend()) {
        this.#stopped = true;
        return undefined;
      }
      const next = step.take(state, this.#digits);
      const result = next === undefined ? undefined : this.#visit(index + 1, next);
      if (result !== undefined || this.#stopped) return result;
    } while (this.#advance(step.fresh));
    for (const choice of step.fresh) this.#digits[choice] = 0;
    return undefined;
  }

  #wasHere(index: number, { open }: PlannedStep<State>, { signature }: State): boolean {
    let key = signature;
    for (const choice of open) key += `,${this.#digits[choice]}`;
    const seen = this.#seen[index];
    if (seen === undefined || seen.has(key)) return seen !== undefined;
    seen.add(key);
    return false;
  }

  #advance(fresh: readonly number[]): boolean {
    for (const choice of fresh) {
      const next = (this.#digits[choice] ?? 0) + 1;
      if (next < (this.#walk.one.choices[choice]?.values.length ?? 0)) {
        this.#digits[choice] = next;
        return true;
      }
      this.#digits[choice] = 0;
    }
    return false;
  }
}

function planned<State extends WalkState, Result>(walk: Walk<State, Result>): PlannedStep<State>[] {
  const valuesOf = (choice: number): number => walk.one.choices[choice]?.values.length ?? 1;
  const settled = new Set<number>();
  const chosen: { step: Step<State>; fresh: readonly number[]; settled: readonly number[] }[] = [];
  const put = (step: Step<State>): void => {
    const fresh = step.reads.filter((choice) => !settled.has(choice) && valuesOf(choice) > 1);
    chosen.push({ step, fresh: fresh.sort((a, b) => a - b), settled: [...settled] });
    for (const choice of fresh) settled.add(choice);
  };
  for (const step of walk.first) put(step);
  const size = (step: Step<State>): number =>
    step.reads.reduce((product, choice) => (settled.has(choice) ? product : product * valuesOf(choice)), 1);
  const rest = [...walk.narrowing];
  while (rest.length > 0) {
    const sizes = rest.map(size);
    const [best] = rest.splice(sizes.indexOf(Math.min(...sizes)), 1);
    if (best !== undefined) put(best);
  }
  return chosen.map(({ step, fresh, settled: before }, index) => {
    const later = new Set(chosen.slice(index).flatMap((one) => one.step.reads));
    return {
      narrows: index >= walk.first.length,
      take: step.take,
      fresh,
      open: before.filter((choice) => later.has(choice)),
    };
  });
}
