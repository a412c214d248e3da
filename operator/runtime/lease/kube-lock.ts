import { microTime } from '../events/document.ts';
import type { KubeClient } from '../kube/client.ts';
import { pathOf } from '../kube/resources.ts';
import { StoreError } from '../store.ts';
import type { LeaseLock, LeaseRecord, ObservedLease } from './lock.ts';

export interface KubeLeaseLockOptions {
  readonly client: Pick<KubeClient, 'json'>;
  readonly namespace: string;
  readonly name: string;
}

/** The Lease as it travels: times are strings with exactly six digits, whatever the client's types say. */
interface LeaseObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly spec?: Readonly<Record<string, unknown>>;
}

/**
 * A coordination.k8s.io/v1 Lease. Writes name the resourceVersion that was read, so of two writers one gets a conflict.
 * Labels, annotations and fields that others set are kept.
 * https://kubernetes.io/docs/concepts/architecture/leases/
 */
export class KubeLeaseLock implements LeaseLock {
  readonly name: string;
  readonly #options: KubeLeaseLockOptions;
  #last: LeaseObject | undefined;

  constructor(options: KubeLeaseLockOptions) {
    this.#options = options;
    this.name = `${options.namespace}/${options.name}`;
  }

  async get(signal: AbortSignal): Promise<ObservedLease | undefined> {
    try {
      return this.#keep(await this.#ask({ method: 'GET', path: this.#path(), what: 'Reading', signal }));
    } catch (error) {
      if (error instanceof StoreError && error.code === 'notFound') return undefined;
      throw error;
    }
  }

  async create(record: LeaseRecord, signal: AbortSignal): Promise<ObservedLease> {
    const { namespace, name } = this.#options;
    const body: LeaseObject = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name, namespace },
      spec: specOf(record, {}),
    };
    const path = pathOf('Lease', { namespace });
    return this.#keep(await this.#ask({ method: 'POST', path, body, what: 'Creating', signal }));
  }

  async update(record: LeaseRecord, version: string, signal: AbortSignal): Promise<ObservedLease> {
    const { namespace, name } = this.#options;
    const kept = this.#last;
    const body: LeaseObject = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { ...kept?.metadata, name, namespace, resourceVersion: version },
      spec: specOf(record, kept?.spec ?? {}),
    };
    return this.#keep(await this.#ask({ method: 'PUT', path: this.#path(), body, what: 'Writing', signal }));
  }

  #path(): string {
    return pathOf('Lease', { namespace: this.#options.namespace, name: this.#options.name });
  }

  #ask(request: {
    readonly method: 'GET' | 'POST' | 'PUT';
    readonly path: string;
    readonly body?: unknown;
    readonly what: string;
    readonly signal: AbortSignal;
  }): Promise<unknown> {
    return this.#options.client.json({ ...request, unfenced: true, what: `${request.what} the Lease ${this.name}` });
  }

  #keep(answer: unknown): ObservedLease {
    const lease = answer as LeaseObject;
    const version = lease?.metadata?.resourceVersion;
    if (typeof version !== 'string') {
      throw new StoreError(
        'unavailable',
        `The answer about the Lease ${this.name} is no Lease: is this an API server?`,
      );
    }
    this.#last = lease;
    return { record: recordOf(lease.spec ?? {}), version };
  }
}

function recordOf(spec: Readonly<Record<string, unknown>>): LeaseRecord {
  const text = (value: unknown) => (typeof value === 'string' ? value : '');
  const count = (value: unknown) => (typeof value === 'number' && Number.isFinite(value) ? value : 0);
  return {
    holder: text(spec.holderIdentity),
    leaseDurationMs: count(spec.leaseDurationSeconds) * 1000,
    acquiredAt: Date.parse(text(spec.acquireTime)) || 0,
    renewedAt: Date.parse(text(spec.renewTime)) || 0,
    transitions: count(spec.leaseTransitions),
  };
}

function specOf(record: LeaseRecord, old: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return {
    ...old,
    holderIdentity: record.holder,
    leaseDurationSeconds: Math.max(1, Math.round(record.leaseDurationMs / 1000)),
    acquireTime: microTime(record.acquiredAt),
    renewTime: microTime(record.renewedAt),
    leaseTransitions: record.transitions,
  };
}
