/**
 * One relation of single facts (things, certificates), filled by list calls and overlaid by our own writes: a list that
 * still shows the state before a recent write of ours is late, not drift.
 */
export interface Entities<T> {
  get(name: string): T | undefined;
  readonly size: number;
  names(): IterableIterator<string>;
  /** We wrote: `after` is what AWS holds now; undefined when we deleted it. */
  wrote(name: string, after: T | undefined): void;
  /** One direct read: beats what lists said, whatever its age. */
  saw(name: string, fact: T | undefined): void;
  /** Starts a bulk read. Rows go to `row`; `end` drops what was not seen and returns the names that changed. */
  sweep(): Sweep<T>;
}

export interface Sweep<T> {
  row(name: string, fact: T): void;
  end(): ReadonlySet<string>;
}

export interface EntityOptions<T> {
  readonly now: () => number;
  /** For how long a list may lag behind our own writes. */
  readonly settleMs: number;
  readonly same: (a: T | undefined, b: T | undefined) => boolean;
}

interface Write<T> {
  readonly before: T | undefined;
  readonly after: T | undefined;
  readonly at: number;
}

export function createEntities<T>({ now, settleMs, same }: EntityOptions<T>): Entities<T> {
  const facts = new Map<string, T>();
  const writes = new Map<string, Write<T>>();

  function put(name: string, fact: T | undefined): void {
    if (fact === undefined) facts.delete(name);
    else facts.set(name, fact);
  }

  /** True when what a list shows is the state before a write of ours that it may not show yet. */
  function late(name: string, listed: T | undefined, since: number): boolean {
    const write = writes.get(name);
    if (write === undefined) return false;
    if (now() - write.at >= settleMs && write.at < since) {
      writes.delete(name);
      return false;
    }
    return write.at >= since || same(listed, write.before);
  }

  return {
    get: (name) => facts.get(name),
    get size() {
      return facts.size;
    },
    names: () => facts.keys(),
    wrote(name, after) {
      const before = writes.get(name)?.before ?? facts.get(name);
      writes.set(name, { before, after, at: now() });
      put(name, after);
    },
    saw(name, fact) {
      put(name, fact);
    },
    sweep() {
      const since = now();
      const seen = new Set<string>();
      const changed = new Set<string>();
      return {
        row(name, fact) {
          const known = facts.get(name);
          seen.add(name);
          if (known !== undefined && same(known, fact)) return;
          if (late(name, fact, since)) return;
          facts.set(name, fact);
          changed.add(name);
        },
        end() {
          for (const name of facts.keys()) {
            if (seen.has(name) || late(name, undefined, since)) continue;
            facts.delete(name);
            changed.add(name);
          }
          return changed;
        },
      };
    },
  };
}
