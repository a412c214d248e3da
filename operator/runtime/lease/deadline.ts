import type { Clock } from '../clock.ts';

/**
 * Runs `work` for at most `ms`: then its signal aborts and the result is given up, even when the work ignores the signal,
 * because a request that hangs must not hold the loop that started it.
 */
export function withDeadline<T>(clock: Clock, ms: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const deadline = new AbortController();
  return new Promise<T>((resolve, reject) => {
    const timer = clock.after(ms, () => {
      const late = new Error(`no answer within ${Math.round(ms)} ms`);
      deadline.abort(late);
      reject(late);
    });
    work(deadline.signal)
      .then(resolve, reject)
      .finally(() => timer.cancel());
  });
}
