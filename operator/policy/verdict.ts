import type { StatementRef } from './document.ts';
import type { Request } from './request.ts';

/** `after` against `before`. */
export type Verdict = 'equivalent' | 'tightens' | 'widens' | 'incomparable';

/**
 * raw: each request alone. session: publish, subscribe and receive count only where the same policies let the client connect.
 * delivery: Connect, Publish and RetainPublish as raw, and instead of Subscribe and Receive the topics that arrive.
 */
export type Level = 'raw' | 'session' | 'delivery';

/** A request that one side allows and the other does not; checked with the evaluator before it is handed out. */
export interface Witness extends Request {
  /** The Allow that grants it on the side that allows it. */
  readonly allowedBy: StatementRef;
  /** The Deny that keeps it away on the other side; undefined when nothing there allows it (or the client cannot connect). */
  readonly deniedBy: StatementRef | undefined;
  /** On level delivery: a filter that brings the topic. */
  readonly filter?: string;
  /** Truth given to conditions whose operator is not known. */
  readonly assuming?: readonly string[];
}

/** An action of which a side may allow more, or less, than the witnesses show. */
export interface IncompleteAction {
  readonly action: string;
  /** Why its search was not exact, and what can be done about it where something can; a sentence or two. */
  readonly because: string;
}

export interface Comparison {
  readonly level: Level;
  /** `undecided` when the budget ran out or the values to try were too many: a gate must take it for a mixed change. */
  readonly verdict: Verdict | 'undecided';
  /** Why the verdict is `undecided` and what can be done about it, each a sentence or two; empty for every other verdict. */
  readonly undecidedBecause: readonly string[];
  /** Allowed after, not before: at most one witness per action and granting statement. Shortest names. */
  readonly gained: readonly Witness[];
  /** Allowed before, not after. */
  readonly lost: readonly Witness[];
  /**
   * The actions of which `gained` and `lost` may lack something: witnesses of others can settle the verdict when the search for these
   * has come to no end, or has tried values only. Empty where the lists name every action that differs.
   */
  readonly incomplete: readonly IncompleteAction[];
  /** What the verdict rests on beside the documents, each a sentence; empty when it rests on nothing else. */
  readonly assumptions: readonly string[];
  /** No proof covers the values tried for the variables (two variables in one level, too many patterns for one key). */
  readonly testedValuesOnly: boolean;
  /** The new side denies something that the old one did not deny: other attached policies may lose by it. */
  readonly addsDeny: boolean;
  /** The old side denied something that the new one does not: other attached policies may gain by it. */
  readonly dropsDeny: boolean;
}

/** A verdict out of the two directions. */
export function verdictOf(gained: boolean, lost: boolean): Verdict {
  if (gained) return lost ? 'incomparable' : 'widens';
  return lost ? 'tightens' : 'equivalent';
}

/** What a gate must reckon with: anything that is not certain counts as both. */
export function worstCase(comparison: Comparison): { readonly mayWiden: boolean; readonly mayTighten: boolean } {
  const certain =
    comparison.verdict !== 'undecided' && comparison.assumptions.length === 0 && !comparison.testedValuesOnly;
  return {
    mayWiden: !certain || comparison.verdict === 'widens' || comparison.verdict === 'incomparable',
    mayTighten: !certain || comparison.verdict === 'tightens' || comparison.verdict === 'incomparable',
  };
}
