import type { KubeObject, ObjectKey } from '../../../api/meta.ts';
import type { KubeClient } from '../../kube/client.ts';
import { parseStatus, toStoreError } from '../../kube/errors.ts';
import { pathOf } from '../../kube/resources.ts';
import type { ApplyOptions, ListPage, ListQuery, Store, WatchEvent, WatchQuery } from '../../store.ts';
import { StoreError } from '../../store.ts';
import type { Selection } from '../selector.ts';
import { foreignFields } from './foreign-fields.ts';
import { fromWire, toApply } from './wire.ts';

export interface KubeStoreOptions {
  readonly client: KubeClient;
  readonly random: () => number;
}

type UidKey = ObjectKey & { readonly uid: string };

const APPLY_PATCH = 'application/apply-patch+yaml';
const JSON_PATCH = 'application/json-patch+json';
const MERGE_PATCH = 'application/merge-patch+json';
/** Another writer may change an object between our read and our write that often before the queue takes over. */
const FINALIZER_ATTEMPTS = 4;

/**
 * The Kubernetes API server as a Store. Every write to an object that exists names its uid, so that it can neither hit a
 * successor of the same name nor bring a deleted object back.
 */
export class KubeStore implements Store {
  readonly #client: KubeClient;
  readonly #random: () => number;

  constructor(options: KubeStoreOptions) {
    this.#client = options.client;
    this.#random = options.random;
  }

  async get(key: ObjectKey): Promise<KubeObject | undefined> {
    try {
      return fromWire(
        await this.#client.json({ method: 'GET', path: pathOf(key.kind, key), ...asking('Reading', key) }),
        key.kind,
      );
    } catch (thrown) {
      if (thrown instanceof StoreError && thrown.code === 'notFound') return undefined;
      throw thrown;
    }
  }

  async list(query: ListQuery): Promise<ListPage> {
    const answer = await this.#client.json({
      method: 'GET',
      path: pathOf(query.kind, within(query)),
      query: { ...selectorOf(query), limit: query.limit?.toString(), continue: query.continue },
      what: `Listing ${query.kind}`,
      ...(query.signal ? { signal: query.signal } : {}),
    });
    return parseList(answer, query.kind);
  }

  async *watch(query: WatchQuery): AsyncGenerator<WatchEvent> {
    const lines = this.#client.lines({
      method: 'GET',
      path: pathOf(query.kind, within(query)),
      query: {
        ...selectorOf(query),
        watch: 'true',
        allowWatchBookmarks: 'true',
        resourceVersion: query.resourceVersion,
        // Spread, so that the watches of all kinds and replicas do not come back at the same moment.
        timeoutSeconds: String(300 + Math.floor(this.#random() * 300)),
      },
      what: `Watching ${query.kind}`,
      signal: query.signal,
    });
    for await (const line of lines) yield parseEvent(line, query.kind);
  }

  async apply(document: KubeObject, options: ApplyOptions): Promise<KubeObject> {
    const key = keyOf(document);
    const answer = await this.#client.json({
      method: 'PATCH',
      path: pathOf(key.kind, key),
      query: { fieldManager: options.owner, force: String(options.force ?? true) },
      body: toApply(document),
      contentType: APPLY_PATCH,
      ...asking('Applying', key),
    });
    if (options.onForeign) {
      const { fields, spec } = foreignFields(answer, options.owner);
      if (fields.length > 0 && options.onForeign(fields) === 'remove') return this.#replaceSpec(answer, spec, options);
    }
    return fromWire(answer, key.kind);
  }

  /**
   * As a JSON patch that tests the uid: a server-side apply to the status subresource ignores the uid it names, and would
   * write the status of a deleted object into its successor.
   */
  async applyStatus(key: UidKey, status: unknown, options: ApplyOptions): Promise<KubeObject> {
    try {
      const answer = await this.#client.json({
        method: 'PATCH',
        path: pathOf(key.kind, { ...key, subresource: 'status' }),
        query: { fieldManager: options.owner },
        body: [
          { op: 'test', path: '/metadata/uid', value: key.uid },
          { op: 'add', path: '/status', value: status },
        ],
        contentType: JSON_PATCH,
        ...asking('Writing the status of', key),
      });
      return fromWire(answer, key.kind);
    } catch (thrown) {
      // A patch whose test fails is refused as a whole, without naming a field.
      if (!(thrown instanceof StoreError) || thrown.code !== 'invalid' || thrown.causes.length > 0) throw thrown;
      const message = `${describe(key)} was deleted and created again: it does not have uid ${key.uid} any more`;
      throw new StoreError('conflict', message, { cause: thrown });
    }
  }

  async setFinalizer(key: UidKey, finalizer: string, present: boolean): Promise<KubeObject> {
    for (let attempt = 1; ; attempt++) {
      const object = await this.get(key);
      if (!object || object.metadata.uid !== key.uid) {
        throw new StoreError('notFound', `${describe(key)} does not exist any more`);
      }
      const current = object.metadata.finalizers ?? [];
      if (current.includes(finalizer) === present) return object;
      const finalizers = present ? [...current, finalizer] : current.filter((held) => held !== finalizer);
      try {
        return await this.#writeFinalizers(object, finalizers);
      } catch (thrown) {
        // The lists of all writers are one field: written against the version that was read, or not at all.
        const moved = thrown instanceof StoreError && thrown.code === 'conflict';
        if (!moved || attempt >= FINALIZER_ATTEMPTS) throw thrown;
      }
    }
  }

  async delete(key: ObjectKey, options: { readonly uid?: string } = {}): Promise<void> {
    try {
      await this.#client.json({
        method: 'DELETE',
        path: pathOf(key.kind, key),
        body: options.uid === undefined ? {} : { preconditions: { uid: options.uid } },
        ...asking('Deleting', key),
      });
    } catch (thrown) {
      if (!(thrown instanceof StoreError) || thrown.code !== 'notFound') throw thrown;
    }
  }

  /** Against the version that was looked at: what came since is not known to be anybody's. */
  async #replaceSpec(seen: unknown, spec: unknown, { owner }: ApplyOptions): Promise<KubeObject> {
    const { kind, metadata } = seen as KubeObject;
    const key = { kind, namespace: metadata.namespace ?? '', name: metadata.name };
    const answer = await this.#client.json({
      method: 'PATCH',
      path: pathOf(kind, key),
      query: { fieldManager: owner },
      body: [
        { op: 'replace', path: '/metadata/resourceVersion', value: metadata.resourceVersion },
        { op: 'replace', path: '/spec', value: spec },
      ],
      contentType: JSON_PATCH,
      ...asking('Taking out foreign fields of', key),
    });
    return fromWire(answer, kind);
  }

  async #writeFinalizers(object: KubeObject, finalizers: readonly string[]): Promise<KubeObject> {
    const key = keyOf(object);
    const { uid, resourceVersion } = object.metadata;
    const answer = await this.#client.json({
      method: 'PATCH',
      path: pathOf(key.kind, key),
      query: { fieldManager: 'fleetward-finalizers' },
      body: { metadata: { uid, resourceVersion, finalizers } },
      contentType: MERGE_PATCH,
      ...asking('Writing the finalizers of', key),
    });
    return fromWire(answer, key.kind);
  }
}

function keyOf(object: KubeObject): ObjectKey {
  return { kind: object.kind, namespace: object.metadata.namespace ?? '', name: object.metadata.name };
}

const describe = (key: ObjectKey): string => `${key.kind} ${key.namespace}/${key.name}`;

function asking(verb: string, key: ObjectKey): { what: string; secret: boolean } {
  return { what: `${verb} ${describe(key)}`, secret: key.kind === 'Secret' };
}

const within = (selection: Selection): { namespace?: string } =>
  selection.namespace === undefined ? {} : { namespace: selection.namespace };

function selectorOf(selection: Selection): { readonly labelSelector?: string } {
  const terms = Object.entries(selection.labels ?? {}).map(([label, value]) => `${label}=${value}`);
  return terms.length === 0 ? {} : { labelSelector: terms.join(',') };
}

function parseList(answer: unknown, kind: string): ListPage {
  if (typeof answer !== 'object' || answer === null || !('items' in answer) || !Array.isArray(answer.items)) {
    throw new StoreError('unavailable', `The API server answered something that is not a list of ${kind}`);
  }
  const metadata = 'metadata' in answer ? (answer.metadata as { resourceVersion?: string; continue?: string }) : {};
  const page = {
    items: answer.items.map((item: unknown) => fromWire(item, kind)),
    resourceVersion: metadata.resourceVersion ?? '',
  };
  return metadata.continue ? { ...page, continue: metadata.continue } : page;
}

function parseEvent(line: unknown, kind: string): WatchEvent {
  const { type, object } = line as { readonly type?: unknown; readonly object?: unknown };
  switch (type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
      return { type, object: fromWire(object, kind) };
    case 'BOOKMARK':
      return { type, resourceVersion: fromWire(object, kind).metadata.resourceVersion ?? '' };
    case 'ERROR':
      throw toStoreError(parseStatus(500, object), { what: `Watching ${kind}` });
    default:
      throw new StoreError('unavailable', `Watching ${kind}: the API server sent an event of unknown type`);
  }
}
