import { randomUUID } from 'node:crypto';
import type { KubeObject, ObjectKey } from '../../../api/meta.ts';
import type { Clock } from '../../clock.ts';
import type { ApplyOptions, ListPage, ListQuery, Store, WatchEvent, WatchQuery } from '../../store.ts';
import { StoreError } from '../../store.ts';
import type { Admission } from '../admission.ts';
import { isQualifiedName } from '../metadata-rules.ts';
import type { ObjectTable } from '../object-table.ts';
import { selects } from '../selector.ts';
import type { Database } from './database.ts';
import type { FolderLock } from './folder-lock.ts';
import type { Cursor, History } from './history.ts';
import { project } from './history.ts';
import { mergeApply, mergeDeletion, mergeFinalizer, mergeStatus } from './merge.ts';
import { Pages } from './pages.ts';
import type { Row } from './state.ts';
import { describeKey, keyParts } from './state.ts';
import type { StringPool } from './strings.ts';
import type { StagedView } from './writer.ts';
import { type OwnersPool, Writer } from './writer.ts';

export interface LocalStoreParts {
  readonly folder: string;
  readonly lock: FolderLock;
  readonly database: Database;
  readonly rows: ObjectTable<Row>;
  readonly history: History;
  readonly owners: OwnersPool;
  readonly strings: StringPool;
  readonly admission: Admission;
  readonly clock: Clock;
}

type UidKey = ObjectKey & { readonly uid: string };

/** A quiet watch says this often that it is alive, well inside the reflector's limit for silence. */
const BOOKMARK_MS = 30_000;

/**
 * The store of standalone mode: all objects frozen in memory, every change in a SQLite database of the state folder
 * before anybody sees it. Reads never touch the disk. Open it with `openLocalStore`.
 */
export class LocalStore implements Store, AsyncDisposable {
  readonly #parts: LocalStoreParts;
  readonly #writer: Writer;
  readonly #pages = new Pages();
  #closed = false;

  constructor(parts: LocalStoreParts) {
    this.#parts = parts;
    this.#writer = new Writer(parts);
  }

  async get(key: ObjectKey): Promise<KubeObject | undefined> {
    return this.#parts.rows.get(key)?.object;
  }

  async list(query: ListQuery): Promise<ListPage> {
    if (query.continue !== undefined) return this.#pages.next(query.continue, query.limit);
    const items: KubeObject[] = [];
    for (const { object } of this.#parts.rows.values(query.kind, query.namespace)) {
      if (selects(query, object)) items.push(object);
    }
    return this.#pages.first(items, String(this.#parts.history.current), query.limit);
  }

  async *watch(query: WatchQuery): AsyncGenerator<WatchEvent> {
    const { history } = this.#parts;
    const cursor = history.open(Number(query.resourceVersion));
    try {
      while (!query.signal.aborted && !this.#closed) {
        yield* changesOf(cursor, query);
        if (!(await this.#change(query.signal, cursor.version))) {
          yield { type: 'BOOKMARK', resourceVersion: String(cursor.version) };
        }
      }
    } finally {
      cursor.close();
    }
  }

  apply(document: KubeObject, options: ApplyOptions): Promise<KubeObject> {
    const { admission, clock, strings } = this.#parts;
    const key = keyParts(document);
    return this.#writer.submit((view) => {
      const row = view.get(key);
      const context = { now: strings.of(timestamp(clock)), newUid: randomUUID };
      const next = mergeApply({ row, document, options, admission }, context);
      return next ? this.#put(view, next) : row!.object;
    });
  }

  applyStatus(key: UidKey, status: unknown, options: ApplyOptions): Promise<KubeObject> {
    return this.#writer.submit((view) => {
      const row = existing(view, key);
      if (row.object.metadata.uid !== key.uid) throw otherUid(key, row);
      const next = mergeStatus(row, this.#parts.strings.copy(status), options, this.#parts.admission);
      return next ? this.#put(view, next) : row.object;
    });
  }

  setFinalizer(key: UidKey, finalizer: string, present: boolean): Promise<KubeObject> {
    return this.#writer.submit((view) => {
      const row = existing(view, key);
      if (row.object.metadata.uid !== key.uid) throw missing(key);
      if (!isQualifiedName(finalizer) || !finalizer.includes('/')) {
        throw new StoreError('invalid', `${describeKey(key)}: finalizer ${finalizer} is not of the form prefix/name`);
      }
      const next = mergeFinalizer(row, finalizer, present);
      if (next === 'gone') view.remove(key);
      return next === undefined || next === 'gone' ? row.object : this.#put(view, next);
    });
  }

  async delete(key: ObjectKey, options: { readonly uid?: string } = {}): Promise<void> {
    await this.#writer.submit((view) => {
      const row = view.get(key);
      if (!row) return NOTHING;
      if (options.uid !== undefined && row.object.metadata.uid !== options.uid) throw otherUid(key, row);
      const next = mergeDeletion(row, timestamp(this.#parts.clock));
      if (next === 'gone') view.remove(key);
      return next === undefined || next === 'gone' ? row.object : this.#put(view, next);
    });
  }

  /** Finishes the writes under way, ends all watches and lets go of the folder. */
  async close(): Promise<void> {
    if (this.#closed) return;
    await this.#writer.close();
    this.#closed = true;
    this.#parts.history.wake();
    this.#parts.database.close();
    this.#parts.lock.release();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #put(view: StagedView, row: Row): KubeObject {
    return view.put({ object: row.object, owners: this.#parts.owners.of(row.owners) });
  }

  /** False when nothing happened for so long that a sign of life is due. */
  #change(signal: AbortSignal, seen: number): Promise<boolean> {
    const { history, clock } = this.#parts;
    if (history.current !== seen || signal.aborted || this.#closed) return Promise.resolve(true);
    return new Promise((resolve) => {
      const settle = (changed: boolean) => {
        timer.cancel();
        forget();
        signal.removeEventListener('abort', onAbort);
        resolve(changed);
      };
      const onAbort = () => settle(true);
      const forget = history.onNext(() => settle(true));
      const timer = clock.after(BOOKMARK_MS, () => settle(false));
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }
}

/** Stands for the object where there was none to delete. */
const NOTHING: KubeObject = Object.freeze({ apiVersion: '', kind: '', metadata: Object.freeze({ name: '' }) });

function* changesOf(cursor: Cursor, query: WatchQuery): Generator<WatchEvent> {
  for (const change of cursor.take()) {
    const event = project(change, query);
    if (event) yield event;
    if (query.signal.aborted) return;
  }
}

function timestamp(clock: Clock): string {
  return `${new Date(clock.now()).toISOString().slice(0, 19)}Z`;
}

function missing(key: ObjectKey): StoreError {
  return new StoreError('notFound', `${describeKey(key)} does not exist`);
}

function existing(view: StagedView, key: ObjectKey): Row {
  const row = view.get(key);
  if (!row) throw missing(key);
  return row;
}

function otherUid(key: ObjectKey & { readonly uid?: string }, row: Row): StoreError {
  return new StoreError(
    'conflict',
    `${describeKey(key)} was deleted and created again: it has uid ${row.object.metadata.uid} now`,
  );
}
