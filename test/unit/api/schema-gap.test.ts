import { describe, expect, test } from 'vitest';
import { schemaGap } from '../../../operator/api/schema-gap.ts';
import type { StructuralSchema } from '../../../operator/api/schema-types.ts';
import { kindDefinitions } from '../../../operator/api/schemas.gen.ts';

const spec = (properties: StructuralSchema['properties'] = {}): StructuralSchema => ({
  type: 'object',
  properties: { metadata: { type: 'object' }, spec: { type: 'object', properties } },
});
const text: StructuralSchema = { type: 'string' };
const list = (items: StructuralSchema): StructuralSchema => ({ type: 'array', items });
const object = (properties: StructuralSchema['properties'] = {}): StructuralSchema => ({ type: 'object', properties });

describe('what an older definition lacks', () => {
  test.each([
    ['nothing, where both are the same', spec({ a: text }), spec({ a: text }), []],
    ['a field that came with this release', spec({ a: text, b: text }), spec({ a: text }), ['spec.b']],
    ['a field within a list', spec({ a: list(object({ b: text })) }), spec({ a: list(object()) }), ['spec.a[].b']],
    [
      'a field within a map',
      spec({ a: { type: 'object', additionalProperties: object({ b: text }) } }),
      spec({ a: { type: 'object', additionalProperties: object() } }),
      ['spec.a.*.b'],
    ],
    ['a whole part, told once', spec({ a: object({ b: text, c: text }) }), spec(), ['spec.a']],
    ['a default', spec({ a: { ...text, default: 'x' } }), spec({ a: text }), ['spec.a (its default)']],
    ['nothing, where the server is newer', spec({ a: text }), spec({ a: text, b: text }), []],
    ['nothing of metadata, which the server keeps itself', spec(), object({ spec: object() }), []],
  ] as const)('%s', (_, ours, theirs, gaps) => {
    expect(schemaGap(ours, theirs)).toEqual(gaps);
  });

  test('no kind of ours has a gap to itself', () => {
    for (const { schema } of kindDefinitions) expect(schemaGap(schema, schema)).toEqual([]);
  });
});
