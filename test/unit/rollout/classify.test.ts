import { describe, expect, test } from 'vitest';
import {
  attachedToItsThing,
  type PolicyDocument,
  parsePolicyValue,
  throughGroup,
} from '../../../operator/policy/index.ts';
import { brakeProblem, brakeWidens, classify } from '../../../operator/rollout/classify.ts';

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

describe('R16: what the brake would do to a quarantined asset', () => {
  const ARN = 'arn:aws:iot:us-east-1:123456789012';

  /** May connect under these client ids, and publish to these topics. */
  const device = (client: string, ...topics: readonly string[]): PolicyDocument =>
    document([
      { Effect: 'Allow', Action: ['iot:Connect'], Resource: [`${ARN}:client/${client}`] },
      { Effect: 'Allow', Action: ['iot:Publish'], Resource: topics.map((topic) => `${ARN}:topic/${topic}`) },
    ]);
  const document = (Statement: readonly object[]): PolicyDocument => {
    const { document: read, findings } = parsePolicyValue({ Version: '2012-10-17', Statement });
    if (!read) throw new Error(JSON.stringify(findings));
    return read;
  };
  const silence = document([{ Effect: 'Deny', Action: ['iot:*'], Resource: ['*'] }]);
  const mute = document([{ Effect: 'Deny', Action: ['iot:Publish'], Resource: [`${ARN}:topic/debug/*`] }]);
  const viaGroup = (policy: PolicyDocument) => [throughGroup(policy), attachedToItsThing];
  const OWN = '${iot:Connection.Thing.ThingName}';
  const tightened = (client: string) => ({
    before: device(client, 'telemetry', 'debug/x'),
    after: device(client, 'telemetry'),
  });

  test.each([
    {
      reason: 'nothing but the membership speaks of the quarantine: the old right would come back',
      others: [],
      client: OWN,
      widens: true,
    },
    { reason: 'a deny on the certificate bites under every client id', others: [silence], client: '*', widens: false },
    { reason: 'it denies exactly what would come back', others: [mute], client: '*', widens: false },
    { reason: 'it denies something else', others: [policy({ deny: ['other'] })], client: OWN, widens: true },
    {
      reason: 'what the group denies counts, as the certificate connects under the name of its thing alone',
      others: viaGroup(silence),
      client: OWN,
      widens: false,
    },
    {
      reason: 'under another client id, which its policies allow, the group denies nothing',
      others: viaGroup(silence),
      client: '*',
      widens: true,
    },
  ])('$reason', ({ others, client, widens }) => {
    expect(brakeWidens({ changes: [tightened(client)], others })).toBe(widens);
  });

  test('where the new documents allowed more, going back gives nothing', () => {
    const widened = { before: device(OWN, 'a'), after: device(OWN, 'a', 'b') };
    expect(brakeWidens({ changes: [widened], others: [] })).toBe(false);
  });

  test('between two flips one that is back may allow what both together deny', () => {
    const denies = { before: policy({ allow: ['x'] }), after: policy({ allow: ['y'] }) };
    const other = { before: policy({ deny: ['x'] }), after: policy({ allow: ['z'] }) };
    const beside = [device('*', 'w')];
    expect(brakeWidens({ changes: [other], others: beside })).toBe(false);
    expect(brakeWidens({ changes: [denies, other], others: beside })).toBe(true);
  });
});
