import { describe, expect, it } from 'vitest';
import { lint } from '../../../../operator/policy/lint/index.ts';
import { allow, arn, bound, deny, document, thing } from './build.ts';

const permissive = 'IOT_POLICY_OVERLY_PERMISSIVE_CHECK';
const misconfigured = 'IOT_POLICY_POTENTIAL_MISCONFIGURATION_CHECK';
const plus = 'POLICY_CONTAINS_MQTT_WILDCARDS_IN_DENY_STATEMENT';
const bypass = 'TOPIC_FILTERS_INTENDED_TO_DENY_ALLOWED_USING_WILDCARDS';

interface Row {
  readonly reason: string;
  readonly statements: readonly unknown[];
  readonly verdict: string;
  readonly reasons?: readonly string[];
}

const building = [bound, allow('Subscribe', 'topicfilter/building/*'), allow('Receive', 'topic/building/*')];

/** The examples of AWS's two pages, and neighbours on which they are silent. */
const rows: readonly Row[] = [
  { reason: 'example: client/*', statements: [allow('Connect', 'client/*')], verdict: 'noncompliant' },
  {
    reason: 'example: the client ID as variable',
    statements: [allow('Connect', 'client/${iot:ClientId}')],
    verdict: 'noncompliant',
  },
  {
    reason: 'example: the same, attached',
    statements: [allow('Connect', 'client/${iot:ClientId}', { Bool: { 'iot:Connection.Thing.IsAttached': 'true' } })],
    verdict: 'compliant',
  },
  { reason: 'example: thing name, attached', statements: [bound], verdict: 'compliant' },
  { reason: 'silent: thing name alone', statements: [allow('Connect', `client/${thing}`)], verdict: 'undocumented' },
  { reason: 'silent: a prefix', statements: [allow('Connect', 'client/sensor-*')], verdict: 'undocumented' },
  {
    reason: 'silent: client/* under a condition',
    statements: [allow('Connect', 'client/*', { Bool: { 'iot:Connection.Thing.IsAttached': 'true' } })],
    verdict: 'undocumented',
  },
  ...[
    ['StringNotEquals', 'iot:ClientId', 'admin'],
    ['StringLike', 'iot:ClientId', '*'],
    ['StringEquals', 'iot:DomainName', 'x'],
  ].map(([operator, key, value]) => ({
    reason: `silent: client/* under ${operator} on ${key}`,
    statements: [allow('Connect', 'client/*', { [operator!]: { [key!]: value! } })],
    verdict: 'undocumented',
  })),
  {
    reason: 'client/* beside one by name',
    statements: [allow('Connect', ['client/a', 'client/*'])],
    verdict: 'noncompliant',
  },
  {
    reason: 'silent: every client ID but one that a Deny takes back',
    statements: [allow('Connect', 'client/*'), deny('Connect', 'client/admin')],
    verdict: 'undocumented',
  },
  ...['StringEquals', 'StringEqualsIgnoreCase', 'BoolIfExists', 'ForAnyValue:StringEquals'].flatMap((operator) =>
    ['iot:ClientId', 'iot:Connection.Thing.ThingName'].map((name) => ({
      reason: `silent: ${name}, attached by ${operator}`,
      statements: [
        allow('Connect', `client/\${${name}}`, { [operator]: { 'iot:Connection.Thing.IsAttached': 'true' } }),
      ],
      verdict: 'undocumented',
    })),
  ),
  {
    reason: 'silent: thing name, for which a Deny asks for attachment',
    statements: [
      allow('Connect', `client/${thing}`),
      deny('Connect', '*', { Bool: { 'iot:Connection.Thing.IsAttached': 'false' } }),
    ],
    verdict: 'undocumented',
  },
  ...[
    { reason: 'attached or not', condition: { 'iot:Connection.Thing.IsAttached': ['true', 'false'] } },
    { reason: 'under another condition', condition: { 'iot:DomainName': 'true' } },
  ].map(({ reason, condition }) => ({
    reason: `silent: thing name, ${reason}`,
    statements: [allow('Connect', `client/${thing}`, { Bool: condition })],
    verdict: 'undocumented',
  })),
  {
    reason: 'silent: thing name alone, written with spaces',
    statements: [allow('Connect', 'client/${ iot:Connection.Thing.ThingName }')],
    verdict: 'undocumented',
  },
  {
    reason: 'silent: a client ID out of an attribute',
    statements: [
      allow('Connect', 'client/${iot:Connection.Thing.Attributes[name]}', {
        Bool: { 'iot:Connection.Thing.IsAttached': 'true' },
      }),
    ],
    verdict: 'undocumented',
  },
  {
    reason: 'silent: everything under a condition that no device meets, for one action or for those of things',
    statements: [
      bound,
      allow('Connect', '*', { StringEquals: { 'iot:Connection.Thing.ThingName': 'nobody' } }),
      allow('GetThingShadow', 'thing/*', { StringEquals: { 'iot:ClientId': 'nobody' } }),
    ],
    verdict: 'undocumented',
  },
  {
    reason: 'silent: client/*, of which a Deny takes one back in a network',
    statements: [
      allow('Connect', 'client/*'),
      deny('Connect', ['topic/x', 'client/admin'], { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } }),
    ],
    verdict: 'undocumented',
  },
  {
    reason: 'example: any shadow',
    statements: [bound, allow('Publish', 'topic/$aws/things/*/shadow/update')],
    verdict: 'noncompliant',
  },
  {
    reason: 'example: any reserved topic',
    statements: [bound, allow('Publish', 'topic/$aws/things/*')],
    verdict: 'noncompliant',
  },
  {
    reason: 'example: own shadow',
    statements: [bound, allow('Publish', `topic/$aws/things/${thing}/shadow/*`)],
    verdict: 'compliant',
  },
  {
    reason: 'silent: names with a common beginning',
    statements: [bound, allow('Publish', 'topic/$aws/things/sensor-*/shadow/update')],
    verdict: 'undocumented',
  },
  {
    reason: 'example: filter with #',
    statements: [bound, allow('Subscribe', 'topicfilter/$aws/things/#')],
    verdict: 'noncompliant',
  },
  {
    reason: 'example: filter with +',
    statements: [bound, allow('Subscribe', 'topicfilter/$aws/things/+/shadow/update')],
    verdict: 'noncompliant',
  },
  {
    reason: 'example: broad Receive',
    statements: [bound, allow('Receive', 'topic/$aws/things/*')],
    verdict: 'compliant',
  },
  { reason: 'example: any thing', statements: [bound, allow('UpdateThingShadow', 'thing/*')], verdict: 'noncompliant' },
  ...[
    { reason: 'any thing in one network', more: { condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } } } },
    { reason: 'any thing but some that a Deny takes back', more: { denied: 'thing/admin*' } },
  ].map(({ reason, more }) => ({
    reason: `silent: ${reason}`,
    statements: [
      bound,
      allow('UpdateThingShadow', 'thing/*', more.condition),
      ...(more.denied === undefined ? [] : [deny('UpdateThingShadow', more.denied)]),
    ],
    verdict: 'undocumented',
  })),
  {
    reason: 'silent: any reserved topic but some that a Deny takes back',
    statements: [bound, allow('Publish', 'topic/$aws/things/*'), deny('Publish', 'topic/$aws/things/admin/*')],
    verdict: 'undocumented',
  },
  ...[
    { reason: 'a network', condition: { NotIpAddress: { 'aws:SourceIp': '10.0.0.0/8' } } },
    { reason: 'a client ID that is a number', condition: { NumericEquals: { 'iot:ClientId': '5' } } },
  ].flatMap(({ reason, condition }) => [
    {
      reason: `silent: any client ID and topic, with a Deny for ${reason}`,
      statements: [allow(['Connect', 'Publish'], '*'), deny(['Connect', 'Publish'], '*', condition)],
      verdict: 'undocumented',
    },
    {
      reason: `silent: any reserved topic, with a Deny on all topics but one for ${reason}`,
      statements: [
        bound,
        allow('Publish', 'topic/*'),
        { Effect: 'Deny', Action: 'iot:Publish', NotResource: `${arn}topic/a`, Condition: condition },
      ],
      verdict: 'undocumented',
    },
  ]),
  {
    reason: 'silent: any reserved topic but those under a name out of the certificate',
    statements: [
      bound,
      allow('Publish', 'topic/*'),
      deny('Publish', 'topic/${iot:Certificate.Subject.CommonName}/things/*'),
    ],
    verdict: 'undocumented',
  },
  {
    reason: 'any reserved topic, with a Deny on others, and one on filters',
    statements: [
      bound,
      allow('Publish', 'topic/*'),
      deny('Publish', ['topic/$aws/rules/*', 'topic/secret']),
      deny('Subscribe', '*'),
    ],
    verdict: 'noncompliant',
  },
  {
    reason: 'silent: filters for reserved topics of other things that may not be received',
    statements: [
      bound,
      allow('Subscribe', 'topicfilter/$aws/things/pump?/shadow/#'),
      allow('Receive', `topic/$aws/things/${thing}/*`),
    ],
    verdict: 'undocumented',
  },
  {
    reason: 'example: two things',
    statements: [bound, allow('UpdateThingShadow', ['thing/a1', 'thing/a2'])],
    verdict: 'compliant',
  },
  {
    reason: 'example: # in a Deny',
    statements: [...building, deny('Subscribe', 'topicfilter/building/control_room/#')],
    verdict: 'compliant',
    reasons: [plus],
  },
  {
    reason: 'example: * in a Deny without Receive',
    statements: [...building, deny('Subscribe', 'topicfilter/building/control_room/*')],
    verdict: 'compliant',
    reasons: [bypass],
  },
  {
    reason: 'example: the correction',
    statements: [
      ...building,
      deny('Subscribe', 'topicfilter/building/control_room/*'),
      deny('Receive', 'topic/building/control_room/*'),
    ],
    verdict: 'compliant',
    reasons: [],
  },
  {
    reason: 'silent: the Deny names one filter',
    statements: [...building, deny('Subscribe', 'topicfilter/building/control_room')],
    verdict: 'compliant',
    reasons: ['undocumented'],
  },
  {
    reason: 'silent: Allow with NotResource',
    statements: [
      bound,
      allow('Subscribe', 'topicfilter/a/*'),
      { Effect: 'Allow', Action: 'iot:Receive', NotResource: `${arn}topic/a/b` },
    ],
    verdict: 'compliant',
    reasons: ['undocumented'],
  },
  {
    reason: 'a filter on all reserved topics, things included',
    statements: [bound, allow('Subscribe', 'topicfilter/$aws/*')],
    verdict: 'noncompliant',
  },
  ...[
    { reason: 'everything', resource: '*' },
    { reason: 'every topic', resource: 'topic/*' },
    { reason: 'all reserved topics of things', resource: 'topic/$aws/things/*' },
  ].map(({ reason, resource }) => ({
    reason: `silent: ${reason} under a condition that no device meets`,
    statements: [bound, allow('Publish', resource, { StringEquals: { 'iot:ClientId': 'nobody' } })],
    verdict: 'undocumented',
  })),
  {
    reason: 'a topic whose last level only begins like everything, under a condition that no device meets',
    statements: [bound, allow('Publish', 'topic/*/a', { StringEquals: { 'iot:ClientId': 'nobody' } })],
    verdict: 'compliant',
  },
  ...['*', '#', '+'].map((wildcard) => ({
    reason: `silent: the filter of things with ${wildcard} under a condition that no device meets`,
    statements: [
      bound,
      allow('Subscribe', `topicfilter/$aws/things/${wildcard}`, { StringEquals: { 'iot:ClientId': 'nobody' } }),
    ],
    verdict: 'undocumented',
  })),
  {
    reason: 'silent: one of two client IDs out of the certificate',
    statements: [
      bound,
      allow('Connect', [`client/${thing}`, 'client/${ iot:Certificate.Subject.CommonName }'], {
        Bool: { 'iot:Connection.Thing.IsAttached': 'true' },
      }),
    ],
    verdict: 'undocumented',
  },
  {
    reason: 'a client ID with a plain star in it is no pattern',
    statements: [allow('Connect', 'client/a${*}')],
    verdict: 'compliant',
  },
  {
    reason: 'a name out of the certificate that is not for Connect',
    statements: [bound, allow('GetPendingJobExecutions', ['thing/a', 'client/${iot:Certificate.Subject.CommonName}'])],
    verdict: 'compliant',
  },
  ...[
    { reason: 'silent: Publish on everything but', action: 'iot:Publish', verdict: 'undocumented' },
    {
      reason: 'silent: Publish and Receive on everything but',
      action: ['iot:Publish', 'iot:Receive'],
      verdict: 'undocumented',
    },
    { reason: 'silent: what begins with Receive on everything but', action: 'iot:Receive*', verdict: 'undocumented' },
    {
      reason: 'silent: an unknown action on everything but',
      action: ['iot:Receive', 'iot:Receives'],
      verdict: 'undocumented',
    },
    { reason: 'Receive on everything but', action: 'iot:Receive', verdict: 'compliant' },
  ].map(({ reason, action, verdict }) => ({
    reason: `${reason}, taken back by a Deny`,
    statements: [
      bound,
      { Effect: 'Allow', Action: action, NotResource: `${arn}topic/a` },
      deny(['Publish', 'Receive'], '*'),
    ],
    verdict,
  })),
  {
    reason: 'two flaws, in the order of their names',
    statements: [
      ...building,
      deny('Subscribe', 'topicfilter/building/control_room/*'),
      deny('Subscribe', 'topicfilter/building/cellar/#'),
    ],
    verdict: 'compliant',
    reasons: [plus, bypass],
  },
  {
    reason: 'a flaw beside what the examples are silent about',
    statements: [
      ...building,
      deny('Subscribe', 'topicfilter/building/cellar'),
      deny('Subscribe', 'topicfilter/building/control_room/*'),
    ],
    verdict: 'compliant',
    reasons: [bypass],
  },
  {
    reason: 'an attribute whose name holds a # is no wildcard',
    statements: [...building, deny('Subscribe', 'topicfilter/building/${iot:Connection.Thing.Attributes[a#b]}/*')],
    verdict: 'undocumented',
    reasons: [bypass],
  },
  {
    reason: 'a topic beside the filter',
    statements: [
      ...building,
      deny('Subscribe', ['topic/building/control_room/*', 'topicfilter/building/control_room/*']),
    ],
    verdict: 'compliant',
    reasons: [bypass],
  },
  {
    reason: 'silent: a topic where a filter is meant',
    statements: [...building, deny('Subscribe', 'topic/building/control_room/*')],
    verdict: 'compliant',
    reasons: ['undocumented'],
  },
  {
    reason: 'silent: the Deny takes back all filters',
    statements: [...building, deny('Subscribe', '*')],
    verdict: 'compliant',
    reasons: [],
  },
  {
    reason: 'silent: a Deny under a condition',
    statements: [
      ...building,
      deny('Subscribe', 'topicfilter/building/control_room/*', { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } }),
    ],
    verdict: 'compliant',
    reasons: ['undocumented'],
  },
  {
    reason: 'silent: a Subscribe in one network',
    statements: [
      bound,
      allow('Subscribe', 'topicfilter/building/*', { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } }),
      allow('Receive', 'topic/building/*'),
      deny('Subscribe', 'topicfilter/building/control_room/*'),
    ],
    verdict: 'compliant',
    reasons: ['undocumented'],
  },
  {
    reason: 'silent: a Receive that holds only for one client ID',
    statements: [
      bound,
      allow('Subscribe', 'topicfilter/building/*'),
      allow('Receive', 'topic/building/*', { StringNotEquals: { 'iot:ClientId': 'gate' } }),
      deny('Subscribe', 'topicfilter/building/control_room/*'),
    ],
    verdict: 'compliant',
    reasons: ['undocumented'],
  },
  {
    reason: 'silent: a filter with and one without a star',
    statements: [...building, deny('Subscribe', ['topicfilter/building/control_room/*', 'topicfilter/building/roof'])],
    verdict: 'compliant',
    reasons: ['undocumented'],
  },
  {
    reason: 'silent: a Subscribe that only an attached thing has',
    statements: [
      bound,
      allow('Connect', 'client/gate'),
      allow('Subscribe', `topicfilter/building/${thing}/*`),
      allow('Receive', 'topic/building/*'),
      deny('Subscribe', 'topicfilter/building/control_room/*'),
    ],
    verdict: 'compliant',
    reasons: ['undocumented'],
  },
  {
    reason: 'silent: a Deny that names nothing for clients without a thing',
    statements: [
      bound,
      allow('Connect', 'client/gate'),
      allow('Subscribe', 'topicfilter/building/*'),
      allow('Receive', 'topic/building/*/open'),
      deny('Subscribe', `topicfilter/building/${thing}/*`),
    ],
    verdict: 'undocumented',
    reasons: ['undocumented'],
  },
  {
    reason: 'silent: a topic beside what is no topic at all',
    statements: [...building, deny('Subscribe', ['topic/building/control_room/*', 'client/x'])],
    verdict: 'compliant',
    reasons: ['undocumented'],
  },
  {
    reason: 'a Deny on Subscribe that names no topic',
    statements: [...building, deny('Subscribe', 'client/x')],
    verdict: 'compliant',
    reasons: [],
  },
  {
    reason: 'nothing may be subscribed to anyway',
    statements: [bound, deny('Subscribe', 'topicfilter/a/*')],
    verdict: 'compliant',
    reasons: [],
  },
  {
    reason: 'silent: a Deny on Receive that names a part of it',
    statements: [
      ...building,
      deny('Subscribe', 'topicfilter/building/control_room/*'),
      deny('Receive', 'topic/building/control_room/x'),
    ],
    verdict: 'compliant',
    reasons: ['undocumented'],
  },
  {
    reason: 'silent: topics that no other filter brings in',
    statements: [
      bound,
      allow('Subscribe', 'topicfilter/yard/*'),
      allow('Receive', 'topic/*'),
      deny('Subscribe', 'topicfilter/building/control_room/*'),
    ],
    verdict: 'compliant',
    reasons: ['undocumented'],
  },
  {
    reason: 'topics beside the client in the statement that connects are no clients',
    statements: [
      allow(['Connect', 'Publish'], [`client/${thing}`, `topic/dt/${thing}/*`], {
        Bool: { 'iot:Connection.Thing.IsAttached': 'true' },
      }),
    ],
    verdict: 'compliant',
  },
  {
    reason: 'a client in an ARN with a wildcard in the name of the service: no example has one',
    statements: [allow('Connect', 'arn:aws:i?t:us-east-1:123456789012:client/dev1')],
    verdict: 'undocumented',
  },
  {
    reason: 'a client behind nothing that an ARN begins with',
    statements: [bound, { Effect: 'Allow', Action: 'iot:Connect', Resource: ':client/a*' }],
    verdict: 'undocumented',
  },
  {
    reason: 'a right over the account on one thing',
    statements: [bound, allow('DeleteThing', 'thing/dev1')],
    verdict: 'undocumented',
  },
  { reason: 'no Deny at all', statements: building, verdict: 'compliant', reasons: [] },
];

describe('the verdicts of Device Defender', () => {
  it.each(rows)('$reason', ({ statements, verdict, reasons }) => {
    const { deviceDefender } = lint(document(statements));
    expect(deviceDefender[permissive]).toBe(verdict);
    if (reasons !== undefined) expect(deviceDefender[misconfigured]).toEqual(reasons);
  });

  it('looks for conditions in the document of the finding', () => {
    const office = { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } };
    const documents = [
      document([allow('Receive', 'topic/a', office)]),
      document([allow('UpdateThingShadow', 'thing/*')]),
    ];
    expect(lint(documents).deviceDefender[permissive]).toBe('noncompliant');
  });
});
