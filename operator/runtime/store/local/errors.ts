import { StoreError } from '../../store.ts';

/** The state folder cannot be used: a person must act. The message says what to do. */
export class StateFolderError extends Error {
  readonly reason: 'locked' | 'newer' | 'damaged' | 'inaccessible';

  constructor(reason: StateFolderError['reason'], message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'StateFolderError';
    this.reason = reason;
  }
}

const SQLITE_BUSY = 5;
const SQLITE_IOERR = 10;
const SQLITE_CORRUPT = 11;
const SQLITE_FULL = 13;
const SQLITE_NOTADB = 26;
/** The shared-memory index of the log could not grow: a full disk under another name. */
const SQLITE_IOERR_SHMSIZE = SQLITE_IOERR | (19 << 8);

/** Result code of SQLite (https://www.sqlite.org/rescode.html), or undefined for any other error. */
function resultCode(thrown: unknown): number | undefined {
  if (!(thrown instanceof Error) || !('errcode' in thrown)) return undefined;
  return typeof thrown.errcode === 'number' ? thrown.errcode : undefined;
}

export function isBusy(thrown: unknown): boolean {
  return ((resultCode(thrown) ?? 0) & 0xff) === SQLITE_BUSY;
}

export function isDamaged(thrown: unknown): boolean {
  const primary = (resultCode(thrown) ?? 0) & 0xff;
  return primary === SQLITE_CORRUPT || primary === SQLITE_NOTADB;
}

/** A failed write. The transaction was rolled back: what was stored before is what is stored now. */
export function toStoreError(thrown: unknown, folder: string): StoreError {
  if (thrown instanceof StoreError) return thrown;
  const code = resultCode(thrown);
  if (code === SQLITE_FULL || code === SQLITE_IOERR_SHMSIZE) {
    return new StoreError(
      'full',
      `The disk under the state folder ${folder} is full. Nothing was lost: the last stored state stays, and writing goes on when there is room`,
      { cause: thrown },
    );
  }
  const detail = thrown instanceof Error ? thrown.message : String(thrown);
  return new StoreError('unavailable', `The state folder ${folder} could not be written: ${detail}`, { cause: thrown });
}
