import type { FieldError } from './field-error.ts';
import type { SchemaNode } from './node.ts';
import { type Path, pathText, startsWith } from './path.ts';
import { isObject, jsonEqual } from './values.ts';

/** After these a rule would meet values of types that it was not written for, or of unbounded size. */
const BLOCKING = new Set(['type', 'required', 'maxItems', 'maxLength', 'maxProperties']);

interface Walk {
  readonly blocked: readonly FieldError[];
  readonly errors: FieldError[];
}

/**
 * Runs the CEL rules at and below a node, and looks for duplicates in keyed lists. A rule is left out where the schema
 * was violated at or below its value: it could only repeat that. On an update a value that did not change is not
 * judged again (transition rules excepted), so that tightening a CRD does not lock stored objects.
 */
export function checkRules(
  value: unknown,
  old: unknown,
  node: SchemaNode,
  context: { readonly path: Path; readonly blocked: readonly FieldError[] },
): readonly FieldError[] {
  const walk: Walk = { blocked: context.blocked, errors: [] };
  visit(value, old, node, context.path, walk);
  return walk.errors;
}

function visit(value: unknown, old: unknown, node: SchemaNode, path: Path, walk: Walk): void {
  if (!node.isChecked || value === undefined || value === null) return;
  checkDuplicates(value, node, path, walk);
  runRules(value, old, node, path, walk);
  if (Array.isArray(value)) {
    if (!node.items) return;
    for (const [index, item] of value.entries()) {
      visit(item, correlatedItem(item, old, node), node.items, [...path, index], walk);
    }
  } else if (isObject(value)) {
    for (const key of Object.keys(value)) {
      const child = node.properties.get(key) ?? node.values;
      if (!child?.isChecked) continue;
      visit(value[key], isObject(old) && Object.hasOwn(old, key) ? old[key] : undefined, child, [...path, key], walk);
    }
  }
}

function runRules(value: unknown, old: unknown, node: SchemaNode, path: Path, walk: Walk): void {
  if (node.rules.length === 0) return;
  if (walk.blocked.some((error) => BLOCKING.has(error.keyword) && startsWith(error.path, path))) return;
  const unchanged = old !== undefined && jsonEqual(value, old);
  const self = node.hasIntegers ? withIntegers(value, node) : value;
  for (const rule of node.rules) {
    if (rule.isTransition ? old === undefined : unchanged) continue;
    const oldSelf = rule.isTransition && node.hasIntegers ? withIntegers(old, node) : old;
    const message = rule.check(self, oldSelf);
    if (message === undefined) continue;
    const at = [...path, ...rule.at];
    walk.errors.push({ field: pathText(at), path: at, message, keyword: 'rule' });
  }
}

/** Only lists keyed by fields let an entry be followed from one version to the next. */
function correlatedItem(item: unknown, old: unknown, node: SchemaNode): unknown {
  const { mapKeys } = node;
  if (!mapKeys || !Array.isArray(old) || !isObject(item)) return undefined;
  return old.find((candidate) => isObject(candidate) && mapKeys.every((key) => candidate[key] === item[key]));
}

function checkDuplicates(value: unknown, node: SchemaNode, path: Path, walk: Walk): void {
  if (!Array.isArray(value) || !(node.mapKeys || node.isSet)) return;
  const seen = new Set<string>();
  for (const [index, item] of value.entries()) {
    const key = JSON.stringify(node.mapKeys && isObject(item) ? node.mapKeys.map((name) => item[name]) : item);
    if (seen.has(key)) {
      const at = [...path, index];
      walk.errors.push({ field: pathText(at), path: at, message: 'is there twice', keyword: 'duplicate' });
    }
    seen.add(key);
  }
}

/** CEL's `/` and `%` differ between int and double, so integers are handed over as such. */
function withIntegers(value: unknown, node: SchemaNode): unknown {
  if (!node.hasIntegers) return value;
  if (typeof value === 'number') return node.schema.type === 'integer' ? BigInt(value) : value;
  if (Array.isArray(value)) return node.items ? value.map((item) => withIntegers(item, node.items!)) : value;
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => {
      const child = node.properties.get(key) ?? node.values;
      return [key, child ? withIntegers(item, child) : item];
    }),
  );
}
