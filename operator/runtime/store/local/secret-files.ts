import { chmod, mkdir, open, readdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { terminal, transient } from '../../errors.ts';
import type { MarkedSecret, SecretName } from '../../kube/secrets.ts';
import { secretExists } from '../../kube/secrets.ts';

const OWNER_FILE = '.owner';
const NAME = /^[a-z0-9][a-z0-9.-]*$/;
const KEY = /^[A-Za-z0-9][-A-Za-z0-9._]*$/;

/**
 * The Secrets of standalone mode: a folder each under `secrets/` of the state folder, with a file of mode 0600 for every
 * key, so that a person can use them as they are. They are never in the database, and outlive it.
 */
export class SecretFiles {
  readonly #root: string;

  constructor(stateFolder: string) {
    this.#root = join(stateFolder, 'secrets');
  }

  /** A mark of `''` says that somebody else made the folder. */
  async read(id: SecretName): Promise<MarkedSecret | undefined> {
    const folder = this.#folder(id);
    const files = await orNothing(readdir(folder));
    if (!files) return undefined;
    const data: Record<string, string> = {};
    for (const file of files.filter((name) => KEY.test(name))) data[file] = await readFile(join(folder, file), 'utf8');
    return { mark: (await orNothing(readFile(join(folder, OWNER_FILE), 'utf8'))) ?? '', data };
  }

  /** Creates the folder, or replaces files in one with the same mark. Throws `terminal` `SecretExists` otherwise. */
  async write(id: SecretName, secret: MarkedSecret): Promise<void> {
    const folder = this.#folder(id);
    const found = await this.read(id);
    // A folder without mark and files is what a kill between the first two steps below leaves behind.
    const abandoned = found?.mark === '' && Object.keys(found.data).length === 0;
    if (found && !abandoned && found.mark !== secret.mark) throw secretExists(id);
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      // The mark first: a kill after it leaves a secret that is ours and incomplete, never a key that is nobody's.
      await writeWhole(folder, OWNER_FILE, secret.mark);
      for (const [key, value] of Object.entries(secret.data)) {
        if (!KEY.test(key)) throw terminal('InvalidSecret', `Secret ${id.namespace}/${id.name}: bad key name`);
        await writeWhole(folder, key, value);
      }
    } catch (thrown) {
      if (!isFileError(thrown)) throw thrown;
      const what = `Secret ${id.namespace}/${id.name} could not be written to ${folder}: ${thrown.code}`;
      throw transient('SecretNotWritten', `${what}. Nothing was asked of AWS; it is tried again`, thrown);
    }
  }

  #folder({ namespace, name }: SecretName): string {
    for (const part of [namespace, name]) {
      if (!NAME.test(part)) throw terminal('InvalidSecret', `${JSON.stringify(part)} cannot name a Secret`);
    }
    return join(this.#root, namespace, name);
  }
}

/** Appears whole or not at all, and is on the disk afterwards: AWS is asked for a certificate of this key next. */
async function writeWhole(folder: string, file: string, text: string): Promise<void> {
  const temporary = join(folder, `.${file}.new`);
  const handle = await open(temporary, 'w', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await chmod(temporary, 0o600);
  await rename(temporary, join(folder, file));
  const directory = await open(folder, 'r');
  await directory.sync().finally(() => directory.close());
}

async function orNothing<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise;
  } catch (thrown) {
    if (isFileError(thrown) && (thrown.code === 'ENOENT' || thrown.code === 'ENOTDIR')) return undefined;
    throw thrown;
  }
}

function isFileError(thrown: unknown): thrown is Error & { readonly code: string } {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string';
}
