import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parsePolicyValue } from '../../../../operator/policy/index.ts';
import { lint } from '../../../../operator/policy/lint/index.ts';
import { redundantMeansRedundant, witnessesHold } from '../../../policy/lint-properties.ts';
import { arn } from './build.ts';

// The long run of both is the area `policy-lint` of `npm run fuzz`.
describe('lint on random policies', () => {
  it('shows only requests that the evaluator allows and the broker takes', () => {
    fc.assert(witnessesHold, { numRuns: 6, seed: 20_26 });
  });

  it('calls a resource redundant only when dropping it changes no decision', () => {
    fc.assert(redundantMeansRedundant, { numRuns: 8, seed: 7 });
  });
});

describe('lint on hostile input', () => {
  const hostile = [
    ['many stars', `${arn}topic/${'a*'.repeat(300)}`],
    ['many question marks behind a star', `${arn}topicfilter/*a${'?'.repeat(120)}`],
    ['prototype keys', `${arn}topic/\${__proto__}/\${constructor}`],
    ['half a surrogate', `${arn}topic/\ud800`],
    ['an unclosed variable', `${arn}topic/\${iot:ClientId`],
  ] as const;
  it.each(hostile)('%s: an answer in bounded time', (_, text) => {
    const { document } = parsePolicyValue(
      {
        Version: '2012-10-17',
        Statement: [
          { Effect: 'Allow', Action: 'iot:*', Resource: [text, `${arn}topic/*`] },
          { Effect: 'Deny', Action: 'iot:*', Resource: text },
        ],
      },
      {},
    );
    const start = performance.now();
    const report = document === undefined ? undefined : lint(document);
    if (text.length > 100)
      expect(report?.undecided).toContain(
        'the patterns are too intricate to search through; not every rule could be checked',
      );
    expect(performance.now() - start).toBeLessThan(15_000);
  });
});
