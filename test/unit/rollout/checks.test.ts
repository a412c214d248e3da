import { describe, expect, test } from 'vitest';
import {
  type Check,
  checkVerdict,
  checkWaits,
  fillCheck,
  judgeSeries,
  type Measurement,
  NO_MEASUREMENTS,
  tallied,
} from '../../../operator/rollout/checks.ts';

const QUESTION = {
  kind: 'prometheus',
  url: 'http://p:9090',
  query: 'up',
  atLeast: 1,
  whenEmpty: 'Inconclusive',
} as const;
const CHECK: Check = {
  name: 'up',
  question: QUESTION,
  intervalMs: 60_000,
  initialDelayMs: 0,
  fromWave: 0,
  failureLimit: 0,
  consecutiveErrorLimit: 2,
  consecutiveSuccessLimit: 1,
  dryRun: false,
};
const WORDS: Readonly<Record<string, Measurement>> = {
  g: { outcome: 'good' },
  b: { outcome: 'bad', why: 'too low' },
  e: { outcome: 'error', why: 'no answer' },
  n: { outcome: 'empty', why: 'no series' },
};
const tally = (word: string) => [...word].reduce((sum, letter) => tallied(sum, WORDS[letter]!), NO_MEASUREMENTS);

const rows: readonly (readonly [reason: string, word: string, more: Partial<Check>, verdict: string])[] = [
  ['nothing was measured', '', {}, 'inconclusive'],
  ['one good answer is enough when no more are asked for', 'g', {}, 'succeeded'],
  ['RO-09: good answers in a row', 'gg', { consecutiveSuccessLimit: 3 }, 'inconclusive'],
  ['RO-09: an error breaks the row', 'ggeg', { consecutiveSuccessLimit: 3 }, 'inconclusive'],
  ['and three of them', 'egge'.concat('ggg'), { consecutiveSuccessLimit: 3 }, 'succeeded'],
  ['RO-09: a failure fails', 'gb', {}, 'failed'],
  ['as many as are borne do not', 'gbbg', { failureLimit: 2 }, 'succeeded'],
  ['one more does', 'bbb', { failureLimit: 2 }, 'failed'],
  ['RO-09: errors are no failures, however many', 'eeeeeeeeee', {}, 'inconclusive'],
  ['RO-08: no answer is neither good nor bad', 'n', {}, 'inconclusive'],
  ['a good answer before the server went away', 'ge', {}, 'inconclusive'],
];

describe('a user’s check', () => {
  test.each(rows)('%s: %s', (_reason, word, more, verdict) => {
    expect(checkVerdict({ ...CHECK, ...more }, tally(word))).toBe(verdict);
  });

  test('says what it waits for', () => {
    expect(checkWaits(CHECK, tally(''))).toBe('has no answer yet');
    expect(checkWaits(CHECK, tally('ee'))).toBe('has no answer yet (no answer)');
    expect(checkWaits(CHECK, tally('eee'))).toBe('3 measurements in a row failed (no answer)');
  });

  test.each([
    ['each series has to be good', [1, 2], {}, 'good'],
    ['one is not', [1, 0.5], {}, 'bad'],
    ['an upper bound', [3], { atMost: 2 }, 'bad'],
    ['RO-09: NaN is no value', [Number.NaN], {}, 'empty'],
    ['nor is it beside good ones', [1, Number.NaN], {}, 'empty'],
    ['no series', [], {}, 'empty'],
    ['unless that is good', [], { whenEmpty: 'Passed' as const }, 'good'],
    ['or bad', [Number.NaN], { whenEmpty: 'Failed' as const }, 'bad'],
    ['infinity is a value', [Number.POSITIVE_INFINITY], { atMost: 2 }, 'bad'],
  ])('%s', (_reason, values, more, outcome) => {
    expect(judgeSeries({ ...QUESTION, ...more }, values).outcome).toBe(outcome);
  });

  test('names of the asset go into query and address, encoded where they have to be', () => {
    const asset = { thing: 'press:1', device: 'press-1' };
    expect(fillCheck({ ...QUESTION, query: 'up{thing="{{thing}}"}' }, asset)).toMatchObject({
      query: 'up{thing="press:1"}',
    });
    expect(fillCheck({ kind: 'http', url: 'http://h/{{thing}}?d={{device}}', status: 200 }, asset)).toMatchObject({
      url: 'http://h/press%3A1?d=press-1',
    });
  });
});
