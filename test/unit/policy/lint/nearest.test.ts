import { expect, it } from 'vitest';
import { nearest } from '../../../../operator/policy/lint/nearest.ts';

it.each([
  { reason: 'one letter too many', word: 'Subscribes', candidates: ['Publish', 'Subscribe'], wanted: 'Subscribe' },
  { reason: 'one letter missing at the end', word: 'Publis', candidates: ['Publish'], wanted: 'Publish' },
  { reason: 'two letters changed', word: 'Recaivo', candidates: ['Receive'], wanted: 'Receive' },
  { reason: 'two letters more', word: 'Receiveer', candidates: ['Receive'], wanted: 'Receive' },
  { reason: 'three letters are another word', word: 'Recaavo', candidates: ['Receive'], wanted: undefined },
  { reason: 'three letters more are another word', word: 'Receive123', candidates: ['Receive'], wanted: undefined },
  { reason: 'the last letter counts as well', word: 'Recaaves', candidates: ['Receive'], wanted: undefined },
  { reason: 'letter case is no difference', word: 'PUBLISHH', candidates: ['Publish'], wanted: 'Publish' },
  { reason: 'two are equally near', word: 'GetThin', candidates: ['GetThing', 'GetThink'], wanted: undefined },
  { reason: 'the nearer of two', word: 'Publisha', candidates: ['Publishab1', 'Publish'], wanted: 'Publish' },
  { reason: 'nothing to choose from', word: 'Publish', candidates: [], wanted: undefined },
  {
    reason: 'a text of that length is no slip',
    word: 'a'.repeat(201),
    candidates: ['a'.repeat(200)],
    wanted: undefined,
  },
  {
    reason: 'the longest that is looked at',
    word: 'a'.repeat(200),
    candidates: ['a'.repeat(199)],
    wanted: 'a'.repeat(199),
  },
])('did you mean: $reason', ({ word, candidates, wanted }) => {
  expect(nearest(word, candidates)).toBe(wanted);
});
