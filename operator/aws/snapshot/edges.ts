/**
 * One relation of pairs (policy → target, group → thing), read by list calls from its few left ends and asked for from
 * its many right ends. Equal lists share one array, so that 100,000 certificates with the same policy cost one.
 */
export interface Edges {
  /** Left ends at this right end, sorted: the policies on a certificate, the groups of a thing. */
  at(right: string): readonly string[];
  /** Number of right ends at a left end. */
  count(left: string): number;
  /** The right ends of one left end; walks the whole relation. */
  from(left: string): readonly string[];
  wrote(left: string, right: string, present: boolean): void;
  /** Direct read of everything at one right end. */
  saw(right: string, lefts: readonly string[]): void;
  /** When that was last done; undefined when a write of ours or a list has said otherwise since. */
  seenAt(right: string): number | undefined;
  sweep(): EdgeSweep;
}

export interface EdgeSweep {
  row(left: string, right: string): void;
  /** Replaces the relation; returns the right ends whose list changed. */
  end(): ReadonlySet<string>;
}

interface Write {
  readonly left: string;
  readonly right: string;
  readonly present: boolean;
  readonly at: number;
}

const NONE: readonly string[] = [];

export function createEdges(options: { readonly now: () => number; readonly settleMs: number }): Edges {
  const { now, settleMs } = options;
  const shared = new Map<string, readonly string[]>();
  const writes = new Map<string, Write>();
  const seen = new Map<string, number>();
  let lists = new Map<string, readonly string[]>();
  let counts = new Map<string, number>();

  function share(lefts: readonly string[]): readonly string[] {
    const key = lefts.join('\n');
    const known = shared.get(key);
    if (known !== undefined) return known;
    shared.set(key, lefts);
    return lefts;
  }

  function count(lefts: readonly string[], by: number): void {
    for (const left of lefts) counts.set(left, (counts.get(left) ?? 0) + by);
  }

  function set(right: string, lefts: readonly string[]): void {
    count(lists.get(right) ?? NONE, -1);
    count(lefts, 1);
    if (lefts.length === 0) lists.delete(right);
    else lists.set(right, share(lefts));
  }

  function withEdge(lefts: readonly string[], left: string, present: boolean): readonly string[] {
    if (lefts.includes(left) === present) return lefts;
    return present ? [...lefts, left].sort() : lefts.filter((other) => other !== left);
  }

  /** Our own writes that a bulk read may not show yet. */
  function overlay(since: number): void {
    for (const [key, write] of writes) {
      if (now() - write.at >= settleMs && write.at < since) writes.delete(key);
      else set(write.right, withEdge(lists.get(write.right) ?? NONE, write.left, write.present));
    }
  }

  function replace(next: Map<string, readonly string[]>, since: number): ReadonlySet<string> {
    const old = lists;
    lists = next;
    counts = new Map();
    for (const lefts of next.values()) count(lefts, 1);
    overlay(since);
    const changed = new Set<string>();
    for (const [right, lefts] of lists) if (old.get(right) !== lefts) changed.add(right);
    for (const right of old.keys()) if (!lists.has(right)) changed.add(right);
    for (const right of changed) seen.delete(right);
    return changed;
  }

  return {
    at: (right) => lists.get(right) ?? NONE,
    count: (left) => counts.get(left) ?? 0,
    from(left) {
      const rights: string[] = [];
      for (const [right, lefts] of lists) if (lefts.includes(left)) rights.push(right);
      return rights;
    },
    wrote(left, right, present) {
      writes.set(`${left}\n${right}`, { left, right, present, at: now() });
      set(right, withEdge(lists.get(right) ?? NONE, left, present));
      seen.delete(right);
    },
    saw(right, lefts) {
      set(right, share([...new Set(lefts)].sort()));
      seen.set(right, now());
    },
    seenAt: (right) => seen.get(right),
    sweep() {
      const since = now();
      const next = new Map<string, readonly string[]>();
      return {
        row(left, right) {
          const lefts = next.get(right) ?? NONE;
          next.set(right, share(withEdge(lefts, left, true)));
        },
        end: () => replace(next, since),
      };
    },
  };
}
