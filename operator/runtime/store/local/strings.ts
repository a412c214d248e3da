/** Longest text that is worth a look: times, uids, account ids, reasons. Longer ones are an object's own. */
const LONGEST = 40;
/** Names, of which no two are equal, fill the pool as well; it is then started anew. */
const MOST = 4_096;

/**
 * One copy of each short text that many objects hold. A parsed document has its own copy of `fleetward.dev/v1alpha1` and
 * of every time in it: for a large fleet that is a fifth of all objects.
 */
export class StringPool {
  readonly #known = new Map<string, string>();

  of(text: string): string {
    if (text.length > LONGEST) return text;
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    if (this.#known.size >= MOST) this.#known.clear();
    this.#known.set(text, text);
    return text;
  }

  /** Freezes a parsed value that nobody else holds, in place, with its texts shared. */
  freeze<T>(value: T): T {
    if (typeof value !== 'object' || value === null) return value;
    const fields = value as Record<string, unknown>;
    for (const key in fields) {
      const field = fields[key];
      // A field named `__proto__` is the object's own after parsing, and stays one.
      if (typeof field === 'string') fields[key] = this.of(field);
      else this.freeze(field);
    }
    return Object.freeze(value);
  }

  /** A copy of plain JSON with its short texts shared; long ones stay the very strings they are. */
  copy<T>(value: T): T {
    if (typeof value === 'string') return this.of(value) as T & string;
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map((item: unknown) => this.copy(item)) as T;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.copy<unknown>(item)])) as T;
  }
}
