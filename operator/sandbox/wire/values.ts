import { AwsError } from '../errors.ts';
import type { Shape, TimestampFormat } from './shapes.ts';

/** A value that does not have the type its member declares. */
export function serializationError(path: string, expected: string): AwsError {
  return new AwsError('SerializationException', `Expected ${expected} at '${path}'.`, {}, 400);
}

/** Reads a JSON value as the shape says; null members are absent. Unknown members are dropped, as AWS does. */
export function fromJson(shape: Shape, value: unknown, path: string): unknown {
  switch (shape.kind) {
    case 'string':
      if (typeof value !== 'string') throw serializationError(path, 'a string');
      return value;
    case 'number':
      if (typeof value !== 'number') throw serializationError(path, 'a number');
      return value;
    case 'boolean':
      if (typeof value !== 'boolean') throw serializationError(path, 'true or false');
      return value;
    case 'timestamp':
      return timestampFromJson(value, path);
    case 'blob':
      if (typeof value !== 'string') throw serializationError(path, 'base64 text');
      return Buffer.from(value, 'base64');
    case 'document':
      return value;
    case 'unit':
      return {};
    case 'list':
      if (!Array.isArray(value)) throw serializationError(path, 'a list');
      return value.map((entry, index) => fromJson(shape.member, entry, `${path}[${index}]`));
    case 'map':
      return fromMap(shape.value, value, path);
    case 'structure':
      return fromStructure(shape, value, path);
  }
}

// Maps and structures have no prototype: a key such as `__proto__` from the wire is then a key like any other.
function fromMap(valueShape: Shape, value: unknown, path: string): Record<string, unknown> {
  const out = Object.create(null) as Record<string, unknown>;
  for (const [key, entry] of Object.entries(asObject(value, path))) {
    if (entry !== null) out[key] = fromJson(valueShape, entry, `${path}.${key}`);
  }
  return out;
}

function fromStructure(shape: Shape & { kind: 'structure' }, value: unknown, path: string): Record<string, unknown> {
  const source = asObject(value, path);
  const out = Object.create(null) as Record<string, unknown>;
  for (const member of shape.members.values()) {
    const entry = Object.hasOwn(source, member.wireName) ? source[member.wireName] : undefined;
    if (entry === undefined || entry === null) continue;
    out[member.name] = fromJson(member.shape, entry, path ? `${path}.${member.name}` : member.name);
  }
  return out;
}

export function asObject(value: unknown, path: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw serializationError(path || 'body', 'an object');
  }
  return value as Readonly<Record<string, unknown>>;
}

function timestampFromJson(value: unknown, path: string): Date {
  const date =
    typeof value === 'number'
      ? new Date(Math.round(value * 1000))
      : typeof value === 'string'
        ? new Date(value)
        : undefined;
  if (!date || Number.isNaN(date.getTime())) throw serializationError(path, 'a timestamp');
  return date;
}

/** Reads a value from a query parameter, header or label. */
export function fromText(shape: Shape, text: string, path: string): unknown {
  switch (shape.kind) {
    case 'number': {
      const number = Number(text);
      if (text.trim() === '' || !Number.isFinite(number)) throw serializationError(path, 'a number');
      return number;
    }
    case 'boolean':
      if (text !== 'true' && text !== 'false') throw serializationError(path, 'true or false');
      return text === 'true';
    case 'timestamp':
      return timestampFromJson(/^\d+(\.\d+)?$/.test(text) ? Number(text) : text, path);
    default:
      return text;
  }
}

/** Writes a value for a JSON body. Dates become epoch seconds, bytes base64; absent members stay absent. */
export function toJson(shape: Shape, value: unknown): unknown {
  if (value === undefined || value === null) return undefined;
  switch (shape.kind) {
    case 'timestamp':
      return timestampToJson(shape.format, value as Date);
    case 'blob':
      return Buffer.from(value as Uint8Array).toString('base64');
    case 'list':
      return (value as readonly unknown[]).map((entry) => toJson(shape.member, entry));
    case 'map': {
      // Without a prototype, so that a key such as `__proto__` is one like any other.
      const out = Object.create(null) as Record<string, unknown>;
      const from = value as Readonly<Record<string, unknown>>;
      for (const key of Object.keys(from)) out[key] = toJson(shape.value, from[key]);
      return out;
    }
    case 'structure':
      return structureToJson(shape, value as Readonly<Record<string, unknown>>);
    default:
      return value;
  }
}

export function structureToJson(
  shape: Shape & { kind: 'structure' },
  value: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const member of shape.members.values()) {
    if (member.location !== 'body') continue;
    const entry = toJson(member.shape, value[member.name]);
    if (entry !== undefined) out[member.wireName] = entry;
  }
  return out;
}

export function timestampToJson(format: TimestampFormat, date: Date): number | string {
  switch (format) {
    case 'date-time':
      return date.toISOString();
    case 'http-date':
      return date.toUTCString();
    case 'default':
    case 'epoch-seconds':
      return date.getTime() / 1000;
  }
}
