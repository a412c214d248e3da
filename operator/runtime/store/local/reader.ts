import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { KubeObject, ObjectKey } from '../../../api/meta.ts';
import { deepFreeze } from '../json.ts';
import { selects } from '../selector.ts';
import { DATABASE_FILE, refuseNewer, toFolderError } from './database.ts';
import { StateFolderError } from './errors.ts';
import { MIGRATIONS } from './migrations.ts';

/** What `get` and `describe` need, beside a running operator and after it. */
export interface LocalReader extends Disposable {
  get(key: ObjectKey): KubeObject | undefined;
  /** In the order of namespace and name. */
  list(kind: string, namespace?: string): readonly KubeObject[];
  close(): void;
}

/**
 * Opens a state folder for reading only: takes no lock, sees what was last committed, and never changes the folder.
 * Throws `StateFolderError` when there is no state or a newer Fleetward wrote it.
 */
export function openLocalReader(folder: string): LocalReader {
  const file = join(folder, DATABASE_FILE);
  if (!existsSync(file)) {
    throw new StateFolderError(
      'inaccessible',
      `There is no state in ${folder}. Start \`fleetward run --standalone\` with that --state first`,
    );
  }
  try {
    refuseNewer(folder, MIGRATIONS.length);
    return reader(new DatabaseSync(file, { readOnly: true, timeout: 5_000 }));
  } catch (thrown) {
    throw toFolderError(folder, thrown);
  }
}

function reader(database: DatabaseSync): LocalReader {
  const one = database.prepare('SELECT data FROM objects WHERE kind = ? AND namespace = ? AND name = ?');
  const all = database.prepare('SELECT data FROM objects WHERE kind = ? ORDER BY namespace, name');
  const parse = (row: Record<string, unknown>) => deepFreeze(JSON.parse(String(row.data)) as KubeObject);
  const close = () => {
    if (database.isOpen) database.close();
  };
  return {
    get(key) {
      const row = one.get(key.kind, key.namespace, key.name);
      return row ? parse(row) : undefined;
    },
    list(kind, namespace) {
      const selection = namespace === undefined ? { kind } : { kind, namespace };
      return all
        .all(kind)
        .map(parse)
        .filter((object) => selects(selection, object));
    },
    close,
    [Symbol.dispose]: close,
  };
}
