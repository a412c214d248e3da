import { type Clock, sleep } from '../clock.ts';
import type { Logger } from '../log.ts';
import type { Runnable } from './runnable.ts';

/** How long something that was killed may still take before it is left behind. */
const AFTER_KILL_MS = 2_000;

/** Runnables that start and stop together. */
export class RunnableGroup {
  readonly #stop = new AbortController();
  readonly #kill = new AbortController();
  readonly #members: readonly Runnable[];
  readonly #running = new Set<string>();
  #ends: Promise<unknown> = Promise.resolve();

  constructor(members: readonly Runnable[]) {
    this.#members = members;
  }

  /** `onEnd` hears of members that end before they were asked to, with what they threw. */
  start(onEnd: (name: string, error: unknown) => void): void {
    this.#ends = Promise.all(
      this.#members.map(async (member) => {
        this.#running.add(member.name);
        let failure: unknown;
        try {
          await member.run(this.#stop.signal, this.#kill.signal);
        } catch (error) {
          failure = error;
        }
        this.#running.delete(member.name);
        if (!this.#stop.signal.aborted) onEnd(member.name, failure);
      }),
    );
  }

  /** Resolves when every member may be relied on. */
  async ready(): Promise<void> {
    await Promise.all(this.#members.map(async (member) => member.whenReady?.()));
  }

  get size(): number {
    return this.#members.length;
  }

  /** Asks all to end, waits, and then insists. Never rejects and never waits for ever. Answers who did not end. */
  async end(options: {
    readonly graceMs: number;
    /** Default 2 s. */
    readonly afterKillMs?: number;
    readonly clock: Clock;
    readonly log: Logger;
  }): Promise<readonly string[]> {
    const { graceMs, afterKillMs = AFTER_KILL_MS, clock, log } = options;
    this.#stop.abort(new Error('stopping'));
    if (graceMs > 0 && (await this.#endsWithin(graceMs, clock))) return [];
    if (this.#running.size === 0) return [];
    if (graceMs > 0) log.warn('Aborting what did not end in time', { names: [...this.#running], graceMs });
    this.#kill.abort(new Error(`stopping, and ${graceMs} ms to end in peace are over`));
    if (await this.#endsWithin(afterKillMs, clock)) return [];
    log.error('Leaving behind what does not end', { names: [...this.#running] });
    return [...this.#running];
  }

  async #endsWithin(ms: number, clock: Clock): Promise<boolean> {
    const timer = new AbortController();
    const late = sleep(clock, ms, timer.signal).then(
      () => false,
      () => true,
    );
    const ended = await Promise.race([this.#ends.then(() => true), late]);
    timer.abort();
    return ended;
  }
}
