import type { StructuralSchema } from '../schema-types.ts';
import { type CompiledRule, compileRule } from './cel.ts';
import { deepFreeze } from './values.ts';

/** A schema prepared for walking: lookups that no property name can trick, defaults made ready, rules compiled. */
export interface SchemaNode {
  readonly schema: StructuralSchema;
  readonly properties: ReadonlyMap<string, SchemaNode>;
  readonly values: SchemaNode | undefined;
  readonly items: SchemaNode | undefined;
  /** Property and value, filled in where the property is missing. Frozen, and shared by every object. */
  readonly defaults: readonly (readonly [string, unknown])[];
  readonly rules: readonly CompiledRule[];
  /** Whether this node or one below it has rules or a keyed list: others are not walked for them. */
  readonly isChecked: boolean;
  /** Whether an integer lives at or below: CEL tells integers and doubles apart, JavaScript does not. */
  readonly hasIntegers: boolean;
  readonly mapKeys: readonly string[] | undefined;
  readonly isSet: boolean;
}

export function compileNode(schema: StructuralSchema): SchemaNode {
  const properties = new Map(Object.entries(schema.properties ?? {}).map(([key, child]) => [key, compileNode(child)]));
  const values = schema.additionalProperties && compileNode(schema.additionalProperties);
  const items = schema.items && compileNode(schema.items);
  const children = [...properties.values(), ...(values ? [values] : []), ...(items ? [items] : [])];
  const rules = (schema['x-kubernetes-validations'] ?? []).map(compileRule);
  const listType = schema['x-kubernetes-list-type'];
  const isKeyed = listType === 'map' || listType === 'set';
  return {
    schema,
    properties,
    values,
    items,
    defaults: [...properties]
      .filter(([, child]) => child.schema.default !== undefined)
      .map(([key, child]) => [key, deepFreeze(withDefaults(child.schema.default, child))] as const),
    rules,
    isChecked: rules.length > 0 || isKeyed || children.some((child) => child.isChecked),
    hasIntegers: schema.type === 'integer' || children.some((child) => child.hasIntegers),
    mapKeys: listType === 'map' ? schema['x-kubernetes-list-map-keys'] : undefined,
    isSet: listType === 'set',
  };
}

/** A default may itself leave out fields that have defaults, as `pruneGuard: {}` does. */
function withDefaults(value: unknown, node: SchemaNode): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return { ...Object.fromEntries(node.defaults), ...value };
}
