import { type Backoff, type BackoffName, backoffDelay, backoffs } from './backoff.ts';
import type { Clock, Timer } from './clock.ts';
import { byPriority, byTime, Heap, type Item } from './queue/heap.ts';
import { noQueueObserver, type QueueObserver, type QueueSnapshot } from './queue/metrics.ts';

export interface WorkQueueOptions {
  readonly clock: Clock;
  /** 0 ≤ x < 1; spreads retries. */
  readonly random: () => number;
  readonly observer?: QueueObserver;
  readonly backoffs?: Readonly<Record<BackoffName, Backoff>>;
}

export interface AddOptions {
  /** Default 0. Higher first. */
  readonly priority?: number;
  /** Default 0: at once. */
  readonly delayMs?: number;
}

export interface Work {
  readonly key: string;
  readonly priority: number;
}

interface Waiter {
  readonly minPriority: number;
  readonly resolve: (work: Work | undefined) => void;
}

/**
 * A work queue that holds every key at most once and hands a key to one worker at a time.
 *
 *            add, delay > 0                      time comes
 *   (idle) ─────────────────► waiting ───────────────────────┐
 *     │ add                      │ add without delay         ▼
 *     └──────────────────────────┴───────────────────────► ready ── get ──► processing ── done ──► (idle)
 *                                                            ▲                  │ add meanwhile: dirty
 *                                                            └────── done ──────┘
 *
 * Adding a pending key merges: the higher priority and the earlier time win. A key whose priority rises, or whose time
 * comes, goes to the end of its level. Everything here is synchronous, so no two callers can interleave.
 */
export class WorkQueue {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #observer: QueueObserver;
  readonly #backoffs: Readonly<Record<BackoffName, Backoff>>;
  /** Pending keys: waiting, ready, or dirty (also in #processing, and then in no heap while ready). */
  readonly #pending = new Map<string, Item>();
  readonly #processing = new Map<string, number>();
  readonly #ready = new Heap(byPriority);
  readonly #waiting = new Heap(byTime);
  readonly #failures = new Map<string, Record<BackoffName, number>>();
  #waiters: Waiter[] = [];
  #idle: (() => void)[] = [];
  #sequence = 0;
  #timer: { readonly at: number; readonly handle: Timer } | undefined;
  #shutdown = false;

  constructor(options: WorkQueueOptions) {
    this.#clock = options.clock;
    this.#random = options.random;
    this.#observer = options.observer ?? noQueueObserver;
    this.#backoffs = options.backoffs ?? backoffs;
  }

  /** Makes `key` pending. No effect after shutdown. */
  add(key: string, options: AddOptions = {}): void {
    if (this.#shutdown) return;
    const priority = options.priority ?? 0;
    const delay = Math.max(0, options.delayMs ?? 0);
    const now = this.#clock.monotonic();
    const old = this.#pending.get(key);
    if (old) this.#merge(old, priority, delay === 0 ? undefined : now + delay);
    else {
      if (delay === 0) this.#observer.added();
      this.#put({ key, priority, readyAt: now + delay, sequence: this.#sequence++, waiting: delay > 0, dead: false });
    }
    this.#dispatch();
  }

  /** Counts a failure of `key` and adds it with that backoff; answers the wait in ms. */
  addRateLimited(key: string, backoff: BackoffName, priority = 0): number {
    const counts = this.#failures.get(key) ?? { kube: 0, aws: 0 };
    counts[backoff] += 1;
    if (!this.#shutdown) {
      this.#failures.set(key, counts);
      this.#observer.retried();
    }
    const delayMs = backoffDelay(this.#backoffs[backoff], counts[backoff], this.#random);
    this.add(key, { priority, delayMs });
    return delayMs;
  }

  /** Its failures are over: the next one starts at the shortest wait again. */
  forget(key: string): void {
    this.#failures.delete(key);
  }

  failures(key: string): number {
    const counts = this.#failures.get(key);
    return counts ? counts.kube + counts.aws : 0;
  }

  /**
   * The next ready key of at least `minPriority`; waits for one. Undefined means shut down: the worker ends.
   * Whoever gets a key must call `done` with it, in a `finally`.
   */
  get(minPriority = Number.NEGATIVE_INFINITY): Promise<Work | undefined> {
    if (this.#shutdown) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      this.#waiters.push({ minPriority, resolve });
      this.#dispatch();
    });
  }

  /** The worker is finished with `key`; if it was added meanwhile it becomes available again. */
  done(key: string): void {
    const since = this.#processing.get(key);
    if (since === undefined) return;
    this.#processing.delete(key);
    this.#observer.finished(this.#clock.monotonic() - since);
    const dirty = this.#pending.get(key);
    if (dirty && !dirty.waiting) this.#ready.push(dirty);
    this.#dispatch();
    if (this.#processing.size === 0) {
      const idle = this.#idle;
      this.#idle = [];
      for (const resolve of idle) resolve();
    }
  }

  /** Pending keys, waiting ones included, running ones not. */
  get size(): number {
    return this.#pending.size;
  }

  /**
   * No more keys go in or out; workers that wait get undefined. What is pending is dropped: the work is level-triggered
   * and the next start lists everything again. What was already handed out runs on; `idle` tells when it is done.
   */
  shutdown(): void {
    this.#shutdown = true;
    this.#timer?.handle.cancel();
    this.#timer = undefined;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter.resolve(undefined);
  }

  /** Resolves when no key is being worked on. */
  idle(): Promise<void> {
    if (this.#processing.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  /** Nothing is ready and nothing is in work; keys that wait for their time do not count. Costs nothing to ask. */
  get quiet(): boolean {
    return this.#processing.size === 0 && this.#ready.size === 0;
  }

  snapshot(): QueueSnapshot {
    const now = this.#clock.monotonic();
    const ready = new Map<number, number>();
    let waiting = 0;
    for (const item of this.#pending.values()) {
      if (item.waiting) waiting += 1;
      else ready.set(item.priority, (ready.get(item.priority) ?? 0) + 1);
    }
    return { ready, waiting, running: [...this.#processing.values()].map((since) => (now - since) / 1000) };
  }

  /** `readyAt` undefined means now. */
  #merge(old: Item, priority: number, readyAt: number | undefined): void {
    const hastened = old.waiting && (readyAt === undefined || readyAt < old.readyAt);
    const raised = priority > old.priority;
    if (!hastened && !raised) return;
    const waiting = old.waiting && readyAt !== undefined;
    if (old.waiting && !waiting) this.#observer.added();
    this.#bury(old);
    this.#put({
      key: old.key,
      priority: Math.max(priority, old.priority),
      readyAt: hastened ? (readyAt ?? this.#clock.monotonic()) : old.readyAt,
      sequence: this.#sequence++,
      waiting,
      dead: false,
    });
  }

  #bury(item: Item): void {
    if (item.waiting) this.#waiting.bury(item);
    else if (!this.#processing.has(item.key)) this.#ready.bury(item);
  }

  #put(item: Item): void {
    this.#pending.set(item.key, item);
    if (item.waiting) this.#waiting.push(item);
    else if (!this.#processing.has(item.key)) this.#ready.push(item);
  }

  /** Moves due keys to ready, hands ready keys to workers, and arms the one timer for the next due key. */
  #dispatch(): void {
    if (this.#shutdown) return;
    this.#promote();
    for (;;) {
      const top = this.#ready.peek();
      const waiter = top && this.#takeWaiter(top.priority);
      if (!waiter) break;
      this.#ready.pop();
      this.#hand(top, waiter);
    }
    this.#arm();
  }

  #promote(): void {
    const now = this.#clock.monotonic();
    for (let head = this.#waiting.peek(); head && head.readyAt <= now; head = this.#waiting.peek()) {
      this.#waiting.pop();
      this.#observer.added();
      this.#put({ ...head, sequence: this.#sequence++, waiting: false });
    }
  }

  #hand(item: Item, waiter: Waiter): void {
    const now = this.#clock.monotonic();
    this.#pending.delete(item.key);
    this.#processing.set(item.key, now);
    this.#observer.taken(now - item.readyAt);
    waiter.resolve({ key: item.key, priority: item.priority });
  }

  /** The pickiest worker that takes this priority: the others stay free for what only they take. */
  #takeWaiter(priority: number): Waiter | undefined {
    let best = -1;
    for (const [index, waiter] of this.#waiters.entries()) {
      const floor = this.#waiters[best]?.minPriority ?? Number.NEGATIVE_INFINITY;
      if (waiter.minPriority <= priority && (best < 0 || waiter.minPriority > floor)) best = index;
    }
    return best < 0 ? undefined : this.#waiters.splice(best, 1)[0];
  }

  #arm(): void {
    const at = this.#waiting.peek()?.readyAt;
    if (this.#timer?.at === at) return;
    this.#timer?.handle.cancel();
    this.#timer = undefined;
    if (at === undefined) return;
    // Whole milliseconds, rounded up: timers cut fractions off and would fire for nothing.
    const handle = this.#clock.after(Math.ceil(at - this.#clock.monotonic()), () => {
      this.#timer = undefined;
      this.#dispatch();
    });
    this.#timer = { at, handle };
  }
}
