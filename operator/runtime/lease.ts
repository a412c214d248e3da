import { type Clock, sleep } from './clock.ts';
import { withDeadline } from './lease/deadline.ts';
import { claim, type LeaseLock, type LeaseRecord, type ObservedLease } from './lease/lock.ts';
import type { Logger } from './log.ts';
import type { LeaderObserver } from './metrics/leader.ts';
import { StoreError } from './store.ts';

export interface LeaderElectorOptions {
  readonly lock: LeaseLock;
  /** Differs between any two processes, also between two lives of one pod. */
  readonly identity: string;
  readonly clock: Clock;
  /** 0 ≤ x < 1. */
  readonly random: () => number;
  readonly log: Logger;
  readonly observer?: LeaderObserver;
  /** How long the others leave a silent leader alone. Default 15 s. */
  readonly leaseDurationMs?: number;
  /** A leader that could not renew for this long stops leading. Default 10 s. */
  readonly renewDeadlineMs?: number;
  /** Time between tries. Default 2 s. */
  readonly retryPeriodMs?: number;
}

/** Leadership is over: whatever was built on it may not write any more. Stand again with a new elector and new caches. */
export class LeaderLostError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'LeaderLostError';
  }
}

/** The retry period varies by this share, so that standbys do not ask in step. */
const JITTER = 0.2;

/**
 * Elects one leader through a lease, with client-go's semantics.
 *
 *   renewed                     renew deadline (10 s)      lease duration (15 s)
 *      │── retry ── retry ── … ──────┤ isLeader() false          │
 *      │                             │ loop: LeaderLostError     ├── a standby may take over
 *
 * Clocks of different machines are never compared: a standby counts from the moment at which it saw the record change,
 * and a leader counts from before it sent the renewal, which is never later. So the fence closes at least five seconds
 * before anybody else may lead. It is a fence for what this process starts, not for what already left it.
 *
 * An elector leads once: after its loss `isLeader` never says yes again, so that nothing that was decided before the loss
 * can be written after it, however late it comes.
 */
export class LeaderElector {
  readonly name = 'leader-election';
  readonly #options: LeaderElectorOptions;
  readonly #leaseMs: number;
  readonly #renewMs: number;
  readonly #retryMs: number;
  #observed: (ObservedLease & { readonly at: number }) | undefined;
  /** Both clocks, just before the last successful write was sent; undefined while not leading. */
  #renewed: { readonly monotonic: number; readonly wall: number } | undefined;
  #reported = '';
  #aliveAt: number | undefined;
  readonly #leading = Promise.withResolvers<void>();

  constructor(options: LeaderElectorOptions) {
    this.#options = options;
    this.#leaseMs = options.leaseDurationMs ?? 15_000;
    this.#renewMs = options.renewDeadlineMs ?? 10_000;
    this.#retryMs = options.retryPeriodMs ?? 2_000;
    if (!(this.#leaseMs > this.#renewMs && this.#renewMs > this.#retryMs * (1 + JITTER) && this.#retryMs > 0)) {
      throw new RangeError(
        `Lease duration (${this.#leaseMs} ms) must exceed the renew deadline (${this.#renewMs} ms), which must exceed the ` +
          `retry period (${this.#retryMs} ms) × ${1 + JITTER}`,
      );
    }
  }

  /**
   * The fence: true only while nobody else can lead. Synchronous and cheap, to be asked right before each write. Both
   * clocks must agree, because one stands still while a machine sleeps and the other can be set by anybody.
   */
  isLeader(): boolean {
    const since = this.#renewed;
    if (!since) return false;
    const { clock } = this.#options;
    return clock.monotonic() - since.monotonic < this.#renewMs && clock.now() - since.wall < this.#renewMs;
  }

  /** Who leads as far as we know; undefined when nobody does. */
  get leader(): string | undefined {
    return this.#observed?.record.holder || undefined;
  }

  /** Resolves when this process leads for the first time. */
  whenLeading(): Promise<void> {
    return this.#leading.promise;
  }

  /** Undefined while the lease loop turns, else what is wrong. For liveness. */
  problem(): string | undefined {
    if (this.#aliveAt === undefined) return undefined;
    const silent = this.#options.clock.monotonic() - this.#aliveAt;
    return silent > 2 * this.#leaseMs ? `The lease loop has not turned for ${Math.round(silent / 1000)} s` : undefined;
  }

  /**
   * Stands for election until `stop` aborts, then gives the lease back (call it after the work is drained). Rejects with
   * LeaderLostError when leadership ends otherwise.
   */
  async run(stop: AbortSignal): Promise<void> {
    const { log, lock, identity } = this.#options;
    log.info('Standing for election', { lease: lock.name, identity });
    try {
      await this.#acquire(stop);
      if (!stop.aborted) await this.#hold(stop);
    } finally {
      this.#aliveAt = undefined;
      if (stop.aborted) await this.#release();
      this.#close();
    }
  }

  async #acquire(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      await this.#attempt(this.#renewMs / 2);
      if (this.#renewed) {
        this.#options.observer?.leading(true);
        this.#options.log.info('Leading', { lease: this.#options.lock.name });
        this.#leading.resolve();
        return;
      }
      await this.#pause(this.#standbyMs(), stop);
    }
  }

  /** A standby looks again when the lease it saw runs out, rather than at its next round: takeover is sooner then. */
  #standbyMs(): number {
    const { random, clock } = this.#options;
    const round = this.#retryMs * (1 - JITTER * random());
    if (!this.#observed?.record.holder) return round;
    const expires = this.#observed.at + this.#observed.record.leaseDurationMs - clock.monotonic();
    // Run out, and still not ours: the lock cannot be reached, and asking faster would not help it.
    if (expires <= 0 || expires > round) return round;
    // A little scatter, so that several standbys do not all meet in the same conflict.
    return expires + JITTER * this.#retryMs * random();
  }

  async #hold(stop: AbortSignal): Promise<void> {
    for (;;) {
      await this.#pause(Math.min(this.#retryMs, this.#leftMs()), stop);
      if (stop.aborted) return;
      if (this.#leftMs() <= 0) throw this.#lost(`it could not be renewed within ${this.#renewMs} ms`);
      await this.#attempt(Math.min(this.#renewMs / 2, this.#leftMs()));
      const holder = this.#observed?.record.holder;
      if (holder !== this.#options.identity) throw this.#lost(`it is held by ${holder || 'nobody'} now`);
    }
  }

  /** Ms until the renew deadline. A timer that fires late, after a pause of the process, finds it below zero. */
  #leftMs(): number {
    return this.#renewed ? this.#renewed.monotonic + this.#renewMs - this.#options.clock.monotonic() : 0;
  }

  #lost(why: string): LeaderLostError {
    this.#close();
    return new LeaderLostError(
      `Lost the lease ${this.#options.lock.name}: ${why}. Nothing is written until this replica leads again, with fresh caches`,
    );
  }

  #close(): void {
    if (this.#renewed) this.#options.observer?.leading(false);
    this.#renewed = undefined;
  }

  /** One try to get or to keep the lease. Never rejects: an unknown outcome counts as none. */
  async #attempt(timeoutMs: number): Promise<void> {
    const { clock, log, lock } = this.#options;
    this.#aliveAt = clock.monotonic();
    try {
      await withDeadline(clock, timeoutMs, (signal) => this.#write(signal));
    } catch (error) {
      const expected = error instanceof StoreError && error.code === 'conflict';
      log[expected ? 'debug' : 'warn']('Failing to write the lease', { lease: lock.name, cause: String(error) });
    } finally {
      this.#aliveAt = clock.monotonic();
    }
  }

  async #write(signal: AbortSignal): Promise<void> {
    const { clock, lock, observer, identity } = this.#options;
    const by = { identity, leaseDurationMs: this.#leaseMs, now: clock.now() };
    const sent = () => ({ monotonic: clock.monotonic(), wall: clock.now() });
    if (this.#renewed && this.#observed) {
      const at = sent();
      try {
        const renewal = claim(this.#observed.record, by);
        this.#won(await lock.update(renewal, this.#observed.version, signal), at, signal);
        return;
      } catch (error) {
        // Only a conflict tells that the record is not as we think; reading it helps nothing else.
        if (!(error instanceof StoreError && error.code === 'conflict')) throw error;
        signal.throwIfAborted();
      }
    }
    observer?.slowPath();
    const found = await lock.get(signal);
    signal.throwIfAborted();
    this.#observe(found);
    if (found && this.#heldByOther(found.record)) {
      this.#close();
      return;
    }
    const at = sent();
    const record = claim(found?.record, by);
    this.#won(await (found ? lock.update(record, found.version, signal) : lock.create(record, signal)), at, signal);
  }

  /** An answer that comes after its deadline is not counted: the loop has gone on without it. */
  #won(lease: ObservedLease, at: { monotonic: number; wall: number }, signal: AbortSignal): void {
    signal.throwIfAborted();
    this.#observe(lease);
    this.#renewed = at;
  }

  #heldByOther(record: LeaseRecord): boolean {
    if (record.holder === this.#options.identity) return false;
    // For a leader it is lost, even when whoever had it in between has given it back: the world was theirs meanwhile.
    if (this.#renewed !== undefined) return true;
    const at = this.#observed?.at ?? Number.POSITIVE_INFINITY;
    return record.holder !== '' && at + record.leaseDurationMs > this.#options.clock.monotonic();
  }

  #observe(lease: ObservedLease | undefined): void {
    if (lease?.version === this.#observed?.version && lease !== undefined) return;
    this.#observed = lease && { ...lease, at: this.#options.clock.monotonic() };
    const holder = lease?.record.holder ?? '';
    if (holder === this.#reported) return;
    this.#reported = holder;
    if (holder !== this.#options.identity) {
      this.#options.log.info('Seeing another leader', { lease: this.#options.lock.name, leader: holder || 'nobody' });
    }
  }

  async #release(): Promise<void> {
    const observed = this.#observed;
    const mine = this.isLeader() && observed?.record.holder === this.#options.identity;
    // The fence closes before the lease is given back, never after.
    this.#close();
    if (!mine || !observed) return;
    const { clock, lock, log } = this.#options;
    try {
      const released = { ...observed.record, holder: '', leaseDurationMs: 1_000, renewedAt: clock.now() };
      await withDeadline(clock, this.#retryMs, (signal) => lock.update(released, observed.version, signal));
      log.info('Gave the lease back', { lease: lock.name });
    } catch (error) {
      log.warn('Leaving the lease to run out: it could not be given back', { lease: lock.name, cause: String(error) });
    }
  }

  async #pause(ms: number, stop: AbortSignal): Promise<void> {
    this.#aliveAt = this.#options.clock.monotonic();
    await sleep(this.#options.clock, ms, stop).catch((reason: unknown) => {
      if (!stop.aborted) throw reason;
    });
  }
}
