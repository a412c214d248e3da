import type { Alphabet } from './alphabet.ts';
import { dead, lazyMachine, type Machine } from './machine.ts';

/**
 * Where a filter can stand while a topic is read: `text` follows it letter by letter, `plus` has read a `+` and skips to the
 * end of the level, `all` has read a final `#`. `rest` is the state of the filter machine.
 */
interface Branch {
  readonly mode: 'text' | 'plus' | 'all';
  readonly rest: number;
}

interface BranchSet {
  readonly branches: readonly Branch[];
  /** Before the first letter: wildcards at the first level do not reach topics that begin with `$`. */
  readonly first: boolean;
}

const branchKey = (branch: Branch): string => `${branch.mode[0]}${branch.rest}`;

/**
 * The topics that some filter of `filters` matches, by running the filter machine along the topic and guessing at the start of
 * each level whether the filter has `+` or `#` there. Linear in the filter machine per letter; no filter is enumerated.
 * AWS's rules: `a/#` does not match `a`, and a wildcard at the first level skips topics that begin with `$`.
 */
export function matchedTopics(filters: Machine, alphabet: Alphabet, wildcardSkipsDollar = true): Machine {
  const [plus, hash, slash, dollar] = ['+', '#', '/', '$'].map((char) => alphabet.index(char.codePointAt(0) ?? 0));
  const levelStart = (rest: number): Branch[] => {
    const out: Branch[] = [{ mode: 'text', rest }];
    const afterPlus = filters.step(rest, plus!);
    if (afterPlus !== dead) out.push({ mode: 'plus', rest: afterPlus });
    const afterHash = filters.step(rest, hash!);
    if (filters.accepts(afterHash)) out.push({ mode: 'all', rest: 0 });
    return out;
  };
  const move = (branch: Branch, letter: number): Branch[] => {
    if (branch.mode === 'all') return [branch];
    if (branch.mode === 'plus' && letter !== slash) return [branch];
    const rest = filters.step(branch.rest, letter);
    if (rest === dead) return [];
    return letter === slash ? levelStart(rest) : [{ mode: 'text', rest }];
  };
  return lazyMachine<BranchSet>({
    alphabet,
    start: filters.start === dead ? undefined : { branches: levelStart(filters.start), first: true },
    key: (set) => (set.first ? '^' : '') + set.branches.map(branchKey).join(','),
    step(set, letter) {
      const from =
        set.first && letter === dollar && wildcardSkipsDollar
          ? set.branches.filter((branch) => branch.mode === 'text')
          : set.branches;
      const next = new Map<string, Branch>();
      for (const branch of from) for (const moved of move(branch, letter)) next.set(branchKey(moved), moved);
      if (next.size === 0) return undefined;
      // Behind a final # everything is matched; the other branches can add nothing.
      const all = next.get('a0');
      const branches = all === undefined ? [...next.keys()].sort().map((key) => next.get(key)!) : [all];
      return { branches, first: false };
    },
    all: (set) => !set.first && set.branches.some((branch) => branch.mode === 'all'),
    accepts: (set) =>
      !set.first && set.branches.some((branch) => branch.mode === 'all' || filters.accepts(branch.rest)),
    // Topics and filters have one bound.
    maxBytes: filters.maxBytes,
  });
}
