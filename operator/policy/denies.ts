import { actionTable } from './actions.ts';
import type { CompiledStatement, PolicySet } from './compile.ts';
import type { Budget } from './inclusion.ts';
import { perKindOfAction } from './raw.ts';

export interface DenyDifference {
  readonly addsDeny: boolean;
  readonly dropsDeny: boolean;
}

/**
 * Compares what the two sides deny outright. Matters beside other attached policies: there a Deny that is superfluous here takes
 * something away, and its removal gives something back. What cannot be decided counts as different.
 */
export function denySets(before: PolicySet, after: PolicySet, budget: Budget): DenyDifference {
  const old = deniesAsAllows(before);
  const next = deniesAsAllows(after);
  const compareOne = perKindOfAction(old, next, budget);
  let addsDeny = false;
  let dropsDeny = false;
  for (const action of actionTable) {
    const difference = compareOne(action, false);
    const isOpen = difference.undecided.length > 0;
    addsDeny ||= isOpen || difference.gained.length > 0;
    dropsDeny ||= isOpen || difference.lost.length > 0;
    if (addsDeny && dropsDeny) break;
  }
  return { addsDeny, dropsDeny };
}

function deniesAsAllows(set: PolicySet): PolicySet {
  const flipped = (statements: readonly CompiledStatement[]): CompiledStatement[] =>
    statements.flatMap((statement) =>
      statement.effect === 'Deny' ? [{ ...statement, effect: 'Allow' as const }] : [],
    );
  return {
    ...set,
    statements: flipped(set.statements),
    byAction: new Map([...set.byAction].map(([name, statements]) => [name, flipped(statements)])),
  };
}
