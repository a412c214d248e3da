import { expect, it } from 'vitest';
import { coversText } from '../../../../operator/policy/lint/covers.ts';
import { templateItems } from '../../../../operator/policy/template.ts';

const items = (text: string) => templateItems(text, { variables: true, wildcards: true });

it.each([
  { reason: 'the same text', wide: 'a/${x}', narrow: 'a/${x}', covered: true },
  { reason: 'another letter', wide: 'a', narrow: 'b', covered: false },
  { reason: 'nothing, of nothing', wide: '', narrow: '', covered: true },
  { reason: 'a letter, of nothing', wide: '', narrow: 'a', covered: false },
  { reason: 'a letter more', wide: 'a', narrow: 'ab', covered: false },
  { reason: 'a letter less', wide: 'ab', narrow: 'a', covered: false },
  { reason: 'a star for nothing', wide: '*a*', narrow: 'a', covered: true },
  { reason: 'a star for two variables', wide: 'a/*', narrow: 'a/${x}${y}', covered: true },
  { reason: 'a star for another star and a question mark', wide: 'a*c', narrow: 'a?*c', covered: true },
  { reason: 'a star with letters behind it that the text lacks', wide: 'a*c', narrow: 'ab', covered: false },
  { reason: 'letters behind a star that come twice', wide: '*ab', narrow: 'aab', covered: true },
  { reason: 'letters behind a star that come before others', wide: '*abc', narrow: 'ababc', covered: true },
  { reason: 'two stars, the second of which takes the rest', wide: '*b*c', narrow: 'abxbyc', covered: true },
  { reason: 'two stars, with nothing left for the second', wide: '*b*b', narrow: 'ab', covered: false },
  { reason: 'a question mark for a letter', wide: 'a?', narrow: 'ab', covered: true },
  { reason: 'a question mark for another one', wide: '?', narrow: '?', covered: true },
  { reason: 'a question mark for a star', wide: '?', narrow: '*', covered: false },
  { reason: 'a question mark for a variable: it may hold two letters', wide: '?', narrow: '${x}', covered: false },
  { reason: 'a letter for a question mark', wide: 'a', narrow: '?', covered: false },
  { reason: 'a letter for a star', wide: 'a', narrow: '*', covered: false },
  { reason: 'a letter for a variable', wide: 'a', narrow: '${x}', covered: false },
  { reason: 'a variable for a letter', wide: '${x}', narrow: 'a', covered: false },
  { reason: 'a variable for another one', wide: '${x}', narrow: '${y}', covered: false },
  { reason: 'a variable in other letter case', wide: '${aws:K}', narrow: '${AWS:k}', covered: true },
  { reason: 'a variable with another default', wide: "${x, 'a'}", narrow: "${x, 'b'}", covered: false },
  { reason: 'a variable without the default of the other', wide: '${x}', narrow: "${x, 'b'}", covered: false },
  { reason: 'a star that is a character, of a star', wide: '${*}', narrow: '*', covered: false },
  { reason: 'a star, of one that is a character', wide: '*', narrow: '${*}', covered: true },
])('a pattern that takes in $reason: $covered', ({ wide, narrow, covered }) => {
  expect(coversText(items(wide), items(narrow))).toBe(covered);
});
