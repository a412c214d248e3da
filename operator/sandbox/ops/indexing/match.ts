import type { Bound, Query, Value } from './query.ts';
import { MANY, ONE } from './tokens.ts';

/** Values of one document's field; without a field, the values that a bare term is looked for in. */
export type Lookup = (field: string | undefined) => readonly string[];

/** Whether a document satisfies the query. Values compare without regard to case, field names with. */
export function matches(query: Query, lookup: Lookup): boolean {
  switch (query.kind) {
    case 'all':
      return true;
    case 'not':
      return !matches(query.of, lookup);
    case 'and':
      return query.of.every((part) => matches(part, lookup));
    case 'or':
      return query.of.some((part) => matches(part, lookup));
    case 'term':
      return lookup(query.field).some((value) => fits(query.value, value));
    default:
      return query satisfies never;
  }
}

function fits(value: Value, text: string): boolean {
  if (value.kind === 'word')
    return like(value.text.toLowerCase(), text.toLowerCase()) || isSameNumber(value.text, text);
  return above(value.low, text) && below(value.high, text);
}

/** Goes back only to the last `*`, so that no pattern takes more than the product of the lengths. */
function like(pattern: string, text: string): boolean {
  let p = 0;
  let star = -1;
  let resume = 0;
  for (let t = 0; t < text.length; ) {
    const c = pattern.charAt(p);
    if (c === MANY) {
      star = p++;
      resume = t;
    } else if (c !== '' && (c === ONE || c === text.charAt(t))) {
      p++;
      t++;
    } else {
      if (star < 0) return false;
      p = star + 1;
      t = ++resume;
    }
  }
  while (pattern.charAt(p) === MANY) p++;
  return p === pattern.length;
}

const NUMBER = /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/;

function isSameNumber(a: string, b: string): boolean {
  return NUMBER.test(a) && NUMBER.test(b) && Number(a) === Number(b);
}

/** Numbers by value where both are numbers, anything else as text. A text is not within a range of numbers. */
function order(text: string, bound: string): number | undefined {
  if (NUMBER.test(bound)) return NUMBER.test(text) ? Number(text) - Number(bound) : undefined;
  const [a, b] = [text.toLowerCase(), bound.toLowerCase()];
  return a < b ? -1 : a > b ? 1 : 0;
}

function above(low: Bound | undefined, text: string): boolean {
  const difference = low && order(text, low.text);
  return !low || (difference !== undefined && (low.open ? difference > 0 : difference >= 0));
}

function below(high: Bound | undefined, text: string): boolean {
  const difference = high && order(text, high.text);
  return !high || (difference !== undefined && (high.open ? difference < 0 : difference <= 0));
}
