import { randomUUID } from 'node:crypto';
import type { ObjectKey } from '../api/meta.ts';
import { Aftermath } from './controller/aftermath.ts';
import { RecentStarts } from './controller/gap.ts';
import { keyText, objectKey, parseKey } from './controller/keys.ts';
import type { ControllerOptions, WatchOptions } from './controller/options.ts';
import { desiredChanged } from './controller/predicates.ts';
import { toReconcileError } from './errors.ts';
import { type Logger, objectField, withLogger } from './log.ts';
import type { Runnable } from './manager/runnable.ts';
import type { ControllerObserver } from './metrics/controller.ts';
import { type AddOptions, type Work, WorkQueue } from './queue.ts';
import { type Cache, type CacheChange, Priority } from './reconciler.ts';

/** A reconcile that ignores its aborted signal for this long no longer holds a worker; its key stays locked. */
const ABANDON_AFTER_MS = 30_000;
/** The fence also closes for a moment when somebody sets the clock, so a key that is not ours now is kept. */
const NOT_OWNED_MS = 2_000;

export type { ControllerOptions, WatchOptions } from './controller/options.ts';

/**
 * Turns changes into reconciles: sources enqueue keys, N workers take them by priority, one reconcile per key at a time,
 * and every way to end is answered by the table in `verdict.ts`.
 */
export class Controller implements Runnable {
  readonly name: string;
  readonly workers: number;
  readonly #options: ControllerOptions;
  readonly #queue: WorkQueue;
  readonly #recent: RecentStarts;
  readonly #observer: ControllerObserver | undefined;
  readonly #aftermath: Aftermath;
  readonly #log: Logger;
  readonly #inFlight = new Set<AbortController>();
  #killed = false;

  constructor(options: ControllerOptions) {
    this.#options = options;
    this.name = options.name;
    this.workers = Math.max(1, options.workers ?? 8);
    this.#log = options.log.child({ controller: options.name });
    this.#recent = new RecentStarts(options.minGapMs ?? 1_000);
    this.#observer = options.metrics?.controller.observer(options.name, this.workers);
    const observer = options.metrics?.workqueue.observer(options.name, () => this.#queue.snapshot());
    this.#queue = new WorkQueue({ clock: options.clock, random: options.random, ...(observer ? { observer } : {}) });
    this.#aftermath = new Aftermath(options, this.#queue, this.#observer);
  }

  /** Enqueues on each change of `kind` that matters. Call before the cache starts. */
  watch(cache: Cache, kind: string, options: WatchOptions = {}): void {
    const when = options.when ?? desiredChanged;
    const keys = options.keys ?? ownKey;
    cache.onChange(kind, (change) => {
      // A handler that throws would cost the cache's other readers this change.
      try {
        if (!change.initial && !when(change)) return;
        const priority = change.initial ? Priority.resync : (options.priority?.(change) ?? Priority.change);
        for (const key of keys(change)) this.enqueue(key, { priority });
      } catch (error) {
        this.#log.error('Losing a change: its handler failed', { kind, err: error });
      }
    });
  }

  /** For sources that are no cache: Git revisions, account events, verbs. */
  enqueue(key: ObjectKey, options?: AddOptions): void {
    this.#queue.add(keyText(key), options);
  }

  /** Nothing is being worked on and nothing is ready; keys that wait for their time do not count. */
  get quiet(): boolean {
    return this.#queue.quiet;
  }

  /** Keys pending, those that wait for their time included. */
  get pending(): number {
    return this.#queue.size;
  }

  async run(stop: AbortSignal, kill: AbortSignal): Promise<void> {
    const onStop = () => this.#queue.shutdown();
    const onKill = () => this.#kill(kill.reason);
    stop.addEventListener('abort', onStop, { once: true });
    kill.addEventListener('abort', onKill, { once: true });
    if (stop.aborted) onStop();
    if (kill.aborted) onKill();
    const reserved = this.#options.reservedWorkers ?? Math.floor(this.workers / 4);
    try {
      await Promise.all(
        Array.from({ length: this.workers }, (_, index) =>
          this.#work(index < Math.min(reserved, this.workers - 1) ? Priority.change : undefined),
        ),
      );
      await this.#queue.idle();
    } finally {
      stop.removeEventListener('abort', onStop);
      kill.removeEventListener('abort', onKill);
    }
  }

  async #work(minPriority: number | undefined): Promise<void> {
    for (;;) {
      const work = await this.#queue.get(minPriority);
      if (!work) return;
      await this.#take(work);
      // Reconciles answered from the cache alone never wait; without this they would keep I/O and timers out.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async #take(work: Work): Promise<void> {
    const key = parseKey(work.key);
    const { clock, owns } = this.#options;
    if (this.#killed) {
      this.#queue.done(work.key);
      return;
    }
    if (owns && !owns(key)) {
      this.#queue.add(work.key, { priority: work.priority, delayMs: NOT_OWNED_MS });
      this.#queue.done(work.key);
      return;
    }
    const early = work.priority >= Priority.security ? 0 : this.#recent.remaining(work.key, clock.monotonic());
    if (early > 0) {
      this.#queue.add(work.key, { priority: work.priority, delayMs: early });
      this.#queue.done(work.key);
      return;
    }
    this.#recent.mark(work.key, clock.monotonic());
    await this.#attempt(key, work);
  }

  /** Resolves when the worker may go on; the key is released when the reconcile has really ended. */
  #attempt(key: ObjectKey, work: Work): Promise<void> {
    const { clock } = this.#options;
    const abort = new AbortController();
    const reconcileId = randomUUID();
    const log = this.#log.child({ object: objectField(key), reconcileID: reconcileId });
    const began = clock.monotonic();
    this.#inFlight.add(abort);
    this.#observer?.active(1);
    return new Promise((free) => {
      const timer = this.#limit(abort, log, () => free());
      const ended = withLogger(log, () => this.#reconcile(key, work, { abort, reconcileId, log }));
      // `#reconcile` handles every throw; should it fail itself, the worker must live on.
      void ended
        .catch((error: unknown) => log.error('Failing to handle a failure', { err: error }))
        .finally(() => {
          timer.cancel();
          this.#inFlight.delete(abort);
          this.#observer?.active(-1);
          this.#observer?.took((clock.monotonic() - began) / 1000);
          this.#queue.done(work.key);
          free();
        });
    });
  }

  #limit(abort: AbortController, log: Logger, abandon: () => void): { cancel(): void } {
    const { clock, timeoutMs = 120_000 } = this.#options;
    if (timeoutMs <= 0) return { cancel: () => undefined };
    let timer = clock.after(timeoutMs, () => {
      this.#observer?.timeout();
      abort.abort(new Error(`The reconcile took longer than ${timeoutMs} ms`));
      timer = clock.after(ABANDON_AFTER_MS, () => {
        log.error('Going on without a reconcile that ignores its end; its object stays locked');
        abandon();
      });
    });
    return { cancel: () => timer.cancel() };
  }

  async #reconcile(
    key: ObjectKey,
    work: Work,
    run: { readonly abort: AbortController; readonly reconcileId: string; readonly log: Logger },
  ): Promise<void> {
    const { abort, reconcileId, log } = run;
    try {
      const context = { signal: abort.signal, log, reconcileId, priority: work.priority };
      const result = await this.#options.reconciler.reconcile(key, context);
      this.#aftermath.success(work, result);
    } catch (thrown) {
      if (this.#killed) {
        log.info('Leaving a reconcile unfinished: the process is stopping');
      } else if (this.#options.owns?.(key) === false) {
        // It failed because the fence closed under it. Whoever owns the object now tells how it stands.
        log.info('Leaving a reconcile unfinished: this process does not own the object now');
        this.#queue.add(work.key, { priority: work.priority, delayMs: NOT_OWNED_MS });
      } else await this.#aftermath.failure(key, work, { error: toReconcileError(thrown), log });
    }
  }

  #kill(reason: unknown): void {
    this.#killed = true;
    this.#queue.shutdown();
    for (const abort of this.#inFlight) abort.abort(reason);
  }
}

function ownKey(change: CacheChange): readonly ObjectKey[] {
  const object = change.new ?? change.old;
  return object ? [objectKey(object)] : [];
}
