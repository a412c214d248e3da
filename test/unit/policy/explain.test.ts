import { describe, expect, it } from 'vitest';
import {
  compilePolicies,
  explain,
  type PolicyDocument,
  parsePolicy,
  parsePolicyValue,
  type Request,
  withDefaults,
} from '../../../operator/policy/index.ts';
import { arn, type Raw } from './words.ts';

function doc(...statements: readonly Raw[]): PolicyDocument {
  const { document, findings } = parsePolicyValue({ Version: '2012-10-17', Statement: statements });
  if (document === undefined) throw new Error(findings.map((one) => one.message).join('; '));
  return document;
}
const S = (more: Raw): Raw => ({ Effect: 'Allow', Action: 'iot:Publish', Resource: `${arn}topic/a/*`, ...more });

function explained(statements: readonly Raw[], request: Partial<Request>): readonly unknown[] {
  const { decision, by, refused, nearMisses } = explain(compilePolicies([doc(...statements)], withDefaults()), {
    action: 'iot:Publish',
    resource: `${arn}topic/a/b`,
    context: { 'iot:ClientId': 'c' },
    ...request,
  });
  const misses = nearMisses.map(
    ({ ref, effect, reason, message }) => `${ref.statement} ${effect} ${reason}: ${message}`,
  );
  return [decision, by?.statement, refused, misses];
}

describe('the sentences by which a decision is explained', () => {
  it.each<
    readonly [reason: string, statements: readonly Raw[], request: Partial<Request>, explained: readonly unknown[]]
  >([
    ['an Allow that grants', [S({})], {}, ['allowed', 0, undefined, []]],
    [
      'an action that no device has',
      [S({})],
      { action: 'iot:Fly' },
      [
        'implicitDeny',
        undefined,
        'iot:Fly is not an action of a device. Actions: iot:Connect, iot:Publish, iot:RetainPublish, iot:Receive, iot:Subscribe, iot:GetRetainedMessage, iot:ListRetainedMessages, iot:GetThingShadow, iot:UpdateThingShadow, iot:DeleteThingShadow, iot:ListNamedShadowsForThing, iotjobsdata:DescribeJobExecution, iotjobsdata:GetPendingJobExecutions, iotjobsdata:StartNextPendingJobExecution, iotjobsdata:UpdateJobExecution, iot:AssumeRoleWithCertificate, iot:SendDirectMessage, iot:DeleteConnection.',
        [],
      ],
    ],
    [
      'a resource that the action is never checked on',
      [S({})],
      { resource: `${arn}topicfilter/a/b` },
      [
        'implicitDeny',
        undefined,
        `iot:Publish is checked against ${arn}topic/…, not against ${arn}topicfilter/a/b.`,
        [`0 Allow resource: ${arn}topicfilter/a/b is outside ${arn}topic/a/*.`],
      ],
    ],
    [
      'a name that the broker refuses',
      [S({})],
      { resource: `${arn}topic/a/+` },
      ['allowed', 0, 'AWS IoT accepts no topic name "a/+".', []],
    ],
    [
      'condition',
      [S({ Condition: { StringEquals: { 'iot:ClientId': ['d', 'e'] } } })],
      {},
      [
        'implicitDeny',
        undefined,
        undefined,
        ['0 Allow condition: The condition StringEquals iot:ClientId "d" or "e" does not hold: the request has "c".'],
      ],
    ],
    [
      'condition absent',
      [S({ Condition: { StringEquals: { 'aws:K': 'd' } } })],
      {},
      [
        'implicitDeny',
        undefined,
        undefined,
        ['0 Allow condition: The condition StringEquals aws:K "d" does not hold: the key is absent.'],
      ],
    ],
    [
      'unresolved thing',
      [S({ Resource: `${arn}topic/\${iot:Connection.Thing.ThingName}` })],
      {},
      [
        'implicitDeny',
        undefined,
        undefined,
        [
          `0 Allow unresolvedVariable: \${iot:Connection.Thing.ThingName} does not resolve, so ${arn}topic/\${iot:Connection.Thing.ThingName} matches nothing: no thing is known for this connection. The certificate must be attached to the thing, and the client ID must be the thing name (unless the attachment is exclusive).`,
        ],
      ],
    ],
    [
      'unresolved attr',
      [S({ Resource: `${arn}topic/\${iot:Connection.Thing.Attributes[x]}` })],
      { context: { 'iot:ClientId': 'c', 'iot:Connection.Thing.ThingName': 'c' } },
      [
        'implicitDeny',
        undefined,
        undefined,
        [
          `0 Allow unresolvedVariable: \${iot:Connection.Thing.Attributes[x]} does not resolve, so ${arn}topic/\${iot:Connection.Thing.Attributes[x]} matches nothing: the thing has no such attribute or type.`,
        ],
      ],
    ],
    [
      'unresolved unknown',
      [S({ Resource: `${arn}topic/\${iot:Nothing}` })],
      {},
      [
        'implicitDeny',
        undefined,
        undefined,
        [
          `0 Allow unresolvedVariable: \${iot:Nothing} does not resolve, so ${arn}topic/\${iot:Nothing} matches nothing: AWS IoT documents no such variable.`,
        ],
      ],
    ],
    [
      'unresolved cert',
      [S({ Resource: `${arn}topic/\${iot:Certificate.Subject.CommonName}` })],
      {},
      [
        'implicitDeny',
        undefined,
        undefined,
        [
          `0 Allow unresolvedVariable: \${iot:Certificate.Subject.CommonName} does not resolve, so ${arn}topic/\${iot:Certificate.Subject.CommonName} matches nothing: the request does not carry it.`,
        ],
      ],
    ],
    [
      'list var',
      [S({ Resource: `${arn}topic/\${aws:K}` })],
      { context: { 'aws:K': ['a'] } },
      [
        'implicitDeny',
        undefined,
        undefined,
        [
          `0 Allow unresolvedVariable: \${aws:K} does not resolve, so ${arn}topic/\${aws:K} matches nothing: the request does not carry it.`,
        ],
      ],
    ],
    [
      'default',
      [S({ Resource: `${arn}topic/\${aws:K,'d'}` })],
      {},
      [
        'implicitDeny',
        undefined,
        undefined,
        [`0 Allow resource: ${arn}topic/a/b is outside ${arn}topic/\${aws:K,'d'}.`],
      ],
    ],
    [
      'type filter',
      [S({ Resource: `${arn}topicfilter/a/*` })],
      {},
      [
        'implicitDeny',
        undefined,
        undefined,
        [
          `0 Allow resourceType: ${arn}topicfilter/a/* would match if it named topic/…; iot:Publish is never checked on topicfilter/….`,
        ],
      ],
    ],
    [
      'type client',
      [S({ Resource: [`${arn}client/x`, `${arn}client/a/b`] })],
      {},
      [
        'implicitDeny',
        undefined,
        undefined,
        [
          `0 Allow resourceType: ${arn}client/a/b would match if it named topic/…; iot:Publish is never checked on client/….`,
        ],
      ],
    ],
    [
      'type with variable',
      [S({ Resource: `${arn}topicfilter/a/\${iot:ClientId}` })],
      { resource: `${arn}topic/a/c` },
      [
        'implicitDeny',
        undefined,
        undefined,
        [
          `0 Allow resourceType: ${arn}topicfilter/a/\${iot:ClientId} would match if it named topic/…; iot:Publish is never checked on topicfilter/….`,
        ],
      ],
    ],
    [
      'region',
      [S({ Resource: 'arn:aws:iot:eu-west-1:123456789012:topic/a/*' })],
      {},
      [
        'implicitDeny',
        undefined,
        undefined,
        [
          `0 Allow otherAccountOrRegion: arn:aws:iot:eu-west-1:123456789012:topic/a/* names another partition, region or account than ${arn}…`,
        ],
      ],
    ],
    [
      'account',
      [S({ Resource: 'arn:aws:iot:us-east-1:1:topic/a/*' })],
      {},
      [
        'implicitDeny',
        undefined,
        undefined,
        [
          `0 Allow otherAccountOrRegion: arn:aws:iot:us-east-1:1:topic/a/* names another partition, region or account than ${arn}…`,
        ],
      ],
    ],
    [
      'region other name',
      [S({ Resource: 'arn:aws:iot:eu-west-1:123456789012:topic/b/*' })],
      {},
      [
        'implicitDeny',
        undefined,
        undefined,
        [`0 Allow resource: ${arn}topic/a/b is outside arn:aws:iot:eu-west-1:123456789012:topic/b/*.`],
      ],
    ],
    [
      'mqtt',
      [S({ Resource: `${arn}topic/a/+` }), S({ Resource: `${arn}topic/#` })],
      {},
      [
        'implicitDeny',
        undefined,
        undefined,
        [
          `0 Allow mqttWildcard: + and # are plain characters in a policy; ${arn}topic/a/+ would take the request with * in their place.`,
          `1 Allow mqttWildcard: + and # are plain characters in a policy; ${arn}topic/# would take the request with * in their place.`,
        ],
      ],
    ],
    [
      'mqtt no',
      [S({ Resource: `${arn}topic/b/+` })],
      {},
      ['implicitDeny', undefined, undefined, [`0 Allow resource: ${arn}topic/a/b is outside ${arn}topic/b/+.`]],
    ],
    [
      'outside',
      [S({ Resource: [`${arn}topic/b`, `${arn}topic/c`] })],
      {},
      [
        'implicitDeny',
        undefined,
        undefined,
        [`0 Allow resource: ${arn}topic/a/b is outside ${arn}topic/b, ${arn}topic/c.`],
      ],
    ],
    [
      'not resource',
      [{ Effect: 'Allow', Action: 'iot:Publish', NotResource: `${arn}topic/a/*` }],
      {},
      [
        'implicitDeny',
        undefined,
        undefined,
        ['0 Allow resource: The resource is among those that NotResource excepts.'],
      ],
    ],
    [
      'deny',
      [
        S({}),
        S({ Effect: 'Deny' }),
        S({ Effect: 'Deny', Resource: `${arn}topic/b` }),
        S({ Resource: `${arn}topic/*` }),
      ],
      {},
      [
        'explicitDeny',
        1,
        undefined,
        [
          '0 Allow overruledByDeny: This statement allows the request, but a Deny wins over every Allow.',
          '3 Allow overruledByDeny: This statement allows the request, but a Deny wins over every Allow.',
          `2 Deny resource: ${arn}topic/a/b is outside ${arn}topic/b.`,
        ],
      ],
    ],
    [
      'deny, and a condition',
      [S({ Condition: { Bool: { 'aws:K': 'true' } } }), S({}), S({ Effect: 'Deny' })],
      {},
      [
        'explicitDeny',
        2,
        undefined,
        [
          '1 Allow overruledByDeny: This statement allows the request, but a Deny wins over every Allow.',
          '0 Allow condition: The condition Bool aws:K "true" does not hold: the key is absent.',
        ],
      ],
    ],
    ['deny second', [S({ Effect: 'Deny' }), S({ Effect: 'Deny' })], {}, ['explicitDeny', 0, undefined, []]],
    [
      'order',
      [
        S({ Resource: `${arn}topic/z` }),
        S({ Resource: 'arn:aws:iot:eu-west-1:123456789012:topic/a/*' }),
        S({ Resource: `${arn}topic/a/+` }),
        S({ Resource: `${arn}topicfilter/a/*` }),
        S({ Resource: `${arn}topic/\${iot:Connection.Thing.ThingName}` }),
        S({ Condition: { Bool: { 'aws:K': 'true' } } }),
      ],
      {},
      [
        'implicitDeny',
        undefined,
        undefined,
        [
          '5 Allow condition: The condition Bool aws:K "true" does not hold: the key is absent.',
          `4 Allow unresolvedVariable: \${iot:Connection.Thing.ThingName} does not resolve, so ${arn}topic/\${iot:Connection.Thing.ThingName} matches nothing: no thing is known for this connection. The certificate must be attached to the thing, and the client ID must be the thing name (unless the attachment is exclusive).`,
          `3 Allow resourceType: ${arn}topicfilter/a/* would match if it named topic/…; iot:Publish is never checked on topicfilter/….`,
          `2 Allow mqttWildcard: + and # are plain characters in a policy; ${arn}topic/a/+ would take the request with * in their place.`,
          `1 Allow otherAccountOrRegion: arn:aws:iot:eu-west-1:123456789012:topic/a/* names another partition, region or account than ${arn}…`,
          `0 Allow resource: ${arn}topic/a/b is outside ${arn}topic/z.`,
        ],
      ],
    ],
    ['two that grant', [S({}), S({ Resource: `${arn}topic/*` })], {}, ['allowed', 0, undefined, []]],
    [
      'a call without a resource',
      [S({ Action: 'iot:ListRetainedMessages' })],
      { action: 'iot:ListRetainedMessages', resource: '*' },
      ['implicitDeny', undefined, undefined, [`0 Allow resource: * is outside ${arn}topic/a/*.`]],
    ],
    [
      'a call without a resource, asked on one',
      [S({ Action: 'iot:ListRetainedMessages' })],
      { action: 'iot:ListRetainedMessages', resource: `${arn}undefined` },
      ['implicitDeny', undefined, undefined, [`0 Allow resource: ${arn}undefined is outside ${arn}topic/a/*.`]],
    ],
    [
      'a resource of another kind is not taken for a name of the right one',
      [S({ Resource: `${arn}client/*` })],
      { resource: `${arn}topicfilter/a/b` },
      [
        'implicitDeny',
        undefined,
        `iot:Publish is checked against ${arn}topic/…, not against ${arn}topicfilter/a/b.`,
        [`0 Allow resource: ${arn}topicfilter/a/b is outside ${arn}client/*.`],
      ],
    ],
    [
      'a list gives way to the default',
      [S({ Resource: `${arn}topicfilter/\${aws:K,'d'}` })],
      { resource: `${arn}topic/d`, context: { 'aws:K': ['x'] } },
      [
        'implicitDeny',
        undefined,
        undefined,
        [
          `0 Allow resourceType: ${arn}topicfilter/\${aws:K,'d'} would match if it named topic/…; iot:Publish is never checked on topicfilter/….`,
        ],
      ],
    ],
    [
      'no ARN',
      [S({ Resource: ['topic/a/b', 'xarn:aws:iot:eu-west-1:123456789012:topic/a/*'] })],
      {},
      [
        'implicitDeny',
        undefined,
        undefined,
        [`0 Allow resource: ${arn}topic/a/b is outside topic/a/b, xarn:aws:iot:eu-west-1:123456789012:topic/a/*.`],
      ],
    ],
    [
      'no ARN against a resource of no type',
      [S({ Resource: 'topic/a/b' })],
      { resource: `${arn}undefined` },
      [
        'implicitDeny',
        undefined,
        `iot:Publish is checked against ${arn}topic/…, not against ${arn}undefined.`,
        [`0 Allow resource: ${arn}undefined is outside topic/a/b.`],
      ],
    ],
    ['other action', [S({ Action: 'iot:Receive' })], {}, ['implicitDeny', undefined, undefined, []]],
  ])('%s', (_reason, statements, request, expected) => {
    expect(explained(statements, request)).toEqual(expected);
  });

  it.each([
    ['iot:Publish', 'topic', 'client'],
    ['iot:Publish', 'topic', 'topicfilter'],
    ['iot:Publish', 'topic', 'thing'],
    ['iot:Publish', 'topic', 'rolealias'],
    ['iot:Subscribe', 'topicfilter', 'topic'],
  ])('%s is checked on %s, not on %s', (action, own, written) => {
    const [, , , misses] = explained([S({ Action: action, Resource: `${arn}${written}/a/*` })], {
      action,
      resource: `${arn}${own}/a/b`,
    });
    expect(misses).toEqual([
      `0 Allow resourceType: ${arn}${written}/a/* would match if it named ${own}/…; ${action} is never checked on ${written}/….`,
    ]);
  });

  it.each([
    ['iot:Connect', 'client/$x', 'AWS IoT accepts no client ID "$x".'],
    ['iot:Subscribe', 'topicfilter/a/#/b', 'AWS IoT accepts no topic filter "a/#/b".'],
    ['iot:GetThingShadow', 'thing/a b', 'AWS IoT accepts no thing or shadow name "a b".'],
    ['iotjobsdata:DescribeJobExecution', 'thing/a/b', 'AWS IoT accepts no thing name "a/b".'],
    ['iot:AssumeRoleWithCertificate', 'rolealias/a/b', 'AWS IoT accepts no role alias "a/b".'],
    ['iot:ListRetainedMessages', 'x', undefined],
  ])('%s on %s', (action, name, refused) => {
    expect(explained([S({})], { action, resource: arn + name })[2]).toBe(refused);
  });
});

describe('the places by which a decision is explained', () => {
  const source = `{"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": "iot:Publish", "Resource": "*",
     "Condition": {"Bool": {"aws:K": "true"}}},
    {"Effect": "Allow", "Action": "iot:Publish", "NotResource": "*"},
    {"Effect": "Allow", "Action": "iot:Publish", "Resource": ["${arn}topic/b",
     "${arn}topicfilter/a/b"]},
    {"Effect": "Allow", "Action": "iot:Publish", "Resource": "${arn}topic/b"}
  ]}`;
  it('are the condition, the resource, or else the statement', () => {
    const { document } = parsePolicy(source);
    if (document === undefined) throw new Error('cannot be read');
    const { nearMisses } = explain(compilePolicies([document], withDefaults()), {
      action: 'iot:Publish',
      resource: `${arn}topic/a/b`,
      context: {},
    });
    expect(nearMisses.map(({ ref, reason, at }) => `${ref.statement} ${reason} ${at?.line}:${at?.column}`)).toEqual([
      '0 condition 3:38',
      '2 resourceType 6:6',
      '1 resource 4:5',
      '3 resource 7:62',
    ]);
  });

  it('a variable is plain text in the older language version', () => {
    const foreign = 'arn:aws:iot:eu-west-1:123456789012:topic/${iot:ClientId}';
    const reason = (Version: string, name: string): string | undefined => {
      const { document } = parsePolicyValue({ Version, Statement: [S({ Resource: foreign })] });
      if (document === undefined) throw new Error('cannot be read');
      const request = { action: 'iot:Publish', resource: `${arn}topic/${name}`, context: { 'iot:ClientId': 'c' } };
      return explain(compilePolicies([document], withDefaults()), request).nearMisses[0]?.reason;
    };
    expect(reason('2012-10-17', 'c')).toBe('otherAccountOrRegion');
    expect(reason('2008-10-17', 'c')).toBe('resource');
    expect(reason('2008-10-17', '${iot:ClientId}')).toBe('otherAccountOrRegion');
  });
});
