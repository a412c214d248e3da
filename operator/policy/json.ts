import type { Position } from './document.ts';

/** JSON with the place of every value, keyed by JSON pointer (`/Statement/0/Effect`; the root is the empty pointer). */
export interface PositionedJson {
  readonly value: unknown;
  readonly positions: ReadonlyMap<string, Position>;
  /** Pointers of keys that occur twice in one object. JSON readers differ on which one counts, so the policy must not have them. */
  readonly duplicates: readonly string[];
}

export interface JsonSyntaxError {
  readonly message: string;
  readonly at: Position;
}

export type JsonResult =
  | { readonly kind: 'json'; readonly json: PositionedJson }
  | { readonly kind: 'error'; readonly error: JsonSyntaxError };

/** No policy nests deeper than a handful of levels; the limit keeps a hostile document from exhausting the stack. */
const maxDepth = 64;
/** Positions are kept for this many values; a policy that AWS accepts has fewer than 2,048. */
const maxPositions = 100_000;

export function escapePointer(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}

export function unescapePointer(part: string): string {
  return part.replaceAll('~1', '/').replaceAll('~0', '~');
}

class Failure extends Error {
  readonly offset: number;
  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

/** Reads strict JSON (RFC 8259). Never throws; runs in time linear in the text. */
export function parseJson(source: string): JsonResult {
  const reader = new Reader(source);
  try {
    return { kind: 'json', json: reader.document() };
  } catch (error) {
    if (error instanceof Failure)
      return { kind: 'error', error: { message: error.message, at: reader.position(error.offset) } };
    throw error;
  }
}

class Reader {
  readonly #source: string;
  readonly #lineStarts: number[] = [0];
  readonly #positions = new Map<string, Position>();
  readonly #duplicates: string[] = [];
  #at = 0;

  constructor(source: string) {
    this.#source = source;
    for (let i = source.indexOf('\n'); i >= 0; i = source.indexOf('\n', i + 1)) this.#lineStarts.push(i + 1);
  }

  document(): PositionedJson {
    if (this.#source.charCodeAt(0) === 0xfeff) this.#at = 1;
    const value = this.#value('', 0);
    this.#space();
    if (this.#at < this.#source.length) throw new Failure('unexpected text after the end of the document', this.#at);
    return { value, positions: this.#positions, duplicates: this.#duplicates };
  }

  position(offset: number): Position {
    let low = 0;
    let high = this.#lineStarts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#lineStarts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - (this.#lineStarts[low] ?? 0) + 1 };
  }

  #space(): void {
    while (this.#at < this.#source.length && ' \t\n\r'.includes(this.#source[this.#at] ?? '')) this.#at += 1;
  }

  #value(pointer: string, depth: number): unknown {
    if (depth > maxDepth) throw new Failure(`nested deeper than ${maxDepth} levels`, this.#at);
    this.#space();
    if (this.#positions.size < maxPositions) this.#positions.set(pointer, this.position(this.#at));
    const char = this.#source[this.#at];
    if (char === '{') return this.#object(pointer, depth);
    if (char === '[') return this.#array(pointer, depth);
    if (char === '"') return this.#string();
    return this.#scalar();
  }

  #object(pointer: string, depth: number): unknown {
    // Without a prototype, so that a key named __proto__ is a key like any other.
    const out: Record<string, unknown> = Object.create(null);
    this.#at += 1;
    this.#space();
    if (this.#source[this.#at] === '}') {
      this.#at += 1;
      return out;
    }
    for (;;) {
      this.#space();
      if (this.#source[this.#at] !== '"') throw new Failure('expected a key in double quotes', this.#at);
      const key = this.#string();
      const child = `${pointer}/${escapePointer(key)}`;
      if (key in out) this.#duplicates.push(child);
      this.#space();
      this.#expect(':');
      out[key] = this.#value(child, depth + 1);
      this.#space();
      if (this.#source[this.#at] === ',') this.#at += 1;
      else break;
    }
    this.#expect('}');
    return out;
  }

  #array(pointer: string, depth: number): unknown {
    const out: unknown[] = [];
    this.#at += 1;
    this.#space();
    if (this.#source[this.#at] === ']') {
      this.#at += 1;
      return out;
    }
    for (;;) {
      out.push(this.#value(`${pointer}/${out.length}`, depth + 1));
      this.#space();
      if (this.#source[this.#at] === ',') this.#at += 1;
      else break;
    }
    this.#expect(']');
    return out;
  }

  #expect(char: string): void {
    if (this.#source[this.#at] !== char) {
      const found =
        this.#at < this.#source.length ? `found ${JSON.stringify(this.#source[this.#at])}` : 'the text ends';
      throw new Failure(`expected ${JSON.stringify(char)}, ${found}`, this.#at);
    }
    this.#at += 1;
  }

  #string(): string {
    const start = this.#at;
    let end = start + 1;
    for (; end < this.#source.length; end += 1) {
      const code = this.#source.charCodeAt(end);
      if (code === 92) end += 1;
      else if (code === 34) break;
      else if (code < 32) throw new Failure('control character in a string', end);
    }
    if (end >= this.#source.length) throw new Failure('string without an end', start);
    this.#at = end + 1;
    try {
      return String(JSON.parse(this.#source.slice(start, end + 1)));
    } catch {
      throw new Failure('invalid escape in a string', start);
    }
  }

  #scalar(): unknown {
    const scalar = /(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.+-])/y;
    scalar.lastIndex = this.#at;
    const match = scalar.exec(this.#source);
    if (match === null) {
      const found =
        this.#at < this.#source.length ? `found ${JSON.stringify(this.#source[this.#at])}` : 'the text ends';
      throw new Failure(`expected a value, ${found}`, this.#at);
    }
    this.#at += match[0].length;
    return JSON.parse(match[0]);
  }
}
