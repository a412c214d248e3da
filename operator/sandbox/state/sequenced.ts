interface Slot<V> {
  readonly key: string;
  readonly sequence: number;
  value: V;
  live: boolean;
}

/**
 * A map that can be read page by page in order of insertion without holding a cursor: a page resumes after a sequence
 * number by binary search, so listing costs what the page holds, whatever was inserted or deleted in between.
 */
export class SequencedMap<V> {
  readonly #index = new Map<string, Slot<V>>();
  #order: Slot<V>[] = [];
  #dead = 0;
  #next = 1;

  get size(): number {
    return this.#index.size;
  }

  get(key: string): V | undefined {
    return this.#index.get(key)?.value;
  }

  has(key: string): boolean {
    return this.#index.has(key);
  }

  /** Replacing keeps the place in the order. */
  set(key: string, value: V): void {
    const known = this.#index.get(key);
    if (known) {
      known.value = value;
      return;
    }
    const slot: Slot<V> = { key, sequence: this.#next++, value, live: true };
    this.#index.set(key, slot);
    this.#order.push(slot);
  }

  delete(key: string): boolean {
    const slot = this.#index.get(key);
    if (!slot) return false;
    this.#index.delete(key);
    slot.live = false;
    this.#dead++;
    if (this.#dead > 64 && this.#dead * 2 > this.#order.length) {
      this.#order = this.#order.filter((s) => s.live);
      this.#dead = 0;
    }
    return true;
  }

  *entries(): Generator<[string, V]> {
    for (const slot of this.#order) if (slot.live) yield [slot.key, slot.value];
  }

  *keys(): Generator<string> {
    for (const [key] of this.entries()) yield key;
  }

  *values(): Generator<V> {
    for (const [, value] of this.entries()) yield value;
  }

  /** Entries after `sequence` (0 for the first), oldest first. */
  *after(sequence: number): Generator<{ readonly key: string; readonly value: V; readonly sequence: number }> {
    for (let index = this.#firstAfter(sequence); index < this.#order.length; index++) {
      const slot = this.#order[index];
      if (slot?.live) yield slot;
    }
  }

  /** Entries before `sequence` (Infinity for the last), newest first. */
  *before(sequence: number): Generator<{ readonly key: string; readonly value: V; readonly sequence: number }> {
    for (let index = this.#firstAfter(sequence - 1) - 1; index >= 0; index--) {
      const slot = this.#order[index];
      if (slot?.live) yield slot;
    }
  }

  #firstAfter(sequence: number): number {
    let low = 0;
    let high = this.#order.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#order[middle]?.sequence ?? 0) <= sequence) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
