import type { KubeObject } from '../../api/meta.ts';

/**
 * Objects by value. Most values of most indexes (a thing name, a uid) have one object, which is then held directly: a
 * set for each of 100,000 of them would cost more than the cache itself.
 */
export class IndexMap {
  readonly #of: (object: KubeObject) => readonly string[];
  readonly #entries = new Map<string, KubeObject | Set<KubeObject>>();

  constructor(of: (object: KubeObject) => readonly string[]) {
    this.#of = of;
  }

  add(object: KubeObject): void {
    for (const value of this.#of(object)) {
      const held = this.#entries.get(value);
      if (held === undefined) this.#entries.set(value, object);
      else if (held instanceof Set) held.add(object);
      else if (held !== object) this.#entries.set(value, new Set([held, object]));
    }
  }

  remove(object: KubeObject): void {
    for (const value of this.#of(object)) {
      const held = this.#entries.get(value);
      if (held === object) this.#entries.delete(value);
      else if (held instanceof Set && held.delete(object) && held.size === 0) this.#entries.delete(value);
    }
  }

  get(value: string): readonly KubeObject[] {
    const held = this.#entries.get(value);
    if (held === undefined) return [];
    return held instanceof Set ? [...held] : [held];
  }
}
