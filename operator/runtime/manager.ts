import type { Clock } from './clock.ts';
import { type LeaderElector, LeaderLostError } from './lease.ts';
import type { Logger } from './log.ts';
import { RunnableGroup } from './manager/group.ts';
import type { Runnable } from './manager/runnable.ts';

export type { Runnable } from './manager/runnable.ts';

export interface ManagerOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** Absent: this process is the only one (standalone mode), and leads at once. */
  readonly elector?: LeaderElector;
  /** How long work in hand may take to end. Default 25 s, below the 30 s that Kubernetes gives a pod. */
  readonly drainMs?: number;
  /** Called once, at once, when leadership is lost: the place to cut connections, so that nothing that hangs on them stays. */
  readonly onLost?: () => void;
}

/** Leadership is lost, and something that was built on it goes on: only the end of the process is sure to end it. */
export class LeftBehindError extends Error {
  constructor(why: string, names: readonly string[]) {
    super(`${why}. The process has to end, because something of it does not end: ${names.join(', ')}`);
    this.name = 'LeftBehindError';
  }
}

/** In the order in which they start; they stop in reverse. */
export interface Runnables {
  /** Probes and metrics: up first and down last, so that every other phase can be watched. */
  readonly servers?: readonly Runnable[];
  /** Reflectors. Standbys run them too and keep warm caches. */
  readonly caches?: readonly Runnable[];
  /** What needs caches but no leadership: the event writer, condition metrics. */
  readonly services?: readonly Runnable[];
  /** Only these write. They start once this process leads. */
  readonly controllers?: readonly Runnable[];
}

const GRACE_MS = 3_000;

/**
 * Starts servers → caches → (synced) → services → election → controllers, and stops in reverse: intake closed and work
 * drained, events flushed, lease given back, watches closed, probes last.
 *
 * `run` resolves after a clean stop. It rejects with LeaderLostError when leadership is lost and every part has ended: a
 * new manager may begin. With any other error the process must exit, LeftBehindError among them: half an operator is worse
 * than a restarted one.
 */
export class Manager {
  readonly #options: ManagerOptions;
  readonly #servers: RunnableGroup;
  readonly #caches: RunnableGroup;
  readonly #services: RunnableGroup;
  readonly #controllers: RunnableGroup;
  readonly #electorStop = new AbortController();
  readonly #over = Promise.withResolvers<void>();
  #electing: Promise<void> = Promise.resolve();
  #failure: Error | undefined;
  #lost = false;

  constructor(options: ManagerOptions, runnables: Runnables) {
    this.#options = options;
    this.#servers = new RunnableGroup(runnables.servers ?? []);
    this.#caches = new RunnableGroup(runnables.caches ?? []);
    this.#services = new RunnableGroup(runnables.services ?? []);
    this.#controllers = new RunnableGroup(runnables.controllers ?? []);
  }

  async run(stop: AbortSignal): Promise<void> {
    const onStop = () => this.#over.resolve();
    stop.addEventListener('abort', onStop, { once: true });
    if (stop.aborted) onStop();
    let left: readonly string[] = [];
    try {
      await this.#start(stop);
      await this.#over.promise;
    } finally {
      stop.removeEventListener('abort', onStop);
      left = await this.#stop();
    }
    if (!this.#failure) return;
    if (this.#lost && left.length > 0) throw new LeftBehindError(this.#failure.message, left);
    throw this.#failure;
  }

  async #start(stop: AbortSignal): Promise<void> {
    const { log } = this.#options;
    const go = async (what: string, group: RunnableGroup): Promise<boolean> => {
      if (stop.aborted || this.#failure) return false;
      log.debug(`Starting ${what}`, { count: group.size });
      group.start((name, error) => this.#fail(name, error));
      await this.#unlessOver(group.ready());
      return true;
    };
    await go('servers', this.#servers);
    await go('caches', this.#caches);
    await go('services', this.#services);
    if (stop.aborted || this.#failure) return;
    if (this.#options.elector) await this.#elect(this.#options.elector);
    if (await go('controllers', this.#controllers)) log.info('Running', { controllers: this.#controllers.size });
  }

  async #elect(elector: LeaderElector): Promise<void> {
    this.#electing = elector.run(this.#electorStop.signal).catch((error: unknown) => {
      this.#lost = error instanceof LeaderLostError;
      this.#fail(elector.name, error);
    });
    await this.#unlessOver(elector.whenLeading());
  }

  /** A failure to get ready (say, a port in use) is a failure of the whole. */
  async #unlessOver(work: Promise<void>): Promise<void> {
    await Promise.race([work.catch((error: unknown) => this.#fail('start', error)), this.#over.promise]);
  }

  #fail(name: string, error: unknown): void {
    const cause = error ?? new Error('it ended without being asked to');
    if (!this.#failure) {
      if (!this.#lost) this.#options.log.error('Stopping everything: a part has ended', { part: name, err: cause });
      this.#failure = cause instanceof Error ? cause : new Error(String(cause));
    }
    this.#over.resolve();
  }

  /** Answers who did not end. */
  async #stop(): Promise<readonly string[]> {
    const { clock, log, drainMs = 25_000, onLost } = this.#options;
    log.info('Stopping', this.#lost ? { because: 'leadership is lost' } : {});
    if (this.#lost) onLost?.();
    // Without the lease nothing may be written any more, so there is nothing to drain. But nobody waits for the end of the
    // process either, so what was aborted may take its time.
    const grace = this.#lost ? { graceMs: 0, afterKillMs: drainMs } : { graceMs: drainMs };
    const left = [...(await this.#controllers.end({ ...grace, clock, log }))];
    left.push(...(await this.#services.end({ graceMs: GRACE_MS, clock, log })));
    this.#electorStop.abort(new Error('stopping'));
    await this.#electing;
    left.push(...(await this.#caches.end({ graceMs: GRACE_MS, clock, log })));
    left.push(...(await this.#servers.end({ graceMs: GRACE_MS, clock, log })));
    log.info('Stopped');
    return left;
  }
}
