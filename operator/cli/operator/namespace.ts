import type { FleetSource } from '../../api/fleetsource.gen.ts';
import type { SourceTree, TreeLoader } from '../../controllers/fleetsource/tree.ts';
import type { Store } from '../../runtime/store.ts';
import { SourceError } from '../../source/git/errors.ts';
import { CommandError, Exit, UsageError } from '../exit.ts';

export interface NamespaceQuestion {
  readonly wanted: FleetSource;
  readonly store: Pick<Store, 'list'>;
  readonly tree: SourceTree;
  readonly load: TreeLoader;
  /** `--namespace`. */
  readonly given: string | undefined;
  readonly signal: AbortSignal;
}

/**
 * Where standalone objects live: as told, else as last time, else the one namespace that the manifests name, else
 * `default`. Only the first start has to read the tree for it, so that later ones also work while the remote is down.
 */
export async function chooseNamespace(question: NamespaceQuestion): Promise<string> {
  const { wanted, given } = question;
  const known = (await question.store.list({ kind: 'FleetSource' })).items.find(
    ({ metadata }) => metadata.name === wanted.metadata.name,
  )?.metadata.namespace;
  if (known !== undefined && given !== undefined && given !== known) {
    throw new UsageError(
      `This state folder holds the fleet of namespace ${known}; give another --state for namespace ${given}`,
    );
  }
  return given ?? known ?? (await namespaceOfTree(question));
}

async function namespaceOfTree({ wanted, tree, load, signal }: NamespaceQuestion): Promise<string> {
  try {
    const { objects, errors, errorCount } = await load(await tree.fetch(wanted, signal), signal);
    if (errorCount > 0 && objects.length === 0) {
      const more = errorCount > errors.length ? `\n… and ${errorCount - errors.length} more` : '';
      throw new CommandError(`Nothing can be applied:\n${errors.join('\n')}${more}`, Exit.bad);
    }
    const named = new Set(objects.flatMap(({ object }) => object.metadata.namespace ?? []));
    if (named.size > 1) {
      const names = [...named].sort().join(', ');
      throw new UsageError(
        `The manifests name several namespaces (${names}); a standalone operator keeps one. Choose with --namespace and --path`,
      );
    }
    return [...named][0] ?? 'default';
  } catch (error) {
    if (error instanceof SourceError) throw new CommandError(error.message, Exit.failed, error);
    throw error;
  }
}
