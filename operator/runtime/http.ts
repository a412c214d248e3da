import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from './log.ts';
import type { Runnable } from './manager/runnable.ts';
import type { Metrics } from './metrics.ts';

/** Undefined when all is well, else what is wrong, in words for people. Must be quick and must not wait. */
export type Check = () => string | undefined;

export interface ProbeServerOptions {
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  /** Shown at /healthz: a failure gets the pod restarted, so only what a restart cures belongs here. */
  readonly live: Readonly<Record<string, Check>>;
  /** Shown at /readyz. */
  readonly ready: Readonly<Record<string, Check>>;
  readonly metrics?: Pick<Metrics, 'contentType' | 'expose'>;
  readonly log: Logger;
}

/** The address cannot be had: in use, not this machine's, or not for this user. */
export class ListenError extends Error {
  constructor(message: string, cause: Error) {
    super(message, { cause });
    this.name = 'ListenError';
  }
}

/**
 * `/healthz` answers as long as the event loop turns (a blocked loop cannot answer at all) and the live checks pass,
 * `/readyz` once the caches are synced, `/metrics` for Prometheus. Plain HTTP: it carries no secret and changes nothing.
 */
export class ProbeServer implements Runnable {
  readonly name = 'probes';
  readonly #options: ProbeServerOptions;
  readonly #server: Server;
  readonly #listening = Promise.withResolvers<void>();

  constructor(options: ProbeServerOptions) {
    this.#options = options;
    // Bounds against clients that send slowly or without end; an answer is a few kilobytes at most, metrics apart.
    this.#server = createServer(
      { requestTimeout: 10_000, headersTimeout: 5_000, maxHeaderSize: 8_192, keepAliveTimeout: 65_000 },
      (request, response) => void this.#answer(request, response),
    );
    this.#server.maxConnections = 128;
    this.#listening.promise.catch(() => undefined);
  }

  whenReady(): Promise<void> {
    return this.#listening.promise;
  }

  /** Where it listens, known once ready. */
  get port(): number {
    return (this.#server.address() as AddressInfo | null)?.port ?? 0;
  }

  async run(stop: AbortSignal): Promise<void> {
    const { host, port, log } = this.#options;
    const closed = Promise.withResolvers<void>();
    this.#server.once('error', (error) => {
      const message = `Cannot serve probes on ${host}:${port}: ${error.message}. Choose another address or free that one`;
      closed.reject(new ListenError(message, error));
      this.#listening.reject(new ListenError(message, error));
    });
    this.#server.once('close', () => closed.resolve());
    this.#server.listen(port, host, () => {
      log.info('Serving probes and metrics', { host, port: this.port });
      this.#listening.resolve();
    });
    const onStop = () => {
      this.#server.close();
      this.#server.closeAllConnections();
    };
    stop.addEventListener('abort', onStop, { once: true });
    if (stop.aborted) onStop();
    try {
      await closed.promise;
    } finally {
      stop.removeEventListener('abort', onStop);
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [path, query = ''] = (request.url ?? '/').split('?', 2);
    const verbose = /(?:^|&)verbose(?:[=&]|$)/.test(query);
    // Nothing here reads a body; discarding it keeps the connection usable.
    request.resume();
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      send(response, { status: 405, body: 'Only GET and HEAD are answered here\n' });
      return;
    }
    const { live, ready, metrics } = this.#options;
    try {
      if (path === '/healthz' || path === '/livez') send(response, checked(live, verbose));
      else if (path === '/readyz') send(response, checked(ready, verbose));
      else if (path === '/metrics' && metrics) {
        send(response, { status: 200, body: await metrics.expose(), type: metrics.contentType });
      } else send(response, { status: 404, body: 'Not found. There are /healthz, /readyz and /metrics\n' });
    } catch (error) {
      this.#options.log.error('Failing to answer a probe', { path, err: error });
      send(response, { status: 500, body: 'This is a defect; the log has more\n' });
    }
  }
}

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly type?: string;
}

function checked(checks: Readonly<Record<string, Check>>, verbose: boolean): Answer {
  const lines: string[] = [];
  let healthy = true;
  for (const [name, check] of Object.entries(checks)) {
    const problem = check();
    if (problem !== undefined) healthy = false;
    lines.push(problem === undefined ? `[+] ${name} ok` : `[-] ${name}: ${problem}`);
  }
  if (!healthy) return { status: 503, body: `${lines.join('\n')}\n` };
  return { status: 200, body: verbose ? `${[...lines, 'ok'].join('\n')}\n` : 'ok\n' };
}

function send(response: ServerResponse, answer: Answer): void {
  if (response.headersSent) return;
  response.writeHead(answer.status, {
    'content-type': answer.type ?? 'text/plain; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  response.end(answer.body);
}
