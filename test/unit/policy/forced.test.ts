import { describe, expect, it } from 'vitest';
import { forcedStretches, type Items } from '../../../operator/policy/forced.ts';
import { ANY, FOLD, matches, normalise, STAR } from '../../../operator/policy/glob.ts';
import { meetGlobs } from '../../../operator/policy/meets.ts';

const other = { key: 'w', name: 'w', fallback: undefined };
/** `$` is the variable in question, `%` another one, a capital its letter in either case. */
const items = (text: string): Items =>
  Array.from(text, (char) => {
    if (char === '*') return STAR;
    if (char === '?') return ANY;
    if (char === '$' || char === '%') return other;
    const code = char.charCodeAt(0);
    return code < 97 ? FOLD - (code + 32) : code;
  });
const show = (list: Items): string =>
  list
    .map((item) =>
      typeof item === 'object' ? '%' : item === STAR ? '*' : item === ANY ? '?' : String.fromCharCode(item),
    )
    .join('');
const stretches = (pattern: string, against: string): string[] =>
  forcedStretches(items(pattern), pattern.indexOf('$'), items(against)).map(show).sort();

describe('what a variable is forced to where its pattern meets another one', () => {
  it.each<readonly [reason: string, pattern: string, against: string, found: readonly string[]]>([
    ['the text behind a common beginning', 'a$', 'ab', ['b']],
    ['the text in front of a common end', '$b', 'ab', ['a']],
    ['with what is open left open', 'a$', 'ab*', ['b*']],
    ['a star of the other pattern may hold the whole beginning', 'a$', '*b', ['*b']],
    ['nothing where the beginnings differ', 'b$', 'ab', []],
    ['nothing where the ends differ', '$b', 'aa', []],
    ['nothing at all between', 'a$a', 'aa', ['']],
    ['nothing where beginning and end would overlap', 'aa$aa', 'aaa', []],
    ['a question mark of the other pattern takes the letter', 'a$', '?b', ['b']],
    ['a question mark of its own takes any letter', '?$', 'ab', ['b']],
    ['a letter in either case lies opposite the letter', 'a$', 'Ab', ['b']],
    ['a letter lies opposite one in either case', 'A$', 'ab', ['b']],
    ['stars around it may hold any part', '*$*', 'ab', ['', 'a', 'ab', 'b']],
    ['other variables are as open as stars', '%$', 'ab', ['', 'ab', 'b']],
    ['other variables in the stretch stay what they are', 'a$', 'a%b', ['%b']],
    ['text longer than the other pattern', 'abc$', 'ab', []],
  ])('%s: %s against %s', (_reason, pattern, against, found) => {
    expect(stretches(pattern, against)).toEqual(found);
  });

  it('leaves out no value, by trying all short ones', () => {
    const texts = (letters: readonly string[], length: number): string[] =>
      length === 0 ? [''] : ['', ...letters.flatMap((one) => texts(letters, length - 1).map((rest) => one + rest))];
    const glob = (list: Items) => normalise(list.map((item) => (typeof item === 'object' ? STAR : item)));
    const values = [...new Set(texts(['a', 'b'], 2))];
    for (const before of ['', 'a', '*', 'b*'])
      for (const behind of ['', 'a', '*'])
        for (const against of new Set(texts(['a', 'b', '*'], 3))) {
          const pattern = items(`${before}$${behind}`);
          const found = forcedStretches(pattern, before.length, items(against)).map(glob);
          for (const value of values) {
            const whole = normalise([...items(before), ...items(value), ...items(behind)] as number[]);
            const possible = (meetGlobs(whole, glob(items(against)), 100) ?? []).length > 0;
            if (possible && !found.some((one) => matches(one, value)))
              expect.fail(`${before}$${behind} against ${against}: ${JSON.stringify(value)} is left out`);
          }
        }
  });
});
