import type { FleetSource } from '../../api/fleetsource.gen.ts';
import { type KubeObject, keyOf } from '../../api/meta.ts';
import { commitOf } from '../../source/git/ref.ts';
import type { InFlight } from './memory.ts';
import { guardLimit, type PlanInput, planRevision } from './plan.ts';
import { inventoryDigest, type Outcome } from './status.ts';
import type { LoadedTree } from './tree.ts';
import { ALLOW_PRUNE } from './verbs.ts';

export interface ReviseInput extends Pick<PlanInput, 'find' | 'complete' | 'isSource' | 'settled' | 'tolerated'> {
  readonly source: FleetSource;
  readonly revision: string;
  readonly tree: LoadedTree;
  readonly ignoreKinds: readonly string[];
  readonly inventory: readonly KubeObject[];
}

/** Either the work that a revision means, or why none of it may be done. */
export type Revised =
  | { readonly kind: 'work'; readonly inFlight: InFlight }
  | { readonly kind: 'outcome'; readonly outcome: Outcome };

/** Decides about a loaded revision as a whole, before anything of it is applied. */
export async function revise(input: ReviseInput): Promise<Revised> {
  const { source, revision, tree, inventory } = input;
  const { skipped } = tree;
  const namespace = source.metadata.namespace ?? '';
  const objects = tree.objects.filter(({ object }) => !input.ignoreKinds.includes(object.kind));
  const foreign = objects.filter(({ object }) => (object.metadata.namespace ?? namespace) !== namespace);
  const errors = [
    ...tree.errors,
    ...foreign.map(
      ({ object, file, line }) =>
        `${file}:${line}: ${object.kind} ${object.metadata.name} names namespace ${object.metadata.namespace}, but a FleetSource writes only to its own, ${namespace}; leave metadata.namespace out`,
    ),
  ];
  if (errors.length > 0) {
    const total = tree.errorCount + foreign.length;
    return ends({ kind: 'invalid', revision, errors, total, skipped });
  }
  if (objects.length === 0) return ends({ kind: 'empty', revision, skipped });
  const desired = objects.map(({ object }) => inNamespace(object, namespace));
  const plan = await planRevision({ ...input, source: source.metadata.uid ?? '', desired });
  const limit = guardLimit(source.spec.pruneGuard, inventory.length);
  if (source.spec.prune && plan.remove.length > limit && !isAllowed(source, revision)) {
    return ends({ kind: 'guarded', revision, removed: plan.remove.length, limit });
  }
  return {
    kind: 'work',
    inFlight: {
      revision,
      generation: source.metadata.generation,
      work: { pending: [...plan.apply], refused: [], stale: 0, applied: 0 },
      total: plan.apply.length,
      refused: plan.refused,
      remove: plan.remove,
      seen: new Map(plan.kept.map(({ metadata }) => [metadata.uid ?? '', metadata.generation ?? 0])),
      count: desired.length,
      digest: await inventoryDigest(desired.map(keyOf)),
      skipped,
    },
  };
}

/** The annotation names the revision as status shows it, or only its commit. */
function isAllowed({ metadata }: FleetSource, revision: string): boolean {
  const allowed = metadata.annotations?.[ALLOW_PRUNE];
  return allowed !== undefined && (allowed === revision || allowed === commitOf(revision));
}

function inNamespace(object: KubeObject, namespace: string): KubeObject {
  return object.metadata.namespace === namespace ? object : { ...object, metadata: { ...object.metadata, namespace } };
}

function ends(outcome: Outcome): Revised {
  return { kind: 'outcome', outcome };
}
