/** The little of DER (ITU-T X.690) that certificates and signing requests need. */

export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utf8String: 0x0c,
  printableString: 0x13,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

export function encode(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([tag]), lengthOf(content.length), content]);
}

function lengthOf(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return Buffer.from([0x80 | bytes.length, ...bytes]);
}

export const sequence = (...parts: readonly Uint8Array[]): Buffer => encode(TAG.sequence, ...parts);
export const set = (...parts: readonly Uint8Array[]): Buffer => encode(TAG.set, ...parts);
export const context = (number: number, ...parts: readonly Uint8Array[]): Buffer => encode(0xa0 | number, ...parts);
export const utf8 = (text: string): Buffer => encode(TAG.utf8String, Buffer.from(text, 'utf8'));
export const octets = (bytes: Uint8Array): Buffer => encode(TAG.octetString, bytes);
export const bits = (bytes: Uint8Array, unused = 0): Buffer => encode(TAG.bitString, Buffer.from([unused]), bytes);
export const truth = (): Buffer => encode(TAG.boolean, Buffer.from([0xff]));

/** A non-negative integer from big-endian bytes; a leading zero keeps it positive. */
export function integer(bytes: Uint8Array): Buffer {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start++;
  const trimmed = bytes.subarray(start);
  const sign = (trimmed[0] ?? 0) & 0x80 ? [0] : [];
  return encode(TAG.integer, Buffer.from(sign), trimmed);
}

export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = [first * 40 + second];
  for (const part of rest) {
    const chunk = [part & 0x7f];
    for (let value = Math.floor(part / 128); value > 0; value = Math.floor(value / 128)) {
      chunk.unshift((value & 0x7f) | 0x80);
    }
    bytes.push(...chunk);
  }
  return encode(TAG.oid, Buffer.from(bytes));
}

/** Years up to 2049 are written as UTCTime, later ones as GeneralizedTime (RFC 5280, 4.1.2.5). */
export function time(ms: number): Buffer {
  const text = `${new Date(ms).toISOString().replace(/[-:T]|\.\d+/g, '')}`;
  if (Number(text.slice(0, 4)) < 2050) return encode(TAG.utcTime, Buffer.from(text.slice(2), 'latin1'));
  return encode(TAG.generalizedTime, Buffer.from(text, 'latin1'));
}

/** One element of a parsed structure. `raw` includes its header. */
export interface Element {
  readonly tag: number;
  readonly content: Buffer;
  readonly raw: Buffer;
}

/** Reads the element at the start of `bytes`; throws RangeError on truncated or non-DER input. */
export function read(bytes: Buffer): Element {
  const tag = bytes[0];
  const first = bytes[1];
  if (tag === undefined || first === undefined) throw new RangeError('truncated DER');
  let length = first;
  let offset = 2;
  if (first >= 0x80) {
    const count = first & 0x7f;
    if (count === 0 || count > 4 || bytes.length < 2 + count) throw new RangeError('bad DER length');
    length = bytes.readUIntBE(2, count);
    offset += count;
  }
  if (bytes.length < offset + length) throw new RangeError('truncated DER');
  return { tag, content: bytes.subarray(offset, offset + length), raw: bytes.subarray(0, offset + length) };
}

export function children(element: Element): Element[] {
  const out: Element[] = [];
  for (let rest = element.content; rest.length > 0; ) {
    const next = read(rest);
    out.push(next);
    rest = rest.subarray(next.raw.length);
  }
  return out;
}

export function readOid(element: Element): string {
  const [first = 0, ...rest] = element.content;
  const parts = [Math.min(2, Math.floor(first / 40))];
  parts.push(first - (parts[0] ?? 0) * 40);
  let value = 0;
  for (const byte of rest) {
    value = value * 128 + (byte & 0x7f);
    if (byte < 0x80) {
      parts.push(value);
      value = 0;
    }
  }
  return parts.join('.');
}

export function pem(label: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

/** The bytes of the first PEM block with one of `labels`; undefined when there is none. */
export function fromPem(text: string, labels: readonly string[]): Buffer | undefined {
  for (const label of labels) {
    const begin = text.indexOf(`-----BEGIN ${label}-----`);
    const end = text.indexOf(`-----END ${label}-----`, begin);
    if (begin < 0 || end < 0) continue;
    const body = text.slice(begin + label.length + 16, end).replace(/\s+/g, '');
    if (/^[A-Za-z0-9+/]+={0,2}$/.test(body)) return Buffer.from(body, 'base64');
  }
  return undefined;
}
