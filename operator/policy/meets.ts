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

/** The patterns and the overlaps of two, three, … of them: what a value must look like that has to match several at once. */
export function allMeets(patterns: readonly Glob[]): Meets {
  const all = new Map(patterns.map((glob) => [glob.join(), glob]));
  let complete = true;
  let layer = [...all.values()];
  for (let size = 2; size <= patterns.length && layer.length > 0; size += 1) {
    const next: Glob[] = [];
    for (const one of layer)
      for (const other of patterns) {
        const met = meetGlobs(one, other, maxMeets);
        complete &&= met !== undefined;
        for (const glob of met ?? []) {
          if (all.has(glob.join())) continue;
          if (all.size >= maxMeets) return { globs: [...all.values()], complete: false };
          all.set(glob.join(), glob);
          next.push(glob);
        }
      }
    layer = next;
  }
  return { globs: [...all.values()], complete };
}
