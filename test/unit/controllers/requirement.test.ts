import { describe, expect, it } from 'vitest';
import type { Device } from '../../../operator/api/device.gen.ts';
import type { Analysis } from '../../../operator/controllers/policyrollout/analysis.ts';
import { requirementOf } from '../../../operator/controllers/policyrollout/asset/requirement.ts';
import { parsePolicyValue } from '../../../operator/policy/index.ts';
import { classify } from '../../../operator/rollout/classify.ts';

const allow = (action: string, resource: string, condition?: object) => ({
  Effect: 'Allow',
  Action: `iot:${action}`,
  Resource: `arn:aws:iot:us-east-1:123456789012:${resource}`,
  ...(condition !== undefined && { Condition: condition }),
});
const documentOf = (...Statement: object[]) => parsePolicyValue({ Version: '2012-10-17', Statement }).document!;
const ordered = (bound: string) => allow('Connect', 'client/*', { NumericLessThan: { 'iot:ClientId': bound } });
const press = { metadata: { name: 'press-1' } } as Device;

describe('what has to be seen again of an asset', () => {
  const rows = [
    {
      reason: 'publishing on another topic takes no session, nor a subscription',
      before: documentOf(allow('Connect', 'client/*'), allow('Publish', 'topic/a')),
      after: documentOf(allow('Connect', 'client/*'), allow('Publish', 'topic/b')),
      expected: { newConnect: false, freshSubscribe: false, delivery: false },
    },
    {
      reason:
        'which client IDs are lost could not be said, though the verdict is certain: a new connect has to be seen',
      before: documentOf(ordered('6'), allow('Publish', 'topic/a')),
      after: documentOf(ordered('5'), allow('Publish', 'topic/b')),
      expected: { newConnect: true, freshSubscribe: false, delivery: false },
    },
    {
      reason: 'a filter that is lost',
      before: documentOf(allow('Connect', 'client/*'), allow('Subscribe', 'topicfilter/*')),
      after: documentOf(allow('Connect', 'client/*'), allow('Subscribe', 'topicfilter/a')),
      expected: { newConnect: false, freshSubscribe: true, delivery: true },
    },
  ];

  it.each(rows)('$reason', ({ before, after, expected }) => {
    const classification = classify({ changes: [{ before, after }], others: [] });
    expect(classification.uncertain).toBe(false);
    const analysis = { classification, policies: new Map() } as unknown as Analysis;
    expect(requirementOf(analysis, press, { retires: false, sessions: 'Wait' })).toMatchObject(expected);
  });
});
