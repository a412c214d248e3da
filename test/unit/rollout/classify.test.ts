import { describe, expect, test } from 'vitest';
import { type PolicyDocument, parsePolicyValue } from '../../../operator/policy/index.ts';
import { brakeProblem, classify } from '../../../operator/rollout/classify.ts';

interface Grant {
  readonly allow?: readonly string[];
  readonly deny?: readonly string[];
}

/** A policy that allows and denies publishing to topics. */
function policy(grant: Grant): PolicyDocument {
  const statement = (Effect: string, topics: readonly string[]) => ({
    Effect,
    Action: ['iot:Publish'],
    Resource: topics.map((topic) => `arn:aws:iot:us-east-1:123456789012:topic/${topic}`),
  });
  const Statement = [
    ...(grant.allow ? [statement('Allow', grant.allow)] : []),
    ...(grant.deny ? [statement('Deny', grant.deny)] : []),
  ];
  const { document, findings } = parsePolicyValue({ Version: '2012-10-17', Statement });
  if (!document) throw new Error(JSON.stringify(findings));
  return document;
}

const rows: readonly {
  readonly reason: string;
  readonly before: Grant;
  readonly after: Grant;
  readonly others?: readonly Grant[];
  readonly want: Record<string, unknown>;
}[] = [
  {
    reason: 'less than before',
    before: { allow: ['a', 'b'] },
    after: { allow: ['a'] },
    want: { class: 'tightens', addsDeny: false, uncertain: false },
  },
  { reason: 'more than before', before: { allow: ['a'] }, after: { allow: ['a', 'b'] }, want: { class: 'widens' } },
  { reason: 'both', before: { allow: ['a'] }, after: { allow: ['b'] }, want: { class: 'mixed' } },
  {
    reason: 'the same, said differently',
    before: { allow: ['a', 'b'] },
    after: { allow: ['b', 'a'] },
    want: { class: 'equivalent', masked: false },
  },
  {
    reason: 'a new deny is a contraction when it is attached',
    before: { allow: ['*'] },
    after: { allow: ['*'], deny: ['b'] },
    want: { class: 'tightens', addsDeny: true },
  },
  {
    reason: 'another policy still allows what this one loses: masked, and no evidence of anything',
    before: { allow: ['a', 'b'] },
    after: { allow: ['a'] },
    others: [{ allow: ['*'] }],
    want: { class: 'equivalent', masked: true },
  },
  {
    reason: 'equal alone, wider beside a third: the dropped deny no longer keeps diag/secret away',
    before: { allow: ['plant/1'], deny: ['*/secret'] },
    after: { allow: ['plant/1'] },
    others: [{ allow: ['diag/*'] }],
    want: {
      class: 'widens',
      gained: [expect.objectContaining({ resource: expect.stringMatching(/topic\/diag\/secret$/) })],
    },
  },
];

describe('the class of a change', () => {
  test.each(rows)('$reason', (row) => {
    const policies = {
      changes: [{ before: policy(row.before), after: policy(row.after) }],
      others: (row.others ?? []).map(policy),
    };
    expect(classify(policies)).toMatchObject(row.want);
  });
});

describe('pulling the brake on several policies', () => {
  const change = (before: Grant, after: Grant) => ({ before: policy(before), after: policy(after) });

  test('is one act for a single policy', () => {
    expect(brakeProblem({ changes: [change({ allow: ['a'] }, { allow: ['b'] })], others: [] })).toBeUndefined();
  });

  test('is refused when a statement moves from one to the other: between the flips it could be gone', () => {
    const moved = [change({ allow: ['a', 'm'] }, { allow: ['a'] }), change({ allow: ['b'] }, { allow: ['b', 'm'] })];
    expect(brakeProblem({ changes: moved, others: [] })).toMatch(/rights move between/);
  });

  test('is fine when another policy of the asset holds the moved right all the while', () => {
    const moved = [change({ allow: ['a', 'm'] }, { allow: ['a'] }), change({ allow: ['b'] }, { allow: ['b', 'm'] })];
    expect(brakeProblem({ changes: moved, others: [policy({ allow: ['m'] })] })).toBeUndefined();
  });

  test('is fine when both only tighten', () => {
    const both = [change({ allow: ['a', 'x'] }, { allow: ['a'] }), change({ allow: ['b', 'y'] }, { allow: ['b'] })];
    expect(brakeProblem({ changes: both, others: [] })).toBeUndefined();
  });
});
