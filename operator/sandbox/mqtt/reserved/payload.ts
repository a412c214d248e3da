import { decodeCbor } from './cbor.ts';

export type Format = 'json' | 'cbor';

/** The object that a payload is; an empty payload is an empty one. Undefined for anything else. */
export function objectOf(payload: Buffer, format: Format = 'json'): Readonly<Record<string, unknown>> | undefined {
  if (payload.length === 0) return {};
  try {
    const value: unknown = format === 'cbor' ? decodeCbor(payload) : JSON.parse(payload.toString('utf8'));
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value) && !Buffer.isBuffer(value);
    return isObject ? (value as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined;
  }
}
