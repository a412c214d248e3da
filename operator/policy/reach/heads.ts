import { plainText } from '../glob.ts';
import type { TopicLanguage } from './capability.ts';

/**
 * Finds, among many languages, those that may share a word with a given one as far as beginnings tell, without looking at each: one
 * beginning has to begin with the other.
 */
export class Heads {
  readonly #owners = new Map<string, number[]>();
  #sorted: string[] = [];

  constructor(languages: readonly TopicLanguage[]) {
    languages.forEach(({ heads }, owner) => {
      for (const text of new Set(heads.map(plainText)))
        this.#owners.set(text, [...(this.#owners.get(text) ?? []), owner]);
    });
    this.#sorted = [...this.#owners.keys()].sort();
  }

  /** Indexes of the languages that may meet it. */
  meeting(language: TopicLanguage): Set<number> {
    const found = new Set<number>();
    const take = (text: string): void => {
      for (const owner of this.#owners.get(text) ?? []) found.add(owner);
    };
    for (const text of new Set(language.heads.map(plainText))) {
      for (let end = 0; end < text.length; end += 1) take(text.slice(0, end));
      for (let at = this.#firstFrom(text); this.#sorted[at]?.startsWith(text); at += 1) take(this.#sorted[at]!);
    }
    return found;
  }

  /** Place of the first beginning that does not sort before the text. */
  #firstFrom(text: string): number {
    let [low, high] = [0, this.#sorted.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#sorted[middle]! < text) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
