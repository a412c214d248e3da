import { createHash } from 'node:crypto';
import type { AgentOptions, RequestOptions } from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';
import type { buildConnector, Dispatcher } from 'undici';
import { Agent, ProxyAgent } from 'undici';
import { StoreError } from '../store.ts';

const CONNECT_MS = 10_000;

/** What a request needs to be let in. */
export interface Access {
  readonly headers: Readonly<Record<string, string>>;
  /** For requests with an end. */
  readonly requests: Dispatcher;
  /** For streams: apart, so that long watches and short requests never wait for each other's connections. */
  readonly watches: Dispatcher;
}

interface Pool {
  readonly identity: string;
  readonly requests: Dispatcher;
  readonly watches: Dispatcher;
}

/**
 * Shared connections. The client library would make a pool, and so a TLS connection, for every single request. The pool
 * is replaced when the CA or the client certificate change, which in a cluster happens under a running process.
 */
export class Connections {
  readonly #config: KubeConfig;
  readonly #answerMs: number;
  #pool: Pool | undefined;
  #cut = false;

  constructor(config: KubeConfig, answerMs: number) {
    this.#config = config;
    this.#answerMs = answerMs;
  }

  async access(): Promise<Access> {
    if (this.#cut) throw new StoreError('conflict', 'Nothing is asked any more: this replica has lost its lease');
    const options: RequestOptions = { headers: {} };
    await this.#config.applyToHTTPSOptions(options);
    const { requests, watches } = this.#poolFor(options);
    const headers: Record<string, string> = {};
    for (const [name, value] of Object.entries(options.headers ?? {})) headers[name] = String(value);
    if (typeof options.auth === 'string') {
      headers.Authorization = `Basic ${Buffer.from(options.auth).toString('base64')}`;
    }
    return { headers, requests, watches };
  }

  async close(): Promise<void> {
    const pool = this.#pool;
    this.#pool = undefined;
    // Watches have been told to end by their signals; destroying takes a half-open one along.
    await Promise.all([pool?.requests.close(), pool?.watches.destroy()]);
  }

  /** Ends them now, with whatever is under way, and makes no others: a request that hangs must hold nobody. */
  async cut(): Promise<void> {
    this.#cut = true;
    const pool = this.#pool;
    this.#pool = undefined;
    await Promise.all([pool?.requests.destroy(), pool?.watches.destroy()]);
  }

  #poolFor(options: RequestOptions): Pool {
    const identity = identityOf(options);
    if (this.#pool?.identity === identity) return this.#pool;
    const old = this.#pool;
    this.#pool = {
      identity,
      requests: this.#dispatcher(options),
      watches: this.#dispatcher(options),
    };
    // Closed, not destroyed: what is under way on the old connections comes to its end.
    for (const dispatcher of [old?.requests, old?.watches]) dispatcher?.close().catch(() => {});
    return this.#pool;
  }

  #dispatcher(options: RequestOptions): Dispatcher {
    const chosen = this.#config.createDispatcherOptions(this.#config.getCurrentCluster(), tlsOf(options));
    // Requests have a deadline for the whole answer; silence on a watch is judged by the reflector, which knows of
    // bookmarks.
    // HTTP/1.1: with HTTP/2 all watches and requests would share one connection, and its fate.
    const transport = { headersTimeout: this.#answerMs, bodyTimeout: 0, allowH2: false };
    switch (chosen.type) {
      case 'proxy':
        return new ProxyAgent({ uri: chosen.uri, requestTls: chosen.requestTls as Tls, ...transport });
      case 'socks':
        throw new Error('SOCKS proxies to the API server are not supported: use an HTTP proxy (proxy-url)');
      case 'agent':
        return new Agent({ connect: { ...(chosen.connect as Tls), timeout: CONNECT_MS }, ...transport });
      case 'none':
        return new Agent({ connect: { timeout: CONNECT_MS }, ...transport });
      default:
        return chosen satisfies never;
    }
  }
}

/** The same options under the pool's own, stricter type. */
type Tls = buildConnector.BuildOptions;

function tlsOf(options: RequestOptions): AgentOptions {
  const { ca, cert, key, pfx, passphrase, rejectUnauthorized, servername } = options;
  const set = Object.entries({ ca, cert, key, pfx, passphrase, rejectUnauthorized, servername });
  return Object.fromEntries(set.filter(([, value]) => value !== undefined)) as AgentOptions;
}

/** A digest, so that no key material is kept a second time. */
function identityOf(options: RequestOptions): string {
  const hash = createHash('sha256');
  for (const [name, value] of Object.entries(tlsOf(options))) {
    hash.update(`${name}\0`);
    hash.update(Buffer.isBuffer(value) ? value : JSON.stringify(value));
    hash.update('\0');
  }
  return hash.digest('hex');
}
