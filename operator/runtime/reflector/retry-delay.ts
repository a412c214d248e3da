import type { Clock } from '../clock.ts';

const FLOOR_MS = 800;
const CEILING_MS = 30_000;
const HEALTHY_MS = 120_000;

/**
 * How long to wait after a failed list or watch: anywhere between 0.8 s and a ceiling that doubles up to 30 s, so that
 * a fleet of operators does not come back to a restarted API server at once. Two minutes without failure start over.
 */
export class RetryDelay {
  readonly #clock: Clock;
  readonly #random: () => number;
  #failures = 0;
  #last = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, random: () => number) {
    this.#clock = clock;
    this.#random = random;
  }

  /** Milliseconds to wait now; `atLeastMs` is what the server asked for. */
  next(atLeastMs = 0): number {
    const now = this.#clock.monotonic();
    if (now - this.#last > HEALTHY_MS) this.#failures = 0;
    this.#failures++;
    const ceiling = Math.min(CEILING_MS, FLOOR_MS * 2 ** Math.min(this.#failures, 10));
    const delay = Math.max(atLeastMs, FLOOR_MS + this.#random() * (ceiling - FLOOR_MS));
    this.#last = now + delay;
    return delay;
  }
}
