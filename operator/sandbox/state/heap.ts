interface Entry<T> {
  readonly at: number;
  readonly sequence: number;
  readonly value: T;
}

/** What waits for a time, earliest first; of equal times, what was put in first. */
export class Heap<T> {
  #entries: Entry<T>[] = [];
  #sequence = 0;

  get size(): number {
    return this.#entries.length;
  }

  push(at: number, value: T): void {
    this.#entries.push({ at, sequence: this.#sequence++, value });
    this.#up(this.#entries.length - 1);
  }

  peek(): { readonly at: number; readonly value: T } | undefined {
    return this.#entries[0];
  }

  pop(): { readonly at: number; readonly value: T } | undefined {
    const [first] = this.#entries;
    const last = this.#entries.pop();
    if (last && last !== first) {
      this.#entries[0] = last;
      this.#down();
    }
    return first;
  }

  clear(): void {
    this.#entries = [];
  }

  #up(from: number): void {
    for (let index = from; index > 0; ) {
      const parent = (index - 1) >>> 1;
      if (!this.#swapped(parent, index)) return;
      index = parent;
    }
  }

  #down(): void {
    for (let index = 0; ; ) {
      const left = 2 * index + 1;
      const child = this.#isBefore(left + 1, left) ? left + 1 : left;
      if (!this.#swapped(index, child)) return;
      index = child;
    }
  }

  /** Puts the child in its parent's place when it is due before it. */
  #swapped(parent: number, child: number): boolean {
    if (!this.#isBefore(child, parent)) return false;
    const [above, below] = [this.#entries[parent], this.#entries[child]];
    if (!above || !below) return false;
    this.#entries[parent] = below;
    this.#entries[child] = above;
    return true;
  }

  #isBefore(first: number, second: number): boolean {
    const [a, b] = [this.#entries[first], this.#entries[second]];
    if (!a || !b) return false;
    return a.at < b.at || (a.at === b.at && a.sequence < b.sequence);
  }
}

/** Times of things of which each has one at most; a new time replaces the one before. */
export class Schedule<T> {
  readonly #heap = new Heap<T>();
  readonly #times = new Map<T, number>();

  set(value: T, at: number | undefined): void {
    if (at === this.#times.get(value)) return;
    if (at === undefined) this.#times.delete(value);
    else {
      this.#times.set(value, at);
      this.#heap.push(at, value);
    }
    if (this.#heap.size > 2 * this.#times.size + 64) this.#compact();
  }

  /** The earliest time. */
  next(): number | undefined {
    this.#skip();
    return this.#heap.peek()?.at;
  }

  /** Takes out what is due, one at a time. */
  take(now: number): T | undefined {
    this.#skip();
    const first = this.#heap.peek();
    if (!first || first.at > now) return undefined;
    this.#heap.pop();
    this.#times.delete(first.value);
    return first.value;
  }

  clear(): void {
    this.#heap.clear();
    this.#times.clear();
  }

  /** Entries whose time was replaced stay in the heap until they come up. */
  #skip(): void {
    for (let first = this.#heap.peek(); first; first = this.#heap.peek()) {
      if (this.#times.get(first.value) === first.at) return;
      this.#heap.pop();
    }
  }

  #compact(): void {
    this.#heap.clear();
    for (const [value, at] of this.#times) this.#heap.push(at, value);
  }
}
