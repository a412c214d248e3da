import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ANY, type Glob, globOf, matches, STAR } from '../../../operator/policy/glob.ts';
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
    { reason: 'plain text that another pattern leaves out', left: ['ab', 'b*'], right: [], word: undefined },
    { reason: 'plain text that both take', left: ['ab', 'a*'], right: ['a', 'b*'], word: 'ab' },
    { reason: 'plain text that the other side takes', left: ['ab', 'a*'], right: ['*b'], word: undefined },
    { reason: 'no text at all', left: [''], right: ['?*'], word: '' },
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

  it('gives a shortest word, by walking through all short ones', () => {
    const letters = ['a', 'b', '/', 'z'];
    const words = [''];
    for (let from = 0; words.length < 1365; from += 1)
      words.push(...letters.map((letter) => `${words[from] ?? ''}${letter}`));
    fc.assert(
      fc.property(
        fc.array(patternText, { minLength: 1, maxLength: 3 }),
        fc.array(patternText, { maxLength: 3 }),
        (left, right) => {
          const [inside, outside] = [left.map(globOf), right.map(globOf)];
          const first = words.find(
            (word) => inside.every((glob) => matches(glob, word)) && !outside.some((glob) => matches(glob, word)),
          );
          const found = search(left, right);
          if (first !== undefined) expect(found.kind === 'word' && found.word.length).toBe(first.length);
          else if (found.kind === 'word') expect(found.word.length).toBeGreaterThan(5);
        },
      ),
      { numRuns: 1500, seed: 7 },
    );
  });

  it('counts names in bytes, up to the limit and no further', () => {
    const client = validityOf('client', 7);
    const run = (left: string, right: readonly string[] = []) =>
      findUncovered({ left: [globOf(left)], right: right.map(globOf), valid: client, budget: { left: 1e5 } });
    const questions = '?'.repeat(128);
    expect(run(questions)).toEqual({ kind: 'word', word: 'x'.repeat(128) });
    expect(run(`${questions}*`, [questions]).kind).toBe('covered');
    expect(run(`${questions}?`).kind).toBe('covered');
    expect(run('é'.repeat(64)).kind).toBe('word');
    expect(run('é'.repeat(65)).kind).toBe('covered');
    expect(run(`${'é'.repeat(64)}*`, ['é'.repeat(64)]).kind).toBe('covered');
    expect(run(`${'é'.repeat(63)}*`, ['é'.repeat(63), `${'é'.repeat(63)}?`])).toEqual({
      kind: 'word',
      word: `${'é'.repeat(63)}xx`,
    });
    expect(run('😀*', ['😀'])).toEqual({ kind: 'word', word: '😀x' });
  });

  it('tries every letter where the patterns use up a finite alphabet', () => {
    const thing = validityOf('thing', 7);
    const letters = thing.alphabet?.map((code) => String.fromCodePoint(code)) ?? [];
    const run = (right: readonly string[]) =>
      findUncovered({ left: [globOf('*')], right: right.map(globOf), valid: thing, budget: { left: 1e6 } });
    const begins = letters.map((letter) => `${letter}*`);
    expect(run(begins).kind).toBe('covered');
    expect(run(begins.filter((one) => one !== 'k*'))).toEqual({ kind: 'word', word: 'k' });
    const single = findUncovered({
      left: [globOf('?')],
      right: letters.map(globOf),
      valid: thing,
      budget: { left: 1e6 },
    });
    expect(single.kind).toBe('covered');
    const ends = letters.map((letter) => `*${letter}`);
    expect(run([...letters, ...ends.slice(1)])).toMatchObject({ kind: 'word', word: expect.stringMatching(/^.a$/) });
  });

  it('keeps overlaps of many patterns apart', () => {
    const left = ['*a*', '*b*', '*c*', '*d*', '*e*', '*f*'];
    const found = search(left, []);
    expect(found.kind === 'word' && [...found.word].sort().join('')).toBe('abcdef');
    expect(search(['a*', '*b', '*c*', '?*?', '*', '??*'], ['*x*'])).toEqual({ kind: 'word', word: 'acb' });
    expect(search(['a*', '*b', '*c*', '?*?', 'ac*', '*cb'], ['ac?b', 'ac??*b', 'acb'])).toEqual({ kind: 'covered' });
  });

  it('keeps places apart in overlaps of many long patterns', () => {
    const run = 'a'.repeat(60);
    const left = [...Array.from({ length: 11 }, () => `${run}*`), '*ab'];
    expect(search(left, [])).toEqual({ kind: 'word', word: `${run}b` });
  });

  it('spends a node of its budget for each step', () => {
    const budget = { left: 100 };
    findUncovered({ left: [globOf('a???*')], right: [globOf('a????*')], valid: anyText, budget });
    expect(100 - budget.left).toBeGreaterThanOrEqual(4);
    expect(100 - budget.left).toBeLessThan(20);
    expect(search(['a???*'], ['a????*'], 3).kind).toBe('exceeded');
    expect(search(['a???*'], ['a????*'], 20)).toEqual({ kind: 'word', word: 'axxx' });
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
