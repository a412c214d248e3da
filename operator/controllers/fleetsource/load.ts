import type { SchemaRegistry } from '../../api/validate.ts';
import { contextLogger, type Logger, silentLogger } from '../../runtime/log.ts';
import type { ManifestProblem } from '../../source/manifests/index.ts';
import { loadTree } from '../../source/manifests/index.ts';
import type { TreeLoader } from './tree.ts';

export interface ManifestLoaderOptions {
  readonly registry?: SchemaRegistry;
  /** Told of warnings, outside of a reconcile. */
  readonly log?: Logger;
}

/** Reads a fetched revision's manifests; files are named from the root of the repository, as authors know them. */
export function manifestLoader({ registry, log = silentLogger }: ManifestLoaderOptions = {}): TreeLoader {
  return async (fetched, signal) => {
    const tree = await loadTree(fetched.folder, {
      base: fetched.root,
      // A link may leave spec.path, never the repository.
      linkRoot: fetched.root,
      signal,
      ...(registry === undefined ? {} : { registry }),
    });
    for (const warning of tree.warnings.slice(0, 20)) {
      contextLogger(log).warn('Noticing something in a manifest', { cause: problemLine(warning) });
    }
    return {
      objects: tree.objects,
      errors: tree.errors.map(problemLine),
      errorCount: tree.errorCount,
      skipped: Object.values(tree.skippedForeign).reduce((sum, n) => sum + n, 0),
    };
  };
}

/** `file:line:column: object: field: message`, so that an editor can jump there. */
function problemLine(problem: ManifestProblem): string {
  const { file, line, column, object, field, message } = problem;
  return [`${file}:${line}:${column}`, object, field, message].filter((part) => part !== undefined).join(': ');
}
