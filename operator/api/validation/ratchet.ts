import type { FieldError } from './field-error.ts';
import type { Path } from './path.ts';
import { isObject, jsonEqual } from './values.ts';

/**
 * Leaves out errors on values that an update did not touch: the stored object was valid when it was written, and must
 * stay changeable after its CRD became stricter. A missing field counts as part of the mapping that lacks it.
 */
export function withoutUnchanged(errors: readonly FieldError[], object: unknown, old: unknown): readonly FieldError[] {
  if (old === undefined || errors.length === 0) return errors;
  return errors.filter(({ keyword, path }) => {
    const judged = keyword === 'required' ? path.slice(0, -1) : path;
    return !isUnchanged(judged, object, old);
  });
}

function isUnchanged(path: Path, object: unknown, old: unknown): boolean {
  let now: unknown = object;
  let before: unknown = old;
  for (const step of path) {
    // Entries of a list are followed no further: position is no identity, so the list counts as a whole.
    if (typeof step === 'number') return jsonEqual(now, before);
    if (!isObject(now) || !isObject(before) || !Object.hasOwn(before, step)) return false;
    now = now[step];
    before = before[step];
  }
  return jsonEqual(now, before);
}
