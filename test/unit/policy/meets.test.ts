import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ANY, FOLD, globOf, matches, showGlob } from '../../../operator/policy/glob.ts';
import { allMeets, meetGlobs } from '../../../operator/policy/meets.ts';
import { patternText } from '../../policy/refa-inclusion.ts';

const word = fc.string({ unit: fc.constantFrom('a', 'b', '/', 'z'), maxLength: 8 });

describe('the overlap of patterns', () => {
  it('holds exactly the words that both match', () => {
    fc.assert(
      fc.property(patternText, patternText, word, (left, right, text) => {
        const met = meetGlobs(globOf(left), globOf(right), 1000);
        const both = matches(globOf(left), text) && matches(globOf(right), text);
        expect(met?.some((glob) => matches(glob, text))).toBe(both);
      }),
      { numRuns: 4000, seed: 7 },
    );
  });

  it.each([
    ['a*', '*b', ['a*b']],
    ['a*', '*a', ['a*a', 'a']],
    ['ab', 'a?', ['ab']],
    ['ab', 'ac', []],
    ['a?', '?b', ['ab']],
    ['', '*', ['']],
    ['ab', '*', ['ab']],
    ['abc', '*', ['abc']],
    ['a', '', []],
    ['*a*', '*b*', ['*a*b*', '*b*a*']],
  ])('%s and %s: %j', (left, right, met) => {
    const found = meetGlobs(globOf(left), globOf(right), 100)?.map(showGlob) ?? [];
    expect([...found].sort()).toEqual([...met].sort());
  });

  it('takes a letter in either case against the letter', () => {
    const folded = Int32Array.of(FOLD - 97);
    expect(meetGlobs(folded, globOf('A'), 9)).toEqual([globOf('A')]);
    expect(meetGlobs(globOf('a'), folded, 9)).toEqual([globOf('a')]);
    expect(meetGlobs(folded, globOf('b'), 9)).toEqual([]);
    expect(meetGlobs(folded, folded, 9)).toEqual([folded]);
    expect(meetGlobs(folded, Int32Array.of(ANY), 9)).toEqual([folded]);
    expect(meetGlobs(Int32Array.of(ANY), folded, 9)).toEqual([folded]);
    expect(meetGlobs(globOf('b'), folded, 9)).toEqual([]);
    expect(meetGlobs(folded, Int32Array.of(FOLD - 98), 9)).toEqual([]);
  });

  it('says when there are more than wanted', () => {
    expect(meetGlobs(globOf('*a*b*c*'), globOf('*d*e*f*'), 4)).toBeUndefined();
    expect(meetGlobs(globOf('*a*'), globOf('*b*'), 2)).toHaveLength(2);
    expect(meetGlobs(globOf('*a*'), globOf('*b*'), 1)).toBeUndefined();
  });

  it('lists the overlaps of two, three and more', () => {
    const each = (...texts: string[]) => texts.map((text, index) => ({ glob: globOf(text), of: String(index) }));
    const { globs, complete } = allMeets(each('a*', '*b', '*c*'));
    expect(complete).toBe(true);
    const texts = globs.map(showGlob);
    expect(texts).toEqual(expect.arrayContaining(['a*', '*b', '*c*', 'a*b', 'a*c*', '*c*b', 'a*c*b']));
    expect(allMeets(each('a*')).globs).toEqual([globOf('a*')]);
    expect(allMeets([])).toEqual({ globs: [], complete: true });
  });

  it('does not lay alternatives of one kind against each other', () => {
    const kind = (of: string, ...texts: string[]) => texts.map((text) => ({ glob: globOf(text), of }));
    const { globs } = allMeets([...kind('one', 'a*', '*b'), ...kind('two', '*c*')]);
    expect(globs.map(showGlob).sort()).toEqual(['*b', '*c*', '*c*b', 'a*', 'a*c*']);
    // The same text for two reasons: a value has to serve both, and a third besides.
    const twice = allMeets([...kind('one', '*a*'), ...kind('two', '*a*'), ...kind('three', 'b*')]);
    expect(twice.globs.map(showGlob)).toEqual(expect.arrayContaining(['*a*', 'b*', 'b*a*', '*a*a*']));
  });

  it('says when there are too many to list', () => {
    const kinds = ['*a*b*', '*c*d*', '*e*f*', '*g*h*'].map((text, index) => ({
      glob: globOf(text),
      of: String(index),
    }));
    const { globs, complete } = allMeets(kinds);
    expect(complete).toBe(false);
    expect(globs.map(showGlob)).toEqual(expect.arrayContaining(['*a*b*', '*g*h*', '*a*b*c*d*']));
    // Two patterns of more overlaps than are listed: those of others are still complete, the whole is not.
    const two = ['*a*b*c*d*', '*e*f*g*h*', 'x*'].map((text, index) => ({ glob: globOf(text), of: String(index) }));
    expect(allMeets(two).complete).toBe(false);
    expect(allMeets(two.slice(1)).complete).toBe(true);
  });
});
