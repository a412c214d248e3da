import { createHash } from 'node:crypto';
import { lstat, readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { SourceError } from './git/errors.ts';
import { cleanPath } from './git/tree.ts';

/** Beyond this a folder is not a fleet but, say, a home directory given by mistake. */
const MAX_ENTRIES = 500_000;

export interface FolderRevision {
  /** `folder@sha256:…`: changes when a file comes, goes, or is written. */
  readonly revision: string;
  readonly root: string;
  readonly folder: string;
}

/**
 * A folder of this machine as a source: its files as they are, uncommitted edits included. The revision is made of
 * names, sizes and times, so that looking for changes reads no file.
 */
export async function readFolder(root: string, path: string | undefined): Promise<FolderRevision> {
  const folder = join(root, cleanPath(path));
  const real = await realpath(folder).catch(() => undefined);
  if (real === undefined) {
    throw new SourceError('InvalidPath', `There is no folder ${folder}; correct --source or --path`, {
      retriable: true,
    });
  }
  const hash = createHash('sha256');
  if ((await stat(real)).isFile()) {
    await addFile(hash, real, '');
    return { revision: `folder@sha256:${hash.digest('hex')}`, root, folder };
  }
  let entries = 0;
  const visit = async (at: string, name: string): Promise<void> => {
    const items = await readdir(at, { withFileTypes: true });
    items.sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const item of items) {
      if (item.name.startsWith('.')) continue;
      if (++entries > MAX_ENTRIES) {
        throw new SourceError(
          'RepositoryTooLarge',
          `${folder} has more than ${MAX_ENTRIES} files; is it the right one?`,
        );
      }
      const child = join(at, item.name);
      if (item.isDirectory()) await visit(child, `${name}/${item.name}`);
      else await addFile(hash, child, `${name}/${item.name}`);
    }
  };
  await visit(real, '');
  return { revision: `folder@sha256:${hash.digest('hex')}`, root, folder };
}

async function addFile(hash: ReturnType<typeof createHash>, path: string, name: string): Promise<void> {
  const link = await lstat(path);
  // A link's target may change although the link does not.
  const { size, mtimeMs } = link.isSymbolicLink() ? await stat(path).catch(() => link) : link;
  hash.update(`${name}\0${size}\0${mtimeMs}\n`);
}
