import {
  closeSync,
  existsSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { isBusy } from './errors.ts';
import { inaccessible } from './folder-lock.ts';

/**
 * How another process reaches the one that owns a state folder: it lays a request into `requests/`, whole or not at all,
 * and the owner takes it away once it has done what it asks. What is left after a crash of either is a whole request that
 * is still to be done, and doing it twice is doing it once, because it carries a token.
 */
export interface Requested {
  /** Chosen by who asks; the file is named by it. */
  readonly token: string;
  readonly content: unknown;
  /** User id of who wrote the file, as the operating system says. */
  readonly uid: number;
}

const FOLDER = 'requests';
const DONE = '.json';
const REFUSED = '.refused';
const TOKEN = /^[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}$/;
/** A request is a few hundred bytes; anything larger is none. */
const MOST_BYTES = 16_384;

/** Lays a request into the folder; it is on disk when this returns. Throws StateFolderError. */
export function putRequest(folder: string, token: string, content: unknown): void {
  if (!TOKEN.test(token)) throw new RangeError(`not a token: ${JSON.stringify(token)}`);
  const inbox = join(folder, FOLDER);
  const draft = join(inbox, `.${token}.${process.pid}`);
  try {
    mkdirSync(inbox, { recursive: true, mode: 0o700 });
    const file = openSync(draft, 'wx', 0o600);
    try {
      writeSync(file, JSON.stringify(content));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(draft, join(inbox, token + DONE));
  } catch (thrown) {
    rmSync(draft, { force: true });
    throw inaccessible(folder, thrown);
  }
}

/** Why the owner could not even look at the request, or undefined. Read once: it is gone afterwards. */
export function takeRefusal(folder: string, token: string): string | undefined {
  const file = join(folder, FOLDER, token + REFUSED);
  try {
    const text = readFileSync(file, 'utf8');
    rmSync(file, { force: true });
    return text;
  } catch {
    return undefined;
  }
}

/** Whether a process owns the folder now. The lock is the only witness; a file that names a pid may be left over. */
export function isOwned(folder: string): boolean {
  const file = join(folder, 'lock.db');
  if (!existsSync(file)) return false;
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    // A reader is turned away while the owner's transaction is open, and disturbs nobody otherwise.
    database.prepare('SELECT count(*) FROM sqlite_schema').get();
    return false;
  } catch (thrown) {
    if (isBusy(thrown)) return true;
    throw inaccessible(folder, thrown);
  } finally {
    database.close();
  }
}

export interface RequestInbox {
  /** Whole requests in the order of their tokens. What is not one is refused at once. */
  waiting(): readonly Requested[];
  /** It was done: it goes. */
  done(token: string): void;
  /** It cannot be done: who asked finds out why. */
  refuse(token: string, why: string): void;
}

/** For the owner of the folder. */
export function requestInbox(folder: string): RequestInbox {
  const inbox = join(folder, FOLDER);
  mkdirSync(inbox, { recursive: true, mode: 0o700 });
  const done = (token: string) => rmSync(join(inbox, token + DONE), { force: true });
  const refuse = (token: string, why: string) => {
    const draft = join(inbox, `.${token}.refusal`);
    const file = openSync(draft, 'w', 0o600);
    writeSync(file, why.slice(0, 1_000));
    closeSync(file);
    renameSync(draft, join(inbox, token + REFUSED));
    done(token);
  };
  return {
    done,
    refuse,
    waiting() {
      const found: Requested[] = [];
      for (const name of readdirSync(inbox).sort()) {
        const token = name.slice(0, -DONE.length);
        if (!name.endsWith(DONE) || !TOKEN.test(token)) continue;
        const read = readRequest(join(inbox, name));
        if ('why' in read) refuse(token, read.why);
        else found.push({ token, ...read });
      }
      return found;
    },
  };
}

function readRequest(file: string): Omit<Requested, 'token'> | { readonly why: string } {
  try {
    const { uid, size } = lstatSync(file);
    if (!lstatSync(file).isFile()) return { why: 'a request is a file, not a link or a folder' };
    if (size > MOST_BYTES) return { why: `a request has at most ${MOST_BYTES} bytes, not ${size}` };
    return { uid, content: JSON.parse(readFileSync(file, 'utf8')) };
  } catch (thrown) {
    return { why: `the request cannot be read: ${thrown instanceof Error ? thrown.message : String(thrown)}` };
  }
}
