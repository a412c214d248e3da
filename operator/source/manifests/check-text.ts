import type { Item } from './check-tree.ts';
import type { Finding } from './place.ts';

/** AWS documents the pattern `[\p{Graph}\x20]*` for descriptions: visible characters and blanks, no line breaks. */
const DESCRIBED = new Set(['ThingGroup', 'ThingType', 'SecurityProfile']);

/**
 * What AWS would refuse about a description. Characters outside of ASCII are a warning only: whether they count as visible
 * AWS does not say. The schema does not ask for it, because a schema that becomes stricter breaks stored objects.
 */
export function checkDescription(item: Item, findings: Finding[]): void {
  if (!DESCRIBED.has(item.object.kind)) return;
  const { description } = item.object.spec as { readonly description?: string };
  if (description === undefined) return;
  const at = { item, code: 'BadValue', path: ['spec', 'description'] } as const;
  if (/\p{Cc}/u.test(description)) {
    const message =
      'has a line break or another control character, and AWS takes one line: write it with > and -, as >-';
    findings.push({ ...at, severity: 'error', message });
  } else if (/[^\x20-\x7e]/.test(description)) {
    const message = 'has characters outside of ASCII, which AWS may refuse: it documents visible characters and blanks';
    findings.push({ ...at, severity: 'warning', message });
  }
}
