import type { Clock, Timer } from '../../runtime/clock.ts';

/**
 * The clock of a sandbox in another process, read by asking. Timers fire at the first reading at which they are due, so
 * a virtual clock that jumps makes up for everything it jumped over.
 */
export class RemoteClock implements Clock {
  #now: number;
  readonly #start: number;
  readonly #timers = new Set<{ readonly at: number; readonly run: () => void }>();

  constructor(now: number) {
    this.#now = now;
    this.#start = now;
  }

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#now - this.#start;
  }

  after(ms: number, run: () => void): Timer {
    const timer = { at: this.#now + Math.max(0, ms), run };
    this.#timers.add(timer);
    return { cancel: () => this.#timers.delete(timer) };
  }

  /** A new reading. */
  read(now: number): void {
    const due = () => [...this.#timers].filter((t) => t.at <= now).sort((a, b) => a.at - b.at)[0];
    for (let timer = due(); timer; timer = due()) {
      this.#timers.delete(timer);
      this.#now = Math.max(this.#now, timer.at);
      timer.run();
    }
    this.#now = Math.max(this.#now, now);
  }
}
