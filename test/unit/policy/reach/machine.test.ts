import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { globOf, matches, showGlob } from '../../../../operator/policy/glob.ts';
import { alphabetOf } from '../../../../operator/policy/reach/alphabet.ts';
import { matchedTopics } from '../../../../operator/policy/reach/delivery.ts';
import { globMachine, residuals } from '../../../../operator/policy/reach/globs.ts';
import {
  accepts,
  combine,
  everything,
  type Join,
  lazyMachine,
  type Machine,
  nothing,
  overlap,
  shortestWord,
} from '../../../../operator/policy/reach/machine.ts';

describe('machines', () => {
  const alphabet = alphabetOf([globOf('abc')]);
  const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '/'), maxLength: 6 });
  const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?', '/'), maxLength: 5 });
  const joins: Readonly<Record<Join, (parts: readonly boolean[]) => boolean>> = {
    and: (parts) => parts.every(Boolean),
    or: (parts) => parts.some(Boolean),
    minus: ([first, ...others]) => first === true && !others.some(Boolean),
  };

  it.each(['and', 'or', 'minus'] as const)(
    'joined by %s take what the parts say, and know when all follows',
    (join) => {
      const part = fc.oneof(
        { weight: 6, arbitrary: pattern },
        { weight: 1, arbitrary: fc.constantFrom('nothing', 'everything') },
      );
      fc.assert(
        fc.property(fc.array(part, { minLength: 1, maxLength: 3 }), word, word, (parts, first, rest) => {
          const machines = parts.map((one) =>
            one === 'nothing' ? nothing : one === 'everything' ? everything : globMachine([globOf(one)], alphabet),
          );
          const has = (one: string, text: string) =>
            one === 'everything' || (one !== 'nothing' && matches(globOf(one), text));
          const wanted = (text: string) => joins[join](parts.map((one) => has(one, text)));
          const machine = combine(alphabet, join, machines);
          expect(accepts(machine, alphabet, first)).toBe(wanted(first));
          let state = machine.start;
          for (const char of first) if (state !== -1) state = machine.step(state, alphabet.index(char.codePointAt(0)!));
          if (state === -1 || machine.all(state)) expect(wanted(first + rest)).toBe(state !== -1);
        }),
        { numRuns: 1000 },
      );
    },
  );

  const machineOf = (text: string) => globMachine([globOf(text)], alphabet);
  const after = (machine: Machine, text: string) =>
    [...text].reduce((state, char) => machine.step(state, alphabet.index(char.codePointAt(0)!)), machine.start);

  it.each([
    { reason: 'both have a star there', join: 'and', parts: ['a*', '*'], text: 'a', all: true },
    { reason: 'one of both asks for more', join: 'and', parts: ['a*', 'ab*'], text: 'a', all: false },
    { reason: 'one of two has a star there', join: 'or', parts: ['b', 'a*'], text: 'a', all: true },
    { reason: 'neither of two has', join: 'or', parts: ['ab', 'a?'], text: 'a', all: false },
    { reason: 'what is taken away ended before', join: 'minus', parts: ['a*', 'bc', 'b'], text: 'a', all: true },
    { reason: 'something is taken away later', join: 'minus', parts: ['a*', 'ab', 'b'], text: 'a', all: false },
    { reason: 'there is no star to take away from', join: 'minus', parts: ['a?', 'bc'], text: 'a', all: false },
  ] as const)('know whether all that follows is accepted: $reason', ({ join, parts, text, all }) => {
    const machine = combine(alphabet, join, parts.map(machineOf));
    expect(machine.all(after(machine, text))).toBe(all);
  });

  it.each([
    { reason: 'one of both is at its end', join: 'and', parts: ['ab', 'a*'], text: 'aa' },
    { reason: 'both of two are', join: 'or', parts: ['ab', 'ac'], text: 'aa' },
    { reason: 'all that follows is taken away', join: 'minus', parts: ['a*', 'b', 'ab*'], text: 'ab' },
    { reason: 'what is taken from is', join: 'minus', parts: ['ab', 'ac'], text: 'ac' },
  ] as const)('know when nothing follows: $reason', ({ join, parts, text }) => {
    const machine = combine(alphabet, join, parts.map(machineOf));
    expect(after(machine, text)).toBe(-1);
    expect([machine.accepts(-1), machine.all(-1)]).toEqual([false, false]);
  });

  it.each([
    { reason: 'beside a pattern that is met first', patterns: ['bcd', 'a*'] },
    { reason: 'beside a long one', patterns: ['b'.repeat(40), 'a*'] },
    { reason: 'in front of a long one', patterns: ['a*', 'b'.repeat(40)] },
  ])('know of a union when all that follows is accepted: $reason', ({ patterns }) => {
    const machine = globMachine(patterns.map(globOf), alphabet);
    expect(['a', 'ab', 'b', ''].map((text) => machine.all(after(machine, text)))).toEqual([true, true, false, false]);
  });

  it('know when a filter brings all that follows', () => {
    const machine = matchedTopics(globMachine(['a/#', 'a/b/+', 'b/+'].map(globOf), alphabet), alphabet);
    const all = ['a/c', 'a/b/c', 'b/c', 'a', ''].map((text) => machine.all(after(machine, text)));
    expect(all).toEqual([true, true, false, false, false]);
  });

  it('deliver a topic that ends in a slash where filters begin anew behind it', () => {
    const machine = matchedTopics(globMachine([globOf('*')], alphabet), alphabet);
    expect(['a/', 'a', ''].map((text) => accepts(machine, alphabet, text))).toEqual([true, true, false]);
  });

  it('leave out what cannot change the result', () => {
    const one = machineOf('a*');
    expect(combine(alphabet, 'or', [nothing, one])).toBe(one);
    expect(combine(alphabet, 'minus', [one, nothing])).toBe(one);
    expect(combine(alphabet, 'and', [one, nothing])).toBe(nothing);
    expect(combine(alphabet, 'minus', [nothing, one])).toBe(nothing);
    expect([nothing.step(-1, 0), nothing.all(-1), everything.all(0)]).toEqual([-1, false, true]);
  });

  it('are not taken to accept all that follows unless they say so', () => {
    const machine = lazyMachine<string>({
      alphabet,
      start: 'a',
      key: (state) => state,
      step: (state) => state,
      accepts: () => true,
    });
    expect(machine.all(machine.start)).toBe(false);
    expect(overlap(machine, machine).all(0)).toBe(false);
  });

  it('name no word where there is none, however long one looks', () => {
    for (const [left, right] of [
      ['a?', 'b?'],
      ['a*', 'aab'],
      ['aab', 'a*c'],
      ['*aa', '*ab'],
    ] as const) {
      const [a, b] = [machineOf(left), machineOf(right)];
      const found = shortestWord(combine(alphabet, 'and', [a, b]), alphabet, 1000);
      expect(found).toEqual(shortestWord(overlap(a, b), alphabet, 1000));
      expect(found.kind).toBe(left === 'a*' ? 'word' : 'none');
    }
  });

  it('tell states of three machines apart', () => {
    const long = (letter: string) => `${'?'.repeat(11)}${letter}*`;
    const machine = combine(alphabet, 'or', [machineOf(long('a')), machineOf('*b?'), machineOf(`?${long('c')}`)]);
    const texts = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 8, maxLength: 14 });
    fc.assert(
      fc.property(texts, (text) => {
        const taken = [long('a'), '*b?', `?${long('c')}`].some((one) => matches(globOf(one), text));
        expect(accepts(machine, alphabet, text)).toBe(taken);
      }),
      { numRuns: 500 },
    );
  });

  it('of no parts take everything where all must agree, and else nothing', () => {
    const takes = (join: Join) => accepts(combine(alphabet, join, []), alphabet, 'a');
    expect((['and', 'or', 'minus'] as const).map(takes)).toEqual([true, false, false]);
  });

  it.each([
    { reason: 'letters in the order of the alphabet', text: '?', word: 'x' },
    { reason: 'the shorter one', text: 'ab*', word: 'ab' },
    { reason: 'the empty one', text: '*', word: '' },
  ])('name the shortest word: $reason', ({ text, word: shortest }) => {
    const machine = globMachine([globOf('abcd'), globOf(text)], alphabet);
    expect(shortestWord(machine, alphabet, 100)).toEqual({ kind: 'word', word: shortest });
  });

  it('name a word in both of two, and none where one is empty', () => {
    const [left, right] = [globMachine([globOf('a*c')], alphabet), globMachine([globOf('*b?')], alphabet)];
    expect(shortestWord(overlap(left, right), alphabet, 1000)).toEqual({ kind: 'word', word: 'abc' });
    expect([overlap(nothing, left).start, overlap(left, nothing).start]).toEqual([-1, -1]);
  });

  it('give up a search over as many states as it may visit, and no earlier', () => {
    const machine = globMachine([globOf('abc')], alphabet);
    expect(shortestWord(machine, alphabet, 3)).toEqual({ kind: 'word', word: 'abc' });
    expect(shortestWord(machine, alphabet, 1)).toEqual({ kind: 'undecided' });
  });

  // More positions than one word of bits has, with stars and letters on both sides of its end.
  it.each(Array.from({ length: 8 }, (_, at) => at + 28))('run over %i letters and a star', (length) => {
    const head = 'a'.repeat(length);
    const machine = globMachine([globOf(`${head}*b`), globOf(`${head.slice(1)}??*`), globOf('c*c')], alphabet);
    const takes = (text: string) => accepts(machine, alphabet, text);
    expect([`${head}b`, `${head}cab`, `${head}c`, 'cc', 'cabc'].filter(takes)).toEqual([
      `${head}b`,
      `${head}cab`,
      `${head}c`,
      'cc',
      'cabc',
    ]);
    expect([head, head.slice(1), `${head.slice(1)}b`, `b${head}b`, 'c', 'cb'].filter(takes)).toEqual([]);
  });

  it('take every union of long patterns as plain matching does', () => {
    const long = fc.string({ unit: fc.constantFrom('a', 'a', 'a', 'b', '*', '?'), minLength: 10, maxLength: 40 });
    fc.assert(
      fc.property(fc.array(long, { minLength: 1, maxLength: 3 }), fc.array(word, { maxLength: 6 }), (texts, fills) => {
        const globs = texts.map(globOf);
        let fill = 0;
        const near = texts[0]!.replaceAll('?', 'c').replace(/\*/g, () => fills[fill++] ?? '');
        const machine = globMachine(globs, alphabet);
        for (const text of [near, near.slice(1), `${near}a`])
          expect(accepts(machine, alphabet, text)).toBe(globs.some((glob) => matches(glob, text)));
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    { reason: 'the rest of plain text', text: 'abc', behind: 'ab', rest: ['c'] },
    { reason: 'nothing is left', text: 'abc', behind: 'abc', rest: [''] },
    { reason: 'a star goes on', text: 'a*', behind: 'abc', rest: ['*'] },
    { reason: 'text behind a star may begin anywhere', text: 'a*bc', behind: 'ab', rest: ['*bc', 'c'] },
    { reason: 'a text that is too short', text: 'ab', behind: 'abc', rest: [] },
    { reason: 'another letter', text: 'ax*', behind: 'abc', rest: [] },
    { reason: 'letters of two code units', text: '?\u{1f600}*', behind: '\u{1f600}\u{1f600}', rest: ['*'] },
  ])('know what remains of a pattern: $reason', ({ text, behind, rest }) => {
    expect(residuals(globOf(text), behind).map(showGlob).sort()).toEqual([...rest].sort());
  });

  it('deliver topics that begin with $ to wildcards where the broker does so', () => {
    const filters = globMachine(['+/a', '#'].map(globOf), alphabetOf([globOf('$a')]));
    const own = alphabetOf([globOf('$a')]);
    const topics = (skips?: boolean) => matchedTopics(filters, own, skips);
    const takes = (machine: Machine, text: string) => accepts(machine, own, text);
    expect([topics(), topics(true), topics(false)].map((one) => takes(one, '$a/a'))).toEqual([false, false, true]);
    expect(takes(topics(), 'a/a')).toBe(true);
  });
});
