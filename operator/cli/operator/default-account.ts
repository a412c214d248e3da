import { API_VERSION, type KubeObject } from '../../api/meta.ts';
import type { TreeLoader } from '../../controllers/fleetsource/tree.ts';

const DEFAULT = 'default';
const WITHOUT_ACCOUNT: ReadonlySet<string> = new Set(['AWSAccount', 'FleetSource', 'PolicyRollout']);

/**
 * Standalone mode: a tree whose objects use the AWSAccount `default` without bringing it gets one for the account of the
 * credentials. Added to the tree and not to the store, so that a later commit which brings its own replaces it like any
 * change.
 */
export function withDefaultAccount(load: TreeLoader, region: string): TreeLoader {
  return async (fetched, signal) => {
    const tree = await load(fetched, signal);
    const has = tree.objects.some(({ object }) => object.kind === 'AWSAccount' && object.metadata.name === DEFAULT);
    // An empty tree must stay empty: it is what keeps a wrong --path from pruning the fleet.
    if (has || !tree.objects.some(({ object }) => usesDefault(object))) return tree;
    const object = { apiVersion: API_VERSION, kind: 'AWSAccount', metadata: { name: DEFAULT }, spec: { region } };
    return { ...tree, objects: [{ object, file: '(made by fleetward run --standalone)', line: 1 }, ...tree.objects] };
  };
}

function usesDefault({ kind, spec }: KubeObject): boolean {
  if (WITHOUT_ACCOUNT.has(kind)) return false;
  const { accountRef } = (spec ?? {}) as { readonly accountRef?: { readonly name?: string } };
  return (accountRef?.name ?? DEFAULT) === DEFAULT;
}
