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

  it('a document far longer than AWS takes: its text is looked at, and it says that nothing else was', () => {
    const [Effect, Action] = ['Allow', 'iot:*'];
    const Statement = { Effect, Action, Resource: `${arn}topic/${'ab*c'.repeat(100_000)}` };
    const { document } = parsePolicyValue({ Version: '2012-10-17', Statement }, { name: 'huge' });
    const start = performance.now();
    const report = document === undefined ? undefined : lint(document);
    expect(report?.findings.map(({ code }) => code)).toContain('too-large');
    expect(report?.undecided).toEqual([
      expect.stringMatching(/^huge has 4\d{5} characters, .* only its text was looked at/),
    ]);
    expect(report?.deviceDefender.IOT_POLICY_OVERLY_PERMISSIVE_CHECK).toBe('undocumented');
    // Searched, it takes minutes.
    expect(performance.now() - start).toBeLessThan(15_000);
  });
});
