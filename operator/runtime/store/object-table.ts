import type { ObjectKey } from '../../api/meta.ts';

/**
 * Values by kind, namespace and name. Nested maps instead of one map of joined keys: the inner keys are the strings the
 * objects hold anyway, which for 100,000 objects saves as many key strings in every table.
 */
export class ObjectTable<V> {
  readonly #kinds = new Map<string, Map<string, Map<string, V>>>();

  get(key: ObjectKey): V | undefined {
    return this.#kinds.get(key.kind)?.get(key.namespace)?.get(key.name);
  }

  set(key: ObjectKey, value: V): void {
    let namespaces = this.#kinds.get(key.kind);
    if (!namespaces) {
      namespaces = new Map();
      this.#kinds.set(key.kind, namespaces);
    }
    let names = namespaces.get(key.namespace);
    if (!names) {
      names = new Map();
      namespaces.set(key.namespace, names);
    }
    names.set(key.name, value);
  }

  delete(key: ObjectKey): boolean {
    const namespaces = this.#kinds.get(key.kind);
    const names = namespaces?.get(key.namespace);
    if (!namespaces || !names?.delete(key.name)) return false;
    if (names.size === 0) namespaces.delete(key.namespace);
    return true;
  }

  *values(kind: string, namespace?: string): Generator<V> {
    const namespaces = this.#kinds.get(kind);
    if (!namespaces) return;
    if (namespace !== undefined) {
      yield* namespaces.get(namespace)?.values() ?? [];
      return;
    }
    for (const names of namespaces.values()) yield* names.values();
  }

  count(kind: string, namespace?: string): number {
    const namespaces = this.#kinds.get(kind);
    if (!namespaces) return 0;
    if (namespace !== undefined) return namespaces.get(namespace)?.size ?? 0;
    let total = 0;
    for (const names of namespaces.values()) total += names.size;
    return total;
  }
}
