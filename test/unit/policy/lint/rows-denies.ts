import { allow, arn, bound, deny, thing } from './build.ts';
import type { Row } from './rows.ts';

const site = '${iot:Connection.Thing.Attributes[site]}';
const subject = '${iot:Certificate.Subject.CommonName}';
const office = { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } };
const except = (effect: string, action: string, resource: string) => ({
  Effect: effect,
  Action: `iot:${action}`,
  NotResource: arn + resource,
});

/** What Denies leave open, and resources that change nothing. */
export const denyRows: readonly Row[] = [
  {
    reason: 'one of two actions finds no resource of its kind',
    statements: [bound, allow(['Publish', 'Subscribe'], `topic/${thing}/a`)],
    expect: ['wrong-resource-type@1'],
  },
  {
    reason: 'a slip is no action, but the other one still finds no resource of its kind',
    statements: [bound, allow(['Publish', 'Subscribes'], 'topicfilter/a')],
    expect: ['unknown-action@1', 'wrong-resource-type@1'],
  },
  {
    reason: 'an action that is checked on * alone, beside one that is not and by itself',
    statements: [
      bound,
      allow(['Publish', 'ListRetainedMessages'], ['topic/a', '*']),
      allow('ListRetainedMessages', ['topic/a', '*']),
    ],
    expect: ['wrong-resource-type@2', 'redundant-resource@1'],
  },
  {
    reason: 'what leaves actions or resources out is of every kind',
    statements: [
      bound,
      { Effect: 'Allow', NotAction: 'iot:Publish', Resource: `${arn}bucket/a` },
      except('Deny', 'Publish', 'client/a'),
    ],
    absent: ['wrong-resource-type'],
  },
  {
    reason: 'resources of the wrong kind beside one that has a finding of its own',
    statements: [bound, allow(['Publish', 'Receive'], ['topic/${iot:Foo}', 'client/a', 'topicfilter/a'])],
    expect: ['unknown-variable@1', 'wrong-resource-type@1'],
    absent: ['redundant-resource'],
  },
  {
    reason: 'a statement that a Deny takes away as a whole has nothing to remove, and a NotResource no resource',
    statements: [bound, allow('Publish', 'topic/a'), except('Allow', 'Publish', 'topic/a'), deny('Publish', '*')],
    expect: ['dead-allow@1'],
  },
  {
    reason: 'what is denied in one network, or for one of two actions, is not dead',
    statements: [
      bound,
      allow('Publish', ['topic/a', 'topic/b']),
      deny('Publish', 'topic/*', office),
      allow(['Subscribe', 'Receive'], ['topic/c', 'topicfilter/c']),
      deny('Receive', 'topic/c/d'),
    ],
    absent: ['dead-allow'],
  },
  {
    reason: 'another statement grants it with more actions, whatever the conditions of the first',
    statements: [
      bound,
      allow('Publish', ['topic/a', 'topic/b']),
      allow('Publish', 'topic/ab', office),
      allow(['Publish', 'RetainPublish'], 'topic/a*'),
    ],
    expect: ['redundant-resource@1', 'redundant-resource@2'],
  },
  {
    reason: 'another statement grants it with fewer actions or under a condition',
    statements: [
      bound,
      allow(['Publish', 'RetainPublish'], 'topic/a'),
      allow('Publish', 'topic/a*'),
      allow('Publish', 'topic/b'),
      allow('Publish', 'topic/b*', office),
    ],
    absent: ['redundant-resource'],
  },
  {
    reason: 'of two statements that say the same, one stays',
    statements: [bound, allow('Publish', 'topic/a'), allow('Publish', 'topic/a')],
    expect: ['redundant-resource@2'],
  },
  {
    reason: 'a statement that grants all but another resource grants this one',
    statements: [bound, allow('Publish', 'topic/a'), except('Allow', 'Publish', 'topic/b')],
    expect: ['redundant-resource@1'],
  },
  {
    reason: 'of three resources that say the same or less, the widest stays',
    statements: [bound, allow('Publish', ['topic/a', 'topic/a', 'topic/a*', 'topic/?a'])],
    expect: ['redundant-resource@1'],
  },
  {
    reason: 'wildcards of MQTT in Denies: whole levels, not parts of one',
    statements: [
      bound,
      allow('Publish', 'topic/a/*'),
      deny('Publish', ['topic/a/+/b', 'topic/a/#', 'topic/*/a/+', 'topic/a/x#', 'topic/a/b+c', 'topic/+']),
    ],
    expect: ['mqtt-wildcard-in-deny@2'],
  },
  {
    reason: 'a Deny on the topics beside it makes up for the +',
    statements: [bound, allow('Publish', 'topic/a/*'), deny('Publish', ['topic/a/+', 'topic/a/*'])],
    absent: ['mqtt-wildcard-in-deny'],
    expect: ['dead-allow@1'],
  },
  {
    reason: '+ in a Deny on filters is bypassed, and stops only that very filter',
    statements: [
      bound,
      allow('Subscribe', 'topicfilter/a/*'),
      deny('Subscribe', 'topicfilter/a/+/b'),
      allow('Receive', 'topic/a/*'),
    ],
    expect: ['deny-subscribe-bypassed@2', 'mqtt-wildcard-in-deny@2'],
  },
  {
    reason: 'what a Deny excepts, or a client ID, holds no wildcard of MQTT',
    statements: [
      bound,
      allow('Publish', 'topic/a/*'),
      except('Deny', 'Publish', 'topic/a/+'),
      deny('Connect', 'client/+'),
    ],
    absent: ['mqtt-wildcard-in-deny'],
  },
  {
    reason: 'a Deny of the filter # refuses that filter; nobody expects it to withhold what others bring',
    statements: [
      bound,
      allow('Subscribe', 'topicfilter/*'),
      deny('Subscribe', 'topicfilter/#'),
      allow('Receive', 'topic/*'),
    ],
    absent: ['deny-subscribe-bypassed'],
  },
  {
    reason: 'a Deny of one topic among patterns that refuse wildcards is bypassed by the wildcard that is left',
    statements: [
      bound,
      allow('Subscribe', 'topicfilter/a/*'),
      deny('Subscribe', ['topicfilter/*#*', 'topicfilter/a/b']),
      allow('Receive', 'topic/a/*'),
    ],
    expect: ['deny-subscribe-bypassed@2'],
  },
  {
    reason: 'a Deny under a condition is bypassed where it holds',
    statements: [
      bound,
      allow('Subscribe', 'topicfilter/a/*'),
      deny('Subscribe', 'topicfilter/a/b', office),
      allow('Receive', 'topic/a/*'),
    ],
    expect: ['deny-subscribe-bypassed@2'],
  },
  {
    reason: 'a topic that may not be received anyway needs no Deny that holds',
    statements: [
      bound,
      allow('Subscribe', 'topicfilter/a/*'),
      deny('Subscribe', 'topicfilter/a/b'),
      allow('Receive', 'topic/a/c'),
    ],
    absent: ['deny-subscribe-bypassed'],
  },
  {
    reason: 'who may receive what is not said: nothing is claimed of a Deny on filters',
    statements: [bound, allow('Subscribe', 'topicfilter/a/*'), deny('Subscribe', 'topicfilter/a/b')],
    absent: ['deny-subscribe-bypassed'],
  },
  {
    reason: 'what a Deny on filters excepts is withheld by nobody',
    statements: [
      bound,
      allow('Subscribe', 'topicfilter/a/*'),
      except('Deny', 'Subscribe', 'topicfilter/a/b'),
      allow('Receive', 'topic/a/*'),
    ],
    absent: ['deny-subscribe-bypassed'],
  },
  {
    reason: 'a certificate without that field is not denied',
    statements: [bound, allow('Publish', 'topic/c/*'), deny('Publish', `topic/c/${subject}`)],
    expect: ['deny-may-not-resolve@2'],
  },
  {
    reason: 'a thing without that attribute is not denied, by the topic or by a condition',
    statements: [
      bound,
      allow('Publish', 'topic/c/*'),
      deny('Publish', [`topic/c/${site}/*`, `topic/c/${subject}`]),
      deny('Publish', 'topic/c/*', { StringEquals: { 'iot:Certificate.Subject.CommonName': site } }),
    ],
    expect: ['deny-may-not-resolve@2', 'deny-may-not-resolve@3'],
  },
  {
    reason: 'a condition that asks for another value holds where there is none',
    statements: [
      bound,
      allow('Publish', 'topic/c/*'),
      deny('Publish', 'topic/c/*', { StringNotEquals: { 'iot:Certificate.Subject.CommonName': site } }),
    ],
    absent: ['deny-may-not-resolve'],
  },
  {
    reason: 'every device has a client ID and a certificate',
    statements: [
      bound,
      allow('Publish', 'topic/c/*'),
      deny('Publish', ['topic/c/${iot:ClientId}', 'topic/c/x${aws:SourceIp}']),
    ],
    absent: ['deny-may-not-resolve'],
  },
  {
    reason: 'a Deny that does not resolve on topics that are not allowed takes nothing away in any case',
    statements: [bound, allow('Publish', 'topic/d/*'), deny('Publish', `topic/c/${site}`)],
    absent: ['deny-may-not-resolve'],
  },
  {
    reason: 'a variable that is plain text always resolves',
    version: '2008-10-17',
    statements: [allow('Connect', 'client/a'), allow('Publish', 'topic/c/*'), deny('Publish', `topic/c/${site}`)],
    absent: ['deny-may-not-resolve'],
  },
  {
    reason: 'a call by HTTPS has no thing where the certificate has none',
    statements: [allow('GetThingShadow', 'thing/*'), deny('GetThingShadow', `thing/${thing}`)],
    expect: ['deny-may-not-resolve@1'],
  },
  {
    reason: 'an action that is checked on * alone finds none beside the resource of another',
    statements: [bound, allow(['Publish', 'ListRetainedMessages'], 'topic/a')],
    expect: ['wrong-resource-type@1'],
  },
  {
    reason: 'no more is said of actions beside a resource that has a finding of its own',
    statements: [
      bound,
      allow(['Publish', 'Subscribe'], ['topic/${iot:Foo}', 'topic/a']),
      allow(['Publish', 'Subscribe'], ['topic/<name>/x', 'topic/b']),
    ],
    expect: ['unknown-variable@1', 'placeholder@2'],
    absent: ['wrong-resource-type'],
  },
  {
    reason: 'what a statement excepts twice is no redundant resource',
    statements: [
      bound,
      { Effect: 'Allow', Action: 'iot:Publish', NotResource: [`${arn}topic/a`, `${arn}topic/a`] },
      { Effect: 'Deny', Action: 'iot:Publish', NotResource: [`${arn}topic/b`, `${arn}topic/b`] },
    ],
    absent: ['redundant-resource'],
  },
  {
    reason: 'a condition that leaves a pattern one client ID, which another statement names',
    statements: [
      allow('Connect', ['client/gate', 'client/door']),
      allow('Connect', 'client/*', { StringEquals: { 'iot:ClientId': 'gate' } }),
    ],
    expect: ['redundant-resource@1'],
  },
  {
    reason: 'one resource of another statement grants it, or grants it where ? is filled in, or it grants nothing',
    statements: [
      bound,
      allow('Publish', ['topic/a*', 'topic/b']),
      allow('Publish', 'topic/ab'),
      allow('Publish', 'topic/c?*'),
      allow('Publish', 'topic/c?'),
      allow('Publish', 'topic/'),
    ],
    expect: ['redundant-resource@2', 'redundant-resource@4', 'redundant-resource@5'],
  },
  {
    reason: 'two variables in one level: only values were tried, so nothing is called dead or redundant',
    statements: [
      bound,
      allow('Publish', `topic/a/${site}${subject}`),
      deny('Publish', 'topic/a/?*'),
      allow('Receive', ['topic/b/?*', `topic/b/${site}${subject}`]),
      allow('Subscribe', 'topicfilter/c/?*'),
      allow('Subscribe', `topicfilter/c/${site}${subject}`),
    ],
    absent: ['dead-allow', 'redundant-resource'],
  },
  {
    reason: 'two variables in one level, and a star beside them that takes in whatever they hold',
    statements: [
      bound,
      allow('Publish', `topic/a/${site}${subject}`),
      deny('Publish', 'topic/a/*'),
      allow('Receive', ['topic/b/*', `topic/b/${site}${subject}`]),
      allow('Subscribe', 'topicfilter/c/*'),
      allow('Subscribe', `topicfilter/c/${site}${subject}`),
    ],
    expect: ['dead-allow@1', 'redundant-resource@3', 'redundant-resource@5'],
  },
  {
    reason:
      'two variables in one level, and a star that holds under a condition, for other actions, or for all but some',
    statements: [
      bound,
      allow(['Publish', 'Receive'], `topic/a/${site}${subject}`),
      deny(['Publish', 'Receive'], 'topic/a/*', office),
      deny('Publish', 'topic/a/*'),
      { Effect: 'Deny', NotAction: 'iot:Publish', Resource: `${arn}topic/a/${site}*` },
      except('Deny', 'Publish', `topic/a/${site}${subject}`),
    ],
    absent: ['redundant-resource'],
  },
  {
    reason:
      'a Connect with a variable that AWS does not document: that it never resolves is taken for granted, not proven',
    statements: [allow('Connect', 'client/${iot:Foo}'), allow('Publish', 'topic/a')],
    expect: ['unknown-variable@0'],
    absent: ['missing-connect'],
  },
];
