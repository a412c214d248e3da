/**
 * Thing ↔ certificate has no bulk read in AWS: each thing is asked alone, rarely, oldest first, and the answers are
 * counted apart from the bulk reads (https://docs.aws.amazon.com/iot/latest/apireference/API_ListThingPrincipals.html).
 */
export interface Principals {
  /** Certificate ids on a thing as last read or written; undefined when never asked since start. */
  of(thing: string): readonly string[] | undefined;
  /** When the thing was last asked directly. */
  askedAt(thing: string): number | undefined;
  saw(thing: string, certificateIds: readonly string[]): void;
  /** The thing was just made: it has none. */
  fresh(thing: string): void;
  wrote(thing: string, certificateId: string, present: boolean): void;
  forget(thing: string): void;
  /** Direct reads made so far. */
  readonly reads: number;
}

interface Entry {
  readonly ids: readonly string[];
  readonly askedAt: number | undefined;
}

export function createPrincipals(now: () => number): Principals {
  const entries = new Map<string, Entry>();
  let reads = 0;
  return {
    of: (thing) => entries.get(thing)?.ids,
    askedAt: (thing) => entries.get(thing)?.askedAt,
    saw(thing, ids) {
      reads += 1;
      entries.set(thing, { ids: [...ids].sort(), askedAt: now() });
    },
    wrote(thing, id, present) {
      const known = entries.get(thing);
      // One edge of an unknown set says nothing about the rest.
      if (known === undefined) return;
      const others = known.ids.filter((other) => other !== id);
      entries.set(thing, { ids: present ? [...others, id].sort() : others, askedAt: known.askedAt });
    },
    fresh(thing) {
      entries.set(thing, { ids: [], askedAt: undefined });
    },
    forget(thing) {
      entries.delete(thing);
    },
    get reads() {
      return reads;
    },
  };
}
