import type { SchemaNode } from './node.ts';
import type { Path } from './path.ts';
import { isObject } from './values.ts';

/**
 * Brings a value into the form in which it is stored: unknown fields dropped (and reported), nulls dropped as the API
 * server drops them, defaults filled in. The input is never changed; parts that need no change are shared with it.
 */
export function shape(value: unknown, node: SchemaNode, path: Path, unknown: Path[]): unknown {
  if (Array.isArray(value)) return node.items ? shapeList(value, node.items, path, unknown) : value;
  if (!isObject(value) || (node.properties.size === 0 && !node.values)) return value;
  const entries: [string, unknown][] = [];
  let changed = false;
  for (const key of Object.keys(value)) {
    const child = node.properties.get(key) ?? node.values;
    const before = value[key];
    if (!child || before === null || before === undefined) {
      changed = true;
      if (!child) unknown.push([...path, key]);
      continue;
    }
    const after = typeof before === 'object' ? shape(before, child, [...path, key], unknown) : before;
    if (after !== before) changed = true;
    entries.push([key, after]);
  }
  for (const [key, preset] of node.defaults) {
    if (Object.hasOwn(value, key) && value[key] !== null && value[key] !== undefined) continue;
    entries.push([key, preset]);
    changed = true;
  }
  return changed ? Object.fromEntries(entries) : value;
}

function shapeList(list: readonly unknown[], items: SchemaNode, path: Path, unknown: Path[]): readonly unknown[] {
  let changed = false;
  const result = list.map((item, index) => {
    if (typeof item !== 'object' || item === null) return item;
    const after = shape(item, items, [...path, index], unknown);
    if (after !== item) changed = true;
    return after;
  });
  return changed ? result : list;
}
