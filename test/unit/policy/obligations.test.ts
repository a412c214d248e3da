import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FOLD, type Glob, globOf, matches } from '../../../operator/policy/glob.ts';
import type { GroundStatement } from '../../../operator/policy/ground.ts';
import { compilePolicies, parsePolicyValue, withDefaults } from '../../../operator/policy/index.ts';
import { findNewName, prefixesMeet } from '../../../operator/policy/obligations.ts';
import { packGlobs } from '../../../operator/policy/packed.ts';
import { anyText } from '../../../operator/policy/valid.ts';
import { patternText } from '../../policy/refa-inclusion.ts';

const { document } = parsePolicyValue({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 'iot:Publish', Resource: '*' }],
});
const [statement] = compilePolicies(document === undefined ? [] : [document], withDefaults()).statements;
if (statement === undefined) throw new Error('no statement');

/** A statement about names: inside one of the patterns, or outside all of them; several conditions on the name must all hold. */
const about = (...parts: readonly (readonly [negated: boolean, patterns: readonly string[]])[]): GroundStatement => ({
  statement,
  conjuncts: parts.map(([negated, patterns]) => ({ negated, globs: patterns.map(globOf) })),
});
const inside = (...patterns: string[]): GroundStatement => about([false, patterns]);
const outside = (...patterns: string[]): GroundStatement => about([true, patterns]);

interface Sides {
  readonly allow: GroundStatement;
  readonly deny?: GroundStatement;
  readonly allows?: readonly GroundStatement[];
  readonly denies?: readonly GroundStatement[];
}
const find = ({ allow, deny, allows = [], denies = [] }: Sides, left = 1e6) =>
  findNewName({ allow, deny, allows, denies }, anyText, { left });

describe('a name that is granted on one side only', () => {
  it.each<readonly [string, Sides, string | undefined]>([
    ['granted by the new Allow and no old one', { allow: inside('a*'), allows: [inside('a?*')] }, 'a'],
    ['covered by two old ones', { allow: inside('a*'), allows: [inside('a'), inside('a?*')] }, undefined],
    [
      'not where the new side denies it',
      { allow: inside('a*'), allows: [], denies: [inside('a'), inside('a?')] },
      'axx',
    ],
    ['the shortest over all alternatives', { allow: inside('aaaa', 'aaa', 'aa', 'aaaaa') }, 'aa'],
    ['the shortest, whatever the order', { allow: inside('aa', 'aaa') }, 'aa'],
    ['outside what NotResource names', { allow: outside('?', '??', '') }, 'xxx'],
    ['an old NotResource is escaped by what it names', { allow: inside('a*'), allows: [outside('ab', 'abc*')] }, 'ab'],
    ['two old NotResources are escaped in both', { allow: inside('*'), allows: [outside('a*'), outside('*b')] }, 'ab'],
    ['a Deny with NotResource leaves what it names', { allow: inside('a*'), denies: [outside('*b', '*cc')] }, 'ab'],
    ['an old Deny is what made it new', { allow: inside('a*'), deny: inside('*b') }, 'ab'],
    ['an old Deny that does not meet the Allow', { allow: inside('a*'), deny: inside('b*') }, undefined],
    [
      'an old Deny that the new side keeps',
      { allow: inside('a*'), deny: inside('*b'), denies: [inside('a*b')] },
      undefined,
    ],
    ['an old Deny with NotResource', { allow: inside('a', 'ab'), deny: outside('ab') }, 'a'],
    ['a condition on the name beside the resource', { allow: about([false, ['a*']], [true, ['a', 'a?']]) }, 'axx'],
    [
      'a Deny of two conditions holds only where both do',
      { allow: inside('a*'), denies: [about([false, ['a*']], [false, ['*b']])] },
      'a',
    ],
  ])('%s', (_reason, sides, word) => {
    expect(find(sides)).toEqual(word === undefined ? { kind: 'covered' } : { kind: 'word', word });
  });

  it('gives up where the alternatives multiply beyond reason, on either side', () => {
    const many = outside(...Array.from({ length: 30 }, (_unused, index) => `*${index}*`));
    const some = inside(...Array.from({ length: 30 }, (_unused, index) => `*${index}*`));
    const exploded = { kind: 'exceeded' };
    expect(find({ allow: inside('*'), allows: [many, many, many] })).toEqual(exploded);
    expect(find({ allow: inside('*'), denies: [many, many, many] })).toEqual(exploded);
    expect(
      find({
        allow: about([false, ['*']], ...some.conjuncts.map(({ globs }) => [false, globs.map(() => '*a*')] as const)),
        denies: [many, many],
      }),
    ).toEqual(exploded);
    const twice = about(
      [false, Array.from({ length: 150 }, () => '*a*')],
      [false, Array.from({ length: 150 }, () => '*b*')],
    );
    expect(find({ allow: inside('*'), deny: twice })).toEqual(exploded);
    expect(find({ allow: twice, allows: [inside('a')], denies: [inside('b')] })).toEqual(exploded);
    expect(find({ allow: inside('*'), allows: [many] }, 5)).toEqual(exploded);
  });
});

describe('the quick test for patterns that have no word in common', () => {
  it('says so only where it is true', () => {
    fc.assert(
      fc.property(
        patternText,
        patternText,
        fc.string({ unit: fc.constantFrom('a', 'b', '/'), maxLength: 6 }),
        (left, right, word) => {
          if (matches(globOf(left), word) && matches(globOf(right), word))
            expect(prefixesMeet(globOf(left), globOf(right))).toBe(true);
        },
      ),
      { numRuns: 5000, seed: 7 },
    );
  });

  it.each([
    ['a', 'b', false],
    ['ab', 'ac', false],
    ['ab*', 'ac*', false],
    ['?b', '?c', false],
    ['a', 'ab', false],
    ['ab', 'a', false],
    ['a?', 'a', false],
    ['', 'a', false],
    ['', '*', true],
    ['a*', 'a', true],
    ['a', 'a*', true],
    ['a*b', 'ac', true],
    ['a?c', 'abc', true],
    ['abc', 'a?c', true],
    ['a?c', 'abd', false],
    ['abd', 'a?c', false],
  ])('%s and %s: %s', (left, right, meet) => {
    expect(prefixesMeet(globOf(left), globOf(right))).toBe(meet);
  });
});

describe('patterns packed side by side', () => {
  const run = (globs: readonly Glob[], word: string): boolean => {
    const packed = packGlobs(globs);
    let vector = new Uint32Array(packed.words);
    packed.start(vector);
    for (const char of word) {
      const next = new Uint32Array(packed.words);
      packed.step(vector, char.codePointAt(0) ?? 0, next);
      vector = next;
    }
    return packed.accepts(vector);
  };

  it('take a word exactly if one of them does', () => {
    const words = fc.string({ unit: fc.constantFrom('a', 'b', '/'), maxLength: 8 });
    fc.assert(
      fc.property(fc.array(patternText, { minLength: 1, maxLength: 8 }), words, (texts, word) => {
        const globs = texts.map(globOf);
        expect(run(globs, word)).toBe(globs.some((glob) => matches(glob, word)));
      }),
      { numRuns: 2000, seed: 7 },
    );
  });

  it('take folded letters in either case', () => {
    const folded = Int32Array.from('aé1', (char) => FOLD - (char.codePointAt(0) ?? 0));
    for (const word of ['aé1', 'AÉ1', 'aÉ1']) expect(run([folded], word)).toBe(true);
    for (const word of ['b\u00e91', 'ae1', 'AÉ']) expect(run([folded], word)).toBe(false);
    expect([...packGlobs([folded]).literals.keys()].sort((a, b) => a - b)).toEqual([0x31, 0x41, 0x61, 0xc9, 0xe9]);
  });

  it('say when whatever follows is taken', () => {
    const taken = (text: string, word: string): boolean => {
      const packed = packGlobs([globOf('zzz'), globOf(text)]);
      let vector = new Uint32Array(packed.words);
      let all = packed.start(vector);
      for (const char of word) {
        const next = new Uint32Array(packed.words);
        all = packed.step(vector, char.codePointAt(0) ?? 0, next);
        vector = next;
      }
      return all;
    };
    expect(taken('*', '')).toBe(true);
    expect(taken('a*', '')).toBe(false);
    expect(taken('a*', 'a')).toBe(true);
    expect(taken('a*b', 'ab')).toBe(false);
    expect(taken('*a*', 'xa')).toBe(true);
    expect(taken(`${'?'.repeat(40)}*`, 'x'.repeat(40))).toBe(true);
  });

  it('number the end of each pattern', () => {
    expect(packGlobs([globOf('ab'), globOf(''), globOf('*')]).finals).toEqual([2, 3, 5]);
  });
});
