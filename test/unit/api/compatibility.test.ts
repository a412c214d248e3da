import { describe, expect, it } from 'vitest';
import { findBreakages } from '../../../scripts/gen/compatibility.ts';
import type { Crd, CrdFile, JsonSchema } from '../../../scripts/gen/crds.ts';

function crd(spec: JsonSchema, change: Partial<Crd['spec']> = {}, served = true): readonly CrdFile[] {
  const schema = { openAPIV3Schema: { type: 'object', properties: { spec } } };
  const names = { kind: 'Device', plural: 'devices', singular: 'device' };
  const versions = [{ name: 'v1alpha1', served, storage: true, schema }];
  return [
    {
      file: 'device.yaml',
      crd: {
        metadata: { name: 'devices.fleetward.dev' },
        spec: { group: 'fleetward.dev', scope: 'Namespaced', names, versions, ...change },
      },
    },
  ];
}

const text: JsonSchema = { type: 'string', maxLength: 10 };
const object = (properties: Record<string, JsonSchema>, more: JsonSchema = {}): JsonSchema => ({
  type: 'object',
  properties,
  ...more,
});
const list = (type: string, more: JsonSchema = {}): JsonSchema => ({
  type: 'array',
  items: text,
  'x-kubernetes-list-type': type,
  ...more,
});

const breaking: readonly (readonly [reason: string, before: JsonSchema, after: JsonSchema, expected: string])[] = [
  [
    'a field removed',
    object({ a: text }),
    object({}),
    'Device v1alpha1 spec.a: the field was removed: its values would be dropped',
  ],
  [
    'a field retyped',
    object({ a: text }),
    object({ a: { type: 'boolean' } }),
    'Device v1alpha1 spec.a: type was string and is boolean',
  ],
  [
    'a shorter string',
    object({ a: text }),
    object({ a: { ...text, maxLength: 9 } }),
    'Device v1alpha1 spec.a: maxLength was 10 and is 9',
  ],
  [
    'a new lower bound',
    object({ a: text }),
    object({ a: { ...text, minLength: 1 } }),
    'Device v1alpha1 spec.a: minLength was open and is 1',
  ],
  [
    'a pattern',
    object({ a: text }),
    object({ a: { ...text, pattern: '^a' } }),
    'Device v1alpha1 spec.a: the pattern is new or changed',
  ],
  [
    'a choice fewer',
    object({ a: { type: 'string', enum: ['x', 'y'] } }),
    object({ a: { type: 'string', enum: ['x'] } }),
    'Device v1alpha1 spec.a: no longer takes y',
  ],
  [
    'a choice where all went',
    object({ a: text }),
    object({ a: { ...text, enum: ['x'] } }),
    'Device v1alpha1 spec.a: no longer takes all other values',
  ],
  ['required', object({ a: text }), object({ a: text }, { required: ['a'] }), 'Device v1alpha1 spec: now requires a'],
  [
    'another default',
    object({ a: { ...text, default: 'x' } }),
    object({ a: { ...text, default: 'y' } }),
    'Device v1alpha1 spec.a: the default was "x" and is "y"',
  ],
  [
    'a default for stored objects that had none',
    object({ a: text }),
    object({ a: { ...text, default: 'y' } }),
    'Device v1alpha1 spec.a: the default was none and is "y"',
  ],
  [
    'another list type',
    object({ a: list('atomic') }),
    object({ a: list('set') }),
    'Device v1alpha1 spec.a: x-kubernetes-list-type was "atomic" and is "set"',
  ],
  [
    'other keys',
    object({ a: list('map', { 'x-kubernetes-list-map-keys': ['a'] }) }),
    object({ a: list('map', { 'x-kubernetes-list-map-keys': ['b'] }) }),
    'Device v1alpha1 spec.a: x-kubernetes-list-map-keys was ["a"] and is ["b"]',
  ],
  [
    'deeper in a list',
    object({ a: list('atomic') }),
    object({ a: list('atomic', { items: { ...text, maxLength: 1 } }) }),
    'Device v1alpha1 spec.a[]: maxLength was 10 and is 1',
  ],
  [
    'deeper in a mapping',
    object({ a: { type: 'object', additionalProperties: text } }),
    object({ a: { type: 'object', additionalProperties: { type: 'integer' } } }),
    'Device v1alpha1 spec.a{}: type was string and is integer',
  ],
  [
    'a rule',
    object({ a: text }),
    object({ a: { ...text, 'x-kubernetes-validations': [{ rule: 'self != ""' }] } }),
    'Device v1alpha1 spec.a: a rule is new: self != ""',
  ],
  [
    'a rule about a new field that holds for old objects too',
    object({ a: text }),
    {
      ...object({ a: text, b: text }),
      'x-kubernetes-validations': [{ rule: '!has(self.b) || has(self.a) ? has(self.a) : true' }],
    },
    'Device v1alpha1 spec: a rule is new: !has(self.b) || has(self.a) ? has(self.a) : true',
  ],
  [
    'a rule about a field that stored objects may have',
    object({ a: text }),
    { ...object({ a: text }), 'x-kubernetes-validations': [{ rule: '!has(self.a) || self.a != ""' }] },
    'Device v1alpha1 spec: a rule is new: !has(self.a) || self.a != ""',
  ],
  [
    'a choice of two that was free before',
    object({ a: text, b: text }),
    object({ a: text, b: text }, { 'x-kubernetes-validations': [{ rule: 'has(self.a) != has(self.b)' }] }),
    'Device v1alpha1 spec: a rule is new: has(self.a) != has(self.b)',
  ],
  [
    'null refused',
    object({ a: { ...text, nullable: true } }),
    object({ a: text }),
    'Device v1alpha1 spec.a: null is no longer permitted',
  ],
];

const harmless: readonly (readonly [reason: string, before: JsonSchema, after: JsonSchema])[] = [
  ['a new optional field', object({ a: text }), object({ a: text, b: text })],
  ['a longer string', object({ a: text }), object({ a: { ...text, maxLength: 20 } })],
  [
    'a choice more',
    object({ a: { type: 'string', enum: ['x'] } }),
    object({ a: { type: 'string', enum: ['x', 'y'] } }),
  ],
  ['no longer required', object({ a: text }, { required: ['a'] }), object({ a: text })],
  [
    'a rule gone',
    object({ a: { ...text, 'x-kubernetes-validations': [{ rule: 'self != ""' }] } }),
    object({ a: text }),
  ],
  [
    'a rule that asks only where a new field is set',
    object({ a: text }),
    object({ a: text, b: text }, { 'x-kubernetes-validations': [{ rule: '!has(self.b) || has(self.a)' }] }),
  ],
  [
    'a choice of two that becomes one of three',
    object({ a: text, b: text }, { 'x-kubernetes-validations': [{ rule: 'has(self.a) != has(self.b)' }] }),
    object(
      { a: text, b: text, c: text },
      {
        'x-kubernetes-validations': [
          { rule: '(has(self.a) ? 1 : 0) + (has(self.b) ? 1 : 0) + (has(self.c) ? 1 : 0) == 1' },
        ],
      },
    ),
  ],
  ['better words', object({ a: text }), object({ a: { ...text, description: 'A.' } })],
];

describe('an upgrade of the CRDs', () => {
  it.each(breaking)('is refused: %s', (_, before, after, expected) => {
    expect(findBreakages(crd(before), crd(after)).map(({ where, what }) => `${where}: ${what}`)).toEqual([expected]);
  });

  it.each(harmless)('is fine: %s', (_, before, after) => {
    expect(findBreakages(crd(before), crd(after))).toEqual([]);
  });

  it('is refused when a kind, a version or the scope goes', () => {
    const before = crd(object({}));
    expect(findBreakages(before, [])).toEqual([{ where: 'Device', what: 'the kind was removed' }]);
    expect(findBreakages(before, crd(object({}), {}, false))).toEqual([
      { where: 'Device v1alpha1', what: 'the version is no longer served' },
    ]);
    expect(findBreakages(before, crd(object({}), { scope: 'Cluster' }))).toEqual([
      { where: 'Device', what: 'scope was Namespaced' },
    ]);
  });
});
