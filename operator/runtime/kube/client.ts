import type { Dispatcher } from 'undici';
import { request } from 'undici';
import type { Clock } from '../clock.ts';
import { sleep } from '../clock.ts';
import { StoreError } from '../store.ts';
import type { PooledKubeConfig } from './config.ts';
import type { Asked } from './errors.ts';
import { parseStatus, toStoreError, toTransportError } from './errors.ts';
import { jsonLines } from './json-lines.ts';

export interface KubeRequest extends Asked {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Absolute, with its parts encoded. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: unknown;
  /** Of the body. Default `application/json`. */
  readonly contentType?: string;
  readonly signal?: AbortSignal;
  /** A write that is made without leadership: the Lease itself. */
  readonly unfenced?: boolean;
}

export interface KubeClientOptions {
  readonly config: PooledKubeConfig;
  readonly clock: Clock;
  readonly random: () => number;
  /** Throws a StoreError when this replica may not write; asked for each write, as the last act before the network. Default: it may. */
  readonly fence?: () => void;
  /** Every attempt, for metrics; `code` is 0 when no answer came. */
  readonly onAttempt?: (attempt: { readonly method: string; readonly code: number; readonly ms: number }) => void;
}

type Answer = Dispatcher.ResponseData;

const GET_ATTEMPTS = 4;
const RETRY_BASE_MS = 200;
/** Whoever is told to wait longer than this waits in the work queue, not in a worker. */
const RETRY_LIMIT_MS = 10_000;
const RETRIED = new Set<string>(['throttled', 'unavailable']);

/**
 * One way to the API server: shared connections, a deadline for every answer, retries for reads, one table for errors.
 * Writes are never sent twice: whether the first one arrived is not known, and the work queue observes before it acts.
 */
export class KubeClient {
  readonly #options: KubeClientOptions;

  constructor(options: KubeClientOptions) {
    this.#options = options;
  }

  /** For typed API clients of the library (Leases, Events). */
  get config(): PooledKubeConfig {
    return this.#options.config;
  }

  /** The answer as JSON. Throws StoreError. */
  async json(asked: KubeRequest): Promise<unknown> {
    const attempts = asked.method === 'GET' ? GET_ATTEMPTS : 1;
    for (let attempt = 1; ; attempt++) {
      try {
        const answer = await this.#answer(asked, 'requests');
        return await bodyOf(answer);
      } catch (thrown) {
        const error = toTransportError(thrown, asked);
        asked.signal?.throwIfAborted();
        const delay = error.retryAfterMs ?? RETRY_BASE_MS * 2 ** attempt * (0.5 + this.#options.random() / 2);
        if (attempt >= attempts || !RETRIED.has(error.code) || delay > RETRY_LIMIT_MS) throw error;
        await sleep(this.#options.clock, delay, asked.signal);
      }
    }
  }

  /** The lines of a streamed answer, until the server ends it or the signal aborts. Throws StoreError. */
  async *lines(asked: KubeRequest & { readonly signal: AbortSignal }): AsyncGenerator<unknown> {
    try {
      const answer = await this.#answer(asked, 'watches');
      yield* jsonLines(answer.body);
    } catch (thrown) {
      if (asked.signal.aborted) return;
      throw toTransportError(thrown, asked);
    }
  }

  /** Ends every request now, those under way too, and lets no other out. */
  cut(): Promise<void> {
    return this.#options.config.cut();
  }

  /** Ends the shared connections; what is under way comes to its end. */
  close(): Promise<void> {
    return this.#options.config.close();
  }

  /** A successful answer, after at most one renewal of a refused token. */
  async #answer(asked: KubeRequest, pool: 'requests' | 'watches'): Promise<Answer> {
    const first = await this.#send(asked, pool);
    if (first.answer.statusCode !== 401 || !this.#options.config.refreshToken(first.token)) {
      return succeeded(first.answer, asked);
    }
    await first.answer.body.dump();
    // The server refused to look at the request, so sending a write again is safe here.
    return succeeded((await this.#send(asked, pool)).answer, asked);
  }

  async #send(
    asked: KubeRequest,
    pool: 'requests' | 'watches',
  ): Promise<{ answer: Answer; token: string | undefined }> {
    const { config, clock, onAttempt, fence } = this.#options;
    const access = await config.access();
    if (asked.method !== 'GET' && asked.unfenced !== true) fence?.();
    const started = clock.monotonic();
    const report = (code: number) => onAttempt?.({ method: asked.method, code, ms: clock.monotonic() - started });
    const deadline = AbortSignal.timeout(config.answerMs * 2);
    const signals = [asked.signal, pool === 'requests' ? deadline : undefined].filter((s) => s !== undefined);
    try {
      const answer = await request(this.#url(asked), {
        method: asked.method,
        headers: { accept: 'application/json', 'user-agent': 'fleetward', ...access.headers, ...contentType(asked) },
        body: asked.body === undefined ? null : JSON.stringify(asked.body),
        dispatcher: access[pool],
        signal: AbortSignal.any(signals),
      });
      report(answer.statusCode);
      return { answer, token: access.headers.Authorization };
    } catch (thrown) {
      report(0);
      throw toTransportError(thrown, asked);
    }
  }

  #url({ path, query = {} }: KubeRequest): URL {
    const server = this.#options.config.getCurrentCluster()?.server ?? '';
    const url = new URL(server.replace(/\/+$/, '') + path);
    for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, value);
    return url;
  }
}

function contentType(asked: KubeRequest): Record<string, string> {
  return asked.body === undefined ? {} : { 'content-type': asked.contentType ?? 'application/json' };
}

async function succeeded(answer: Answer, asked: Asked): Promise<Answer> {
  if (answer.statusCode < 300) return answer;
  const retryAfter = answer.headers['retry-after'];
  const body = await bodyOf(answer).catch(() => undefined);
  const status = parseStatus(answer.statusCode, body, typeof retryAfter === 'string' ? retryAfter : undefined);
  throw toStoreError(status, asked);
}

async function bodyOf(answer: Answer): Promise<unknown> {
  const text = await answer.body.text();
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw new StoreError('unavailable', `The answer is not JSON (${text.length} characters): is this an API server?`);
  }
}
