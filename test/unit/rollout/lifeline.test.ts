import { describe, expect, test } from 'vitest';
import { compilePolicies, defaultOptions, type PolicySet, parsePolicyValue } from '../../../operator/policy/index.ts';
import {
  type LifelineSubject,
  lifelineNeeds,
  lifelineViolations,
  mergeLifelines,
} from '../../../operator/rollout/lifeline.ts';

const ARN = 'arn:aws:iot:us-east-1:123456789012:';
const press: LifelineSubject = {
  thingName: 'press-1',
  clientId: 'press-1',
  thingTypeName: 'press',
  attributes: { site: 'north' },
  exclusive: false,
};

function set(...statements: readonly object[]): PolicySet {
  const { document } = parsePolicyValue({ Version: '2012-10-17', Statement: statements });
  if (!document) throw new Error('bad test policy');
  return compilePolicies([document], defaultOptions);
}
const allow = (action: string | readonly string[], resource: string, condition?: object) => ({
  Effect: 'Allow',
  Action: [action].flat(),
  Resource: [resource === '*' ? '*' : `${ARN}${resource}`],
  ...(condition ? { Condition: condition } : {}),
});
const connect = allow('iot:Connect', 'client/${iot:Connection.Thing.ThingName}');
const nothing = set(allow('iot:Publish', 'topic/none'));

function violated(
  after: PolicySet,
  lifeline: Parameters<typeof mergeLifelines>[0][number],
  subject = press,
): readonly string[] {
  const needs = lifelineNeeds(mergeLifelines([lifeline]), subject, defaultOptions);
  return lifelineViolations(needs, nothing, after).map((v) => `${v.need.purpose}: ${v.need.request.action}`);
}

describe('what an asset must never lose', () => {
  test('connecting as itself is in every lifeline, declared or not', () => {
    expect(violated(set(connect), undefined)).toEqual([]);
    expect(violated(set(allow('iot:Connect', 'client/other')), undefined)).toEqual(['connect: iot:Connect']);
  });

  test('a Greengrass client id makes thing variables unresolved, so a connect by thing name is none', () => {
    expect(violated(set(connect), undefined, { ...press, clientId: 'press-1#2' })).toEqual(['connect: iot:Connect']);
  });

  test('an exclusive certificate knows its thing under any client id', () => {
    const anyClient = allow('iot:Connect', 'client/*', { Bool: { 'iot:Connection.Thing.IsAttached': ['true'] } });
    expect(violated(set(anyClient), undefined, { ...press, clientId: 'x' })).toEqual(['connect: iot:Connect']);
    expect(violated(set(anyClient), undefined, { ...press, clientId: 'x', exclusive: true })).toEqual([]);
  });

  test('a will that may not be published refuses the connection itself', () => {
    expect(violated(set(connect), { willTopics: ['status/${iot:Connection.Thing.ThingName}'] })).toEqual([
      'last will: iot:Publish',
    ]);
    const will = allow('iot:Publish', 'topic/status/press-1');
    expect(violated(set(connect, will), { willTopics: ['status/${iot:Connection.Thing.ThingName}'] })).toEqual([]);
  });

  test('a persistent session has to be permitted with the connection', () => {
    const plain = allow('iot:Connect', 'client/*', {
      'ForAllValues:StringEquals': { 'iot:ConnectAttributes': ['LastWill'] },
    });
    expect(violated(set(plain), { persistentSession: true })).toEqual(['connect: iot:Connect']);
  });

  test('jobs need publish, subscribe and receive: a subscription without receive is deaf', () => {
    const jobs = [
      allow(['iot:Publish'], 'topic/$aws/things/press-1/jobs/*'),
      allow('iot:Subscribe', 'topicfilter/$aws/things/press-1/jobs/*'),
    ];
    expect(violated(set(connect, ...jobs), { jobs: true })).toEqual(['jobs: iot:Receive', 'jobs: iot:Receive']);
    expect(
      violated(set(connect, ...jobs, allow('iot:Receive', 'topic/$aws/things/press-1/jobs/*')), { jobs: true }),
    ).toEqual([]);
  });

  test('jobs need the right to report progress: a job that cannot be ended is started for ever', () => {
    const hears = [
      allow('iot:Publish', 'topic/$aws/things/press-1/jobs/get'),
      allow('iot:Publish', 'topic/$aws/things/press-1/jobs/start-next'),
      allow('iot:Subscribe', 'topicfilter/$aws/things/press-1/jobs/*'),
      allow('iot:Receive', 'topic/$aws/things/press-1/jobs/*'),
    ];
    expect(violated(set(connect, ...hears), { jobs: true })).toEqual(['jobs: iot:Publish']);
    const reports = allow('iot:Publish', 'topic/$aws/things/press-1/jobs/*/update');
    expect(violated(set(connect, reports, ...hears), { jobs: true })).toEqual([]);
  });

  test('every network that the asset connects from is asked', () => {
    const inside = allow('iot:Connect', 'client/*', { IpAddress: { 'aws:SourceIp': ['10.0.0.0/8'] } });
    expect(violated(set(inside), { sourceNetworks: ['10.1.0.0/16'] })).toEqual([]);
    expect(violated(set(inside), { sourceNetworks: ['10.1.0.0/16', '192.0.2.0/24'] })).toEqual([
      'connect: iot:Connect',
    ]);
  });

  test('all of a network is asked, not its first address', () => {
    const half = allow('iot:Connect', 'client/*', { IpAddress: { 'aws:SourceIp': ['10.1.0.0/17'] } });
    expect(violated(set(half), { sourceNetworks: ['10.1.0.0/16'] })).toEqual(['connect: iot:Connect']);
  });

  test('every client id of a pattern is asked, not one example', () => {
    const gateways = { ...press, clientId: 'gw-*' };
    expect(violated(set(allow('iot:Connect', 'client/gw-*')), undefined, gateways)).toEqual([]);
    // The example gw-any would have been let in.
    expect(violated(set(allow('iot:Connect', 'client/gw-a*')), undefined, gateways)).toEqual(['connect: iot:Connect']);
    const needs = lifelineNeeds(mergeLifelines([]), gateways, defaultOptions);
    const [found] = lifelineViolations(needs, nothing, set(allow('iot:Connect', 'client/gw-a*')));
    expect(found?.need.request.resource).toMatch(/client\/gw-/);
    expect(found?.need.request.resource).not.toMatch(/client\/gw-a/);
  });

  test('what nothing proves counts as lost at the end and as had before', () => {
    const needs = lifelineNeeds(mergeLifelines([]), { ...press, clientId: 'gw-*' }, defaultOptions);
    const everybody = set(allow('iot:Connect', 'client/*'));
    const tested = set(allow('iot:Connect', "client/${iot:ClientId}${aws:a, ''}"));
    expect(lifelineViolations(needs, nothing, everybody)).toEqual([]);
    const [atTheEnd] = lifelineViolations(needs, everybody, tested);
    expect(atTheEnd).toMatchObject({ allowedBefore: true, unproven: true });
    const [before] = lifelineViolations(needs, tested, nothing);
    expect(before?.allowedBefore).toBe(true);
    expect(before?.unproven).toBeUndefined();
  });

  test('features are asked together with the pattern', () => {
    const gateways = { ...press, clientId: 'gw-*' };
    const plain = allow('iot:Connect', 'client/gw-*', {
      'ForAllValues:StringEquals': { 'iot:ConnectAttributes': ['LastWill'] },
    });
    expect(violated(set(plain), undefined, gateways)).toEqual([]);
    expect(violated(set(plain), { persistentSession: true }, gateways)).toEqual(['connect: iot:Connect']);
    const will = allow('iot:Publish', 'topic/will/gw-*');
    expect(violated(set(plain, will), { willTopics: ['will/${iot:ClientId}'] }, gateways)).toEqual([]);
    expect(violated(set(plain), { willTopics: ['will/${iot:ClientId}'] }, gateways)).toEqual([
      'last will: iot:Publish',
    ]);
  });

  test('declared resources with wildcards are asked in whole', () => {
    const lifeline = { allow: [{ actions: ['iot:Publish'], resources: ['topic/out/*'] }] };
    expect(violated(set(connect, allow('iot:Publish', 'topic/out/*')), lifeline)).toEqual([]);
    expect(violated(set(connect, allow('iot:Publish', 'topic/out/?')), lifeline)).toEqual(['declared: iot:Publish']);
  });

  test('parts add and never take away', () => {
    const merged = mergeLifelines([{ jobs: true, willTopics: ['a'] }, { jobs: false, willTopics: ['b'] }, undefined]);
    expect(merged).toMatchObject({ jobs: true, willTopics: ['a', 'b'] });
  });
});
