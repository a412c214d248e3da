import { describe, expect, it } from 'vitest';
import {
  type ActionInfo,
  actionTable,
  actionTableVersion,
  arnTypePrefix,
  findAction,
  type ResourceType,
} from '../../../operator/policy/actions.ts';
import { variablesVersion } from '../../../operator/policy/document.ts';
import { arnPrefix, withDefaults } from '../../../operator/policy/options.ts';
import { isThingKey, keys, normaliseKey } from '../../../operator/policy/request.ts';

describe('the actions of a device', () => {
  it('are AWS’s, each with its resource, its own keys and whether it needs a session', () => {
    const line = ({ name, resource, plane, keys: own }: ActionInfo): string =>
      [name, resource, plane, ...own].join(' ');
    expect(actionTable.map(line)).toEqual([
      'iot:Connect client mqtt iot:ConnectAttributes iot:LastWillTopic',
      'iot:Publish topic mqtt',
      'iot:RetainPublish topic mqtt',
      'iot:Receive topic mqtt',
      'iot:Subscribe topicfilter mqtt',
      'iot:GetRetainedMessage topic http',
      'iot:ListRetainedMessages none http',
      'iot:GetThingShadow thingOrShadow http',
      'iot:UpdateThingShadow thingOrShadow http',
      'iot:DeleteThingShadow thingOrShadow http',
      'iot:ListNamedShadowsForThing none http',
      'iotjobsdata:DescribeJobExecution thing http',
      'iotjobsdata:GetPendingJobExecutions thing http',
      'iotjobsdata:StartNextPendingJobExecution thing http',
      'iotjobsdata:UpdateJobExecution thing http',
      'iot:AssumeRoleWithCertificate rolealias http',
      'iot:SendDirectMessage client http iot:Topic',
      'iot:DeleteConnection client http',
    ]);
    expect(actionTableVersion).toMatch(/^\d{4}-\d{2}$/);
  });

  it.each<readonly [type: ResourceType, prefix: string | undefined]>([
    ['client', 'client/'],
    ['topic', 'topic/'],
    ['topicfilter', 'topicfilter/'],
    ['thing', 'thing/'],
    ['thingOrShadow', 'thing/'],
    ['rolealias', 'rolealias/'],
    ['none', undefined],
  ])('%s stands behind %s in an ARN', (type, prefix) => {
    expect(arnTypePrefix(type)).toBe(prefix);
  });

  it.each([
    ['iot:Publish', 'iot:Publish'],
    ['IOT:PUBLISH', 'iot:Publish'],
    ['iotjobsdata:updatejobexecution', 'iotjobsdata:UpdateJobExecution'],
    ['iot:Publis', undefined],
    ['iot:Publishe', undefined],
    ['', undefined],
  ])('%s is %s', (written, name) => {
    expect(findAction(written)?.name).toBe(name);
  });
});

describe('keys of a request', () => {
  it('are spelt as AWS documents them', () => {
    expect(keys).toEqual({
      clientId: 'iot:ClientId',
      thingName: 'iot:Connection.Thing.ThingName',
      thingType: 'iot:Connection.Thing.ThingTypeName',
      isAttached: 'iot:Connection.Thing.IsAttached',
      sourceIp: 'aws:SourceIp',
      connectAttributes: 'iot:ConnectAttributes',
      lastWillTopic: 'iot:LastWillTopic',
      topic: 'iot:Topic',
    });
    expect(variablesVersion).toBe('2012-10-17');
  });

  it.each([
    ['IOT:ClientID', 'iot:clientid'],
    ['iot:Connection.Thing.Attributes[Serial]', 'iot:connection.thing.attributes[Serial]'],
    ['[A]B[C]', '[A]B[C]'],
    ['A[', 'a['],
    ['', ''],
  ])('%s is compared as %s: letter case counts in the name of an attribute alone', (key, normalised) => {
    expect(normaliseKey(key)).toBe(normalised);
  });

  it.each([
    ['iot:Connection.Thing.ThingName', true],
    ['IOT:CONNECTION.THING.Attributes[a]', true],
    ['iot:Connection.Thing', false],
    ['x-iot:Connection.Thing.ThingName', false],
    ['iot:ClientId', false],
  ])('%s hangs on the thing: %s', (key, hangs) => {
    expect(isThingKey(key)).toBe(hangs);
  });
});

describe('options', () => {
  it('have AWS’s quotas and the likeliest readings as defaults', () => {
    expect(withDefaults()).toEqual({
      account: '123456789012',
      region: 'us-east-1',
      partition: 'aws',
      exclusiveThings: true,
      maxSlashes: 7,
      budget: 1_000_000,
      preferredNames: [],
      switches: {
        actionCase: 'insensitive',
        thingNameNeedsAttachment: true,
        substitutedWildcards: 'literal',
        unresolvedNotResource: 'matchesNothing',
        starCrossesColons: true,
        questionMark: 'codePoint',
        oldVersion: 'accepted',
        notAction: 'accepted',
        sharedSubscription: 'whole',
        listResource: 'star',
        groupPoliciesForExclusive: true,
        thingVariablesOnHttps: true,
        wildcardSkipsDollar: true,
        starIncludesClientActions: true,
        negationOfList: 'noneNamed',
      },
    });
  });

  it('keep what is given, a single switch too', () => {
    const given = withDefaults({ region: 'eu-west-1', partition: 'aws-cn', switches: { oldVersion: 'refused' } });
    expect(given).toMatchObject({ region: 'eu-west-1', account: '123456789012', maxSlashes: 7 });
    expect(given.switches).toMatchObject({ oldVersion: 'refused', notAction: 'accepted' });
    expect(arnPrefix(given)).toBe('arn:aws-cn:iot:eu-west-1:123456789012:');
  });
});
