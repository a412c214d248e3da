import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deepFreeze, frozenCopy, jsonEqual } from '../../../../operator/runtime/store/json.ts';

const reversed = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, item]) => [key, reversed(item)]),
  );
};

function expectFrozen(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  expect(Object.isFrozen(value)).toBe(true);
  for (const item of Object.values(value)) expectFrozen(item);
}

describe('equality of JSON values', () => {
  it('agrees with the text when the order of keys is the same', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        // -0 and 0 have one text and are equal to ===.
        expect(jsonEqual(a, b)).toBe(JSON.stringify(reversedTwice(a)) === JSON.stringify(reversedTwice(b)));
      }),
    );
  });

  it('does not depend on the order of keys', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(jsonEqual(value, reversed(value))).toBe(true);
      }),
    );
  });

  const table: readonly { a: unknown; b: unknown; equal: boolean; reason: string }[] = [
    { a: { x: undefined }, b: {}, equal: true, reason: 'an undefined key is absent on the wire' },
    { a: { x: undefined }, b: { y: 1 }, equal: false, reason: 'equal numbers of keys, different ones' },
    { a: { x: 1, y: undefined }, b: { x: 1 }, equal: true, reason: 'undefined on the left only' },
    { a: { x: 1 }, b: { x: 1, y: 2 }, equal: false, reason: 'a key more on the right' },
    { a: [], b: {}, equal: false, reason: 'an empty list is not an empty map' },
    { a: [1, 2], b: [2, 1], equal: false, reason: 'lists are ordered' },
    { a: null, b: {}, equal: false, reason: 'null is a value' },
    { a: '1', b: 1, equal: false, reason: 'no conversion' },
  ];
  it.each(table)('says $equal: $reason', ({ a, b, equal }) => {
    expect(jsonEqual(a, b)).toBe(equal);
    expect(jsonEqual(b, a)).toBe(equal);
  });
});

/** Keys sorted, so that texts can be compared. */
function reversedTwice(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversedTwice);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.map(([key, item]) => [key, reversedTwice(item), 'map']).concat([['map']]);
}

describe('frozen values', () => {
  it('are equal to what was given, frozen to the leaves, and leave the original alone', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const before = JSON.stringify(value);
        const copy = frozenCopy(value);
        expect(jsonEqual(copy, value)).toBe(true);
        expectFrozen(copy);
        expect(JSON.stringify(value)).toBe(before);
        if (typeof value === 'object' && value !== null) expect(copy).not.toBe(value);
        expectFrozen(deepFreeze(structuredClone(value)));
      }),
    );
  });

  it('keep a key named __proto__ as data', () => {
    const copy = frozenCopy(JSON.parse('{"__proto__": {"admin": true}}') as object);
    expect(Object.keys(copy)).toEqual(['__proto__']);
    expect('admin' in copy).toBe(false);
  });
});
