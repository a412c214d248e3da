import { type Clock, VirtualClock } from '../../../../operator/runtime/clock.ts';
import type { LeaseLock, LeaseRecord, ObservedLease } from '../../../../operator/runtime/lease/lock.ts';
import { LeaderElector } from '../../../../operator/runtime/lease.ts';
import { createLogger } from '../../../../operator/runtime/log.ts';
import { StoreError } from '../../../../operator/runtime/store.ts';

/** The one lease that all processes of a test compete for, as an API server would keep it. */
export class SharedLease {
  current: ObservedLease | undefined;
  writes: LeaseRecord[] = [];

  put(record: LeaseRecord, version: string | undefined): ObservedLease {
    if (this.current?.version !== version) throw new StoreError('conflict', 'the lease has changed');
    this.writes.push(record);
    this.current = { record, version: String(this.writes.length) };
    return this.current;
  }
}

/** A process: its own clock, which stops while it is paused, and its own way to the lease, which can be cut. */
export class Process {
  readonly identity: string;
  readonly clock: Clock;
  readonly elector: LeaderElector;
  readonly lines: { level: string; msg: string }[] = [];
  readonly stop = new AbortController();
  ended: unknown = 'running';
  /** Requests and answers each take this long. */
  latencyMs = 0;
  reachable = true;
  requests = 0;
  #paused = false;
  #held: (() => void)[] = [];

  constructor(world: VirtualClock, lease: SharedLease, identity: string, random: () => number = () => 0.5) {
    this.identity = identity;
    this.clock = {
      now: () => world.now(),
      monotonic: () => world.monotonic(),
      after: (ms, callback) => world.after(ms, () => (this.#paused ? this.#held.push(callback) : callback())),
    };
    const log = createLogger({
      level: 'debug',
      now: () => world.now(),
      write: (line) => this.lines.push(JSON.parse(line)),
    });
    const lock = this.#lock(lease, world);
    this.elector = new LeaderElector({ lock, identity, clock: this.clock, random, log });
  }

  start(): this {
    void this.elector.run(this.stop.signal).then(
      () => {
        this.ended = 'stopped';
      },
      (error: unknown) => {
        this.ended = error;
      },
    );
    return this;
  }

  /** SIGSTOP and SIGCONT: time goes on outside, nothing runs inside, and then everything late at once. */
  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    const held = this.#held;
    this.#held = [];
    for (const callback of held) callback();
  }

  #lock(lease: SharedLease, world: VirtualClock): LeaseLock {
    const travel = (clock: Clock) =>
      this.latencyMs === 0 ? Promise.resolve() : new Promise<void>((resolve) => clock.after(this.latencyMs, resolve));
    const ask = async <T>(what: () => T): Promise<T> => {
      this.requests += 1;
      // Once sent, a request travels and takes effect whether or not its sender is paused meanwhile.
      await travel(world);
      if (!this.reachable) return new Promise(() => undefined);
      let outcome: { value: T } | { error: unknown };
      try {
        outcome = { value: what() };
      } catch (error) {
        outcome = { error };
      }
      await travel(this.clock);
      if ('error' in outcome) throw outcome.error;
      return outcome.value;
    };
    return {
      name: 'fleetward/operator',
      get: () => ask(() => lease.current),
      create: (record) => ask(() => lease.put(record, undefined)),
      update: (record, version) => ask(() => lease.put(record, version)),
    };
  }
}

export function world() {
  const clock = new VirtualClock();
  const lease = new SharedLease();
  return {
    clock,
    lease,
    process: (identity: string, random?: () => number) => new Process(clock, lease, identity, random),
  };
}
