import type { KubeObject, ObjectKey } from '../../../api/meta.ts';
import type { Clock } from '../../clock.ts';
import { StoreError } from '../../store.ts';
import type { ObjectTable } from '../object-table.ts';
import type { Database } from './database.ts';
import { toStoreError } from './errors.ts';
import type { Change, History } from './history.ts';
import { stamped } from './merge.ts';
import type { Owners, Row } from './state.ts';
import { keyParts } from './state.ts';

export interface WriterParts {
  readonly folder: string;
  readonly database: Database;
  readonly rows: ObjectTable<Row>;
  readonly history: History;
  readonly clock: Clock;
}

/** Computes one write against what earlier writes of the same batch left; throws StoreError to refuse. */
export type Compute = (view: StagedView) => KubeObject;

interface Operation {
  readonly compute: Compute;
  readonly resolve: (object: KubeObject) => void;
  readonly reject: (error: StoreError) => void;
}

/** One commit serves at most this many writes, or what fits into a slice of the event loop. */
const BATCH_COUNT = 256;
const BATCH_MS = 10;

/**
 * Group commit: all writes of one turn of the event loop share a transaction. A write's promise settles after its
 * transaction is durable, and nobody, neither readers nor watches, sees it before. When the commit fails, everything in
 * it is refused and memory stays what the database is.
 */
export class Writer {
  readonly #parts: WriterParts;
  #pending: Operation[] = [];
  #scheduled = false;
  #closed = false;
  #onIdle: (() => void)[] = [];

  constructor(parts: WriterParts) {
    this.#parts = parts;
  }

  submit(compute: Compute): Promise<KubeObject> {
    if (this.#closed) return Promise.reject(new StoreError('unavailable', 'The store is closed'));
    return new Promise((resolve, reject) => {
      this.#pending.push({ compute, resolve, reject });
      this.#schedule();
    });
  }

  /** Refuses new writes and waits for those already submitted. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#pending.length > 0) await new Promise<void>((resolve) => this.#onIdle.push(resolve));
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#commitBatch();
      if (this.#pending.length > 0) this.#schedule();
      else for (const idle of this.#onIdle.splice(0)) idle();
    });
  }

  #commitBatch(): void {
    const { clock, rows, history } = this.#parts;
    const view = new StagedView(rows, history.current);
    const settled: { operation: Operation; object: KubeObject }[] = [];
    const deadline = clock.monotonic() + BATCH_MS;
    let taken = 0;
    while (taken < this.#pending.length && taken < BATCH_COUNT && (taken === 0 || clock.monotonic() < deadline)) {
      const operation = this.#pending[taken++]!;
      try {
        settled.push({ operation, object: operation.compute(view) });
      } catch (thrown) {
        operation.reject(toStoreError(thrown, this.#parts.folder));
      }
    }
    this.#pending = this.#pending.slice(taken);
    try {
      if (view.changes.length > 0) this.#persist(view);
    } catch (thrown) {
      // Also those that found nothing to write may have found it because of a write that is now undone.
      const error = toStoreError(thrown, this.#parts.folder);
      for (const { operation } of settled) operation.reject(error);
      return;
    }
    this.#publish(view);
    for (const { operation, object } of settled) operation.resolve(object);
  }

  #persist(view: StagedView): void {
    const { database } = this.#parts;
    try {
      database.begin();
      for (const [key, row] of view.staged()) {
        if (!row) database.remove(key);
        else database.put({ ...key, owners: JSON.stringify(row.owners), data: JSON.stringify(row.object) });
      }
      database.commit(view.version);
    } catch (thrown) {
      database.rollback();
      throw thrown;
    }
  }

  #publish(view: StagedView): void {
    const { rows, history } = this.#parts;
    for (const [key, row] of view.staged()) {
      if (row) rows.set(key, row);
      else rows.delete(key);
    }
    history.append(view.changes);
  }
}

/** The stored rows with the writes of the current batch on top. */
export class StagedView {
  readonly changes: Change[] = [];
  readonly #rows: ObjectTable<Row>;
  readonly #staged = new Map<string, { readonly key: ObjectKey; readonly row: Row | undefined }>();
  #version: number;

  constructor(rows: ObjectTable<Row>, version: number) {
    this.#rows = rows;
    this.#version = version;
  }

  get version(): number {
    return this.#version;
  }

  get(key: ObjectKey): Row | undefined {
    const staged = this.#staged.get(textOf(key));
    return staged ? staged.row : this.#rows.get(key);
  }

  put(row: Row): KubeObject {
    const key = keyParts(row.object);
    const old = this.get(key)?.object;
    const next = stamped(row, String(++this.#version));
    this.#staged.set(textOf(key), { key, row: next });
    this.changes.push({ version: this.#version, old, new: next.object });
    return next.object;
  }

  remove(key: ObjectKey): void {
    const old = this.get(key)?.object;
    this.#staged.set(textOf(key), { key, row: undefined });
    this.changes.push({ version: ++this.#version, old, new: undefined });
  }

  *staged(): Generator<readonly [ObjectKey, Row | undefined]> {
    for (const { key, row } of this.#staged.values()) yield [key, row];
  }
}

/** NUL cannot occur in any part, so no two keys share a text. */
const textOf = (key: ObjectKey): string => `${key.kind}\0${key.namespace}\0${key.name}`;

/** Ownership records are few and repeat for every object of a fleet: equal ones are one object in memory. */
export class OwnersPool {
  readonly #known = new Map<string, Owners>();

  of(owners: Owners): Owners {
    const sorted = Object.fromEntries(Object.entries(owners).sort(([a], [b]) => (a < b ? -1 : 1)));
    return this.parse(JSON.stringify(sorted));
  }

  parse(text: string): Owners {
    let owners = this.#known.get(text);
    if (!owners) {
      if (this.#known.size >= 10_000) this.#known.clear();
      owners = freezeOwners(JSON.parse(text) as Record<string, readonly string[]>);
      this.#known.set(text, owners);
    }
    return owners;
  }
}

function freezeOwners(owners: Record<string, readonly string[]>): Owners {
  for (const holders of Object.values(owners)) Object.freeze(holders);
  return Object.freeze(owners);
}
