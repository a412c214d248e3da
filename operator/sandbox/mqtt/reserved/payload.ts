/** The object that a payload is; an empty payload is an empty one. Undefined for anything else. */
export function jsonObject(payload: Buffer): Readonly<Record<string, unknown>> | undefined {
  if (payload.length === 0) return {};
  try {
    const value: unknown = JSON.parse(payload.toString('utf8'));
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined;
  }
}
