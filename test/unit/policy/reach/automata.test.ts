import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Glob, globOf, matches } from '../../../../operator/policy/glob.ts';
import { isValid, validityOf } from '../../../../operator/policy/index.ts';
import { alphabetOf } from '../../../../operator/policy/reach/alphabet.ts';
import { matchedTopics } from '../../../../operator/policy/reach/delivery.ts';
import { filterMatching } from '../../../../operator/policy/reach/filters.ts';
import { globMachine, residuals } from '../../../../operator/policy/reach/globs.ts';
import { accepts, combine, lazyMachine, overlap, shortestWord } from '../../../../operator/policy/reach/machine.ts';
import { readableWord } from '../../../../operator/policy/reach/readable.ts';
import { validNames } from '../../../../operator/policy/reach/validity.ts';

const pattern = fc
  .array(fc.constantFrom('a', 'b', '/', '*', '?', '+', '#', '$'), { maxLength: 8 })
  .map((list) => list.join(''));
const word = fc
  .array(fc.constantFrom('a', 'b', 'c', '/', '+', '#', '$'), { maxLength: 8 })
  .map((list) => list.join(''));
const alphabet = alphabetOf([globOf('abc')]);

/** MQTT matching written down a second time, level by level, as AWS describes it. */
function filterTakes(filter: string, topic: string): boolean {
  const [want, have] = [filter.split('/'), topic.split('/')];
  if (topic.startsWith('$') && (want[0] === '+' || want[0] === '#')) return false;
  for (const [at, level] of want.entries()) {
    if (level === '#') return have.length > at;
    if (at >= have.length || (level !== '+' && level !== have[at])) return false;
  }
  return want.length === have.length;
}

describe('the automata', () => {
  it('agree with plain matching on unions of patterns', () => {
    fc.assert(
      fc.property(fc.array(pattern, { maxLength: 4 }), word, (patterns, text) => {
        const globs = patterns.map(globOf);
        expect(accepts(globMachine(globs, alphabet), alphabet, text)).toBe(globs.some((glob) => matches(glob, text)));
      }),
      { numRuns: 3000 },
    );
  });

  it('agree with plain matching behind a prefix that a star may swallow', () => {
    fc.assert(
      fc.property(pattern, word, word, (text, prefix, rest) => {
        const glob: Glob = globOf(text);
        const machine = globMachine(residuals(glob, prefix), alphabet);
        expect(accepts(machine, alphabet, rest)).toBe(matches(glob, prefix + rest));
      }),
      { numRuns: 3000 },
    );
  });

  it('tell states of three machines apart whose numbers read the same one behind another', () => {
    const counting = (letter: string, wanted: number) =>
      lazyMachine<number>({
        alphabet,
        start: 0,
        key: (seen) => seen,
        step: (seen, next) => (next === alphabet.index(letter.charCodeAt(0)) ? seen + 1 : seen),
        accepts: (seen) => seen === wanted,
      });
    const all = combine(alphabet, 'and', [counting('a', 1), counting('b', 11), counting('c', 0)]);
    expect(accepts(all, alphabet, `a${'b'.repeat(11)}`)).toBe(true);
    expect(accepts(all, alphabet, `${'a'.repeat(11)}b`)).toBe(false);
  });

  it('take the same topics and filters for valid as the evaluator', () => {
    const longer = fc
      .array(fc.constantFrom('a', '/', '+', '#', '$aws/rules/', 'r'), { maxLength: 9 })
      .map((list) => list.join(''));
    fc.assert(
      fc.property(fc.oneof(word, longer), (text) => {
        expect(accepts(validNames('topic', alphabet, 3), alphabet, text)).toBe(isValid(validityOf('topic', 3), text));
        expect(accepts(validNames('topicfilter', alphabet, 3), alphabet, text)).toBe(
          isValid(validityOf('topicfilter', 3), text),
        );
      }),
      { numRuns: 3000 },
    );
  });

  it.each([
    { reason: 'a beginning that breaks off counts its slashes', text: '$aws/x/1/2/3', valid: false },
    { reason: 'up to the limit', text: '$aws/x/1/2', valid: true },
    { reason: 'each slash once', text: '$aws/x', valid: true },
    { reason: 'three slashes behind the rule', text: '$aws/rules/r/1/2/3/4', valid: true },
    { reason: 'four slashes behind the rule', text: '$aws/rules/r/1/2/3/4/5', valid: false },
    { reason: 'the beginning counts as such only once', text: '$aws/rules/r/aws/rules/x/1', valid: true },
    { reason: 'and not again behind a rule', text: '$aws/rules/r/aws/rules/x/1/2', valid: false },
  ])('count the slashes of a topic: $reason', ({ text, valid }) => {
    expect(accepts(validNames('topic', alphabet, 3), alphabet, text)).toBe(valid);
    expect(isValid(validityOf('topic', 3), text)).toBe(valid);
  });

  it.each([
    { reason: 'the beginning of rules counts in a filter', text: '$aws/rules/r/1', valid: true },
    { reason: 'up to the limit', text: '$aws/rules/r/1/2', valid: false },
    { reason: 'without the dollar as well', text: 'aws/rules/r/1/2', valid: false },
  ])('count the slashes of a filter: $reason', ({ text, valid }) => {
    expect(accepts(validNames('topicfilter', alphabet, 3), alphabet, text)).toBe(valid);
  });

  it.each([
    { reason: 'the widest filter', text: '*', prefer: 'wide', filter: '#' },
    { reason: 'the topic itself', text: '*', prefer: 'narrow', filter: 'a/b' },
    { reason: 'a level as wide as it can be', text: '*b', prefer: 'wide', filter: '+/b' },
    { reason: 'a level as narrow as it can be', text: '*+', prefer: 'narrow', filter: 'a/+' },
    { reason: 'what is left', text: '*#', prefer: 'narrow', filter: 'a/#' },
  ] as const)('name $reason', ({ text, prefer, filter }) => {
    const filters = combine(alphabet, 'and', [
      globMachine([globOf(text)], alphabet),
      validNames('topicfilter', alphabet, 7),
    ]);
    expect(filterMatching(filters, alphabet, 'a/b', prefer)).toBe(filter);
  });

  it('name # for a topic of AWS where wildcards do not skip the dollar, and the topic itself where they do', () => {
    const filters = validNames('topicfilter', alphabet, 7);
    expect(filterMatching(filters, alphabet, '$a/b', 'wide', false)).toBe('#');
    expect(filterMatching(filters, alphabet, '$a/b', 'wide')).toBe('$a/#');
  });

  it('name no filter and no topic that is too long, and letters by the bytes they take', () => {
    const [a, many] = ['a'.repeat(248), 'a'.repeat(249)];
    const level = (head: string) =>
      combine(alphabet, 'and', [globMachine([globOf(`${head}/*+`)], alphabet), validNames('topicfilter', alphabet, 7)]);
    // Six empty levels: a + in place of one of them is a letter too many.
    expect(filterMatching(level(a), alphabet, `${a}///////x`, 'wide')).toBe(`${a}///////+`);
    expect(filterMatching(level(many), alphabet, `${many}///////x`, 'wide')).toBe(undefined);
    const own = alphabetOf([globOf('\u00e9ab')]);
    // A last level that is empty takes no byte, and letters beyond ASCII take two.
    const exact = combine(own, 'and', [globMachine([globOf('*')], own), validNames('topicfilter', own, 7)]);
    expect(filterMatching(exact, own, `${'a'.repeat(255)}/`, 'narrow')).toBe(`${'a'.repeat(255)}/`);
    const wide = globMachine([globOf(`${'\u00e9'.repeat(124)}/*+`)], own);
    expect(
      filterMatching(
        combine(own, 'and', [wide, validNames('topicfilter', own, 7)]),
        own,
        `${'\u00e9'.repeat(124)}///////x`,
        'wide',
      ),
    ).toBe(`${'\u00e9'.repeat(124)}///////+`);
    const topics = (text: string) =>
      combine(own, 'and', [globMachine([globOf(text)], own), validNames('topic', own, 7)]);
    const either = combine(own, 'or', [topics(`\u00e9${'b'.repeat(255)}`), topics('a'.repeat(256))]);
    expect(shortestWord(either, own, 10_000)).toEqual({ kind: 'word', word: 'a'.repeat(256) });
    expect(shortestWord(topics('a'.repeat(257)), own, 10_000)).toEqual({ kind: 'none' });
    expect(shortestWord(topics('\u00e9\u00e9'), own, 10_000)).toEqual({ kind: 'word', word: '\u00e9\u00e9' });
    const bounded = (text: string) => globMachine([globOf(text)], own, 256);
    expect(accepts(bounded(`${'?'.repeat(256)}*`), own, 'a'.repeat(256))).toBe(true);
    expect(accepts(bounded('*'), own, 'a'.repeat(257))).toBe(false);
    const without = combine(own, 'minus', [bounded('*'), globMachine([globOf('b')], own)]);
    expect([256, 257].map((length) => accepts(without, own, 'a'.repeat(length)))).toEqual([true, false]);
    const some = combine(own, 'or', [bounded('b*'), globMachine([globOf('a*')], own)]);
    expect(accepts(some, own, 'a'.repeat(257))).toBe(true);
    expect(shortestWord(overlap(topics('*'), globMachine([globOf('?'.repeat(257))], own)), own, 10_000)).toEqual({
      kind: 'none',
    });
  });

  it('name a word of few bytes rather than one of few letters', () => {
    const own = alphabetOf([], ['a', '\u{1f600}']);
    const [a, face] = ['a', '\u{1f600}'].map((char) => own.index(char.codePointAt(0)!));
    const ways: Readonly<Record<string, (letter: number) => string | undefined>> = {
      start: (letter) => (letter === face ? 'near' : letter === a ? 'on' : undefined),
      on: (letter) => (letter === a ? 'near' : undefined),
      near: (letter) => (letter === a ? 'end' : undefined),
      end: () => undefined,
    };
    const machine = lazyMachine<string>({
      alphabet: own,
      start: 'start',
      key: (state) => state,
      step: (state, letter) => ways[state]!(letter),
      accepts: (state) => state === 'end',
    });
    expect(shortestWord(machine, own, 100)).toEqual({ kind: 'word', word: 'aaa' });
    expect(shortestWord({ ...machine, maxBytes: 3 }, own, 100)).toEqual({ kind: 'word', word: 'aaa' });
    expect(shortestWord({ ...machine, maxBytes: 2 }, own, 100)).toEqual({ kind: 'none' });
  });

  it.each([
    { reason: 'a level in front of a slash', text: '*/b', word: 'x/b' },
    { reason: 'a level between slashes', text: 'a/*/b', word: 'a/x/b' },
    { reason: 'a level behind a slash', text: 'a/*', word: 'a/x' },
    { reason: 'no more levels than needed', text: '*', word: 'x' },
    { reason: 'an untidy word where there is no other', text: 'a//b', word: 'a//b' },
    { reason: 'a slash at the end where it is asked for', text: 'a/', word: 'a/' },
  ])('name a word that reads well: $reason', ({ text, word }) => {
    // The machine of tidy words is made once for an alphabet.
    const own = alphabetOf([globOf('abc')]);
    const words = combine(own, 'and', [globMachine([globOf(text)], own), validNames('topic', own, 7)]);
    expect(readableWord(words, own, 1000)).toEqual({ kind: 'word', word });
    expect(readableWord(words, own, 1000)).toEqual({ kind: 'word', word });
  });

  it('name no word of an empty language, and none where the search was given up', () => {
    expect(readableWord(globMachine([], alphabet), alphabet, 1000)).toEqual({ kind: 'none' });
    const intricate = globMachine([globOf(`*a${'?'.repeat(12)}b`)], alphabet);
    expect(readableWord(intricate, alphabet, 100)).toEqual({ kind: 'undecided' });
    const untidy = globMachine([globOf('//'), globOf(`*a${'?'.repeat(12)}b`)], alphabet);
    expect(readableWord(untidy, alphabet, 100)).toEqual({ kind: 'word', word: '//' });
  });

  it('take the same names for valid as the evaluator, character by character', () => {
    const characters = [...Array.from({ length: 128 }, (_, code) => String.fromCharCode(code)), '\u00e9'];
    const letters = alphabetOf([], characters);
    const kinds = ['client', 'thing', 'thingOrShadow', 'rolealias', 'topic', 'topicfilter'] as const;
    const shapes = (one: string) => [one, `a${one}`, `${one}b`, `a/${one}`, `a/b${one}`, `a/${one}b`, `a/b/${one}`];
    // Shadows have a bound of their own; what a letter takes in UTF-8 counts.
    const lengths = [0, 63, 64, 65, 127, 128, 129, 130, 191, 192, 193, 194, 255, 256, 257];
    const long = lengths.flatMap((length) => [
      'a'.repeat(length),
      `a/${'b'.repeat(length)}`,
      `${'a'.repeat(length)}/b`,
      `${'a'.repeat(128)}/${'b'.repeat(length)}`,
      `\u00e9${'a'.repeat(length)}`,
    ]);
    for (const kind of kinds)
      for (const text of [...long, ...characters.flatMap(shapes)])
        expect(`${kind} ${text}: ${accepts(validNames(kind, letters, 3), letters, text)}`).toBe(
          `${kind} ${text}: ${isValid(validityOf(kind, 3), text)}`,
        );
  });

  it('deliver exactly the topics that some allowed filter matches', () => {
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 5 }), word, (filters, topic) => {
        const valid = validNames('topicfilter', alphabet, 7);
        const fine = filters.filter((filter) => accepts(valid, alphabet, filter));
        const machine = matchedTopics(globMachine(fine.map(globOf), alphabet), alphabet);
        const name = topic.replace(/[+#]/g, 'c');
        expect(accepts(machine, alphabet, name)).toBe(name !== '' && fine.some((filter) => filterTakes(filter, name)));
      }),
      { numRuns: 3000 },
    );
  });

  it('name a filter that brings a topic whenever there is one', () => {
    fc.assert(
      fc.property(pattern, word, fc.constantFrom('wide' as const, 'narrow' as const), (text, topic, prefer) => {
        const name = topic.replace(/[+#]/g, 'c') || 'c';
        const filters = combine(alphabet, 'and', [
          globMachine([globOf(text)], alphabet),
          validNames('topicfilter', alphabet, 7),
        ]);
        const filter = filterMatching(filters, alphabet, name, prefer);
        expect(filter !== undefined).toBe(accepts(matchedTopics(filters, alphabet), alphabet, name));
        if (filter === undefined) return;
        expect(matches(globOf(text), filter)).toBe(true);
        expect(filterTakes(filter, name)).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });

  it('find a shared word exactly when two patterns overlap', () => {
    fc.assert(
      fc.property(pattern, pattern, (left, right) => {
        const [a, b] = [globMachine([globOf(left)], alphabet), globMachine([globOf(right)], alphabet)];
        const found = shortestWord(combine(alphabet, 'and', [a, b]), alphabet, 10_000);
        expect(shortestWord(overlap(a, b), alphabet, 10_000)).toEqual(found);
        if (found.kind === 'word')
          expect(matches(globOf(left), found.word) && matches(globOf(right), found.word)).toBe(true);
      }),
      { numRuns: 1500 },
    );
  });
});
