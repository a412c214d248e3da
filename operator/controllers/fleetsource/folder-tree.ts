import { readFolder } from '../../source/folder.ts';
import type { SourceTree } from './tree.ts';

/** A folder of this machine as the tree of every source; only standalone mode uses it, with the folder it was given. */
export function folderTree(root: string): SourceTree {
  return {
    fetch: ({ spec }) => readFolder(root, spec.path),
    // The files are their own last good state: there is no older one to fall back on.
    lastGood: async () => undefined,
    forget: async () => undefined,
  };
}
