/**
 * How long to wait before the next try of one key. Two are in use, because their other sides differ: the API server takes
 * a retry within milliseconds well, AWS control planes do not.
 */
export interface Backoff {
  /** Wait after the first failure, in ms. */
  readonly baseMs: number;
  /** No wait is longer, jitter included. */
  readonly maxMs: number;
  readonly factor: number;
  /** Share of the wait that is drawn at random on top, 0..1: keeps keys that failed together from coming back together. */
  readonly jitter: number;
}

export type BackoffName = 'kube' | 'aws';

export const backoffs: Readonly<Record<BackoffName, Backoff>> = {
  kube: { baseMs: 5, maxMs: 30_000, factor: 2, jitter: 0.1 },
  aws: { baseMs: 1_000, maxMs: 15 * 60_000, factor: 2, jitter: 0.25 },
};

/**
 * The wait before try number `failures + 1`; `failures` counts from 1. `random` gives 0 ≤ x < 1.
 * Never below `baseMs`, never above `maxMs`, and still spread out once the cap is reached.
 */
export function backoffDelay(backoff: Backoff, failures: number, random: () => number): number {
  const { baseMs, maxMs, factor, jitter } = backoff;
  // Beyond this exponent the cap rules anyway; bounding it keeps the power finite after years of failure.
  const exponent = Math.min(Math.max(0, failures - 1), 64);
  const bare = Math.min(baseMs * factor ** exponent, maxMs / (1 + jitter));
  return Math.min(maxMs, bare * (1 + jitter * random()));
}
