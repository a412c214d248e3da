import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ANY, type Glob, globOf, STAR } from '../../../operator/policy/glob.ts';
import { findUncovered } from '../../../operator/policy/inclusion.ts';
import { coversLinearly } from '../../../operator/policy/letters.ts';
import { anyText, isValid, validityOf } from '../../../operator/policy/valid.ts';
import { agreesWithRefa, patternText } from '../../policy/refa-inclusion.ts';

const search = (left: readonly string[], right: readonly string[], budget = 1e6) =>
  findUncovered({ left: left.map(globOf), right: right.map(globOf), valid: anyText, budget: { left: budget } });

describe('glob inclusion', () => {
  it('agrees with an independent automata library on single patterns and overlaps', () => {
    fc.assert(agreesWithRefa, { numRuns: 1500, seed: 7 });
  });

  it('the quick test says yes only when the search does', () => {
    fc.assert(
      fc.property(patternText, patternText, (outer, inner) => {
        if (coversLinearly(globOf(outer), globOf(inner))) expect(search([inner], [outer]).kind).toBe('covered');
      }),
      { numRuns: 3000, seed: 7 },
    );
  });

  it.each([
    {
      reason: 'three lengths together are every length',
      left: ['a/*'],
      right: ['a/', 'a/?', 'a/??*'],
      word: undefined,
    },
    { reason: 'two characters or more, either way round', left: ['a/?*?'], right: ['a/??*'], word: undefined },
    { reason: 'the shortest word outside is found', left: ['a/*'], right: ['a/?*'], word: 'a/' },
    {
      reason: 'an overlap that one pattern alone would not show',
      left: ['a*', '*b'],
      right: ['ab', 'a?b'],
      word: 'axxb',
    },
    {
      reason: 'patterns without a common word are covered by nothing at all',
      left: ['a*', 'b*'],
      right: [],
      word: undefined,
    },
  ])('$reason', ({ left, right, word }) => {
    expect(search(left, right)).toEqual(word === undefined ? { kind: 'covered' } : { kind: 'word', word });
  });

  it('stays small where determinising doubles with every question mark', () => {
    const tail = '?'.repeat(120);
    const budget = { left: 20_000 };
    const problem = {
      left: [globOf(`*a${tail}`)],
      right: [globOf(`*aa${'?'.repeat(119)}`), globOf(`*a${tail}x`)],
      valid: anyText,
      budget,
    };
    expect(findUncovered(problem).kind).toBe('word');
    expect(budget.left).toBeGreaterThan(0);
  });

  it('keeps its place in patterns longer than one word of the bit vector', () => {
    for (const length of [30, 31, 32, 33, 63, 64, 65, 100]) {
      const long = 'ab'.repeat(length).slice(0, length);
      expect(search([`${long}*`], [long, `${long}?*`]).kind).toBe('covered');
      expect(search([`*${long}*`], [`*${long}`, `*${long}?`, `*${long}??*`]).kind).toBe('covered');
      expect(search([`${long}*`], [long, `${long}??*`])).toEqual({ kind: 'word', word: `${long}x` });
    }
  });

  it('gives up at the budget instead of running on', () => {
    const right = Array.from({ length: 12 }, (_unused, index) => `*a*b*c*${'?'.repeat(index)}d`);
    expect(search(['*a*b*c*'], right, 2).kind).toBe('exceeded');
  });

  it('finds only names that the broker accepts', () => {
    const valid = validityOf('topicfilter', 7);
    const found = findUncovered({ left: [globOf('a*#')], right: [], valid, budget: { left: 1e5 } });
    expect(found).toEqual({ kind: 'word', word: 'a/#' });
    expect(findUncovered({ left: [globOf('a/b+')], right: [], valid, budget: { left: 1e5 } })).toEqual({
      kind: 'covered',
    });
    const deep = globOf('*/1/2/3/4/5/6/7/8');
    expect(findUncovered({ left: [deep], right: [], valid, budget: { left: 1e5 } }).kind).toBe('covered');
  });

  it('reaches past the slash limit only through Basic Ingest', () => {
    const valid = validityOf('topic', 7);
    const found = findUncovered({ left: [globOf('*/1/2/3/4/5/6/7/8')], right: [], valid, budget: { left: 1e5 } });
    expect(found).toEqual({ kind: 'word', word: '$aws/rules/1/2/3/4/5/6/7/8' });
    expect(isValid(valid, '$aws/rules/1/2/3/4/5/6/7/8')).toBe(true);
    const elsewhere = [globOf('$aws/*')];
    expect(
      findUncovered({ left: [globOf('*/1/2/3/4/5/6/7/8')], right: elsewhere, valid, budget: { left: 1e5 } }).kind,
    ).toBe('covered');
  });

  it('writes patterns so that no star follows a star and no question mark follows a star', () => {
    fc.assert(
      fc.property(patternText, (pattern) => {
        const glob: Glob = globOf(pattern);
        for (let i = 1; i < glob.length; i += 1) if (glob[i - 1] === STAR) expect([STAR, ANY]).not.toContain(glob[i]);
      }),
      { numRuns: 500, seed: 7 },
    );
  });
});
