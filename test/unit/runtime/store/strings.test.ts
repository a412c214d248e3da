import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { StringPool } from '../../../../operator/runtime/store/local/strings.ts';

describe('texts shared between stored objects', () => {
  test('copies and frozen values equal what they were made of', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const pool = new StringPool();
        expect(pool.copy(value)).toEqual(value);
        expect(pool.freeze(structuredClone(value))).toEqual(value);
      }),
    );
  });

  test('parsed values are frozen to the ground', () => {
    const frozen = new StringPool().freeze({ spec: { refs: [{ name: 'base' }] } });
    for (const part of [frozen, frozen.spec, frozen.spec.refs, frozen.spec.refs[0]]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
  });

  test('a copy leaves what it was made of as it was', () => {
    const status = { conditions: [{ type: 'Ready' }] };
    const copy = new StringPool().copy(status);
    expect(copy.conditions[0]).not.toBe(status.conditions[0]);
    expect(Object.isFrozen(status)).toBe(false);
  });

  test('a field named __proto__ stays a field', () => {
    const text = '{"__proto__":{"admin":"yes"},"name":"press"}';
    const pool = new StringPool();
    expect(JSON.stringify(pool.freeze(JSON.parse(text)))).toBe(text);
    expect(JSON.stringify(pool.copy(JSON.parse(text)))).toBe(text);
  });

  test('a pool that met more texts than it keeps still answers each with itself', () => {
    const pool = new StringPool();
    for (let n = 0; n < 10_000; n++) expect(pool.of(`press-${n}`)).toBe(`press-${n}`);
  });
});
