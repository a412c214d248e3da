/**
 * When keys were started last, as far back as one gap: enough to keep two reconciles of one object apart, at a cost
 * bounded by what runs within a gap instead of by the fleet. Two generations of marks take turns.
 */
export class RecentStarts {
  readonly #gapMs: number;
  #young = new Map<string, number>();
  #old = new Map<string, number>();
  #turned = Number.NEGATIVE_INFINITY;

  constructor(gapMs: number) {
    this.#gapMs = gapMs;
  }

  /** Marks a start; `now` is monotonic ms. */
  mark(key: string, now: number): void {
    if (this.#gapMs <= 0) return;
    this.#turn(now);
    this.#young.set(key, now);
  }

  /** Ms until the key may start again; 0 when it may at once. */
  remaining(key: string, now: number): number {
    const last = this.#young.get(key) ?? this.#old.get(key);
    return last === undefined ? 0 : Math.max(0, last + this.#gapMs - now);
  }

  #turn(now: number): void {
    if (now - this.#turned < this.#gapMs) return;
    this.#old = this.#young;
    this.#young = new Map();
    this.#turned = now;
  }
}
