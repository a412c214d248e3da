import type { StructuralSchema } from './schema-types.ts';

/**
 * Fields, or their defaults, that one schema has and another has not: what a server with the other schema would drop from
 * our objects without a word, or leave empty. Paths such as `spec.certificates[].issued`, in the order of the schema.
 */
export function schemaGap(ours: StructuralSchema, theirs: StructuralSchema | undefined): readonly string[] {
  const gaps: string[] = [];
  compare(ours, theirs, '', gaps);
  return gaps;
}

function compare(ours: StructuralSchema, theirs: StructuralSchema | undefined, path: string, gaps: string[]): void {
  if (theirs === undefined) {
    gaps.push(path);
    return;
  }
  if (ours.default !== undefined && theirs.default === undefined) gaps.push(`${path} (its default)`);
  for (const [name, schema] of Object.entries(ours.properties ?? {})) {
    // The server's own business, and published as a reference.
    if (path === '' && (name === 'metadata' || name === 'apiVersion' || name === 'kind')) continue;
    compare(schema, theirs.properties?.[name], path === '' ? name : `${path}.${name}`, gaps);
  }
  if (ours.items) compare(ours.items, theirs.items, `${path}[]`, gaps);
  if (ours.additionalProperties) compare(ours.additionalProperties, theirs.additionalProperties, `${path}.*`, gaps);
}
