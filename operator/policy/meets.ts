import { ANY, type Glob, normalise, STAR, takes } from './glob.ts';

/** Patterns whose languages together are the words that both patterns match; at most `limit`, `undefined` when there are more. */
export function meetGlobs(a: Glob, b: Glob, limit: number): Glob[] | undefined {
  const known = new Map<number, readonly (readonly number[])[]>();
  let tooMany = false;
  const from = (i: number, j: number): readonly (readonly number[])[] => {
    const key = i * (b.length + 1) + j;
    const found = known.get(key) ?? distinct(alternatives(i, j));
    tooMany ||= found.length > limit;
    const kept = found.slice(0, limit);
    known.set(key, kept);
    return kept;
  };
  const then = (token: number, rest: readonly (readonly number[])[]): number[][] =>
    rest.map((tokens) => [token, ...tokens]);
  const alternatives = (i: number, j: number): readonly (readonly number[])[] => {
    const [left, right] = [a[i], b[j]];
    if (left === undefined && right === undefined) return [[]];
    if (left === STAR && right === STAR) return then(STAR, [...from(i + 1, j), ...from(i, j + 1)]);
    if (left === STAR) return [...from(i + 1, j), ...(right === undefined ? [] : then(right, from(i, j + 1)))];
    if (right === STAR) return [...from(i, j + 1), ...(left === undefined ? [] : then(left, from(i + 1, j)))];
    const token = both(left, right);
    return token === undefined ? [] : then(token, from(i + 1, j + 1));
  };
  const found = from(0, 0).map(normalise);
  return tooMany ? undefined : found;
}

/** The token for letters that both take. */
function both(left: number | undefined, right: number | undefined): number | undefined {
  if (left === undefined || right === undefined) return undefined;
  if (left === ANY || left === right) return right;
  if (right === ANY) return left;
  if (right >= 0) return takes(left, right) ? right : undefined;
  return left >= 0 && takes(right, left) ? left : undefined;
}

function distinct(lists: readonly (readonly number[])[]): readonly (readonly number[])[] {
  return [...new Map(lists.map((tokens) => [normalise(tokens).join(), tokens])).values()];
}

export interface Meets {
  readonly globs: readonly Glob[];
  /** False where there were too many to list. */
  readonly complete: boolean;
}

/** More overlaps than this come only from many intricate patterns around one variable. */
const maxMeets = 64;

/** A pattern, and what it is an alternative of: a value matches at most one pattern of a kind for the sake of that kind. */
export interface Alternative {
  readonly glob: Glob;
  readonly of: string;
}

/** The patterns and the overlaps of two, three, … of different kinds: what a value must look like that has to match several at once. */
export function allMeets(patterns: readonly Alternative[]): Meets {
  const found = new Map<string, Glob>();
  const keyOf = (glob: Glob, kinds: readonly string[]): string => `${glob.join()} ${[...kinds].sort().join()}`;
  let complete = true;
  let layer = [
    ...new Map(patterns.map(({ glob, of }) => [keyOf(glob, [of]), { glob, kinds: [of] as readonly string[] }])),
  ];
  for (const [, { glob }] of layer) found.set(glob.join(), glob);
  while (layer.length > 0) {
    const next = new Map<string, { readonly glob: Glob; readonly kinds: readonly string[] }>();
    for (const [, one] of layer)
      for (const other of patterns) {
        if (one.kinds.includes(other.of)) continue;
        const met = meetGlobs(one.glob, other.glob, maxMeets);
        complete &&= met !== undefined;
        const kinds = [...one.kinds, other.of];
        for (const glob of met ?? []) {
          next.set(keyOf(glob, kinds), { glob, kinds });
          found.set(glob.join(), glob);
        }
        if (found.size > maxMeets || next.size > maxMeets) return { globs: [...found.values()], complete: false };
      }
    layer = [...next];
  }
  return { globs: [...found.values()], complete };
}
