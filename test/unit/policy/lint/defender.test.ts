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
  { reason: 'no Deny at all', statements: building, verdict: 'compliant', reasons: [] },
];

describe('the verdicts of Device Defender', () => {
  it.each(rows)('$reason', ({ statements, verdict, reasons }) => {
    const { deviceDefender } = lint(document(statements));
    expect(deviceDefender[permissive]).toBe(verdict);
    if (reasons !== undefined) expect(deviceDefender[misconfigured]).toEqual(reasons);
  });
});
