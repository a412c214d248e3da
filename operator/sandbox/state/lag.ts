import type { Slice } from './scope.ts';

interface Recent {
  readonly at: number;
  readonly added: boolean;
}

/**
 * Group and membership lists are eventually consistent: for a while they leave out what was added and still show what
 * was removed. Only the lists lag; describing an object is always current here.
 */
export class ListLag {
  readonly #recent = new Map<string, Map<string, Recent>>();

  note(list: string, entry: string, added: boolean, now: number): void {
    const known = this.#recent.get(list) ?? new Map<string, Recent>();
    known.set(entry, { at: now, added });
    this.#recent.set(list, known);
  }

  /** Whether an entry that exists is not shown yet. */
  hidden(list: string, entry: string, now: number, lag: number): boolean {
    const recent = this.#recent.get(list)?.get(entry);
    return recent?.added === true && now < recent.at + lag;
  }

  /** Entries that are gone but still shown; forgets what is over. */
  ghosts(list: string, now: number, lag: number): string[] {
    const known = this.#recent.get(list);
    if (!known) return [];
    for (const [entry, recent] of known) if (now >= recent.at + lag) known.delete(entry);
    if (known.size === 0) this.#recent.delete(list);
    return [...known].filter(([, recent]) => !recent.added).map(([entry]) => entry);
  }
}

/** Lags are over by the time a snapshot is restored. */
export const LIST_LAG: Slice<ListLag> = {
  name: 'list-lag',
  create: () => new ListLag(),
  save: () => null,
  load: () => {},
};
