import { closeSync, fstatSync, mkdirSync, openSync, readFileSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Files of lines below one folder, each appended to by one process at a time. A line that a crash cut off stays as it is,
 * on a line of its own: the next one never continues it.
 */
export interface LineFiles {
  /** Throws what the file system throws. */
  append(file: readonly [folder: string, name: string], line: string): void;
  /** Empty when there is no such file. */
  read(file: readonly [folder: string, name: string]): string;
}

export function lineFiles(root: string): LineFiles {
  return {
    append([folder, name], line) {
      mkdirSync(join(root, folder), { recursive: true, mode: 0o700 });
      const file = openSync(join(root, folder, name), 'a+', 0o600);
      try {
        writeSync(file, endsMidLine(file) ? `\n${line}` : line);
      } finally {
        closeSync(file);
      }
    },
    read([folder, name]) {
      try {
        return readFileSync(join(root, folder, name), 'utf8');
      } catch {
        return '';
      }
    },
  };
}

function endsMidLine(file: number): boolean {
  const { size } = fstatSync(file);
  if (size === 0) return false;
  const last = Buffer.alloc(1);
  readSync(file, last, 0, 1, size - 1);
  return last[0] !== 0x0a;
}
