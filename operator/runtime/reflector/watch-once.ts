import type { Clock } from '../clock.ts';
import type { WatchEvent } from '../store.ts';
import { StoreError } from '../store.ts';

/** How one watch ended. `events` counts what it delivered, bookmarks included. */
export type WatchEnd = { readonly events: number; readonly lastedMs: number } & (
  | { readonly kind: 'ended' }
  | { readonly kind: 'silent' }
  | { readonly kind: 'gone' }
  | { readonly kind: 'failed'; readonly error: StoreError }
);

export interface WatchOnceOptions {
  readonly clock: Clock;
  readonly silenceMs: number;
  readonly signal: AbortSignal;
  /** Opens the watch; it must end when the given signal aborts. */
  readonly open: (ending: AbortSignal) => AsyncIterable<WatchEvent>;
  readonly onEvent: (event: WatchEvent) => void;
}

/**
 * Runs one watch to its end. The limit for silence also covers the time until the first answer, and a peer that vanished
 * without closing the connection: its socket would stay open for hours.
 */
export async function watchOnce(options: WatchOnceOptions): Promise<WatchEnd> {
  const { clock, silenceMs, signal } = options;
  const started = clock.monotonic();
  const ending = new AbortController();
  const onAbort = () => ending.abort(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  let events = 0;
  const end = <T extends object>(how: T) => ({ ...how, events, lastedMs: clock.monotonic() - started });
  try {
    const iterator = options.open(ending.signal)[Symbol.asyncIterator]();
    for (;;) {
      const next = await nextOrSilence(iterator, clock, silenceMs);
      if (next === 'silent') return end({ kind: 'silent' });
      if (next.done || signal.aborted) return end({ kind: 'ended' });
      events++;
      options.onEvent(next.value);
    }
  } catch (thrown) {
    const error =
      thrown instanceof StoreError ? thrown : new StoreError('unavailable', String(thrown), { cause: thrown });
    return error.code === 'gone' ? end({ kind: 'gone' }) : end({ kind: 'failed', error });
  } finally {
    signal.removeEventListener('abort', onAbort);
    ending.abort();
  }
}

function nextOrSilence(
  iterator: AsyncIterator<WatchEvent>,
  clock: Clock,
  silenceMs: number,
): Promise<IteratorResult<WatchEvent> | 'silent'> {
  return new Promise((resolve, reject) => {
    const timer = clock.after(silenceMs, () => resolve('silent'));
    iterator.next().then(
      (result) => {
        timer.cancel();
        resolve(result);
      },
      (thrown) => {
        timer.cancel();
        reject(thrown);
      },
    );
  });
}
