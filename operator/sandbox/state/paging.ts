import { AwsError } from '../errors.ts';
import type { SequencedMap } from './sequenced.ts';

/** How pages are cut. */
export interface Paging {
  /** `adversarial` cuts short and empty pages on purpose, as AWS may; clients have to follow the token, not the count. */
  readonly mode: 'full' | 'adversarial';
  /** How many entries one call looks at when a filter rejects most of them. */
  readonly maxScan: number;
  readonly random: () => number;
}

export interface Page<T> {
  readonly items: T[];
  readonly next: string | undefined;
}

export interface PageRequest {
  readonly token: string | undefined;
  readonly limit: number;
  /** Newest first, where the operation offers `ascendingOrder`. */
  readonly descending?: boolean;
}

/** One page of `map`; `pick` returns undefined for an entry that the filter rejects. */
export function pageOf<V, T>(
  map: SequencedMap<V>,
  request: PageRequest,
  paging: Paging,
  pick: (value: V, key: string) => T | undefined,
): Page<T> {
  const start = request.token === undefined ? undefined : readToken(request.token);
  const limit = cutLimit(request.limit, paging);
  const entries = request.descending ? map.before(start ?? Number.MAX_SAFE_INTEGER) : map.after(start ?? 0);
  const items: T[] = [];
  let last = start;
  let scanned = 0;
  for (const { key, value, sequence } of entries) {
    if (items.length >= limit || scanned >= paging.maxScan) return { items, next: writeToken(last) };
    scanned++;
    last = sequence;
    const picked = pick(value, key);
    if (picked !== undefined) items.push(picked);
  }
  return { items, next: undefined };
}

/** One page of a list that is small and already computed; the token is the position. */
export function pageOfList<T>(list: readonly T[], request: PageRequest, paging: Paging): Page<T> {
  const start = request.token === undefined ? 0 : readToken(request.token);
  const limit = cutLimit(request.limit, paging);
  const items = list.slice(start, start + limit);
  const end = start + items.length;
  return { items, next: end < list.length ? writeToken(end) : undefined };
}

function cutLimit(limit: number, paging: Paging): number {
  if (paging.mode === 'full') return limit;
  const draw = paging.random();
  if (draw < 0.2) return 0;
  return Math.max(1, Math.floor(limit * (draw < 0.5 ? paging.random() : 1)));
}

// The prefix makes a token of another service or a hand-made one recognisable.
const MARK = 'fw1.';

function writeToken(position: number | undefined): string {
  return Buffer.from(`${MARK}${position ?? 0}`).toString('base64url');
}

function readToken(token: string): number {
  const text = Buffer.from(token, 'base64url').toString('latin1');
  const position = Number(text.slice(MARK.length));
  if (!text.startsWith(MARK) || !Number.isSafeInteger(position) || position < 0) {
    throw new AwsError('InvalidRequestException', 'The pagination token is not valid.', {}, 400);
  }
  return position;
}
