import { allow, arn, bound, deny, thing } from './build.ts';
import type { Row } from './rows.ts';

const site = '${iot:Connection.Thing.Attributes[site]}';
const office = { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } };
const outside = { NotIpAddress: { 'aws:SourceIp': '10.0.0.0/8' } };
const pumps = Array.from({ length: 25 }, (_, at) => `client/pump${at}`);
const organisation = 'iot:Certificate.Subject.Organization.List';

/** How far patterns reach, and how Publish, Subscribe and Receive fit together. */
export const patternRows: readonly Row[] = [
  {
    reason: 'a Deny of all but a few topics leaves those few: nothing like every topic',
    statements: [
      bound,
      allow('Publish', 'topic/*'),
      { Effect: 'Deny', Action: 'iot:Publish', NotResource: `${arn}topic/dt/${thing}/*` },
    ],
    absent: ['any-topic'],
  },
  {
    reason: 'every topic but a few, whatever a Deny on filters excepts',
    statements: [
      bound,
      allow('Publish', 'topic/*'),
      deny('Publish', 'topic/secret/*'),
      { Effect: 'Deny', Action: 'iot:Subscribe', NotResource: `${arn}topicfilter/a` },
    ],
    expect: ['any-topic@1'],
  },
  {
    reason: "a filter brings in what by the policy's pattern belongs to another device, whoever may receive it",
    statements: [bound, allow('Publish', `topic/acme/${thing}/up`), allow('Subscribe', 'topicfilter/acme/#')],
    expect: ['foreign-topic@2', 'missing-receive@2'],
  },
  {
    reason: "a filter marks a device's topics as a topic does",
    statements: [bound, allow('Publish', 'topic/acme/*'), allow('Subscribe', `topicfilter/acme/${thing}/#`)],
    expect: ['foreign-topic@1'],
  },
  {
    reason: "the certificate's ID marks topics as one device's own",
    statements: [
      bound,
      allow('Publish', 'topic/c/*'),
      allow('Receive', 'topic/c/${iot:CertificateId}'),
      allow('Subscribe', 'topicfilter/c/*'),
    ],
    expect: ['foreign-topic@1'],
  },
  {
    reason: "the subject's serial number and its first common name mark topics as one device's own",
    statements: [
      bound,
      allow('Publish', ['topic/c/*', 'topic/c/${iot:Certificate.Subject.SerialNumber}']),
      allow('Publish', ['topic/d/*', 'topic/d/${iot:Certificate.Subject.CommonName.1}']),
    ],
    expect: ['foreign-topic@1', 'foreign-topic@2'],
  },
  {
    reason: 'an organisation is shared by many devices',
    statements: [bound, allow('Publish', ['topic/c/*', 'topic/c/${iot:Certificate.Subject.Organization}'])],
    absent: ['foreign-topic'],
  },
  {
    reason: 'what a NotResource leaves out belongs to no device',
    statements: [
      bound,
      allow('Publish', 'topic/c/*'),
      { Effect: 'Allow', Action: 'iot:Publish', NotResource: `${arn}topic/c/${thing}` },
    ],
    absent: ['foreign-topic'],
    expect: ['allow-notresource@2'],
  },
  {
    reason: 'variables that are plain text mark nothing as own',
    version: '2008-10-17',
    statements: [allow('Connect', 'client/a'), allow('Publish', ['topic/c/*', 'topic/c/${iot:ClientId}'])],
    absent: ['foreign-topic'],
  },
  {
    reason: 'role aliases with a common beginning are not every role alias',
    statements: [allow('AssumeRoleWithCertificate', 'rolealias/cam-*')],
    absent: ['any-role-alias'],
  },
  {
    reason: 'clients with a common beginning are not named',
    statements: [bound, allow('SendDirectMessage', 'client/pump-*')],
    expect: ['direct-message-any-client@1'],
  },
  {
    reason: 'clients named one by one are meant',
    statements: [bound, allow(['SendDirectMessage', 'DeleteConnection'], ['client/gate', 'client/door'])],
    absent: ['direct-message-any-client', 'delete-any-connection'],
  },
  {
    reason: 'clients whose name begins with its own are a loose star, not any client',
    statements: [bound, allow(['SendDirectMessage', 'DeleteConnection'], `client/${thing}*`)],
    expect: ['unanchored-star@1'],
    absent: ['direct-message-any-client', 'delete-any-connection'],
  },
  {
    reason: 'one client by name and all of them by a star',
    statements: [bound, allow('DeleteConnection', ['client/gate', 'client/*'])],
    expect: ['delete-any-connection@1', 'redundant-resource@1'],
  },
  {
    reason: 'who subscribes in one network receives in it',
    statements: [
      bound,
      allow('Subscribe', 'topicfilter/a'),
      allow('Receive', 'topic/a', office),
      allow('Subscribe', 'topicfilter/b', office),
      allow('Receive', 'topic/b'),
    ],
    absent: ['missing-receive', 'missing-subscribe', 'broad-receive'],
  },
  {
    reason: 'a Receive that a Deny takes away is dead, not without a Subscribe',
    statements: [bound, allow('Subscribe', 'topicfilter/b'), allow('Receive', 'topic/a'), deny('Receive', 'topic/a')],
    expect: ['missing-receive@1', 'dead-allow@2'],
    absent: ['missing-subscribe'],
  },
  {
    reason: 'a Subscribe that a Deny takes away is dead, not without a Receive',
    statements: [
      bound,
      allow('Subscribe', 'topicfilter/b'),
      deny('Subscribe', 'topicfilter/b'),
      allow('Receive', 'topic/b'),
    ],
    expect: ['missing-subscribe@3', 'dead-allow@1'],
    absent: ['missing-receive'],
  },
  {
    reason: 'what it publishes it does not hear where it may not receive it',
    statements: [bound, allow('Publish', 'topic/a'), allow('Subscribe', 'topicfilter/a'), allow('Receive', 'topic/b')],
    absent: ['own-echo'],
  },
  {
    reason: 'retained messages by a wildcard that speaks of them',
    statements: [bound, allow('Retain*', 'topic/s')],
    expect: ['retain-without-publish@1'],
  },
  {
    reason: 'retained messages by a wildcard over everything, or by leaving them in, are not asked for',
    statements: [
      bound,
      allow('IOT:*', 'topic/s'),
      allow('*', 'topic/s'),
      deny('Publish', 'topic/s'),
      { Effect: 'Allow', NotAction: ['iot:Publish'], Resource: `${arn}topic/s` },
    ],
    absent: ['retain-without-publish'],
  },
  {
    reason: 'retained where Publish is allowed in one network: there it works',
    statements: [bound, allow('RetainPublish', 'topic/s'), allow('Publish', 'topic/s', office)],
    absent: ['retain-without-publish'],
  },
  {
    reason: 'ForAllValues under the second of two keys, written in other letter case',
    statements: [
      bound,
      allow('GetThingShadow', `thing/${thing}`, {
        'forallvalues:StringEquals': { 'iot:ConnectAttributes': ['x'], [organisation.toUpperCase()]: ['Acme'] },
      }),
    ],
    expect: ['forall-vacuous@1'],
  },
  {
    reason: 'a Deny by ForAllValues takes more away where the key is missing',
    statements: [
      bound,
      allow('Publish', 'topic/a'),
      deny('Publish', 'topic/a', { 'ForAllValues:StringEquals': { [organisation]: ['Acme'] } }),
    ],
    absent: ['forall-vacuous'],
  },
  {
    reason: 'filters that the broker refuses, in a Deny as well',
    statements: [
      bound,
      allow('Subscribe', ['topicfilter/a/+', 'topicfilter/a+b', `topicfilter/${site}/#/x`]),
      deny('Subscribe', ['topicfilter/b/#/c', 'topicfilter/b+']),
      allow('Receive', 'topic/a/*'),
    ],
    expect: ['malformed-filter@1', 'malformed-filter@2'],
  },
  {
    reason: '# in a topic that is received never matches, beside a filter of the same words that does',
    statements: [bound, allow(['Receive', 'Subscribe'], ['topic/a/#', 'topicfilter/a/#'])],
    expect: ['mqtt-wildcard-in-publish@1'],
    absent: ['malformed-filter'],
  },
  {
    reason: 'a star right behind the value of an attribute',
    statements: [bound, allow('Publish', `topic/x/${site}*`)],
    expect: ['unanchored-star@1'],
  },
  {
    reason:
      'a star right behind a name, at the beginning of a topic or in it; not behind a slash or in front of the name',
    statements: [
      allow('Connect', 'client/pump7'),
      allow('Publish', ['topic/pump7*', 'topic/x/pump7*', 'topic/y/pump7/*', 'topic/y/*pump7', 'topic/z*']),
    ],
    expect: ['unanchored-star@1'],
  },
  {
    reason: 'a star right behind a name among reserved topics shows the shadow of another thing',
    statements: [allow('Connect', 'client/pump7'), allow('Publish', 'topic/$aws/things/pump7*')],
    expect: ['unanchored-star@1', 'foreign-reserved-publish@1'],
  },
  {
    reason: 'a word with a number at its end reads like a name; a number alone does not',
    statements: [
      bound,
      allow(['Subscribe', 'Receive'], ['topicfilter/line4*', 'topic/line4*']),
      allow('Publish', ['topic/4*', 'topic/v1.x*']),
    ],
    expect: ['unanchored-star@1'],
  },
  {
    reason: 'the name of a thing that the policy spells out',
    statements: [bound, allow('GetThingShadow', 'thing/pump'), allow('Publish', ['topic/pump*', 'topic/pumps*'])],
    expect: ['unanchored-star@2'],
  },
  {
    reason: '? beside a star only asks for one character more',
    statements: [
      bound,
      allow('Subscribe', ['topicfilter/a/?*', 'topicfilter/b/*?']),
      allow('Receive', ['topic/a/*', 'topic/b/*']),
    ],
    absent: ['question-admits-mqtt-wildcard'],
  },
  {
    reason: '? as a level in the middle lets + in',
    statements: [bound, allow('Subscribe', 'topicfilter/a/?/b'), allow('Receive', 'topic/a/*')],
    expect: ['question-admits-mqtt-wildcard@1'],
  },
  {
    reason: '? lets nothing in that a Deny refuses',
    statements: [
      bound,
      allow('Subscribe', 'topicfilter/a/?'),
      deny('Subscribe', ['topicfilter/*#', 'topicfilter/*+']),
      allow('Receive', 'topic/a/*'),
    ],
    absent: ['question-admits-mqtt-wildcard'],
  },
  {
    reason: 'an attribute in the middle of a filter may hold a slash, where # would be refused',
    statements: [bound, allow('Subscribe', `topicfilter/r/a${site}/x`), allow('Receive', 'topic/r/*')],
    expect: ['attribute-may-hold-mqtt-wildcard@1'],
  },
  {
    reason: 'the type of a thing is no attribute',
    statements: [
      bound,
      allow('Subscribe', 'topicfilter/r/${iot:Connection.Thing.ThingTypeName}/x'),
      allow('Receive', 'topic/r/*'),
    ],
    absent: ['attribute-may-hold-mqtt-wildcard'],
  },
  {
    reason: 'topics with a common beginning are not every topic',
    statements: [bound, allow('Publish', 'topic/S*')],
    absent: ['any-topic'],
  },
  {
    reason: 'a Deny of all but a few topics leaves those few, whatever else is denied',
    statements: [
      bound,
      allow('Publish', 'topic/*'),
      deny('Publish', 'topic/secret/*'),
      { Effect: 'Deny', Action: 'iot:Publish', NotResource: `${arn}topic/dt/${thing}/*` },
    ],
    absent: ['any-topic'],
  },
  {
    reason: 'where nobody has a thing, nothing is said of resources that rest on one',
    statements: [
      allow('Connect', 'client/c'),
      allow('Publish', [`topic/x/${site}*`, `topic/${site}/+`]),
      allow('Subscribe', [`topicfilter/${site}/x`, `topicfilter/y/?/${site}`]),
    ],
    absent: ['unanchored-star', 'malformed-filter', 'mqtt-wildcard-in-publish', 'question-admits-mqtt-wildcard'],
  },
  {
    reason: 'a Deny whose variables are all missing is told of the one that a thing may lack',
    statements: [
      allow('Connect', ['client/*', `client/${thing}`]),
      allow('Publish', 'topic/cfg/*'),
      deny('Publish', `topic/cfg/${thing}/${site}`),
    ],
    expect: ['deny-may-not-resolve@2'],
  },
  {
    reason: 'a pattern over several kinds of resources is not judged as a filter or topic',
    statements: [bound, allow(['Publish', 'Subscribe'], 'arn:aws:iot:us-east-1:123456789012:*a+')],
    absent: ['malformed-filter', 'mqtt-wildcard-in-publish'],
  },
  {
    reason: 'a topic of more levels than AWS takes holds no wildcard',
    statements: [bound, allow('Publish', 'topic/1/2/3/4/5/6/7/8/9')],
    absent: ['mqtt-wildcard-in-publish'],
  },
  {
    reason: "the pattern that marks a device's own topics may hold a star itself",
    statements: [bound, allow('Publish', ['topic/dt/*', `topic/dt/${thing}/*`])],
    expect: ['foreign-topic@1', 'redundant-resource@1'],
  },
  {
    reason: 'where nobody has a thing, no topic belongs to the thing of another',
    statements: [allow('Connect', 'client/c'), allow('Publish', ['topic/dt/*', `topic/dt/${thing}`])],
    absent: ['foreign-topic'],
  },
  {
    reason: 'a client with a star in its name is one client, and names no others',
    statements: [bound, allow('SendDirectMessage', ['client/a${*}', 'client/a?'])],
    expect: ['direct-message-any-client@1'],
  },
  {
    reason: 'client IDs of a certain length are chosen as well',
    statements: [allow('Connect', 'client/????')],
    expect: ['any-client-id@0'],
  },
  {
    reason: 'role aliases that begin with a certain letter',
    statements: [allow('AssumeRoleWithCertificate', 'rolealias/S*')],
    absent: ['any-role-alias'],
  },
  {
    reason: 'names of one letter and a number, or with a number of several digits',
    statements: [bound, allow('Publish', ['topic/a1*', 'topic/unit-123*'])],
    expect: ['unanchored-star@1'],
  },
  {
    reason: 'a Deny of the longer names closes the star',
    statements: [bound, allow('Publish', 'topic/x/pump7*'), deny('Publish', 'topic/x/pump7?*')],
    absent: ['unanchored-star'],
  },
  {
    reason: 'a Deny of the longer names for one of two actions leaves the star open for the other',
    statements: [bound, allow(['Publish', 'Receive'], 'topic/x/pump7*'), deny('Publish', 'topic/x/pump7?*')],
    expect: ['unanchored-star@1'],
  },
  {
    reason: 'a Receive that is only as wide as what is subscribed to in one network',
    statements: [
      bound,
      allow('Subscribe', 'topicfilter/a'),
      allow('Subscribe', 'topicfilter/b', office),
      allow('Receive', ['topic/a', 'topic/b']),
    ],
    absent: ['broad-receive', 'missing-subscribe'],
  },
  {
    reason: 'an attribute in what a NotResource leaves out lets nothing in',
    statements: [bound, { Effect: 'Allow', Action: 'iot:Subscribe', NotResource: `${arn}topicfilter/r/${site}` }],
    absent: ['attribute-may-hold-mqtt-wildcard'],
  },
  {
    reason: 'a list of client IDs hides nothing that arrives, or may be retained, in one network',
    statements: [
      allow('Connect', pumps),
      allow('Subscribe', 'topicfilter/a'),
      allow('RetainPublish', 'topic/b'),
      allow(['Receive', 'Publish'], 'topic/?', office),
    ],
    absent: ['missing-receive', 'missing-subscribe', 'retain-without-publish'],
  },
  {
    reason: 'a list of client IDs hides nothing that a Deny outside a network leaves to those inside',
    statements: [
      allow('Connect', pumps),
      allow('Publish', 'topic/*'),
      allow('Subscribe', 'topicfilter/a'),
      allow('Receive', 'topic/a'),
      deny('*', '*', outside),
    ],
    expect: ['any-topic@1', 'foreign-reserved-publish@1'],
    absent: ['missing-receive', 'missing-connect'],
  },
  {
    reason: 'two Denies hide nothing from a device that both spare',
    statements: [
      bound,
      allow('Publish', 'topic/*'),
      deny('*', '*', outside),
      deny('*', '*', { StringNotEquals: { 'iot:DomainName': 'iot.example.com' } }),
    ],
    expect: ['any-topic@1'],
    absent: ['missing-connect'],
  },
  {
    reason: 'the last of many Connects, each in a network of its own, lets a device in that may publish everything',
    statements: [
      ...pumps
        .slice(0, 11)
        .map((client, at) => allow('Connect', client, { IpAddress: { 'aws:SourceIp': `10.0.${at}.0/24` } })),
      allow('Publish', 'topic/*', { StringEquals: { 'iot:ClientId': 'pump10' } }),
    ],
    expect: ['any-topic@11'],
  },
  {
    reason: 'for a device without a thing nothing is subscribed to, for one with a thing nothing arrives',
    statements: [allow('Connect', ['client/*', `client/${thing}`]), allow('Subscribe', `topicfilter/${thing}/in`)],
    expect: ['missing-receive@1'],
  },
  {
    reason: 'only a device without a thing hears itself, or reads a shadow without the key of ForAllValues',
    statements: [
      allow('Connect', ['client/*', `client/${thing}`]),
      allow(['Publish', 'Receive'], 'topic/a'),
      allow('Subscribe', 'topicfilter/a'),
      allow('GetThingShadow', 'thing/a', { 'ForAllValues:StringEquals': { [organisation]: ['Acme'] } }),
      deny(['Receive', 'GetThingShadow'], '*', { Bool: { 'iot:Connection.Thing.IsAttached': 'true' } }),
    ],
    expect: ['own-echo@1', 'forall-vacuous@3'],
  },
  {
    reason: 'a device whose certificate has the key of ForAllValues, but not that value, is shown without it',
    statements: [
      bound,
      allow('Publish', 'topic/${iot:Certificate.Subject.CommonName}'),
      allow('Publish', 'topic/a', { 'ForAllValues:StringEquals': { 'iot:Certificate.Subject.CommonName': ['x'] } }),
    ],
    expect: ['forall-vacuous@2'],
  },
  {
    reason: 'retained messages by a wildcard that only begins with a star',
    statements: [bound, allow('*tainPublish', 'topic/s')],
    expect: ['retain-without-publish@1'],
  },
  {
    reason: 'what nobody sends to the first of two clients arrives at the second, and is brought in and retained there',
    statements: [
      allow('Connect', ['client/a', 'client/b']),
      allow('Subscribe', 'topicfilter/in/${iot:ClientId}'),
      allow('Receive', 'topic/in/b'),
      allow('RetainPublish', 'topic/out/${iot:ClientId}'),
      allow('Publish', 'topic/out/b'),
    ],
    absent: ['missing-receive', 'missing-subscribe', 'retain-without-publish'],
  },
  {
    reason: 'two Denies on different things spare different networks',
    statements: [
      bound,
      allow('Publish', 'topic/*'),
      deny('Publish', '*', outside),
      allow('Subscribe', 'topicfilter/a'),
      deny('Subscribe', '*', { NotIpAddress: { 'aws:SourceIp': '192.168.0.0/16' } }),
    ],
    expect: ['any-topic@1'],
  },
  {
    reason: '? lets + and # in behind the name of the thing as well',
    statements: [bound, allow('Subscribe', `topicfilter/${thing}/?`), allow('Receive', `topic/${thing}/*`)],
    expect: ['question-admits-mqtt-wildcard@1'],
  },
  {
    reason: 'an Allow that leaves every filter out grants none, and none that is malformed',
    statements: [bound, { Effect: 'Allow', Action: 'iot:Subscribe', NotResource: `${arn}topicfilter/*` }],
    absent: ['malformed-filter'],
  },
];
