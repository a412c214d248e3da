import type { ObjectKey } from '../../api/meta.ts';
import type { ReconcileError } from '../errors.ts';
import { noEvents } from '../events.ts';
import type { Logger } from '../log.ts';
import type { ControllerObserver } from '../metrics/controller.ts';
import type { Work, WorkQueue } from '../queue.ts';
import { Priority, type Result } from '../reconciler.ts';
import type { ControllerOptions } from './options.ts';
import { isPanic, type Verdict, verdictOf } from './verdict.ts';

interface Failure {
  readonly error: ReconcileError;
  readonly log: Logger;
}

/** Waits at least this long are spread by up to 5 %, so that what started together does not poll together for ever. */
const SPREAD_FROM_MS = 10_000;
const SPREAD = 0.05;

/** What happens after a reconcile: counts, conditions, events, the next time. */
export class Aftermath {
  readonly #options: ControllerOptions;
  readonly #queue: WorkQueue;
  readonly #observer: ControllerObserver | undefined;

  constructor(options: ControllerOptions, queue: WorkQueue, observer: ControllerObserver | undefined) {
    this.#options = options;
    this.#queue = queue;
    this.#observer = observer;
  }

  success(work: Work, result: Result | undefined): void {
    this.#queue.forget(work.key);
    const after = result?.requeueAfterMs;
    this.#observer?.result(after === undefined ? 'success' : 'requeue_after');
    if (after === undefined) return;
    // A security act that comes back later is a look, not the act: it must not pass people's changes again.
    const priority = result?.priority ?? Math.min(work.priority, Priority.change);
    this.#queue.add(work.key, { priority, delayMs: this.#spread(after) });
  }

  async failure(key: ObjectKey, work: Work, failure: Failure): Promise<void> {
    const { error, log } = failure;
    const verdict = verdictOf(error);
    this.#observer?.result(verdict.result);
    if (verdict.counted) this.#observer?.error(verdict.counted);
    if (isPanic(error)) this.#observer?.panic();
    const shown = await this.#show(key, verdict, failure);
    const delayMs = this.#requeue(work, shown ? verdict.requeue : { kind: 'backoff', name: 'kube' });
    // A classified error says all there is to say; where it came from matters only where nobody foresaw it.
    const unforeseen = error.reason === 'InternalError' || (log.debugEnabled && verdict.level !== 'debug');
    const err = unforeseen ? error : undefined;
    log[verdict.level](verdict.summary, { reason: error.reason, cause: error.message, retryInMs: delayMs, err });
  }

  /** False when the object does not show the failure yet. */
  async #show(key: ObjectKey, verdict: Verdict, { error, log }: Failure): Promise<boolean> {
    const { report, events = noEvents, lookup } = this.#options;
    const object = verdict.event ? lookup?.(key) : undefined;
    if (object) events.record(object, { type: 'Warning', reason: error.reason, message: error.message });
    if (!report || !verdict.progress) return true;
    try {
      await report(key, verdict.progress, error);
      return true;
    } catch (unreported) {
      log.debug('Failing to show an error in conditions', { err: unreported });
      return false;
    }
  }

  #requeue(work: Work, requeue: Verdict['requeue']): number | undefined {
    switch (requeue.kind) {
      case 'never':
        this.#queue.forget(work.key);
        return undefined;
      case 'after': {
        this.#queue.forget(work.key);
        const delayMs = this.#spread(requeue.ms);
        this.#queue.add(work.key, { priority: work.priority, delayMs });
        return delayMs;
      }
      case 'backoff':
        return this.#queue.addRateLimited(work.key, requeue.name, work.priority);
      default:
        return requeue satisfies never;
    }
  }

  #spread(ms: number): number {
    return ms < SPREAD_FROM_MS ? ms : ms * (1 + SPREAD * this.#options.random());
  }
}
