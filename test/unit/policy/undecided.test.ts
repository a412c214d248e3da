import { describe, expect, it } from 'vitest';
import { compare, parsePolicyValue } from '../../../operator/policy/index.ts';

const arn = 'arn:aws:iot:us-east-1:123456789012:';
const documentOf = (...statements: readonly object[]) => {
  const { document } = parsePolicyValue({ Version: '2012-10-17', Statement: statements });
  if (document === undefined) throw new Error('cannot be read');
  return document;
};
const connect = (Condition?: object) => ({
  Effect: 'Allow',
  Action: 'iot:Connect',
  Resource: `${arn}client/*`,
  ...(Condition === undefined ? {} : { Condition }),
});

const rows = [
  {
    reason: 'an order of client IDs cannot be said in patterns',
    before: [connect({ NumericLessThan: { 'iot:ClientId': '5' } })],
    after: [connect({ NumericLessThan: { 'iot:ClientId': '6' } })],
    options: {},
    says: [/compares the client ID.*as a number/, /Compare the client ID as text/],
  },
  {
    reason: 'the same through a value that holds the client ID',
    before: [connect({ NumericEquals: { 'iot:Certificate.SerialNumber': '${iot:ClientId}' } })],
    after: [connect({ NumericLessThan: { 'iot:Certificate.SerialNumber': '${iot:ClientId}' } })],
    options: {},
    says: [/a value built from it/, /put the condition on another key/],
  },
  {
    reason: 'the budget is used up',
    before: [{ Effect: 'Allow', Action: 'iot:Publish', Resource: `${arn}topic/*a??????????????a*` }],
    after: [{ Effect: 'Allow', Action: 'iot:Publish', Resource: `${arn}topic/*a*b*c*a*` }],
    options: { budget: 20 },
    says: [/used up its budget/, /Compare fewer documents at a time/],
  },
];

describe('a comparison without a verdict', () => {
  it.each(rows)('says why and what to do: $reason', ({ before, after, options, says }) => {
    const result = compare([documentOf(...before)], [documentOf(...after)], options);
    expect(result.verdict).toBe('undecided');
    for (const text of says) expect(result.undecidedBecause.join(' ')).toMatch(text);
  });

  it('gives no reason where there is a verdict', () => {
    const result = compare([documentOf(connect())], [documentOf(connect({ Null: { 'aws:SourceIp': 'false' } }))]);
    expect(result).toMatchObject({ verdict: 'tightens', undecidedBecause: [] });
  });

  it('gives no reason where examples in both directions settle the matter anyway', () => {
    const publish = (topic: string) => ({ Effect: 'Allow', Action: 'iot:Publish', Resource: `${arn}topic/${topic}` });
    const ordered = connect({ NumericLessThan: { 'iot:ClientId': '5' } });
    const result = compare([documentOf(publish('a'))], [documentOf(publish('b'), ordered)]);
    expect(result).toMatchObject({ verdict: 'incomparable', undecidedBecause: [] });
  });
});
