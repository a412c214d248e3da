import type { Slice } from './scope.ts';

/** Tags by resource ARN, across all taggable kinds. */
export class Tags {
  readonly #byArn = new Map<string, Map<string, string>>();

  of(arn: string): ReadonlyMap<string, string> {
    return this.#byArn.get(arn) ?? new Map();
  }

  put(arn: string, tags: Iterable<readonly [string, string]>): void {
    const known = this.#byArn.get(arn) ?? new Map<string, string>();
    for (const [key, value] of tags) known.set(key, value);
    if (known.size > 0) this.#byArn.set(arn, known);
  }

  remove(arn: string, keys: readonly string[]): void {
    const known = this.#byArn.get(arn);
    for (const key of keys) known?.delete(key);
    if (known?.size === 0) this.#byArn.delete(arn);
  }

  /** Tags die with their resource. */
  drop(arn: string): void {
    this.#byArn.delete(arn);
  }

  entries(): IterableIterator<[string, Map<string, string>]> {
    return this.#byArn.entries();
  }
}

export const TAGS: Slice<Tags> = {
  name: 'tags',
  create: () => new Tags(),
  save: (tags) => [...tags.entries()].map(([arn, map]) => [arn, [...map]]),
  load(tags, saved) {
    for (const [arn, entries] of saved as [string, [string, string][]][]) tags.put(arn, entries);
  },
};
