import type { KubeObject, ObjectKey } from '../api/meta.ts';

/**
 * Where objects live: the Kubernetes API server, or the local store of standalone mode. One conformance suite
 * (test/stories/store) covers exactly this contract and both pass it.
 *
 * Every object read is frozen and shared: build a fresh document to write.
 * Errors are `StoreError`s; nothing else escapes.
 */
export interface Store {
  get(key: ObjectKey): Promise<KubeObject | undefined>;

  /** One page. `resourceVersion` is that of the list and is what a watch starts from. */
  list(query: ListQuery): Promise<ListPage>;

  /**
   * Changes after `resourceVersion`, until the signal aborts or the server ends the stream (the iterator returns).
   * Throws `StoreError` `gone` when that version is no longer served: list again.
   */
  watch(query: WatchQuery): AsyncIterable<WatchEvent>;

  /**
   * Server-side apply of metadata (labels, annotations) and spec under a field owner. Fields this owner applied before
   * and leaves out now are removed, unless another owner holds them. An unchanged document writes nothing and returns
   * the stored object. With `metadata.uid` set the object must exist with that uid (`conflict` otherwise); without it
   * a missing object is created. Invalid documents throw `invalid` with one cause per field. Status and finalizers in the
   * document are ignored. Spec fields that no schema knows are for the caller to refuse: the local store drops them, the
   * API server answers `invalid`.
   */
  apply(document: KubeObject, options: ApplyOptions): Promise<KubeObject>;

  /**
   * Replaces the status of the object with that uid; writes nothing when equal. Never touches spec or metadata.
   * `notFound` when there is no such object, `conflict` when another one has its name now.
   */
  applyStatus(key: ObjectKey & { readonly uid: string }, status: unknown, options: ApplyOptions): Promise<KubeObject>;

  /**
   * Adds or removes one finalizer in a write of its own. Idempotent; `notFound` when the object is gone, also when another
   * has its name now; `invalid` when one is to be added to an object that is being deleted.
   */
  setFinalizer(key: ObjectKey & { readonly uid: string }, finalizer: string, present: boolean): Promise<KubeObject>;

  /**
   * Marks the object for deletion, which raises its generation; it goes when its last finalizer goes. Deleting a missing
   * object is no error; with a uid, deleting one that has another is a `conflict`.
   */
  delete(key: ObjectKey, options?: { readonly uid?: string }): Promise<void>;
}

export interface ListQuery {
  readonly kind: string;
  /** All namespaces when absent. */
  readonly namespace?: string;
  /** Equality terms only: every label must have that value. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly limit?: number;
  readonly continue?: string;
  /** Gives up waiting for the answer. */
  readonly signal?: AbortSignal;
}

export interface ListPage {
  readonly items: readonly KubeObject[];
  readonly resourceVersion: string;
  readonly continue?: string;
}

export interface WatchQuery {
  readonly kind: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly resourceVersion: string;
  readonly signal: AbortSignal;
}

export type WatchEvent =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: KubeObject }
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string };

export interface ApplyOptions {
  /** Field manager: stable, one per writer, e.g. `fleetward-source`. */
  readonly owner: string;
  /** Take fields over from other owners. Default true. */
  readonly force?: boolean;
  /**
   * Hears of spec fields that other owners hold and the document does not have, and says what becomes of them; removing
   * them is a write of its own. Without it they are kept. A store with one owner for the whole spec never has any.
   */
  readonly onForeign?: (fields: readonly ForeignField[]) => 'remove' | 'keep';
}

/** A field of a spec that somebody else put there, for example `spec.suspend`. */
export interface ForeignField {
  readonly path: string;
  readonly owner: string;
}

export type StoreErrorCode =
  | 'notFound'
  | 'conflict'
  | 'invalid'
  | 'gone'
  | 'forbidden'
  | 'unauthorized'
  | 'throttled'
  | 'full'
  | 'unavailable';

export class StoreError extends Error {
  readonly code: StoreErrorCode;
  /** For `invalid`: one entry per field, in the words of the schema. */
  readonly causes: readonly { readonly field: string; readonly message: string }[];
  readonly retryAfterMs: number | undefined;

  constructor(
    code: StoreErrorCode,
    message: string,
    options: {
      causes?: readonly { field: string; message: string }[];
      retryAfterMs?: number;
      cause?: unknown;
    } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'StoreError';
    this.code = code;
    this.causes = options.causes ?? [];
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** Narrows whatever was caught; with a code, to that code. */
export function isStoreError(thrown: unknown, code?: StoreErrorCode): thrown is StoreError {
  return thrown instanceof StoreError && (code === undefined || thrown.code === code);
}
