import { mkdirSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import type { KubeObject } from '../../../api/meta.ts';
import type { Clock } from '../../clock.ts';
import type { Admission } from '../admission.ts';
import { ObjectTable } from '../object-table.ts';
import type { Database, StoredRow } from './database.ts';
import { openDatabase, toFolderError } from './database.ts';
import { inaccessible, lockFolder } from './folder-lock.ts';
import { History } from './history.ts';
import { LocalStore } from './local-store.ts';
import { MIGRATIONS } from './migrations.ts';
import type { Row } from './state.ts';
import { keyParts } from './state.ts';
import { StringPool } from './strings.ts';
import { OwnersPool } from './writer.ts';

export interface LocalStoreOptions {
  /** The state folder; made with mode 0700 when missing. */
  readonly folder: string;
  readonly admission: Admission;
  readonly clock: Clock;
  /** Only for tests of migrations. */
  readonly migrations?: readonly string[];
  /** The database may grow to this many pages of 4 KiB. Default: as far as the disk goes. */
  readonly maxPages?: number;
}

/** Rows loaded between two turns of the event loop, so that probes are answered during a long start. */
const LOAD_SLICE = 500;

/**
 * Locks the folder, brings its database up to date and loads it. Throws `StateFolderError` when another process holds
 * the folder, when a newer Fleetward wrote it, or when it is damaged; the folder is then left as it was.
 */
export async function openLocalStore(options: LocalStoreOptions): Promise<LocalStore> {
  const { folder, admission, clock } = options;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (thrown) {
    throw inaccessible(folder, thrown);
  }
  const lock = lockFolder(folder, clock.now());
  let database: Database | undefined;
  try {
    database = openDatabase(folder, options.migrations ?? MIGRATIONS, options.maxPages);
    const owners = new OwnersPool();
    const strings = new StringPool();
    const rows = await load(database, owners, strings);
    const history = new History(database.resourceVersion());
    return new LocalStore({ folder, lock, database, rows, history, owners, strings, admission, clock });
  } catch (thrown) {
    database?.close();
    lock.release();
    throw toFolderError(folder, thrown);
  }
}

async function load(database: Database, owners: OwnersPool, strings: StringPool): Promise<ObjectTable<Row>> {
  const rows = new ObjectTable<Row>();
  let loaded = 0;
  for (const stored of database.rows()) {
    const row: Row = Object.freeze({ object: parseStored(stored, strings), owners: owners.parse(stored.owners) });
    rows.set(keyParts(row.object), row);
    if (++loaded % LOAD_SLICE === 0) await setImmediate();
  }
  return rows;
}

/** What we wrote ourselves in a transaction; SQLite's own checks have found a damaged file before this. */
function parseStored(stored: StoredRow, strings: StringPool): KubeObject {
  return strings.freeze(JSON.parse(stored.data) as KubeObject);
}
