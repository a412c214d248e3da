import { type Store, StoreError } from '../store.ts';

/**
 * A store whose writes are refused unless `mayWrite` says yes at that moment: what controllers get in a cluster, so that
 * a replica that lost its lease ends writing at once, conditions included. Reads and watches pass; standbys need them.
 * The refusal is a `conflict`: silent, and tried again should the fence open.
 */
export function fencedStore(store: Store, mayWrite: () => boolean): Store {
  const write = async <T>(act: () => Promise<T>): Promise<T> => {
    if (!mayWrite()) throw new StoreError('conflict', 'This replica does not lead (any more): nothing is written');
    return act();
  };
  return {
    get: (key) => store.get(key),
    list: (query) => store.list(query),
    watch: (query) => store.watch(query),
    apply: (document, options) => write(() => store.apply(document, options)),
    applyStatus: (key, status, options) => write(() => store.applyStatus(key, status, options)),
    setFinalizer: (key, finalizer, present) => write(() => store.setFinalizer(key, finalizer, present)),
    delete: (key, options) => write(() => store.delete(key, options)),
  };
}
