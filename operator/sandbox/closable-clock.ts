import type { Clock, Timer } from '../runtime/clock.ts';

/** Another clock whose timers can all be called off: a job that starts next week must not hold a sandbox that is closed. */
export class ClosableClock implements Clock {
  readonly #base: Clock;
  readonly #timers = new Set<Timer>();
  #closed = false;

  constructor(base: Clock) {
    this.#base = base;
  }

  now(): number {
    return this.#base.now();
  }

  monotonic(): number {
    return this.#base.monotonic();
  }

  after(ms: number, callback: () => void): Timer {
    if (this.#closed) return { cancel: () => undefined };
    const timer = this.#base.after(ms, () => {
      this.#timers.delete(timer);
      callback();
    });
    this.#timers.add(timer);
    return {
      cancel: () => {
        this.#timers.delete(timer);
        timer.cancel();
      },
    };
  }

  /** Nothing fires any more, nor what is asked for from now on. */
  close(): void {
    this.#closed = true;
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
  }
}
