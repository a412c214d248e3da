/** What this machine lets a test do. Git and Node are all that a test may count on; who needs more skips by name. */
import { execFileSync } from 'node:child_process';
import { type TemporaryFolder, temporaryFolder } from './store.ts';

export function hasProgram(name: string, ...args: readonly string[]): boolean {
  try {
    execFileSync(name, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

export const hasOpenssl = hasProgram('openssl', 'version');

/** A folder on a file system of its own with this size, for example `3m`. Needs the right to mount. */
export function smallFileSystem(size: string): TemporaryFolder {
  const folder = temporaryFolder();
  try {
    execFileSync('/bin/mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder.path], { stdio: 'ignore' });
  } catch (error) {
    folder[Symbol.dispose]();
    throw error;
  }
  return {
    path: folder.path,
    [Symbol.dispose]() {
      execFileSync('/bin/umount', [folder.path]);
      folder[Symbol.dispose]();
    },
  };
}

/** Root is not enough: containers take this right from it. */
export function mayMount(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  try {
    smallFileSystem('64k')[Symbol.dispose]();
    return true;
  } catch {
    return false;
  }
}
