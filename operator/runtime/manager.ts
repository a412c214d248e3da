import type { Clock } from './clock.ts';
import type { LeaderElector } from './lease.ts';
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
 * `run` resolves after a clean stop. It rejects when a part ends by itself or leadership is lost: the process must exit
 * then, because half an operator is worse than a restarted one.
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
    try {
      await this.#start(stop);
      await this.#over.promise;
    } finally {
      stop.removeEventListener('abort', onStop);
      await this.#stop();
    }
    if (this.#failure) throw this.#failure;
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
      this.#lost = true;
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
      this.#options.log.error('Stopping everything: a part has ended', { part: name, err: cause });
      this.#failure = cause instanceof Error ? cause : new Error(String(cause));
    }
    this.#over.resolve();
  }

  async #stop(): Promise<void> {
    const { clock, log, drainMs = 25_000 } = this.#options;
    log.info('Stopping', this.#lost ? { because: 'leadership is lost' } : {});
    // Without the lease nothing may be written any more, so there is nothing to drain.
    await this.#controllers.end({ graceMs: this.#lost ? 0 : drainMs, clock, log });
    await this.#services.end({ graceMs: GRACE_MS, clock, log });
    this.#electorStop.abort(new Error('stopping'));
    await this.#electing;
    await this.#caches.end({ graceMs: GRACE_MS, clock, log });
    await this.#servers.end({ graceMs: GRACE_MS, clock, log });
    log.info('Stopped');
  }
}
