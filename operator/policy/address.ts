/** A block of addresses: both ends included, as numbers of 32 or 128 bits. */
export interface AddressBlock {
  readonly family: 4 | 6;
  readonly low: bigint;
  readonly high: bigint;
}

export interface Address {
  readonly family: 4 | 6;
  readonly value: bigint;
}

/** Reads an IPv4 or IPv6 address; an IPv4 address inside IPv6 (`::ffff:…`) stays IPv6. Undefined for anything else. */
export function parseAddress(text: string): Address | undefined {
  return text.includes(':') ? parseV6(text) : parseV4(text);
}

function parseV4(text: string): Address | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (match === null) return undefined;
  let value = 0n;
  for (const part of match.slice(1)) {
    const byte = Number(part);
    if (byte > 255) return undefined;
    value = value * 256n + BigInt(byte);
  }
  return { family: 4, value };
}

function parseV6(text: string): Address | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const head = groups(halves[0] ?? '', halves.length === 1);
  const tail = groups(halves[1] ?? '', true);
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const all = [...head, ...Array<number>(missing).fill(0), ...tail];
  return { family: 6, value: all.reduce((sum, group) => sum * 65536n + BigInt(group), 0n) };
}

/** `last`: nothing follows, so the text may end in an IPv4 address. */
function groups(text: string, last: boolean): number[] | undefined {
  if (text === '') return [];
  const out: number[] = [];
  const parts = text.split(':');
  for (const [index, part] of parts.entries()) {
    const v4 = last && index === parts.length - 1 ? parseV4(part) : undefined;
    if (v4 !== undefined) out.push(Number(v4.value >> 16n), Number(v4.value & 0xffffn));
    else if (/^[0-9a-fA-F]{1,4}$/.test(part)) out.push(Number.parseInt(part, 16));
    else return undefined;
  }
  return out;
}

/** Reads `address` or `address/length`. */
export function parseCidr(text: string): AddressBlock | undefined {
  const [addressText = '', lengthText, ...rest] = text.split('/');
  const address = parseAddress(addressText);
  if (address === undefined || rest.length > 0) return undefined;
  const bits = address.family === 4 ? 32 : 128;
  if (lengthText !== undefined && !/^\d{1,3}$/.test(lengthText)) return undefined;
  const length = lengthText === undefined ? bits : Number(lengthText);
  if (length > bits) return undefined;
  const size = 1n << BigInt(bits - length);
  const low = (address.value / size) * size;
  return { family: address.family, low, high: low + size - 1n };
}

export function cidrContains(block: AddressBlock, text: string): boolean {
  const address = parseAddress(text);
  return (
    address !== undefined &&
    address.family === block.family &&
    address.value >= block.low &&
    address.value <= block.high
  );
}

/** The address as text; IPv6 in full form. */
export function showAddress(family: 4 | 6, value: bigint): string {
  const step = family === 4 ? 8n : 16n;
  const parts: string[] = [];
  for (let shift = family === 4 ? 24n : 112n; shift >= 0n; shift -= step) {
    const part = (value >> shift) & ((1n << step) - 1n);
    parts.push(family === 4 ? part.toString() : part.toString(16));
  }
  return parts.join(family === 4 ? '.' : ':');
}
