import { ANY, STAR } from './glob.ts';
import type { Variable } from './template.ts';

/** A pattern as tokens; every variable but the one in question may stand for any text. */
export type Items = readonly (number | Variable)[];

/**
 * Values that a variable must take for its pattern to meet another one: the stretches of `other` that can lie opposite the variable,
 * with the text around the variable lying opposite the rest. Wildcards and other variables inside a stretch stay what they are.
 */
export function forcedStretches(pattern: Items, at: number, other: Items): Items[] {
  const before = pattern.slice(0, at);
  const after = pattern.slice(at + 1);
  const starts = reach(before, other);
  const ends = reach(reversed(after), reversed(other)).map((position) => other.length - position);
  const out = new Map<string, Items>();
  for (const start of starts)
    for (const end of ends) {
      // A wildcard at which the text behind the variable begins may still give its first part to the variable.
      const stretched = isOpen(other[end]) ? end + 1 : end;
      const from = isOpen(other[start - 1]) ? start - 1 : start;
      if (from > stretched) continue;
      const stretch = other.slice(from, stretched);
      out.set(itemsKey(stretch), stretch);
    }
  return [...out.values()];
}

/** Equal for equal patterns. */
export function itemsKey(items: Items): string {
  return items.map((item) => (typeof item === 'number' ? item : `{${item.key}}`)).join();
}

function reversed(items: Items): Items {
  return [...items].reverse();
}

function isOpen(item: number | Variable | undefined): boolean {
  return item === STAR || typeof item === 'object';
}

/** Positions of `other` that can be reached when all of `items` has been read against it. */
function reach(items: Items, other: Items): number[] {
  let row = closure(new Set([0]), other);
  for (const item of items) {
    const next = new Set<number>();
    if (isOpen(item)) {
      // The wildcard may swallow any part of the other pattern from the earliest position on.
      let first = other.length;
      for (const j of row) first = Math.min(first, j);
      for (let j = first; j <= other.length; j += 1) next.add(j);
    } else {
      for (const j of row) {
        const token = other[j];
        if (isOpen(token)) next.add(j);
        else if (token !== undefined && (token === item || token === ANY || item === ANY || foldedAlike(token, item)))
          next.add(j + 1);
      }
    }
    row = closure(next, other);
    if (row.size === 0) return [];
  }
  return [...row];
}

function foldedAlike(a: number | Variable, b: number | Variable): boolean {
  return typeof a === 'number' && typeof b === 'number' && (a < STAR || b < STAR);
}

/** A star may be empty. */
function closure(positions: Set<number>, other: Items): Set<number> {
  for (const j of positions) if (isOpen(other[j])) positions.add(j + 1);
  return positions;
}
