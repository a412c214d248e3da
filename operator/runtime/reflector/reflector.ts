import type { KubeObject } from '../../api/meta.ts';
import type { Clock } from '../clock.ts';
import { sleep } from '../clock.ts';
import type { Selection } from '../store/selector.ts';
import type { ListPage, Store } from '../store.ts';
import { StoreError } from '../store.ts';
import { RetryDelay } from './retry-delay.ts';
import type { WatchEnd } from './watch-once.ts';
import { watchOnce } from './watch-once.ts';

/** Where a reflector delivers. Nothing here may throw. */
export interface ReflectorSink {
  /** The whole truth: what is not among `items` is gone. Settles when everybody was told. */
  replace(items: readonly KubeObject[]): Promise<void>;
  set(object: KubeObject): void;
  remove(object: KubeObject): void;
}

export type RelistReason = 'gone' | 'silence' | 'repeated failures' | 'failed list';

/** For metrics, logs and readiness; called synchronously, must not throw. */
export interface ReflectorHooks {
  readonly onListed?: (kind: string, listed: { readonly items: number; readonly ms: number }) => void;
  readonly onEvent?: (kind: string, type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK') => void;
  readonly onFailure?: (kind: string, phase: 'list' | 'watch', error: StoreError) => void;
  readonly onRelist?: (kind: string, reason: RelistReason) => void;
}

export interface ReflectorOptions {
  readonly store: Pick<Store, 'list' | 'watch'>;
  /** Kind, namespace and labels are given to list and watch alike: different ones would leave ghosts. */
  readonly selection: Selection;
  readonly sink: ReflectorSink;
  readonly clock: Clock;
  readonly random: () => number;
  readonly hooks?: ReflectorHooks;
  /** Objects a page. Default 500: such a page parses in a few milliseconds. */
  readonly pageSize?: number;
  /** A watch that says nothing for so long is given up. Default 90 s, longer than a bookmark takes (60 s). */
  readonly silenceMs?: number;
}

const FAILURES_BEFORE_RELIST = 3;
/** A watch that ends sooner without an event is treated as a failure, or it would be asked for in a tight loop. */
const SHORT_WATCH_MS = 1_000;

/**
 * Keeps a sink equal to what the store holds: a paged list, then watches from the list's version, for ever.
 * Every failure is retried with growing delays; none stops it. After silence it lists again without a version: a watch
 * from a version that the server does not have any more (restored from a backup) stays silent for ever.
 */
export class Reflector {
  readonly #options: ReflectorOptions;
  readonly #delay: RetryDelay;
  #running = false;
  #resourceVersion: string | undefined;
  #expiredLists = 0;

  constructor(options: ReflectorOptions) {
    this.#options = options;
    this.#delay = new RetryDelay(options.clock, options.random);
  }

  /** Version up to which the sink is current; undefined before the first list. May run backwards. */
  get resourceVersion(): string | undefined {
    return this.#resourceVersion;
  }

  /** Resolves after the signal aborted and nothing of it is under way any more. Never rejects. One run at a time. */
  async run(signal: AbortSignal): Promise<void> {
    if (this.#running) throw new Error(`The reflector of ${this.#kind} is running already`);
    this.#running = true;
    try {
      while (!signal.aborted) {
        const reason = (await this.#list(signal)) ? await this.#follow(signal) : 'failed list';
        if (signal.aborted) break;
        this.#options.hooks?.onRelist?.(this.#kind, reason);
      }
    } finally {
      this.#running = false;
    }
  }

  get #kind(): string {
    return this.#options.selection.kind;
  }

  /** True when the sink has the new list. Waits after a failure. */
  async #list(signal: AbortSignal): Promise<boolean> {
    const { sink, clock, hooks } = this.#options;
    const started = clock.monotonic();
    try {
      const { items, resourceVersion } = await this.#pages(signal);
      await sink.replace(items);
      this.#resourceVersion = resourceVersion;
      this.#expiredLists = 0;
      hooks?.onListed?.(this.#kind, { items: items.length, ms: clock.monotonic() - started });
      return true;
    } catch (thrown) {
      if (signal.aborted) return false;
      const error = asStoreError(thrown);
      if (error.code === 'gone') this.#expiredLists++;
      hooks?.onFailure?.(this.#kind, 'list', error);
      await this.#pause(signal, error);
      return false;
    }
  }

  async #pages(signal: AbortSignal): Promise<{ items: readonly KubeObject[]; resourceVersion: string }> {
    const { store, selection, pageSize = 500 } = this.#options;
    const items: KubeObject[] = [];
    // Where pages keep expiring before they are read, one big answer is the only one that can be had.
    const limit = this.#expiredLists < 2 ? { limit: pageSize } : {};
    let page: ListPage | undefined;
    do {
      const rest = page?.continue === undefined ? {} : { continue: page.continue };
      page = await store.list({ ...selection, ...limit, ...rest, signal });
      signal.throwIfAborted();
      for (const item of page.items) items.push(item);
    } while (page.continue !== undefined);
    return { items, resourceVersion: page.resourceVersion };
  }

  /** Watches until a new list is needed or the signal aborts. The wait before that list has passed on return. */
  async #follow(signal: AbortSignal): Promise<RelistReason> {
    let failures = 0;
    for (;;) {
      const end = await this.#watch(signal);
      if (signal.aborted) return 'gone';
      failures = end.events > 0 ? 0 : failures;
      switch (end.kind) {
        case 'silent':
          await this.#pause(signal);
          return 'silence';
        case 'gone':
          await this.#pause(signal);
          return 'gone';
        case 'ended':
          if (end.events === 0 && end.lastedMs < SHORT_WATCH_MS) await this.#pause(signal);
          break;
        case 'failed':
          this.#options.hooks?.onFailure?.(this.#kind, 'watch', end.error);
          failures++;
          await this.#pause(signal, end.error);
          if (failures >= FAILURES_BEFORE_RELIST) return 'repeated failures';
          break;
        default:
          end satisfies never;
      }
    }
  }

  #watch(signal: AbortSignal): Promise<WatchEnd> {
    const { store, selection, sink, clock, hooks, silenceMs = 90_000 } = this.#options;
    return watchOnce({
      clock,
      silenceMs,
      signal,
      open: (ending) => store.watch({ ...selection, resourceVersion: this.#resourceVersion ?? '', signal: ending }),
      onEvent: (event) => {
        if (event.type === 'BOOKMARK') this.#resourceVersion = event.resourceVersion;
        else {
          if (event.type === 'DELETED') sink.remove(event.object);
          else sink.set(event.object);
          this.#resourceVersion = event.object.metadata.resourceVersion ?? this.#resourceVersion;
        }
        hooks?.onEvent?.(this.#kind, event.type);
      },
    });
  }

  async #pause(signal: AbortSignal, error?: StoreError): Promise<void> {
    // Rejects when the signal aborts, which every caller looks at next.
    await sleep(this.#options.clock, this.#delay.next(error?.retryAfterMs), signal).catch(() => {});
  }
}

function asStoreError(thrown: unknown): StoreError {
  if (thrown instanceof StoreError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new StoreError('unavailable', message, { cause: thrown });
}
