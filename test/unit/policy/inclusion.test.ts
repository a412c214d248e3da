import fc from 'fast-check';
import { DFA, JS, NFA } from 'refa';
import { describe, expect, it } from 'vitest';
import { ANY, type Glob, globOf, matches, STAR } from '../../../operator/policy/glob.ts';
import { findUncovered } from '../../../operator/policy/inclusion.ts';
import { coversLinearly } from '../../../operator/policy/letters.ts';
import { anyText, isValid, validityOf } from '../../../operator/policy/valid.ts';

const text = fc.array(fc.constantFrom('a', 'b', '/', '*', '?'), { maxLength: 7 }).map((parts) => parts.join(''));

/** Words over the letters a, b, / and one that no pattern names: enough, since the patterns name no other. */
function automaton(globs: readonly string[]): NFA {
  const source = globs.map((glob) => glob.replace(/\*/g, '[ab/z]*').replace(/\?/g, '[ab/z]')).join('|');
  const { expression, maxCharacter } = JS.Parser.fromLiteral({
    source: `(?:${globs.length === 0 ? '[]' : source})`,
    flags: 'u',
  }).parse();
  return NFA.fromRegex(expression, { maxCharacter });
}

/** Whether the first language lies in the second, decided by a library that shares no code with ours. */
function refaIncludes(inner: readonly string[], outer: readonly string[]): boolean {
  const left = inner.map((glob) => DFA.fromFA(automaton([glob])));
  let overlap = left[0];
  for (const next of left.slice(1)) if (overlap !== undefined) overlap = DFA.fromIntersection(overlap, next);
  const complement = DFA.fromFA(automaton(outer));
  complement.complement();
  return overlap === undefined || DFA.fromIntersection(overlap, complement).isEmpty;
}

const search = (left: readonly string[], right: readonly string[], budget = 1e6) =>
  findUncovered({ left: left.map(globOf), right: right.map(globOf), valid: anyText, budget: { left: budget } });

describe('glob inclusion', () => {
  it('agrees with an independent automata library on single patterns and overlaps', () => {
    fc.assert(
      fc.property(
        fc.array(text, { minLength: 1, maxLength: 2 }),
        fc.array(text, { minLength: 0, maxLength: 4 }),
        (left, right) => {
          const found = search(left, right);
          expect(found.kind === 'covered').toBe(refaIncludes(left, right));
          if (found.kind === 'word') {
            for (const glob of left) expect(matches(globOf(glob), found.word)).toBe(true);
            for (const glob of right) expect(matches(globOf(glob), found.word)).toBe(false);
          }
        },
      ),
      { numRuns: 1500, seed: 7 },
    );
  });

  it('the quick test says yes only when the search does', () => {
    fc.assert(
      fc.property(text, text, (outer, inner) => {
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
      fc.property(text, (pattern) => {
        const glob: Glob = globOf(pattern);
        for (let i = 1; i < glob.length; i += 1) if (glob[i - 1] === STAR) expect([STAR, ANY]).not.toContain(glob[i]);
      }),
      { numRuns: 500, seed: 7 },
    );
  });
});
