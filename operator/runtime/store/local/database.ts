import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { StatementSync } from 'node:sqlite';
import { DatabaseSync } from 'node:sqlite';
import { isDamaged, StateFolderError } from './errors.ts';
import { inaccessible } from './folder-lock.ts';

export const DATABASE_FILE = 'objects.db';

export interface StoredRow {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly owners: string;
  readonly data: string;
}

/** The statements of the store; all synchronous, each transaction is one batch of writes. */
export class Database {
  readonly #database: DatabaseSync;
  readonly #upsert: StatementSync;
  readonly #remove: StatementSync;
  readonly #version: StatementSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#upsert = database.prepare(
      `INSERT INTO objects (kind, namespace, name, owners, data) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (kind, namespace, name) DO UPDATE SET owners = excluded.owners, data = excluded.data`,
    );
    this.#remove = database.prepare('DELETE FROM objects WHERE kind = ? AND namespace = ? AND name = ?');
    this.#version = database.prepare(`UPDATE counters SET value = ? WHERE name = 'resourceVersion'`);
  }

  begin(): void {
    this.#database.exec('BEGIN IMMEDIATE');
  }

  put(row: StoredRow): void {
    this.#upsert.run(row.kind, row.namespace, row.name, row.owners, row.data);
  }

  remove(row: Omit<StoredRow, 'owners' | 'data'>): void {
    this.#remove.run(row.kind, row.namespace, row.name);
  }

  commit(resourceVersion: number): void {
    this.#version.run(resourceVersion);
    this.#database.exec('COMMIT');
  }

  rollback(): void {
    // SQLite has already rolled back by itself after some errors, a full disk among them.
    if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
  }

  resourceVersion(): number {
    return readVersion(this.#database);
  }

  rows(): IterableIterator<StoredRow> {
    const all = this.#database.prepare(
      'SELECT kind, namespace, name, owners, data FROM objects ORDER BY kind, namespace, name',
    );
    return all.iterate() as unknown as IterableIterator<StoredRow>;
  }

  close(): void {
    if (this.#database.isOpen) this.#database.close();
  }
}

function readVersion(database: DatabaseSync): number {
  const row = database.prepare(`SELECT value FROM counters WHERE name = 'resourceVersion'`).get();
  return Number(row?.value ?? 0);
}

/**
 * Opens and, if it is older, migrates the database. WAL with `synchronous = NORMAL`: a committed batch survives the
 * death of the process at any point; after a power cut the last moments may be missing, never half a batch, and what is
 * missing is found again from Git and from the owner marks in AWS.
 */
export function openDatabase(folder: string, migrations: readonly string[], maxPages?: number): Database {
  const file = join(folder, DATABASE_FILE);
  let database: DatabaseSync | undefined;
  try {
    // Looked at before it is opened for writing: a newer state must stay byte for byte what it is.
    if (existsSync(file)) refuseNewer(folder, migrations.length);
    database = new DatabaseSync(file, { timeout: 5_000 });
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA journal_size_limit = 67108864');
    migrate(database, migrations);
    if (maxPages !== undefined) database.exec(`PRAGMA max_page_count = ${Math.floor(maxPages)}`);
    return new Database(database);
  } catch (thrown) {
    database?.close();
    throw toFolderError(folder, thrown);
  }
}

export function toFolderError(folder: string, thrown: unknown): StateFolderError {
  if (thrown instanceof StateFolderError) return thrown;
  if (!isDamaged(thrown)) return inaccessible(folder, thrown);
  return new StateFolderError(
    'damaged',
    `The database in the state folder ${folder} is damaged. Move the folder away and start again: ` +
      'objects come back from Git, and what is ours in AWS is recognised by its owner mark',
    thrown,
  );
}

export function refuseNewer(folder: string, known: number): void {
  const database = new DatabaseSync(join(folder, DATABASE_FILE), { readOnly: true, timeout: 5_000 });
  try {
    const version = userVersion(database);
    if (version <= known) return;
    throw new StateFolderError(
      'newer',
      `The state folder ${folder} was written by a newer Fleetward (state version ${version}, this one knows ${known}). ` +
        'Nothing was changed. Use that version again, or another folder (--state)',
    );
  } finally {
    database.close();
  }
}

function userVersion(database: DatabaseSync): number {
  return Number(database.prepare('PRAGMA user_version').get()?.user_version ?? 0);
}

function migrate(database: DatabaseSync, migrations: readonly string[]): void {
  for (let version = userVersion(database); version < migrations.length; version++) {
    // One transaction a step, the new version inside: killed half-way, the step starts over.
    database.exec(`BEGIN IMMEDIATE; ${migrations[version]}; PRAGMA user_version = ${version + 1}; COMMIT`);
  }
}
