import { ANY, STAR } from '../glob.ts';
import type { Variable } from '../template.ts';

type Item = number | Variable;

/**
 * Whether a pattern takes in another one whatever the variables of both hold: a star takes in anything, all else only its like. Where
 * two variables stand in one level the exact comparison can but try values; this needs none. False says nothing.
 */
export function coversText(wide: readonly Item[], narrow: readonly Item[]): boolean {
  let at = 0;
  let star: number | undefined;
  let behind = 0;
  for (let next = 0; next < narrow.length; ) {
    if (wide[at] === STAR) {
      star = at;
      behind = next;
      at += 1;
    } else if (takesItem(wide[at], narrow[next])) {
      at += 1;
      next += 1;
    } else if (star !== undefined) {
      behind += 1;
      at = star + 1;
      next = behind;
    } else return false;
  }
  return wide.slice(at).every((item) => item === STAR);
}

function takesItem(wide: Item | undefined, narrow: Item | undefined): boolean {
  if (typeof wide === 'object' && typeof narrow === 'object')
    return narrow.key === wide.key && narrow.fallback === wide.fallback;
  return narrow === wide || (wide === ANY && typeof narrow === 'number' && narrow !== STAR);
}
