import { API_VERSION } from '../../api/meta.ts';
import type { TreeLoader } from '../../controllers/fleetsource/tree.ts';

/**
 * Standalone mode: a tree without an AWSAccount named `default` gets one for the account of the credentials. Added to
 * the tree and not to the store, so that a later commit which brings its own replaces it like any change.
 */
export function withDefaultAccount(load: TreeLoader, region: string): TreeLoader {
  return async (fetched, signal) => {
    const tree = await load(fetched, signal);
    const has = tree.objects.some(({ object }) => object.kind === 'AWSAccount' && object.metadata.name === 'default');
    // An empty tree must stay empty: it is what keeps a wrong --path from pruning the fleet.
    if (has || tree.objects.length === 0) return tree;
    const object = { apiVersion: API_VERSION, kind: 'AWSAccount', metadata: { name: 'default' }, spec: { region } };
    return { ...tree, objects: [{ object, file: '(made by fleetward run --standalone)', line: 1 }, ...tree.objects] };
  };
}
