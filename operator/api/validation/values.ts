export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** JSON equality: order of keys does not matter, order of lists does. */
export function jsonEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, index) => jsonEqual(item, b[index]));
  }
  if (!isObject(a) || !isObject(b)) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && jsonEqual(a[key], b[key]))
  );
}

export function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const child of Object.values(value)) deepFreeze(child);
  }
  return value;
}

const SHOWN = 60;

/** Text with a private key, or with a user or password in a URL. */
export function mayHoldSecret(value: unknown): boolean {
  return typeof value === 'string' && /PRIVATE KEY|:\/\/[^/\s]*@/.test(value);
}

/**
 * A value as it may stand in an error message. Text that could carry a key or a password in a URL is never repeated:
 * messages end up in events and logs.
 */
export function show(value: unknown): string {
  if (typeof value === 'string') {
    if (mayHoldSecret(value)) return 'the value (not repeated, because it may hold a secret)';
    return JSON.stringify(value.length > SHOWN ? `${value.slice(0, SHOWN)}…` : value);
  }
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (isObject(value)) return 'a mapping';
  return value === undefined ? 'nothing' : String(value);
}

/** The JSON type of a value in words. */
export function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  switch (typeof value) {
    case 'string':
      return 'a string';
    case 'boolean':
      return 'a boolean';
    case 'number':
    case 'bigint':
      return 'a number';
    case 'object':
      return 'a mapping';
    default:
      return 'not a JSON value';
  }
}
