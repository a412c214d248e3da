import TinyQueue from 'tinyqueue';

/** One pending key. Never changed after it entered a heap except for `dead`, so that the heap's order stays true. */
export interface Item {
  readonly key: string;
  readonly priority: number;
  /** Monotonic ms at which it becomes ready; ready items carry the time at which they did. */
  readonly readyAt: number;
  /** Order of arrival within its level. */
  readonly sequence: number;
  readonly waiting: boolean;
  /** Replaced or removed; skipped when it surfaces. */
  dead: boolean;
}

/** Highest priority first, then first come. */
export const byPriority = (a: Item, b: Item): number => b.priority - a.priority || a.sequence - b.sequence;

/** Earliest first. */
export const byTime = (a: Item, b: Item): number => a.readyAt - b.readyAt || a.sequence - b.sequence;

const COMPACT_ABOVE = 1024;

/**
 * A binary heap with lazy deletion: `bury` marks in O(1), dead items go when they surface, and the heap is rebuilt once
 * more than half of it is dead, so that re-scheduling the same keys for ever does not grow it.
 */
export class Heap {
  #queue: TinyQueue<Item>;
  #compare: (a: Item, b: Item) => number;
  #dead = 0;

  constructor(compare: (a: Item, b: Item) => number) {
    this.#compare = compare;
    this.#queue = new TinyQueue<Item>([], compare);
  }

  /** Items that count; dead ones excluded. */
  get size(): number {
    return this.#queue.length - this.#dead;
  }

  /** Items in memory, dead ones included. */
  get held(): number {
    return this.#queue.length;
  }

  push(item: Item): void {
    this.#queue.push(item);
  }

  peek(): Item | undefined {
    for (;;) {
      const top = this.#queue.peek();
      if (!top?.dead) return top;
      this.#queue.pop();
      this.#dead -= 1;
    }
  }

  pop(): Item | undefined {
    return this.peek() && this.#queue.pop();
  }

  /** Takes an item out that this heap holds. */
  bury(item: Item): void {
    item.dead = true;
    this.#dead += 1;
    if (this.#dead > COMPACT_ABOVE && this.#dead * 2 > this.#queue.length) {
      this.#queue = new TinyQueue(
        this.#queue.data.filter((entry) => !entry.dead),
        this.#compare,
      );
      this.#dead = 0;
    }
  }
}
