import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { isBusy, StateFolderError } from './errors.ts';

/** Somebody may be looking whether the folder is owned, for an instant. */
const LOOKED_AT_MS = 250;

/** Held until released or until the process ends in any way. */
export interface FolderLock {
  release(): void;
}

/**
 * One process writes to a state folder. The lock is an open transaction on a file of its own: the operating system
 * drops it with the process, so no stale lock outlives a SIGKILL, and a reused pid means nothing.
 * The file beside it only tells a person who holds the lock.
 */
export function lockFolder(folder: string, now: number): FolderLock {
  const database = new DatabaseSync(join(folder, 'lock.db'), { timeout: LOOKED_AT_MS });
  try {
    database.exec('BEGIN EXCLUSIVE');
  } catch (thrown) {
    database.close();
    if (!isBusy(thrown)) throw inaccessible(folder, thrown);
    throw new StateFolderError(
      'locked',
      `The state folder ${folder} is in use by ${describeHolder(folder)}. Stop that process, or use another folder (--state)`,
    );
  }
  const holder = join(folder, 'holder.json');
  try {
    writeFileSync(holder, JSON.stringify({ pid: process.pid, host: hostname(), since: new Date(now).toISOString() }), {
      mode: 0o600,
    });
  } catch {
    // Only the wording of the message to a second process depends on this file; a full disk must not stop a restart.
  }
  return {
    release() {
      rmSync(holder, { force: true });
      if (database.isOpen) database.close();
    },
  };
}

export function inaccessible(folder: string, cause: unknown): StateFolderError {
  const detail = cause instanceof Error ? cause.message : String(cause);
  return new StateFolderError('inaccessible', `The state folder ${folder} cannot be used: ${detail}`, cause);
}

function describeHolder(folder: string): string {
  try {
    const holder: unknown = JSON.parse(readFileSync(join(folder, 'holder.json'), 'utf8'));
    if (typeof holder === 'object' && holder !== null && 'pid' in holder && 'host' in holder && 'since' in holder) {
      return `process ${String(holder.pid)} on ${String(holder.host)} since ${String(holder.since)}`;
    }
  } catch {
    // The holder is just starting or could not write the file.
  }
  return 'another process';
}
