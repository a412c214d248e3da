import { existsSync, readFileSync } from 'node:fs';

/** What this uses of Stryker's JSON report (mutation-testing-report-schema). */
export interface MutationReport {
  readonly files: Readonly<Record<string, { readonly source: string; readonly mutants: readonly Mutant[] }>>;
}

export interface Place {
  readonly line: number;
  readonly column: number;
}

export interface Mutant {
  readonly replacement?: string;
  readonly location: { readonly start: Place; readonly end: Place };
  readonly status: string;
}

/** A mutant by its text, which outlives shifts of lines: the code as it stands and as it was changed, white space collapsed. */
export interface Change {
  readonly code: string;
  readonly changed: string;
}

/** Why a mutant that no test kills is no gap in the tests. */
export const kinds = [
  /** No input leads to a difference: a default behind an index that exists, a branch that types rule out. */
  'cannot occur',
  /** A shortcut: without it the answer is the same and comes later. */
  'shortcut',
  /** More is tried than is needed; what is found that way is judged like everything else. */
  'tries more',
  /** Which of several right witnesses, names or orders is shown. */
  'free choice',
  /** Where exactly the search gives up, or how much a step costs. */
  'budget',
  /** Every witness is judged again before it is shown; a wrong one is thrown away there and never becomes a verdict. */
  'caught behind',
] as const;

export interface Explanation {
  readonly kind: (typeof kinds)[number];
  readonly why: string;
  readonly mutants: readonly Change[];
}

export interface Judgement {
  readonly killed: number;
  readonly unreached: number;
  /** Explained survivors by kind. */
  readonly kinds: Readonly<Record<string, number>>;
  readonly unexplained: readonly { readonly line: number; readonly change: Change }[];
  /** Explained, but killed or gone by now. */
  readonly stale: readonly Change[];
}

/** Compares the mutants of one file that survived or that no test reached with its list of explanations. */
export function judge(mutants: readonly Mutant[], source: string, explanations: readonly Explanation[]): Judgement {
  const list = new Map<string, { kind: string; left: number; change: Change }>();
  for (const { kind, mutants: changes } of explanations)
    for (const change of changes) {
      const key = keyOf(change);
      const known = list.get(key);
      if (known === undefined) list.set(key, { kind, left: 1, change });
      else known.left += 1;
    }
  const counts: Record<string, number> = {};
  const unexplained: { line: number; change: Change }[] = [];
  const alive = mutants.filter(isAlive);
  for (const mutant of alive) {
    const change = changeOf(mutant, source);
    const explained = list.get(keyOf(change));
    if (explained === undefined || explained.left === 0) unexplained.push({ line: mutant.location.start.line, change });
    else {
      explained.left -= 1;
      counts[explained.kind] = (counts[explained.kind] ?? 0) + 1;
    }
  }
  return {
    killed: mutants.filter((one) => !isAlive(one) && one.status !== 'Ignored').length,
    unreached: alive.filter(({ status }) => status === 'NoCoverage').length,
    kinds: counts,
    unexplained,
    stale: [...list.values()].filter(({ left }) => left > 0).map(({ change }) => change),
  };
}

/** The list for a source file: `operator/policy/lint/rules.ts` has `explained/lint/rules.json`. */
export function readExplanations(file: string): readonly Explanation[] {
  const name = file.replace(/^operator\/policy\//, '').replace(/\.ts$/, '.json');
  const place = new URL(`explained/${name}`, import.meta.url);
  return existsSync(place) ? JSON.parse(readFileSync(place, 'utf8')) : [];
}

export function isAlive({ status }: Mutant): boolean {
  return status === 'Survived' || status === 'NoCoverage';
}

function keyOf({ code, changed }: Change): string {
  return `${code}\n${changed}`;
}

export function changeOf({ location: { start, end }, replacement = '' }: Mutant, source: string): Change {
  const lines = source.split('\n').slice(start.line - 1, end.line);
  const first = lines[0] ?? '';
  const last = lines.at(-1) ?? '';
  const changed = first.slice(0, start.column - 1) + replacement + last.slice(end.column - 1);
  return { code: collapsed(lines.length > 1 ? `${first} … ${last.trim()}` : first), changed: collapsed(changed) };
}

function collapsed(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}
