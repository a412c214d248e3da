/** Each entry brings the database from version `index` to `index + 1`. Released entries are never edited. */
export const MIGRATIONS: readonly string[] = [
  `CREATE TABLE objects (
     kind TEXT NOT NULL,
     namespace TEXT NOT NULL,
     name TEXT NOT NULL,
     owners TEXT NOT NULL,
     data TEXT NOT NULL,
     UNIQUE (kind, namespace, name)
   ) STRICT;
   CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
   INSERT INTO counters VALUES ('resourceVersion', 0);`,
];
