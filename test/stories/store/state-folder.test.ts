import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../operator/runtime/clock.ts';
import { admitEverything } from '../../../operator/runtime/store/admission.ts';
import { StateFolderError } from '../../../operator/runtime/store/local/errors.ts';
import { MIGRATIONS } from '../../../operator/runtime/store/local/migrations.ts';
import { openLocalStore } from '../../../operator/runtime/store/local/open.ts';
import { openLocalReader } from '../../../operator/runtime/store/local/reader.ts';
import { document, temporaryFolder } from '../../support/store.ts';

const WRITER = fileURLToPath(new URL('../../support/store-crash-writer.ts', import.meta.url));
const OWNER = { owner: 'test' };
const KEY = { kind: 'Device', namespace: 'factory', name: 'press-1' };

const open = (folder: string, migrations?: readonly string[]) =>
  openLocalStore({
    folder,
    admission: admitEverything,
    clock: systemClock,
    ...(migrations === undefined ? {} : { migrations }),
  });

async function refusal(promise: Promise<unknown>): Promise<StateFolderError> {
  const thrown: unknown = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(StateFolderError);
  return thrown as StateFolderError;
}

describe('one process holds a state folder', () => {
  it('and a second one is told which, while reading beside it works, and the lock dies with the holder', async () => {
    using folder = temporaryFolder();
    const holder = spawn(process.execPath, [WRITER, folder.path], { stdio: ['ignore', 'pipe', 'inherit'] });
    const closed = once(holder, 'close');
    await once(holder.stdout, 'data');
    const locked = await refusal(open(folder.path));
    expect(locked.reason).toBe('locked');
    expect(locked.message).toContain(`process ${holder.pid} `);
    using reader = openLocalReader(folder.path);
    const first = (reader.get({ kind: 'Device', namespace: 'factory', name: 'object-0' })?.spec ?? {}) as object;
    expect(first).toMatchObject({ padding: expect.stringContaining('xxx') });
    expect(reader.list('Device', 'factory').length).toBeGreaterThan(0);
    expect(reader.list('Device', 'elsewhere')).toEqual([]);
    holder.kill('SIGKILL');
    await closed;
    await (await open(folder.path)).close();
  });

  it('also within one process, and releases it on close', async () => {
    using folder = temporaryFolder();
    const store = await open(folder.path);
    expect((await refusal(open(folder.path))).message).toContain(`process ${process.pid} `);
    await store.close();
    await (await open(folder.path)).close();
  });

  it('in a folder that nobody else can look into', async () => {
    using parent = temporaryFolder();
    const folder = join(parent.path, 'a', 'b');
    await (await open(folder)).close();
    expect(statSync(folder).mode & 0o777).toBe(0o700);
  });
});

describe('state written by another version', () => {
  it('that is older is brought forward step by step, and keeps its objects', async () => {
    using folder = temporaryFolder();
    const store = await open(folder.path);
    await store.apply(document('Device', 'press-1', { spec: { a: 1 } }), OWNER);
    await store.close();
    const newer = [...MIGRATIONS, 'CREATE TABLE notes (text TEXT) STRICT', 'CREATE TABLE more (text TEXT) STRICT'];
    const migrated = await open(folder.path, newer);
    expect((await migrated.get(KEY))?.spec).toEqual({ a: 1 });
    await migrated.close();
    const database = new DatabaseSync(join(folder.path, 'objects.db'), { readOnly: true });
    expect(database.prepare('PRAGMA user_version').get()).toEqual({ user_version: newer.length });
    expect(database.prepare('SELECT count(*) AS n FROM more').get()).toEqual({ n: 0 });
    database.close();
  });

  it('that a migration cannot bring forward stays at the last version that worked', async () => {
    using folder = temporaryFolder();
    await (await open(folder.path)).close();
    const broken = [...MIGRATIONS, 'CREATE TABLE notes (text TEXT) STRICT; INSERT INTO nowhere VALUES (1)'];
    expect((await refusal(open(folder.path, broken))).reason).toBe('inaccessible');
    const store = await open(folder.path);
    await store.apply(document('Device', 'press-1', { spec: { a: 1 } }), OWNER);
    await store.close();
  });

  it('that is newer is refused, by writer and reader, and stays byte for byte what it is', async () => {
    using folder = temporaryFolder();
    await (await open(folder.path)).close();
    const file = join(folder.path, 'objects.db');
    const database = new DatabaseSync(file);
    database.exec('PRAGMA user_version = 99');
    database.close();
    const before = readFileSync(file);
    const newer = await refusal(open(folder.path));
    expect(newer.reason).toBe('newer');
    expect(newer.message).toContain('99');
    expect(() => openLocalReader(folder.path)).toThrow(StateFolderError);
    expect(readFileSync(file).equals(before)).toBe(true);
  });
});

describe('a state folder that cannot be used', () => {
  it('because its database is damaged says what to do', async () => {
    using folder = temporaryFolder();
    writeFileSync(
      join(folder.path, 'objects.db'),
      'this is no database, but it is long enough to look like one'.repeat(99),
    );
    const damaged = await refusal(open(folder.path));
    expect(damaged.reason).toBe('damaged');
    expect(damaged.message).toContain('Move the folder away');
  });

  it('because it is a file says so', async () => {
    using folder = temporaryFolder();
    const file = join(folder.path, 'file');
    writeFileSync(file, '');
    expect((await refusal(open(file))).message).toContain(file);
  });

  it('for reading, because nothing is there, is not created', () => {
    using folder = temporaryFolder();
    expect(() => openLocalReader(join(folder.path, 'nothing'))).toThrow('There is no state in');
  });

  it('after its store was closed refuses writes and ends watches', async () => {
    using folder = temporaryFolder();
    const store = await open(folder.path);
    const { resourceVersion } = await store.list({ kind: 'Device' });
    const watch = store.watch({ kind: 'Device', resourceVersion, signal: new AbortController().signal });
    const next = watch.next();
    const last = store.apply(document('Device', 'press-1', { spec: { a: 1 } }), OWNER);
    await store.close();
    expect((await last).spec).toEqual({ a: 1 });
    expect((await next).value).toMatchObject({ type: 'ADDED' });
    expect((await watch.next()).done).toBe(true);
    await expect(store.apply(document('Device', 'press-1', { spec: {} }), OWNER)).rejects.toThrow('closed');
  });
});
