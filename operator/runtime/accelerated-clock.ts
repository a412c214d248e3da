import { type Clock, systemClock, type Timer } from './clock.ts';

interface Pending {
  /** On this clock's monotonic time. */
  readonly due: number;
  readonly run: () => void;
  handle: Timer;
}

/**
 * A clock that runs faster than another one, by a rate that may change while timers wait: what AWS takes ten minutes for
 * can be watched in a second. Never stands still and never goes backwards.
 */
export class AcceleratedClock implements Clock {
  readonly #base: Clock;
  readonly #pending = new Set<Pending>();
  #rate: number;
  /** Where both clocks stood when the rate was last set. */
  #anchor: { readonly base: number; readonly monotonic: number; readonly now: number };

  /** Throws RangeError unless `rate` is a finite number above 0. */
  constructor(rate: number, base: Clock = systemClock) {
    this.#base = base;
    this.#rate = checked(rate);
    this.#anchor = { base: base.monotonic(), monotonic: 0, now: base.now() };
  }

  /** Seconds of this clock in a second of the other. */
  get rate(): number {
    return this.#rate;
  }

  set rate(rate: number) {
    if (checked(rate) === this.#rate) return;
    this.#anchor = { base: this.#base.monotonic(), monotonic: this.monotonic(), now: this.now() };
    this.#rate = rate;
    for (const pending of this.#pending) {
      pending.handle.cancel();
      pending.handle = this.#arm(pending);
    }
  }

  now(): number {
    return Math.floor(this.#anchor.now + this.#elapsed());
  }

  monotonic(): number {
    return this.#anchor.monotonic + this.#elapsed();
  }

  after(ms: number, run: () => void): Timer {
    const pending: Pending = { due: this.monotonic() + Math.max(0, ms), run, handle: NONE };
    this.#pending.add(pending);
    pending.handle = this.#arm(pending);
    return {
      cancel: () => {
        this.#pending.delete(pending);
        pending.handle.cancel();
      },
    };
  }

  #elapsed(): number {
    return (this.#base.monotonic() - this.#anchor.base) * this.#rate;
  }

  #arm(pending: Pending): Timer {
    return this.#base.after((pending.due - this.monotonic()) / this.#rate, () => {
      // A timer of the other clock may fire a moment early; owners compare times and would wait again.
      if (pending.due - this.monotonic() > 0.5) {
        pending.handle = this.#arm(pending);
        return;
      }
      this.#pending.delete(pending);
      pending.run();
    });
  }
}

const NONE: Timer = { cancel: () => undefined };

function checked(rate: number): number {
  if (!Number.isFinite(rate) || rate <= 0) throw new RangeError(`a clock's rate must be above 0, not ${rate}`);
  return rate;
}
