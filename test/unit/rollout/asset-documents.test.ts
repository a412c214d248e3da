import { describe, expect, test } from 'vitest';
import type { PolicyRollout } from '../../../operator/api/policyrollout.gen.ts';
import { type CarriedNames, splitSet } from '../../../operator/controllers/policyrollout/asset/documents.ts';
import type { Reader } from '../../../operator/controllers/policyrollout/policies/documents.ts';
import { parsePolicy } from '../../../operator/policy/index.ts';
import { classify } from '../../../operator/rollout/classify.ts';

const ARN = 'arn:aws:iot:us-east-1:123456789012:';
const text = (topic: string): string =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: 'iot:Publish', Resource: `${ARN}topic/${topic}` }],
  });
const documents: Readonly<Record<string, string>> = { plant: text('plant/*'), other: text('other') };
const reader: Reader = {
  document: (name) => Promise.resolve(parsePolicy(documents[name] ?? '').document),
  inherited: () => [],
};
const rollout = { spec: { policies: [] } } as unknown as PolicyRollout;
const line = (before: readonly string[], after: readonly string[], direct: CarriedNames['direct']): CarriedNames => ({
  before,
  after,
  direct,
});

async function classOf(names: CarriedNames): Promise<string | undefined> {
  const split = await splitSet({ rollout, families: [], reader }, names);
  return split === undefined ? undefined : classify(split).class;
}

describe('what counts for a certificate', () => {
  test('a policy that moves from the certificate to a group is lost under every other client id', async () => {
    const moved = line(['plant'], ['plant'], { before: ['plant'], after: [] });
    expect(await classOf(moved)).toBe('tightens');
  });

  test('a policy that moves from a group to the certificate is gained there', async () => {
    expect(await classOf(line(['plant'], ['plant'], { before: [], after: ['plant'] }))).toBe('widens');
  });

  test('a group does not hide that the certificate loses a policy, nor is it a change by itself', async () => {
    expect(await classOf(line(['other', 'plant'], ['plant'], { before: ['other'], after: [] }))).toBe('tightens');
    expect(await classOf(line(['plant', 'other'], ['plant', 'other'], { before: ['other'], after: ['other'] }))).toBe(
      'equivalent',
    );
  });

  test('a document that cannot be read leaves the set unknown', async () => {
    expect(await classOf(line(['gone'], ['gone'], { before: ['gone'], after: ['gone'] }))).toBeUndefined();
  });
});
