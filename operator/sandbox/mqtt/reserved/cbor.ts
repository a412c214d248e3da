/** Nested deeper than this a message is refused: nothing that devices send comes near. */
const MAX_DEPTH = 32;

const BREAK = Symbol('break');

/**
 * Reads one CBOR item (RFC 8949), as far as JSON can say the same: numbers, texts, byte strings, lists, maps with text keys,
 * true, false and null. Tags are passed over. Throws on anything else, and on bytes that are left.
 */
export function decodeCbor(bytes: Buffer): unknown {
  const reader = new Reader(bytes);
  const value = reader.item(0);
  if (value === BREAK) throw new Error('a break outside of a list or map');
  if (!reader.atEnd) throw new Error('bytes after the item');
  return value;
}

class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get atEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  item(depth: number): unknown {
    if (depth > MAX_DEPTH) throw new Error('nested too deeply');
    const first = this.#take(1)[0] ?? 0;
    const [major, minor] = [first >> 5, first & 31];
    if (major === 7) return this.#simple(minor);
    const isOpen = minor === 31;
    const count = isOpen ? 0 : this.#count(minor);
    switch (major) {
      case 0:
        return this.#closed(isOpen, count);
      case 1:
        return -1 - this.#closed(isOpen, count);
      case 2:
        return isOpen ? Buffer.concat(this.#chunks(2)) : Buffer.from(this.#take(count));
      case 3:
        return (isOpen ? Buffer.concat(this.#chunks(3)) : this.#take(count)).toString('utf8');
      case 4:
        return this.#list(isOpen ? undefined : count, depth);
      case 5:
        return this.#map(isOpen ? undefined : count, depth);
      default:
        return this.item(depth + 1);
    }
  }

  #take(count: number): Buffer {
    const end = this.#at + count;
    if (end > this.#bytes.length) throw new Error('the bytes end within an item');
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }

  #closed(isOpen: boolean, value: number): number {
    if (isOpen) throw new Error('a number without an end');
    return value;
  }

  #count(minor: number): number {
    if (minor < 24) return minor;
    if (minor === 24) return this.#take(1).readUInt8();
    if (minor === 25) return this.#take(2).readUInt16BE();
    if (minor === 26) return this.#take(4).readUInt32BE();
    if (minor === 27) return Number(this.#take(8).readBigUInt64BE());
    throw new Error('a reserved length');
  }

  #simple(minor: number): unknown {
    switch (minor) {
      case 20:
      case 21:
        return minor === 21;
      case 22:
      case 23:
        return null;
      case 25:
        return halfOf(this.#take(2).readUInt16BE());
      case 26:
        return this.#take(4).readFloatBE();
      case 27:
        return this.#take(8).readDoubleBE();
      case 31:
        return BREAK;
      default:
        throw new Error('a simple value without a meaning');
    }
  }

  #chunks(major: number): Buffer[] {
    const chunks: Buffer[] = [];
    for (;;) {
      const first = this.#take(1)[0] ?? 0;
      if (first === 0xff) return chunks;
      if (first >> 5 !== major || (first & 31) === 31) throw new Error('a chunk of another kind');
      chunks.push(this.#take(this.#count(first & 31)));
    }
  }

  #list(count: number | undefined, depth: number): unknown[] {
    const list: unknown[] = [];
    while (count === undefined || list.length < count) {
      const value = this.item(depth + 1);
      if (value !== BREAK) list.push(value);
      else if (count === undefined) break;
      else throw new Error('a break within a list that has a length');
    }
    return list;
  }

  #map(count: number | undefined, depth: number): Record<string, unknown> {
    const entries: [string, unknown][] = [];
    while (count === undefined || entries.length < count) {
      const key = this.item(depth + 1);
      if (key === BREAK && count === undefined) break;
      if (typeof key !== 'string') throw new Error('a key that is no text');
      const value = this.item(depth + 1);
      if (value === BREAK) throw new Error('a key without a value');
      entries.push([key, value]);
    }
    // Defines members, so that a key such as __proto__ is one like any other.
    return Object.fromEntries(entries);
  }
}

function halfOf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * 2 ** -24 * fraction;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * 2 ** (exponent - 25) * (1024 + fraction);
}

/** Writes what JSON.stringify would write, as CBOR. */
export function encodeCbor(value: unknown): Buffer {
  const parts: Buffer[] = [];
  write(JSON.parse(JSON.stringify(value ?? null)), parts);
  return Buffer.concat(parts);
}

function write(value: unknown, parts: Buffer[]): void {
  if (value === null) parts.push(Buffer.from([0xf6]));
  else if (typeof value === 'boolean') parts.push(Buffer.from([value ? 0xf5 : 0xf4]));
  else if (typeof value === 'number') parts.push(numberBytes(value));
  else if (typeof value === 'string') {
    const text = Buffer.from(value);
    parts.push(head(3, text.length), text);
  } else if (Array.isArray(value)) {
    parts.push(head(4, value.length));
    for (const entry of value) write(entry, parts);
  } else {
    const entries = Object.entries(value as Readonly<Record<string, unknown>>);
    parts.push(head(5, entries.length));
    for (const [key, entry] of entries) {
      write(key, parts);
      write(entry, parts);
    }
  }
}

function numberBytes(value: number): Buffer {
  if (Number.isSafeInteger(value)) return value < 0 ? head(1, -1 - value) : head(0, value);
  const bytes = Buffer.alloc(9);
  bytes[0] = 0xfb;
  bytes.writeDoubleBE(value, 1);
  return bytes;
}

function head(major: number, count: number): Buffer {
  const bits = major << 5;
  if (count < 24) return Buffer.from([bits | count]);
  if (count < 0x100) return Buffer.from([bits | 24, count]);
  const width = count < 0x10000 ? 2 : count < 0x1_0000_0000 ? 4 : 8;
  const bytes = Buffer.alloc(1 + width);
  bytes[0] = bits | (width === 2 ? 25 : width === 4 ? 26 : 27);
  if (width === 8) bytes.writeBigUInt64BE(BigInt(count), 1);
  else bytes.writeUIntBE(count, 1, width);
  return bytes;
}
