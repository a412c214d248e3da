import { setImmediate } from 'node:timers/promises';
import type { KubeObject, ObjectKey } from '../../api/meta.ts';
import type { Cache, CacheChange } from '../reconciler.ts';
import type { ReflectorSink } from '../reflector/reflector.ts';
import { ObjectTable } from '../store/object-table.ts';
import { IndexMap } from './index-map.ts';

type Handler = (change: CacheChange) => void;

/** Handlers told of a list between two turns of the event loop: 100,000 devices must not hold up a lease renewal. */
const NOTIFY_SLICE = 1_000;

export interface ObjectCacheOptions {
  /** A handler threw, which it must not: the others are still told. Default: nothing. */
  readonly onHandlerError?: (kind: string, error: unknown) => void;
}

/**
 * What the reflectors last saw, shared by all controllers. Holds the very objects the store handed out, so that the
 * local store and its cache keep one copy between them.
 */
export class ObjectCache implements Cache {
  readonly #objects = new ObjectTable<KubeObject>();
  readonly #indexes = new Map<string, Map<string, IndexMap>>();
  readonly #handlers = new Map<string, Handler[]>();
  readonly #unsynced = new Map<object, string>();
  readonly #onHandlerError: (kind: string, error: unknown) => void;
  #waiting: (() => void)[] = [];

  constructor(options: ObjectCacheOptions = {}) {
    this.#onHandlerError = options.onHandlerError ?? (() => {});
  }

  get(key: ObjectKey): KubeObject | undefined {
    return this.#objects.get(key);
  }

  list(kind: string, namespace?: string): Iterable<KubeObject> {
    return this.#objects.values(kind, namespace);
  }

  count(kind: string, namespace?: string): number {
    return this.#objects.count(kind, namespace);
  }

  addIndex(kind: string, index: string, of: (object: KubeObject) => readonly string[]): void {
    const indexes = this.#indexes.get(kind) ?? new Map<string, IndexMap>();
    if (indexes.has(index)) throw new Error(`The cache has an index ${index} of ${kind} already`);
    const map = new IndexMap(of);
    for (const object of this.#objects.values(kind)) map.add(object);
    indexes.set(index, map);
    this.#indexes.set(kind, indexes);
  }

  byIndex(kind: string, index: string, value: string): readonly KubeObject[] {
    const map = this.#indexes.get(kind)?.get(index);
    if (!map) throw new Error(`The cache has no index ${index} of ${kind}`);
    return map.get(value);
  }

  onChange(kind: string, handler: Handler): void {
    this.#handlers.set(kind, [...(this.#handlers.get(kind) ?? []), handler]);
  }

  get synced(): boolean {
    return this.#unsynced.size === 0;
  }

  /** Kinds whose first list is not there yet. */
  get unsynced(): readonly string[] {
    return [...new Set(this.#unsynced.values())];
  }

  /** Resolves once every sink has had its first list; rejects with the signal's reason. */
  whenSynced(signal?: AbortSignal): Promise<void> {
    if (this.synced) return Promise.resolve();
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const onAbort = () => reject(signal?.reason);
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#waiting.push(() => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      });
    });
  }

  /** Where the reflector of this kind (in this namespace) delivers. Counts as not synced until its first list. */
  sink(kind: string, namespace?: string): ReflectorSink {
    const mark = {};
    this.#unsynced.set(mark, kind);
    return {
      replace: async (items) => {
        await this.#replace(kind, namespace, items, this.#unsynced.has(mark));
        this.#unsynced.delete(mark);
        if (this.synced) for (const resolve of this.#waiting.splice(0)) resolve();
      },
      set: (object) => this.#tell(kind, this.#put(object, false)),
      remove: (object) => this.#tell(kind, this.#drop(object)),
    };
  }

  /** The tables change at once; the handlers are told afterwards, in slices. */
  async #replace(
    kind: string,
    namespace: string | undefined,
    items: readonly KubeObject[],
    initial: boolean,
  ): Promise<void> {
    const changes: CacheChange[] = [];
    const listed = new ObjectTable<true>();
    for (const object of items) listed.set(keyPartsOf(object), true);
    for (const object of [...this.#objects.values(kind, namespace)]) {
      if (!listed.get(keyPartsOf(object))) changes.push(...this.#drop(object));
    }
    for (const object of items) changes.push(...this.#put(object, initial));
    for (let start = 0; start < changes.length; start += NOTIFY_SLICE) {
      this.#tell(kind, changes.slice(start, start + NOTIFY_SLICE));
      if (start + NOTIFY_SLICE < changes.length) await setImmediate();
    }
  }

  #put(object: KubeObject, initial: boolean): readonly CacheChange[] {
    const key = keyPartsOf(object);
    const old = this.#objects.get(key);
    if (old && sameVersion(old, object)) return [];
    // Deleted and created again while nobody watched: whoever cleans up after the first must hear of its end.
    const changes = old && old.metadata.uid !== object.metadata.uid ? [...this.#drop(old)] : [];
    this.#index(old && changes.length === 0 ? old : undefined, object);
    this.#objects.set(key, object);
    changes.push({ old: changes.length === 0 ? old : undefined, new: object, initial });
    return changes;
  }

  #drop(object: KubeObject): readonly CacheChange[] {
    const key = keyPartsOf(object);
    const old = this.#objects.get(key);
    // A late deletion of an earlier object must not take its successor with it.
    if (!old || old.metadata.uid !== object.metadata.uid) return [];
    this.#index(old, undefined);
    this.#objects.delete(key);
    return [{ old: object, new: undefined, initial: false }];
  }

  #index(old: KubeObject | undefined, next: KubeObject | undefined): void {
    const kind = (next ?? old)?.kind;
    for (const map of this.#indexes.get(kind ?? '')?.values() ?? []) {
      if (old) map.remove(old);
      if (next) map.add(next);
    }
  }

  #tell(kind: string, changes: readonly CacheChange[]): void {
    for (const change of changes) {
      for (const handler of this.#handlers.get(kind) ?? []) {
        try {
          handler(change);
        } catch (thrown) {
          this.#onHandlerError(kind, thrown);
        }
      }
    }
  }
}

function keyPartsOf(object: KubeObject): ObjectKey {
  return { kind: object.kind, namespace: object.metadata.namespace ?? '', name: object.metadata.name };
}

/** Versions are only compared for equality: after a restored backup they run backwards. */
function sameVersion(a: KubeObject, b: KubeObject): boolean {
  return a.metadata.uid === b.metadata.uid && a.metadata.resourceVersion === b.metadata.resourceVersion;
}
