/** What travels in objects. Everything in the stores is plain JSON: no dates, no undefined, no cycles. */
type JsonRecord = Readonly<Record<string, unknown>>;

const isContainer = (value: unknown): value is object => typeof value === 'object' && value !== null;

/** Equality of JSON values; the order of keys does not matter, and a key holding undefined counts as absent. */
export function jsonEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (!isContainer(a) || !isContainer(b)) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    return a.every((item, index) => jsonEqual(item, b[index]));
  }
  return recordsEqual(a as JsonRecord, b as JsonRecord);
}

function recordsEqual(a: JsonRecord, b: JsonRecord): boolean {
  let left = 0;
  for (const key in a) {
    const value = a[key];
    if (value === undefined) continue;
    left++;
    if (!jsonEqual(value, b[key])) return false;
  }
  for (const key in b) if (b[key] !== undefined) left--;
  return left === 0;
}

/**
 * A frozen copy that shares nothing mutable with `value`, so that a caller who keeps its document cannot change what
 * caches hold. Keys holding undefined are left out, as they would be on the wire.
 */
export function frozenCopy<T>(value: T): T {
  if (!isContainer(value)) return value;
  if (Array.isArray(value)) return Object.freeze(value.map((item) => frozenCopy(item ?? null))) as T;
  const copy: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    if (item === undefined) continue;
    define(copy, key, frozenCopy(item));
  }
  return Object.freeze(copy) as T;
}

/** Plain assignment to `__proto__` would change the prototype instead of storing the key a manifest carries. */
function define(target: Record<string, unknown>, key: string, value: unknown): void {
  if (key !== '__proto__') target[key] = value;
  else Object.defineProperty(target, key, { value, enumerable: true, writable: true, configurable: true });
}

/** Freezes a value nobody else holds, in place: cheaper than a copy for what was just parsed. */
export function deepFreeze<T>(value: T): T {
  if (!isContainer(value)) return value;
  for (const key in value) {
    const item: unknown = (value as JsonRecord)[key];
    if (isContainer(item)) deepFreeze(item);
  }
  return Object.freeze(value);
}
