import type { ManifestProblem } from './types.ts';

/** Collects problems up to a bound and counts the rest: a tree of a million mistakes must not fill the memory. */
export interface ProblemList {
  add(problem: ManifestProblem): void;
  /** Whether another problem would be kept; when not, its position need not be worked out. */
  hasRoom(severity: ManifestProblem['severity']): boolean;
  result(fileOrder: ReadonlyMap<string, number>): ProblemResult;
}

export interface ProblemResult {
  readonly errors: readonly ManifestProblem[];
  readonly warnings: readonly ManifestProblem[];
  readonly errorCount: number;
  readonly warningCount: number;
}

export function createProblemList(limit: number): ProblemList {
  const kept = { error: [] as ManifestProblem[], warning: [] as ManifestProblem[] };
  const counts = { error: 0, warning: 0 };
  return {
    add: (problem) => {
      counts[problem.severity] += 1;
      if (kept[problem.severity].length < limit) kept[problem.severity].push(problem);
    },
    hasRoom: (severity) => kept[severity].length < limit,
    result: (fileOrder) => ({
      errors: inOrder(kept.error, fileOrder),
      warnings: inOrder(kept.warning, fileOrder),
      errorCount: counts.error,
      warningCount: counts.warning,
    }),
  };
}

function inOrder(problems: readonly ManifestProblem[], order: ReadonlyMap<string, number>): readonly ManifestProblem[] {
  const rank = (problem: ManifestProblem) => order.get(problem.file) ?? -1;
  return problems.toSorted((a, b) => rank(a) - rank(b) || a.line - b.line || a.column - b.column);
}
