import { describe, expect, it } from 'vitest';
import { foldGlob } from '../../../operator/policy/conditions.ts';
import {
  ANY,
  caseVariants,
  FOLD,
  foldCase,
  type Glob,
  globOf,
  isLoneStar,
  literalGlob,
  matches,
  plainText,
  STAR,
  showGlob,
  takes,
} from '../../../operator/policy/glob.ts';
import { addLetters, coversLinearly, freshLetter } from '../../../operator/policy/letters.ts';
import { packGlobs } from '../../../operator/policy/packed.ts';
import { anyText, validityOf } from '../../../operator/policy/valid.ts';

const code = (letter: string): number => letter.codePointAt(0) ?? 0;
const either = (text: string): Glob => foldGlob(globOf(text));

describe('patterns and texts', () => {
  it.each<readonly [pattern: string, text: string, matched: boolean]>([
    ['', '', true],
    ['', 'a', false],
    ['a', '', false],
    ['a', 'ab', false],
    ['*', '', true],
    ['a*', 'a', true],
    ['a*', 'b', false],
    ['a*b', 'ab', true],
    ['a*b', 'aab', true],
    ['a*b', 'abb', true],
    ['a*b', 'aba', false],
    ['*ab', 'aab', true],
    ['*b', 'ab', true],
    ['*b', 'b', true],
    ['*a*b*', 'xaxbx', true],
    ['*a*b*', 'xbxax', false],
    ['a?', 'a', false],
    ['?', '😀', true],
    ['??', '😀', false],
    ['?b', '😀b', true],
    ['*b', '😀b', true],
    ['*😀', '😀😀', true],
    ['?a', '\uffffa', true],
    ['*a', '\uffffa', true],
    ['*aa', '\uffffaa', true],
  ])('"%s" and "%s"', (pattern, text, matched) => {
    expect(matches(globOf(pattern), text)).toBe(matched);
    expect(matches(globOf(pattern), `front/${text}`, 6)).toBe(matched);
  });

  it('half of a character beyond U+FFFF is no match for what stands alone in a pattern', () => {
    expect(matches(Int32Array.of(STAR, 0xde00), '😀')).toBe(false);
  });

  it.each<readonly [token: number, letter: string, taken: boolean]>([
    [code('a'), 'a', true],
    [code('a'), 'A', false],
    [0, '\0', true],
    [0, 'a', false],
    [ANY, 'a', true],
    [STAR, 'a', false],
    [FOLD - code('a'), 'a', true],
    [FOLD - code('a'), 'A', true],
    [FOLD - code('a'), 'b', false],
    [FOLD - code('1'), '1', true],
    [FOLD - code('é'), 'É', true],
  ])('token %s and "%s"', (token, letter, taken) => {
    expect(takes(token, code(letter))).toBe(taken);
  });

  it('a star alone is one that has nothing beside it', () => {
    expect(['*', '**', '', 'a', '?', '*a', 'a*'].filter((text) => isLoneStar(globOf(text)))).toEqual(['*', '**']);
  });

  it('patterns are shown as they are written, plain wildcards as variables, letters of either case in lower case', () => {
    expect(showGlob(globOf('a?b*'))).toBe('a?b*');
    expect(showGlob(literalGlob('a?b*😀\0'))).toBe('a${?}b${*}😀\0');
    expect(showGlob(either('aB?'))).toBe('ab?');
    expect(plainText(literalGlob('a😀'))).toBe('a😀');
  });
});

describe('letters in either case', () => {
  it.each([
    ['A', 'a'],
    ['Z', 'z'],
    ['@', '@'],
    ['[', '['],
    ['1', '1'],
    ['É', 'é'],
    ['ẞ', 'ß'],
    ['\u212a', 'k'],
    ['𐐀', '𐐨'],
  ])('%s is read as %s', (letter, lower) => {
    expect(String.fromCodePoint(foldCase(code(letter)))).toBe(lower);
  });

  it('İ, whose lower case is two letters, stays itself', () => {
    expect(foldCase(0x130)).toBe(0x130);
  });

  it('all writings of a letter are known, in every alphabet', () => {
    const writings = new Map<number, number[]>();
    for (let one = 1; one < 0x20000; one += 1) {
      const lower = foldCase(one);
      if (foldCase(lower) !== lower) throw new Error(`lower case of U+${one.toString(16)} has another lower case`);
      writings.set(lower, [...(writings.get(lower) ?? []), one]);
    }
    const wrong = [...writings].filter(
      ([lower, all]) => [...caseVariants(lower)].sort((a, b) => a - b).join() !== all.join(),
    );
    expect(wrong).toEqual([]);
    expect(caseVariants(code('k'))).toEqual([code('k'), code('K'), 0x212a]);
    expect(caseVariants(code('1'))).toEqual([code('1')]);
  });

  it('a search takes the letters that a match takes', () => {
    for (const pattern of ['ß', 'k', 'ſ', 'a', '1']) {
      const packed = packGlobs([either(pattern)]);
      for (const letter of ['ß', 'ẞ', 'S', 's', 'ſ', 'k', 'K', '\u212a', 'a', 'A', '1']) {
        const [from, to] = [new Uint32Array(packed.words), new Uint32Array(packed.words)];
        packed.start(from);
        packed.step(from, code(letter), to);
        expect([pattern, letter, packed.accepts(to)]).toEqual([pattern, letter, matches(either(pattern), letter)]);
      }
    }
  });
});

describe('the quick test for "covers"', () => {
  it.each<readonly [outer: string, inner: string, covers: boolean]>([
    ['', '', true],
    ['*', '', true],
    ['a', 'a', true],
    ['a', 'b', false],
    ['a', 'ab', false],
    ['ab', 'a', false],
    ['?', 'a', true],
    ['?', '?', true],
    ['?', '*', false],
    ['a', '?', false],
    ['a', '*', false],
    ['*', '*', true],
    ['*', '?*', true],
    ['a*', 'a', true],
    ['a*', 'ab', true],
    ['a*', 'b', false],
    ['*b', 'ab', true],
    ['*b', 'ba', false],
    ['*b*', 'abc', true],
    ['*ab', 'aab', true],
    ['a*b', 'aab', true],
    ['*b', '*b', true],
    ['*b', '?b', true],
    ['a*c', 'a*b*c', true],
    ['a*b*c', 'a*c', false],
    ['a?c', 'abc', true],
    ['ba', 'a', false],
  ])('"%s" covers "%s"', (outer, inner, covers) => {
    expect(coversLinearly(globOf(outer), globOf(inner))).toBe(covers);
  });

  it('a letter in either case covers the same and each of its cases, and is covered by neither', () => {
    expect(coversLinearly(either('a'), either('a'))).toBe(true);
    expect(coversLinearly(either('a'), either('b'))).toBe(false);
    expect(coversLinearly(either('a'), globOf('A'))).toBe(true);
    expect(coversLinearly(globOf('a'), either('a'))).toBe(false);
    expect(coversLinearly(globOf('?'), either('a'))).toBe(true);
    expect(coversLinearly(Int32Array.of(0), Int32Array.of(0))).toBe(true);
  });
});

describe('letters to try', () => {
  const fresh = (patterns: readonly Glob[], valid = anyText): string | undefined => {
    const letter = freshLetter(patterns, valid);
    return letter === undefined ? undefined : String.fromCodePoint(letter);
  };
  const readable = 'xyzabcdefghijklmnopqrstuvw0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ';

  it('the fresh one is readable, and in no pattern in either case', () => {
    expect(fresh([])).toBe('x');
    expect(fresh([globOf('x*'), globOf('?y')])).toBe('z');
    expect(fresh([either('XYZ')])).toBe('a');
    expect(
      fresh([either('abcxyz'), globOf(readable.slice(0, 26).replace(/[abcxyz]/g, '')), globOf('0123456789')]),
    ).toBe('D');
    expect(fresh([Int32Array.of(0, ANY, STAR)])).toBe('x');
  });

  it('where the readable ones are used up, it is one of another alphabet', () => {
    expect(fresh([globOf(readable)])).toBe('Ā');
    expect(fresh([globOf(`${readable}ĀāĂ`)])).toBe('ă');
  });

  it('a finite alphabet has no other letters', () => {
    expect(fresh([globOf(readable)], validityOf('thing', 7))).toBe(':');
    expect(fresh([globOf(`${readable}:_`)], validityOf('thing', 7))).toBe('-');
    expect(fresh([globOf(`${readable}:_-`)], validityOf('thing', 7))).toBeUndefined();
    expect(fresh([globOf(`${readable}:_-`)], validityOf('thingOrShadow', 7))).toBeUndefined();
    expect(fresh([], validityOf('none', 7))).toBe('*');
    expect(fresh([literalGlob('*')], validityOf('none', 7))).toBeUndefined();
  });

  it.each<readonly [token: number | undefined, letters: readonly string[]]>([
    [undefined, []],
    [ANY, []],
    [STAR, []],
    [code('a'), ['a']],
    [0, ['\0']],
    [FOLD - code('a'), ['a', 'A']],
    [FOLD, ['\0']],
  ])('token %s asks for %j', (token, letters) => {
    const out = new Set<number>();
    addLetters(out, token);
    expect([...out].map((one) => String.fromCodePoint(one))).toEqual(letters);
  });
});
