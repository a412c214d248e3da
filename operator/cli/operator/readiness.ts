import { type Progress, progressOf } from '../../api/conditions.ts';
import { KINDS } from '../../api/kinds.gen.ts';
import { type KubeObject, keyOf } from '../../api/meta.ts';
import type { Cache } from '../../runtime/reconciler.ts';

export interface NotReady {
  readonly object: KubeObject;
  readonly progress: Progress;
}

/**
 * Knows at any moment how many objects there are and which are not Ready, without going through the fleet: it follows
 * the cache change by change. Make it before the cache starts.
 */
export class Readiness {
  readonly #notReady = new Map<string, KubeObject>();
  #total = 0;
  #changes = 0;

  constructor(cache: Cache) {
    for (const kind of KINDS) {
      cache.onChange(kind, ({ old, new: now }) => {
        if (old && !now) this.#total--;
        if (now && !old) this.#total++;
        this.#changes++;
        if (now) this.#note(now);
        else if (old) this.#notReady.delete(keyOf(old));
      });
    }
  }

  get total(): number {
    return this.#total;
  }

  get ready(): number {
    return this.#total - this.#notReady.size;
  }

  /** Rises with every change of any object: standing still means that nothing happens. */
  get changes(): number {
    return this.#changes;
  }

  get allReady(): boolean {
    return this.#total > 0 && this.#notReady.size === 0;
  }

  *notReady(): Iterable<NotReady> {
    for (const object of this.#notReady.values()) yield { object, progress: progressOf(object) };
  }

  #note(object: KubeObject): void {
    const leaving = object.metadata.deletionTimestamp !== undefined;
    if (!leaving && progressOf(object).kind === 'ready') this.#notReady.delete(keyOf(object));
    else this.#notReady.set(keyOf(object), object);
  }
}
