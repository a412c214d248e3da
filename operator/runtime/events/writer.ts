import type { KubeObject } from '../../api/meta.ts';
import { type Clock, sleep, type Timer } from '../clock.ts';
import type { EventInput, EventRecorder } from '../events.ts';
import type { Logger } from '../log.ts';
import type { Runnable } from '../manager/runnable.ts';
import type { Counter } from '../metrics.ts';
import { StoreError } from '../store.ts';
import { cleanInput, eventDocument, type Occurrence, referenceTo } from './document.ts';
import { ObjectLimiter, perObjectLimit, type RateLimit } from './limits.ts';
import type { EventSink } from './sink.ts';

export interface EventWriterOptions {
  readonly sink: EventSink;
  readonly clock: Clock;
  readonly log: Logger;
  /** Shown as the reporting instance: the pod's or the host's name. */
  readonly instance: string;
  /** Default `fleetward.dev/operator`. */
  readonly controller?: string;
  readonly limit?: RateLimit;
  /** Most writes a second. Default 50: a fleet that comes up must not flood etcd. */
  readonly perSecond?: number;
  /** Events that may wait to be written. Default 1000. */
  readonly backlog?: number;
  /** See `eventCounter`. */
  readonly counter?: Counter;
}

/** The same event again within this time only raises a count. */
const SERIES_MS = 6 * 60_000;
/** Counts are written that late, so that an event which repeats each second costs one write a minute. */
const COUNT_AFTER_MS = 60_000;
const MOST_SERIES = 4_096;
const ATTEMPTS = 3;
const RETRY_MS = 1_000;

type Outcome = 'written' | 'repeated' | 'limited' | 'dropped' | 'failed';

interface Series extends Occurrence {
  /** Waits in the backlog. */
  queued: boolean;
  /** Armed while a count waits to be written. */
  timer: Timer | undefined;
}

/**
 * Records events and writes them in the background: equal ones become one with a count, each object is limited, and what
 * cannot be written is dropped and counted. Nothing ever waits for an event.
 */
export class EventWriter implements EventRecorder, Runnable {
  readonly name = 'events';
  readonly #options: EventWriterOptions;
  readonly #limiter: ObjectLimiter;
  readonly #series = new Map<string, Series>();
  #backlog: Series[] = [];
  #sequence = 0;
  #wake: () => void = () => undefined;
  #ended = false;

  constructor(options: EventWriterOptions) {
    this.#options = options;
    this.#limiter = new ObjectLimiter(options.limit ?? perObjectLimit);
  }

  record(regarding: KubeObject, event: EventInput): void {
    if (this.#ended) return;
    const { clock } = this.#options;
    const input = cleanInput(event);
    const reference = referenceTo(regarding);
    const object = `${reference.kind}/${reference.namespace ?? ''}/${reference.name}/${reference.uid ?? ''}`;
    const key = `${object}\n${input.type}\n${input.reason}\n${input.action}\n${input.message}`;
    const now = clock.now();
    const known = this.#series.get(key);
    if (known && now - known.last < SERIES_MS) {
      this.#repeat(known, now);
      return;
    }
    if (!this.#limiter.allow(object, clock.monotonic())) {
      this.#count('limited');
      return;
    }
    const sequence = this.#sequence++;
    const fresh: Series = {
      regarding: reference,
      input,
      first: now,
      last: now,
      count: 1,
      sequence,
      queued: false,
      timer: undefined,
    };
    this.#remember(key, fresh);
    this.#enqueue(fresh);
  }

  async run(stop: AbortSignal, kill: AbortSignal): Promise<void> {
    const { clock, perSecond = 50 } = this.#options;
    const onStop = () => this.#wake();
    stop.addEventListener('abort', onStop, { once: true });
    try {
      while (!stop.aborted) {
        const next = this.#backlog.shift();
        if (!next) {
          await this.#nextRecord(stop);
          continue;
        }
        await this.#write(next, stop);
        await sleep(clock, 1000 / perSecond, stop).catch(() => undefined);
      }
      await this.#flush(kill);
    } finally {
      stop.removeEventListener('abort', onStop);
    }
  }

  #nextRecord(stop: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
      if (stop.aborted || this.#backlog.length > 0) resolve();
    });
  }

  #repeat(series: Series, now: number): void {
    series.count += 1;
    series.last = now;
    this.#count('repeated');
    if (series.queued || series.timer) return;
    series.timer = this.#options.clock.after(COUNT_AFTER_MS, () => {
      series.timer = undefined;
      this.#enqueue(series);
    });
  }

  #remember(key: string, series: Series): void {
    this.#series.get(key)?.timer?.cancel();
    this.#series.delete(key);
    this.#series.set(key, series);
    if (this.#series.size <= MOST_SERIES) return;
    for (const [oldest, forgotten] of this.#series) {
      forgotten.timer?.cancel();
      this.#series.delete(oldest);
      break;
    }
  }

  /** With a full backlog good news gives way first. */
  #enqueue(series: Series): void {
    const { backlog = 1_000 } = this.#options;
    if (this.#backlog.length >= backlog) {
      this.#count('dropped');
      if (series.input.type === 'Normal') return;
      const victim = this.#backlog.findIndex((waiting) => waiting.input.type === 'Normal');
      const [dropped] = this.#backlog.splice(Math.max(0, victim), 1);
      if (dropped) dropped.queued = false;
    }
    series.queued = true;
    this.#backlog.push(series);
    this.#wake();
  }

  async #write(series: Series, stop: AbortSignal): Promise<void> {
    const { sink, clock, log, instance, controller = 'fleetward.dev/operator' } = this.#options;
    series.queued = false;
    for (let attempt = 1; ; attempt++) {
      try {
        await sink.write(eventDocument(series, { controller, instance }));
        this.#count('written');
        return;
      } catch (error) {
        const passing = error instanceof StoreError && (error.code === 'unavailable' || error.code === 'throttled');
        if (!passing || attempt >= ATTEMPTS || stop.aborted) {
          this.#count('failed');
          log.debug('Dropping an event that could not be written', {
            reason: series.input.reason,
            cause: String(error),
          });
          return;
        }
        await sleep(clock, error.retryAfterMs ?? RETRY_MS * attempt, stop).catch(() => undefined);
      }
    }
  }

  /** Everything that is known and not written, without pauses. */
  async #flush(kill: AbortSignal): Promise<void> {
    this.#ended = true;
    const counts = [...this.#series.values()].filter((series) => series.timer !== undefined);
    for (const series of counts) {
      series.timer?.cancel();
      series.timer = undefined;
    }
    const left = [...this.#backlog, ...counts];
    this.#backlog = [];
    // A stop that is over: no retries.
    const now = AbortSignal.abort();
    for (const series of left) {
      if (kill.aborted) return;
      await this.#write(series, now);
    }
  }

  #count(outcome: Outcome): void {
    this.#options.counter?.inc({ outcome });
  }
}
