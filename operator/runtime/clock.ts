/**
 * Time is passed in, never read from the environment, so that tests decide when it moves.
 * `now` is wall time for people and AWS; `monotonic` never goes backwards and is what leases and backoffs compare.
 */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Milliseconds from an arbitrary start; unaffected by clock adjustments. */
  monotonic(): number;
  /** Calls `callback` once, `ms` from now. */
  after(ms: number, callback: () => void): Timer;
}

export interface Timer {
  cancel(): void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, callback) {
    // setTimeout fires at once above 2^31-1 ms; the longest waits here are re-armed by their owners.
    const handle = setTimeout(callback, Math.min(Math.max(0, ms), 2_147_483_647));
    return { cancel: () => clearTimeout(handle) };
  },
};

/** Resolves after `ms` on `clock`; rejects with the signal's reason when aborted first. */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const onAbort = () => {
      timer.cancel();
      reject(signal?.reason);
    };
    const timer = clock.after(ms, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

interface Waiting {
  at: number;
  readonly sequence: number;
  readonly callback: () => void;
}

/** A clock that stands still until `advance` is called. Timers fire in order of time, then of creation. */
export class VirtualClock implements Clock {
  #now: number;
  #start: number;
  #sequence = 0;
  readonly #timers: Waiting[] = [];

  constructor(start = Date.UTC(2026, 0, 1)) {
    this.#now = start;
    this.#start = start;
  }

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#now - this.#start;
  }

  after(ms: number, callback: () => void): Timer {
    const entry = { at: this.#now + Math.max(0, ms), sequence: this.#sequence++, callback };
    this.#timers.push(entry);
    return {
      cancel: () => this.#remove(entry),
    };
  }

  /** Time of the next timer, or undefined when none waits. */
  next(): number | undefined {
    return this.#first()?.at;
  }

  #first(): Waiting | undefined {
    let first: Waiting | undefined;
    for (const timer of this.#timers) {
      if (first === undefined || timer.at < first.at || (timer.at === first.at && timer.sequence < first.sequence)) {
        first = timer;
      }
    }
    return first;
  }

  #remove(timer: Waiting): void {
    const index = this.#timers.indexOf(timer);
    if (index < 0) return;
    const last = this.#timers.pop();
    if (last !== undefined && last !== timer) this.#timers[index] = last;
  }

  /** Moves time forward, firing what falls due; yields to the event loop after each timer so that promises settle. */
  async advance(ms: number): Promise<void> {
    const target = this.#now + ms;
    await settle();
    for (;;) {
      const due = this.#first();
      if (due === undefined || due.at > target) break;
      this.#remove(due);
      this.#now = Math.max(this.#now, due.at);
      due.callback();
      await settle();
    }
    this.#now = target;
    await settle();
  }

  /** A wall clock set back or forward by somebody; monotonic time is unaffected. */
  adjust(ms: number): void {
    this.#now += ms;
    this.#start += ms;
    for (const timer of this.#timers) timer.at += ms;
  }
}

function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
