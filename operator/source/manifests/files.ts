import { lstat, readdir, realpath, stat } from 'node:fs/promises';
import { basename, join, relative, sep } from 'node:path';
import type { ManifestProblem } from './types.ts';

export interface FoundFile {
  /** Where to read it. */
  readonly path: string;
  /** How to name it to a person: as the path was given, or relative to `base`. */
  readonly name: string;
  readonly size: number;
}

export interface FoundTree {
  readonly files: readonly FoundFile[];
  readonly problems: readonly ManifestProblem[];
}

interface Search {
  readonly files: FoundFile[];
  readonly problems: ManifestProblem[];
  readonly seen: Set<string>;
  readonly maxFiles: number;
  readonly nameOf: (path: string) => string;
  /** Links may lead anywhere below it; undefined: below the path that was given. */
  readonly linkRoot: string | undefined;
}

const MANIFEST = /\.(ya?ml|json)$/i;

/**
 * The manifests below each path, in an order that depends on names alone. Folders are searched to the bottom; names
 * that begin with a dot are left out, as are files that are not .yaml, .yml or .json, unless they are named directly.
 * Symbolic links are followed only within the tree that they stand in, and no file is read twice.
 */
export async function findManifests(
  paths: readonly string[],
  options: { readonly base?: string | undefined; readonly linkRoot?: string | undefined; readonly maxFiles: number },
): Promise<FoundTree> {
  const { base } = options;
  const search: Search = {
    files: [],
    problems: [],
    seen: new Set(),
    maxFiles: options.maxFiles,
    linkRoot: options.linkRoot === undefined ? undefined : await realpath(options.linkRoot).catch(() => undefined),
    nameOf: (path) => (base === undefined ? path : relative(base, path).split(sep).join('/') || '.'),
  };
  for (const path of paths) await visitRoot(path, search);
  if (search.files.length > options.maxFiles) {
    search.problems.push(problem(search, paths[0] ?? '.', `has more than ${options.maxFiles} manifest files`));
    return { files: [], problems: search.problems };
  }
  return search;
}

async function visitRoot(path: string, search: Search): Promise<void> {
  let root: string;
  try {
    root = await realpath(path);
  } catch (error) {
    search.problems.push(problem(search, path, `cannot be read: ${reason(error)}`));
    return;
  }
  const stats = await stat(root);
  if (stats.isDirectory()) await visitFolder(path, search.linkRoot ?? root, search);
  else await addFile({ path, real: root, size: stats.size, isFile: stats.isFile() }, search);
}

async function visitFolder(folder: string, root: string, search: Search): Promise<void> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    search.problems.push(problem(search, folder, `cannot be read: ${reason(error)}`));
    return;
  }
  for (const name of names.sort()) {
    if (name.startsWith('.') || search.files.length > search.maxFiles) continue;
    await visitEntry(join(folder, name), root, search);
  }
}

async function visitEntry(path: string, root: string, search: Search): Promise<void> {
  const stats = await lstat(path);
  if (stats.isDirectory()) return visitFolder(path, root, search);
  if (stats.isSymbolicLink()) return visitLink(path, root, search);
  if (!isManifest(path)) return;
  await addFile({ path, real: await realpath(path), size: stats.size, isFile: stats.isFile() }, search);
}

async function visitLink(path: string, root: string, search: Search): Promise<void> {
  let real: string;
  try {
    real = await realpath(path);
  } catch (error) {
    if (isManifest(path))
      search.problems.push(problem(search, path, `is a symbolic link that leads nowhere: ${reason(error)}`));
    return;
  }
  if (real !== root && !real.startsWith(root + sep)) {
    const message = 'is a symbolic link that leaves the tree, and is not followed: put the file itself here';
    search.problems.push(problem(search, path, message));
    return;
  }
  const stats = await stat(real);
  // A folder within the tree is met at its own place as well; following the link could only go round in circles.
  if (stats.isDirectory() || !isManifest(path)) return;
  await addFile({ path, real, size: stats.size, isFile: stats.isFile() }, search);
}

async function addFile(
  file: { readonly path: string; readonly real: string; readonly size: number; readonly isFile: boolean },
  search: Search,
): Promise<void> {
  if (!file.isFile) {
    search.problems.push(problem(search, file.path, 'is not a regular file'));
    return;
  }
  if (search.seen.has(file.real)) return;
  search.seen.add(file.real);
  search.files.push({ path: file.path, name: search.nameOf(file.path), size: file.size });
}

const isManifest = (path: string) => MANIFEST.test(path) || basename(path) === 'Kustomization';

function problem(search: Search, path: string, message: string): ManifestProblem {
  return { file: search.nameOf(path), line: 1, column: 1, severity: 'error', code: 'BadFile', message };
}

function reason(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOENT') return 'there is no such file or folder';
  if (code === 'EACCES' || code === 'EPERM') return 'permission denied';
  if (code === 'ELOOP') return 'symbolic links go round in a circle';
  return error instanceof Error ? error.message : String(error);
}
