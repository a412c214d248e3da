import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fillClientIds, isDeclared, tellsNothing } from '../../../operator/rollout/client-ids.ts';

describe('R10: client ids are declared', () => {
  test.each([
    ['the thing name alone when nothing is declared', undefined, ['press-1']],
    ['variables are filled in', [`\${iot:Connection.Thing.ThingName}-ota`], ['press-1-ota']],
    ['the type too', [`\${iot:Connection.Thing.ThingTypeName}:*`], ['press:*']],
    ['an empty list declares none', [], []],
  ])('%s', (_reason, declared, filled) => {
    expect(fillClientIds(declared, { thingName: 'press-1', thingTypeName: 'press' })).toEqual(filled);
  });

  test.each([
    ['the same text', 'press-1', 'press-1', true],
    ['another', 'press-1', 'press-2', false],
    ['any rest', 'press-*', 'press-1/a/b', true],
    ['a star may stand for nothing', 'press-*', 'press-', true],
    ['one character', 'press-?', 'press-1', true],
    ['and no two', 'press-?', 'press-12', false],
    ['a star in the middle', 'a*z', 'abcz', true],
    ['which has to end as said', 'a*z', 'abzc', false],
    ['dots are no pattern', 'a.c', 'abc', false],
  ])('%s: %s and %s', (_reason, pattern, id, declared) => {
    expect(isDeclared(id, [pattern])).toBe(declared);
  });

  test('a pattern agrees with its regular expression, and takes no time to find out', () => {
    const part = fc.constantFrom('a', 'b', '*', '?', '.');
    fc.assert(
      fc.property(
        fc.array(part, { maxLength: 8 }),
        fc.array(fc.constantFrom('a', 'b', '.'), { maxLength: 8 }),
        (p, t) => {
          const source = p.map((c) => (c === '*' ? '.*' : c === '?' ? '.' : c === '.' ? '\\.' : c)).join('');
          const id = t.join('');
          expect(isDeclared(id, [p.join('')])).toBe(id === p.join('') || new RegExp(`^${source}$`, 's').test(id));
        },
      ),
    );
    expect(isDeclared('a'.repeat(128), ['a*'.repeat(60)])).toBe(true);
    expect(isDeclared(`${'a'.repeat(128)}b`, [`${'a*'.repeat(60)}c`])).toBe(false);
  });

  test('of these AWS tells nothing', () => {
    expect(['core#2', 'a+b', 'press-1'].map(tellsNothing)).toEqual([true, true, false]);
  });
});
