import { posix } from 'node:path';
import { SourceError } from './errors.ts';

/** How much one repository may bring. Beyond it nothing is checked out and the last good state stays. */
export interface GitLimits {
  /** Bytes of packs that one fetch may leave on disk. */
  readonly maxRepositoryBytes: number;
  /** Bytes of all files of the commit. */
  readonly maxTreeBytes: number;
  readonly maxFiles: number;
}

export const defaultLimits: GitLimits = {
  maxRepositoryBytes: 512 * 1024 * 1024,
  maxTreeBytes: 512 * 1024 * 1024,
  maxFiles: 250_000,
};

export interface TreeEntry {
  readonly mode: string;
  readonly sha: string;
  readonly size: number;
  readonly path: string;
}

/** Reads what `git ls-tree -r -l -z` prints. */
export function parseTree(output: string): TreeEntry[] {
  const entries: TreeEntry[] = [];
  for (const record of output.split('\0')) {
    if (record === '') continue;
    const tab = record.indexOf('\t');
    const [mode = '', , sha = '', size = '-'] = record.slice(0, tab).split(/ +/);
    entries.push({ mode, sha, size: size === '-' ? 0 : Number(size), path: record.slice(tab + 1) });
  }
  return entries;
}

const SUBMODULE = '160000';
const SYMLINK = '120000';

/** `spec.path` as a path inside the tree; '' for its root. */
export function cleanPath(path: string | undefined): string {
  const clean = posix.normalize((path ?? '').replaceAll('\\', '/')).replace(/^(\.\/)+|^\.$|\/+$/g, '');
  if (clean.startsWith('/') || clean === '..' || clean.startsWith('../') || clean.includes('\0')) {
    throw new SourceError(
      'InvalidPath',
      `spec.path "${path}" leaves the repository; write a path relative to its root`,
    );
  }
  return clean;
}

/** Everything about a commit's files that can be refused before one of them is written. Returns the symlinks. */
export function checkTree(entries: readonly TreeEntry[], path: string, limits: GitLimits): readonly TreeEntry[] {
  let bytes = 0;
  for (const entry of entries) bytes += entry.size;
  if (entries.length > limits.maxFiles || bytes > limits.maxTreeBytes) {
    throw new SourceError(
      'RepositoryTooLarge',
      `The commit has ${entries.length} files of ${mebibytes(bytes)}, more than the ${limits.maxFiles} files or ` +
        `${mebibytes(limits.maxTreeBytes)} that are allowed; keep the fleet in a repository of its own`,
    );
  }
  const below = entries.filter((entry) => inside(path, entry.path));
  if (below.length === 0) {
    throw new SourceError('InvalidPath', `The commit has nothing at spec.path "${path === '' ? '.' : path}"`);
  }
  const submodules = below.filter((entry) => entry.mode === SUBMODULE).map((entry) => entry.path);
  if (submodules.length > 0) {
    throw new SourceError(
      'UnsupportedContent',
      `${listed(submodules)} is a submodule; submodules are not fetched: copy the files or give them a FleetSource of their own`,
    );
  }
  return entries.filter((entry) => entry.mode === SYMLINK);
}

/** A symlink may point anywhere inside the repository; `target` is its content. */
export function checkSymlink(path: string, target: string): void {
  const resolved = posix.normalize(posix.join(posix.dirname(path), target));
  if (!target.startsWith('/') && resolved !== '..' && !resolved.startsWith('../')) return;
  throw new SourceError(
    'UnsupportedContent',
    `The symbolic link ${path} points out of the repository (to ${target.slice(0, 120)}); replace it by the file`,
  );
}

function inside(folder: string, path: string): boolean {
  return folder === '' || path === folder || path.startsWith(`${folder}/`);
}

export function mebibytes(bytes: number): string {
  return `${Math.ceil(bytes / 1_048_576)} MiB`;
}

function listed(paths: readonly string[]): string {
  return paths.length > 3 ? `${paths.slice(0, 3).join(', ')} (and ${paths.length - 3} more)` : paths.join(', ');
}
