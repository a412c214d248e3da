import { describe, expect, it } from 'vitest';
import type { ResourceType } from '../../../operator/policy/actions.ts';
import { anyText, isValid, thingNames, utf8Length, type Validity, validityOf } from '../../../operator/policy/valid.ts';

const after = (valid: Validity, text: string): number =>
  Array.from(text).reduce((state, char) => valid.next(state, char.codePointAt(0) ?? 0), 0);
const shown = (codes: readonly number[] | undefined): string | undefined =>
  codes?.map((code) => String.fromCodePoint(code)).join('');

describe('the names that the broker takes', () => {
  const seven = '/1/2/3/4/5/6/7';
  it.each<readonly [reason: string, type: ResourceType, text: string, taken: boolean]>([
    ['a topic', 'topic', 'a/b', true],
    ['no topic at all', 'topic', '', false],
    ['an empty level', 'topic', '/', true],
    ['a topic with +', 'topic', 'a/+', false],
    ['a topic with #', 'topic', 'a/#', false],
    ['a topic with U+0000', 'topic', 'a\0', false],
    ['eight levels', 'topic', `a${seven}`, true],
    ['nine levels', 'topic', `a${seven}/8`, false],
    ['nine levels, the first of them empty', 'topic', `${seven}/8`, false],
    ['eight levels behind a rule', 'topic', `$aws/rules/r${seven}`, true],
    ['eight levels behind a rule and one more slash', 'topic', `$aws/rules/r/0${seven}`, true],
    ['nine levels behind a rule and one more slash', 'topic', `$aws/rules/r/0${seven}/8`, false],
    ['a name of a rule that ends the topic', 'topic', '$aws/rules/r', true],
    ['nearly that name', 'topic', `$aws/rule/3/4/5/6/7`, true],
    ['nearly that name, nine levels', 'topic', '$aws/rule/3/4/5/6/7/8/9', false],
    ['that name in other letters, nine levels', 'topic', '$aws/Rules/3/4/5/6/7/8/9', false],
    ['that name behind another letter, nine levels', 'topic', 'x$aws/rules/3/4/5/6/7/8/9', false],
    ['a topic in other words, nine levels', 'topic', '$ws/rules/3/4/5/6/7/8/9', false],
    ['+ inside the name of a rule', 'topic', '$aws/rules/a+b', false],
    ['256 bytes', 'topic', 'é'.repeat(128), true],
    ['257 bytes', 'topic', `${'é'.repeat(128)}a`, false],
    ['a filter', 'topicfilter', 'a/+/b/#', true],
    ['no filter at all', 'topicfilter', '', false],
    ['# alone', 'topicfilter', '#', true],
    ['+ alone', 'topicfilter', '+', true],
    ['# with more behind it', 'topicfilter', '#/a', false],
    ['# and a letter', 'topicfilter', '#a', false],
    ['# twice', 'topicfilter', '##', false],
    ['a letter and #', 'topicfilter', 'a#', false],
    ['a letter and +', 'topicfilter', 'a+', false],
    ['+ and a letter', 'topicfilter', '+a', false],
    ['+ twice', 'topicfilter', '++', false],
    ['+ and #', 'topicfilter', '+#', false],
    ['a filter with U+0000', 'topicfilter', 'a\0', false],
    ['a filter of eight levels', 'topicfilter', `+${seven}`, true],
    ['a filter of nine levels', 'topicfilter', `+${seven}/#`, false],
    ['a filter of 256 bytes', 'topicfilter', 'é'.repeat(128), true],
    ['a filter of 257 bytes', 'topicfilter', `${'é'.repeat(128)}a`, false],
    ['a client ID of any letters', 'client', 'a b/#+é', true],
    ['no client ID', 'client', '', false],
    ['a client ID that begins with $', 'client', '$a', false],
    ['a client ID with $ inside', 'client', 'a$', true],
    ['a client ID with U+0000', 'client', 'a\0', false],
    ['a client ID of 128 bytes', 'client', 'é'.repeat(64), true],
    ['a client ID of 129 bytes', 'client', `${'é'.repeat(64)}a`, false],
    ['a thing', 'thing', 'azAZ09:_-', true],
    ['no thing', 'thing', '', false],
    ['a thing with a dot', 'thing', 'a.b', false],
    ['a thing with a slash', 'thing', 'a/b', false],
    ['a thing of 128 letters', 'thing', 'a'.repeat(128), true],
    ['a thing of 129 letters', 'thing', 'a'.repeat(129), false],
    ['a thing for its classic shadow', 'thingOrShadow', 'ab:_-', true],
    ['a thing and a shadow', 'thingOrShadow', 'ab/cd', true],
    ['a shadow with $', 'thingOrShadow', 'ab/$c$', true],
    ['a thing with $', 'thingOrShadow', '$ab/c', false],
    ['a thing without its shadow', 'thingOrShadow', 'ab/', false],
    ['a shadow without its thing', 'thingOrShadow', '/ab', false],
    ['a thing, a shadow and more', 'thingOrShadow', 'ab/cd/ef', false],
    ['no thing for a shadow', 'thingOrShadow', '', false],
    ['a shadow with a space', 'thingOrShadow', 'a/b c', false],
    ['a thing with a space', 'thingOrShadow', 'a b', false],
    ['a thing of 128 letters with a shadow of 64', 'thingOrShadow', `${'a'.repeat(128)}/${'b'.repeat(64)}`, true],
    ['one letter more', 'thingOrShadow', `${'a'.repeat(128)}/${'b'.repeat(65)}`, false],
    ['a role alias', 'rolealias', 'azAZ09_=,@-', true],
    ['no role alias', 'rolealias', '', false],
    ['a role alias with a colon', 'rolealias', 'a:b', false],
    ['a role alias of 128 letters', 'rolealias', 'a'.repeat(128), true],
    ['a role alias of 129 letters', 'rolealias', 'a'.repeat(129), false],
    ['the star of an action without a resource', 'none', '*', true],
    ['two stars', 'none', '**', false],
    ['another letter', 'none', 'a', false],
  ])('%s', (_reason, type, text, taken) => {
    expect(isValid(validityOf(type, 7), text)).toBe(taken);
  });

  it.each([
    { maxSlashes: 0, text: 'a', taken: true },
    { maxSlashes: 0, text: 'a/', taken: false },
    { maxSlashes: 1, text: '$aws/rules/r/a', taken: true },
    { maxSlashes: 1, text: '$aws/x/y', taken: false },
    { maxSlashes: 1, text: '$aws/x', taken: true },
    { maxSlashes: Number.POSITIVE_INFINITY, text: '/'.repeat(255), taken: true },
    { maxSlashes: Number.POSITIVE_INFINITY, text: '/'.repeat(256), taken: true },
    { maxSlashes: Number.POSITIVE_INFINITY, text: '/'.repeat(257), taken: false },
  ])('by the quota: $text.length letters under $maxSlashes slashes', ({ maxSlashes, text, taken }) => {
    expect(isValid(validityOf('topic', maxSlashes), text)).toBe(taken);
    if (!text.includes('$')) expect(isValid(validityOf('topicfilter', maxSlashes), text)).toBe(taken);
  });
});

describe('what the search asks of the names', () => {
  const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
  it.each<readonly [type: ResourceType, alphabet: string | undefined, bytes: number]>([
    ['topic', undefined, 256],
    ['topicfilter', undefined, 256],
    ['client', undefined, 128],
    ['thing', `${letters}:_-`, 128],
    ['thingOrShadow', `${letters}:_-/$`, 193],
    ['rolealias', `${letters}_=,@-`, 128],
    ['none', '*', 1],
  ])('%s: which letters there are, and how many', (type, alphabet, bytes) => {
    const valid = validityOf(type, 7);
    expect([shown(valid.alphabet), valid.maxBytes]).toEqual([alphabet, bytes]);
  });

  it('any text is taken, up to AWS’s limit of a document', () => {
    expect([anyText.alphabet, anyText.maxBytes]).toEqual([undefined, 2048]);
    expect([isValid(anyText, ''), isValid(anyText, 'a\0+#'), isValid(anyText, 'a'.repeat(2049))]).toEqual([
      true,
      true,
      false,
    ]);
    expect(anyText.openings(0)).toEqual([]);
    expect(after(anyText, 'ab')).toBe(0);
  });

  it('names of things are those of the action’s resources', () => {
    expect([shown(thingNames.alphabet), thingNames.maxBytes, isValid(thingNames, 'a:b')]).toEqual([
      shown(validityOf('thing', 7).alphabet),
      128,
      true,
    ]);
  });

  it.each<readonly [type: ResourceType, text: string, openings: string]>([
    ['topic', '', '$'],
    ['topic', '$', 'a'],
    ['topic', '$aws/rules', '/'],
    ['topic', '$aws/rules/', ''],
    ['topic', 'a', ''],
    ['topicfilter', '', ''],
    ['topicfilter', 'a', '/'],
    ['topicfilter', '+', '/'],
    ['topicfilter', '#', ''],
    ['topicfilter', 'a/', ''],
    ['topicfilter', 'a/b', '/'],
    ['client', 'a', ''],
    ['thing', 'a', ''],
    ['thingOrShadow', '', ''],
    ['thingOrShadow', 'a', '/'],
    ['thingOrShadow', 'a/', ''],
    ['thingOrShadow', 'a/b', ''],
    ['rolealias', 'a', ''],
  ])('%s: behind "%s" the letters "%s" lead elsewhere', (type, text, openings) => {
    const valid = validityOf(type, 7);
    expect(shown(valid.openings(after(valid, text)))).toBe(openings);
  });

  // What may follow the second may follow the first.
  it.each<readonly [reason: string, type: ResourceType, first: string, second: string, outlasts: boolean]>([
    ['as many slashes', 'topic', 'a', 'b', true],
    ['fewer slashes', 'topic', 'a', 'b/', true],
    ['more slashes', 'topic', 'a/', 'b', false],
    ['a rule may lift the limit yet', 'topic', 'a', '$aws/', false],
    ['the beginning of a rule', 'topic', '$aws/', 'a', false],
    ['inside the name of a rule', 'topic', '$aws/rules/r', 'a', false],
    ['beside the name of a rule', 'topic', 'a', '$aws/rules/r', false],
    ['behind a rule', 'topic', '$aws/rules/r/', 'a', true],
    ['inside a level', 'topicfilter', 'a', 'b/b', true],
    ['inside a level, more slashes', 'topicfilter', 'b/b', 'a', false],
    ['behind +', 'topicfilter', '+', 'a/+', true],
    ['behind + and inside a level', 'topicfilter', '+', 'a', false],
    ['inside a level and behind +', 'topicfilter', 'a', '+', false],
    ['nothing read yet', 'topicfilter', '', 'a/', false],
    ['at the start of a level', 'topicfilter', 'a/', 'b/', true],
  ])('%s: %s', (_reason, type, first, second, outlasts) => {
    const valid = validityOf(type, 7);
    expect(valid.outlasts?.(after(valid, first), after(valid, second))).toBe(outlasts);
  });

  it.each([
    [0x7f, 1],
    [0x80, 2],
    [0x7ff, 2],
    [0x800, 3],
    [0xffff, 3],
    [0x10000, 4],
  ])('%d takes %d bytes', (code, bytes) => {
    expect(utf8Length(code)).toBe(bytes);
    expect(Buffer.byteLength(String.fromCodePoint(code))).toBe(bytes);
  });
});

it('a thing of 128 letters may have a shadow behind it, and a slash is what opens it', () => {
  const names = validityOf('thingOrShadow', 7);
  expect(shown(names.openings(after(names, 'a'.repeat(128))))).toBe('/');
});
