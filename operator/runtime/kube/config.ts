import { readFileSync } from 'node:fs';
import type { RequestContext } from '@kubernetes/client-node';
import { KubeConfig } from '@kubernetes/client-node';
import type { Clock } from '../clock.ts';
import { systemClock } from '../clock.ts';
import type { Access } from './connections.ts';
import { Connections } from './connections.ts';

/** The library keeps a token it has read for a minute; afterwards its copy is as fresh as ours. */
const LIBRARY_KEEPS_TOKEN_MS = 61_000;

export interface KubeConfigOptions {
  readonly clock?: Clock;
  /** The API server has this long to begin its answer; a hung one must not hold a worker. Default 30 s. */
  readonly answerMs?: number;
}

/**
 * The library's configuration with shared connections. Typed API clients made from it (`makeApiClient`) use them too.
 */
export class PooledKubeConfig extends KubeConfig {
  readonly answerMs: number;
  readonly #connections: Connections;
  readonly #clock: Clock;
  #fresh: { readonly token: string; readonly until: number } | undefined;

  constructor(options: KubeConfigOptions = {}) {
    super();
    this.#clock = options.clock ?? systemClock;
    this.answerMs = options.answerMs ?? 30_000;
    this.#connections = new Connections(this, this.answerMs);
  }

  override async applySecurityAuthentication(context: RequestContext): Promise<void> {
    const { headers, requests } = await this.access();
    for (const [name, value] of Object.entries(headers)) context.setHeaderParam(name, value);
    context.setDispatcher(requests);
  }

  /** Headers and connections for one request of our own. */
  async access(): Promise<Access> {
    const access = await this.#connections.access();
    if (!this.#fresh || this.#clock.monotonic() > this.#fresh.until) return access;
    return { ...access, headers: { ...access.headers, Authorization: `Bearer ${this.#fresh.token}` } };
  }

  /**
   * After a 401: reads the mounted token again, which the library would go on taking from memory for up to a minute.
   * False when there is no token file, or it still holds what was refused.
   */
  refreshToken(refused: string | undefined): boolean {
    const file: unknown = this.getCurrentUser()?.authProvider?.config?.tokenFile;
    if (typeof file !== 'string') return false;
    const token = readFileSync(file, 'utf8').trim();
    this.#fresh = { token, until: this.#clock.monotonic() + LIBRARY_KEEPS_TOKEN_MS };
    return `Bearer ${token}` !== refused;
  }

  /** Ends the shared connections with whatever is under way, for good. */
  cut(): Promise<void> {
    return this.#connections.cut();
  }

  /** Ends the shared connections; watches must have been stopped before. */
  close(): Promise<void> {
    return this.#connections.close();
  }
}

/**
 * From the kubeconfig file, or from the pod's service account when no file is given; `asKubectl` looks where kubectl does.
 * https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/
 */
export function loadKubeConfig(
  options: { readonly file?: string; readonly context?: string; readonly asKubectl?: boolean } = {},
): PooledKubeConfig {
  const config = new PooledKubeConfig();
  if (options.file !== undefined) config.loadFromFile(options.file);
  // KUBECONFIG with its list of files, then ~/.kube/config, then the pod's own.
  else if (options.asKubectl === true) config.loadFromDefault();
  else config.loadFromCluster();
  if (options.context !== undefined) config.setCurrentContext(options.context);
  if (!config.getCurrentCluster()) {
    throw new Error(
      `The kubeconfig ${options.file ?? 'of the pod'} names no cluster for context ${config.getCurrentContext()}`,
    );
  }
  return config;
}
