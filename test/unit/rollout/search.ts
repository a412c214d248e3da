/** What an explicit-state model is asked for while it is searched, exhaustively and breadth first. */
export interface Searched<State> {
  readonly first: State;
  /** States that are alike in what matters have one key. */
  keyOf(state: State): string;
  /** What may happen next, by name; the third says that this very step is wrong. */
  successors(state: State): Iterable<readonly [label: string, next: State, wrong?: string | undefined]>;
  violated(state: State): string | undefined;
  /** How it ended, asked of each state that is reached; `moves`: it has successors other than the passing of time. */
  ending(state: State, moves: boolean): string | undefined;
}

export interface Found {
  readonly states: number;
  /** The first three, each with the steps that lead to it. */
  readonly violations: readonly string[];
  readonly endings: ReadonlySet<string>;
}

const MOST_TOLD = 600;
const MOST_VIOLATIONS = 3;

export function search<State>({ first, keyOf, successors, violated, ending }: Searched<State>): Found {
  const seen = new Set([keyOf(first)]);
  const queue: { readonly state: State; readonly path: string }[] = [{ state: first, path: '' }];
  const violations: string[] = [];
  const endings = new Set<string>();
  for (let index = 0; index < queue.length; index += 1) {
    const { state, path } = queue[index]!;
    queue[index] = undefined as never;
    let moves = false;
    for (const [label, next, wrong] of successors(state)) {
      moves ||= label !== 'tick';
      const told = path.length > MOST_TOLD ? path : `${path} → ${label}`;
      const problem = wrong ?? violated(next);
      if (problem !== undefined) violations.push(`${told}: ${problem}`);
      if (violations.length >= MOST_VIOLATIONS) return { states: seen.size, violations, endings };
      const id = keyOf(next);
      if (seen.has(id)) continue;
      seen.add(id);
      queue.push({ state: next, path: told });
    }
    const end = ending(state, moves);
    if (end !== undefined) endings.add(end);
  }
  return { states: seen.size, violations, endings };
}
