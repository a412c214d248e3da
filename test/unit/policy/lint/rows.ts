import type { RuleCode } from '../../../../operator/policy/lint/index.ts';
import { allow, arn, bound, deny, thing } from './build.ts';
import { conditionRows } from './rows-conditions.ts';
import { denyRows } from './rows-denies.ts';
import { nameRows } from './rows-names.ts';
import { patternRows } from './rows-patterns.ts';
import { textRows } from './rows-text.ts';

export interface Row {
  readonly reason: string;
  readonly statements: readonly unknown[];
  readonly version?: string;
  /** Whether things may be attached exclusively, and so connect under any client ID. */
  readonly exclusive?: boolean;
  /** `code@statement`; `-` for the document. Other findings are allowed unless `absent` names them. */
  readonly expect?: readonly string[];
  readonly absent?: readonly RuleCode[];
}

const room = '${iot:Connection.Thing.Attributes[room]}';
const client = '${iot:ClientId}';

/** Policies, each for one reason; `findings.txt` holds what lint says of each in full. */
export const rows: readonly Row[] = [
  {
    reason: 'nothing is said at all',
    statements: [],
    expect: ['no-statement@-'],
    absent: ['missing-connect'],
  },
  {
    reason: 'a slip in a Deny: its mending takes away, so it is offered',
    statements: [bound, allow('Subscribe', 'topicfilter/a/*'), deny('Subscribes', 'topicfilter/a/secret')],
    expect: ['unknown-action@2'],
  },
  {
    reason: 'a slip in a NotAction that allows: its mending takes away',
    statements: [bound, { Effect: 'Allow', NotAction: ['iot:Publisch', 'iot:Connect'], Resource: `${arn}topic/a` }],
    expect: ['unknown-action@1'],
  },
  {
    reason: 'a slip in a NotAction that denies: its mending would grant',
    statements: [bound, { Effect: 'Deny', NotAction: ['iot:Publisch', 'iot:Connect'], Resource: '*' }],
    expect: ['unknown-action@1'],
  },
  {
    reason: 'a slip in the variable of a Deny: its mending takes away',
    statements: [bound, allow('Publish', 'topic/a/*'), deny('Publish', 'topic/a/${iot:ClientID2}')],
    expect: ['unknown-variable@2'],
  },
  {
    reason: 'a slip in the variable of a NotResource that denies: its mending would grant',
    statements: [bound, { Effect: 'Deny', Action: 'iot:Publish', NotResource: `${arn}topic/a/\${iot:ClientID2}` }],
    expect: ['unknown-variable@1'],
  },
  { reason: 'any name may be taken', statements: [allow('Connect', 'client/*')], expect: ['any-client-id@0'] },
  {
    reason: 'a common prefix still leaves the choice',
    statements: [allow('Connect', 'client/sensor-*')],
    expect: ['any-client-id@0'],
    absent: ['unanchored-star'],
  },
  {
    reason: 'the client ID is what the client says',
    statements: [allow('Connect', `client/${client}`)],
    expect: ['any-client-id@0'],
  },
  {
    reason: 'NotResource leaves the choice as well',
    statements: [{ Effect: 'Allow', Action: 'iot:Connect', NotResource: `${arn}client/admin` }],
    expect: ['any-client-id@0', 'allow-notresource@0'],
  },
  {
    reason: 'a Deny that takes all client IDs back leaves none',
    statements: [allow('Connect', 'client/*'), deny('Connect', 'client/*')],
    absent: ['any-client-id'],
    expect: ['dead-allow@0'],
  },
  {
    reason: 'a condition on the client ID pins it',
    statements: [allow('Connect', 'client/*', { StringEquals: { 'iot:ClientId': 'dev7' } })],
    absent: ['any-client-id'],
  },
  {
    reason: 'a certificate field is not chosen by the client',
    statements: [allow('Connect', 'client/${iot:Certificate.Subject.CommonName}')],
    absent: ['any-client-id'],
  },
  {
    reason: 'without exclusive attachment the client ID is the thing name, so the star is idle',
    statements: [allow('Connect', `client/${thing}*`)],
    absent: ['any-client-id', 'unanchored-star'],
    expect: ['thing-not-required@0'],
  },
  {
    reason: 'any topic, any filter',
    statements: [allow(['Connect', 'Publish', 'Subscribe', 'Receive'], '*')],
    expect: [
      'any-client-id@0',
      'any-topic@0',
      'foreign-reserved-publish@0',
      'foreign-reserved-subscribe@0',
      'basic-ingest-open@0',
    ],
  },
  {
    reason: 'the filter # alone is every topic',
    statements: [bound, allow('Subscribe', 'topicfilter/#'), allow('Receive', 'topic/*')],
    expect: ['any-topic@1'],
  },
  {
    reason: "the maker's whole namespace holds every device's topics",
    statements: [
      bound,
      allow('Publish', 'topic/acme/*'),
      allow('Subscribe', `topicfilter/acme/${thing}/cmd`),
      allow('Receive', `topic/acme/${thing}/cmd`),
    ],
    expect: ['foreign-topic@1'],
  },
  {
    reason: 'a wide filter with a narrow Receive brings in nothing foreign',
    statements: [
      bound,
      allow('Publish', `topic/acme/${thing}/up`),
      allow('Subscribe', 'topicfilter/acme/*'),
      allow('Receive', `topic/acme/${thing}/*`),
    ],
    absent: ['foreign-topic'],
  },
  {
    reason: 'a shadow of whoever begins with the same name',
    statements: [bound, allow('GetThingShadow', `thing/${thing}*`)],
    expect: ['unanchored-star@1', 'foreign-thing-api@1'],
  },
  {
    reason: 'named shadows of its own',
    statements: [bound, allow('GetThingShadow', [`thing/${thing}`, `thing/${thing}/*`])],
    absent: ['unanchored-star', 'foreign-thing-api'],
  },
  {
    reason: 'dev1 followed by a star is dev10 as well',
    statements: [allow('Connect', 'client/dev1'), allow('Publish', 'topic/dev1*')],
    expect: ['unanchored-star@1'],
  },
  {
    reason: 'a word that is no name may be followed by a star',
    statements: [bound, allow('Publish', 'topic/telemetry*')],
    absent: ['unanchored-star'],
  },
  {
    reason: 'a client that calls itself + hears all',
    statements: [
      allow('Connect', 'client/*'),
      allow('Subscribe', `topicfilter/my/${client}/in`),
      allow('Receive', `topic/my/${client}/in`),
    ],
    expect: ['unbound-client-id@1', 'unbound-client-id@2'],
  },
  {
    reason: 'the client ID is bound by Connect',
    statements: [bound, allow('Publish', `topic/my/${client}`)],
    absent: ['unbound-client-id'],
  },
  {
    reason: 'an attribute may be #',
    statements: [bound, allow('Subscribe', `topicfilter/rooms/${room}`), allow('Receive', 'topic/rooms/*')],
    expect: ['attribute-may-hold-mqtt-wildcard@1'],
  },
  {
    reason: 'a topic name holds no wildcard, whatever the attribute',
    statements: [bound, allow('Publish', `topic/rooms/${room}/t`)],
    absent: ['attribute-may-hold-mqtt-wildcard'],
  },
  {
    reason: '+ in a topic never matches',
    statements: [bound, allow('Publish', `topic/dt/${thing}/+`)],
    expect: ['mqtt-wildcard-in-publish@1'],
  },
  {
    reason: '+ in a filter is a filter',
    statements: [bound, allow('Subscribe', `topicfilter/dt/${thing}/+`), allow('Receive', `topic/dt/${thing}/*`)],
    absent: ['mqtt-wildcard-in-publish', 'malformed-filter'],
  },
  {
    reason: '# in the middle is refused by the broker',
    statements: [bound, allow('Subscribe', 'topicfilter/a/#/b')],
    expect: ['malformed-filter@1'],
  },
  {
    reason: '? lets # in',
    statements: [bound, allow('Subscribe', 'topicfilter/floor/?'), allow('Receive', 'topic/floor/*')],
    expect: ['question-admits-mqtt-wildcard@1'],
  },
  {
    reason: '? inside a level cannot become a wildcard',
    statements: [bound, allow('Subscribe', 'topicfilter/floor/1?'), allow('Receive', 'topic/floor/*')],
    absent: ['question-admits-mqtt-wildcard'],
  },
  {
    reason: 'the star on Subscribe is compared with the filter',
    statements: [
      bound,
      allow('Subscribe', 'topicfilter/b/*'),
      deny('Subscribe', 'topicfilter/b/vault/*'),
      allow('Receive', 'topic/b/*'),
    ],
    expect: ['deny-subscribe-bypassed@2'],
    absent: ['mqtt-wildcard-in-deny'],
  },
  {
    reason: 'a Deny on Receive stops delivery',
    statements: [
      bound,
      allow('Subscribe', 'topicfilter/b/*'),
      deny('Subscribe', 'topicfilter/b/vault/*'),
      allow('Receive', 'topic/b/*'),
      deny('Receive', 'topic/b/vault/*'),
    ],
    absent: ['deny-subscribe-bypassed'],
  },
  {
    reason: 'refusing wildcard filters as such withholds nothing by intent',
    statements: [
      bound,
      allow('Subscribe', 'topicfilter/b/*'),
      deny('Subscribe', ['topicfilter/*#*', 'topicfilter/*+*']),
      allow('Receive', 'topic/b/*'),
    ],
    absent: ['deny-subscribe-bypassed', 'mqtt-wildcard-in-deny'],
  },
  {
    reason: 'a Deny on a topic ARN never meets a Subscribe',
    statements: [
      bound,
      allow('Subscribe', 'topicfilter/b/*'),
      deny('Subscribe', 'topic/b/vault/*'),
      allow('Receive', 'topic/b/*'),
    ],
    expect: ['wrong-resource-type@2'],
  },
  {
    reason: '# in a Deny on Publish is a letter',
    statements: [bound, allow('Publish', 'topic/cfg/*'), deny('Publish', 'topic/cfg/secret/#')],
    expect: ['mqtt-wildcard-in-deny@2'],
  },
  {
    reason: 'a wider Deny beside it makes up for the #',
    statements: [
      bound,
      allow('Subscribe', 'topicfilter/b/*'),
      deny(['Subscribe'], ['topicfilter/b/v/*', 'topicfilter/b/v/#']),
    ],
    absent: ['mqtt-wildcard-in-deny'],
    expect: ['redundant-resource@2'],
  },
  {
    reason: 'who connects without a thing is not denied',
    statements: [
      allow('Connect', 'client/*'),
      allow('Publish', 'topic/cfg/*'),
      deny('Publish', `topic/cfg/${thing}/*`),
    ],
    expect: ['deny-may-not-resolve@2'],
  },
  {
    reason: 'every session has a thing, so the Deny resolves',
    statements: [bound, allow('Publish', 'topic/cfg/*'), deny('Publish', `topic/cfg/${thing}/*`)],
    absent: ['deny-may-not-resolve'],
  },
  {
    reason: 'nothing may be received',
    statements: [bound, allow('Subscribe', `topicfilter/cmd/${thing}/#`)],
    expect: ['missing-receive@1'],
  },
  {
    reason: 'nothing is subscribed',
    statements: [bound, allow('Receive', `topic/cmd/${thing}/*`)],
    expect: ['missing-subscribe@1'],
  },
  { reason: 'MQTT without Connect', statements: [allow('Publish', 'topic/a')], expect: ['missing-connect@-'] },
  {
    reason: 'HTTPS calls need no connection',
    statements: [allow('GetThingShadow', 'thing/pump1')],
    absent: ['missing-connect', 'foreign-thing-api'],
  },
  {
    reason: 'retained where nothing may be published',
    statements: [bound, allow('RetainPublish', `topic/s/${thing}`), allow('Publish', `topic/e/${thing}`)],
    expect: ['retain-without-publish@1'],
  },
  {
    reason: 'Publish covers it',
    statements: [bound, allow('RetainPublish', `topic/s/${thing}`), allow('Publish', `topic/s/*`)],
    absent: ['retain-without-publish'],
  },
  {
    reason: 'a Deny covers the second resource',
    statements: [bound, allow('Publish', [`topic/out/${thing}`, `topic/old/${thing}`]), deny('Publish', 'topic/old/*')],
    expect: ['dead-allow@1'],
  },
  {
    reason: 'a Deny outside a network is not everywhere',
    statements: [
      bound,
      allow('Publish', `topic/dt/${thing}`),
      deny('Publish', '*', { NotIpAddress: { 'aws:SourceIp': '10.0.0.0/8' } }),
    ],
    absent: ['dead-allow'],
  },
  {
    reason: 'covered by its neighbour',
    statements: [bound, allow('Publish', [`topic/out/${thing}/*`, `topic/out/${thing}/a`])],
    expect: ['redundant-resource@1'],
  },
  {
    reason: 'two that only together cover a third',
    statements: [bound, allow('Publish', ['topic/a?', 'topic/a', 'topic/a??*', 'topic/a*'])],
    expect: ['redundant-resource@1'],
  },
  {
    reason: 'ForAllValues of a missing key',
    statements: [
      bound,
      allow('Publish', `topic/o/${thing}`, {
        'ForAllValues:StringEquals': { 'iot:Certificate.Subject.Organization.List': ['Acme'] },
      }),
    ],
    expect: ['forall-vacuous@1'],
  },
  {
    reason: 'AWS documents this very form for connect attributes',
    statements: [
      allow('Connect', `client/${thing}`, { 'ForAllValues:StringEquals': { 'iot:ConnectAttributes': ['LastWill'] } }),
    ],
    absent: ['forall-vacuous'],
  },
  {
    reason: 'a Null condition requires the key',
    statements: [
      bound,
      allow('Publish', `topic/o/${thing}`, {
        'ForAllValues:StringEquals': { 'iot:Certificate.Subject.Organization.List': ['Acme'] },
        Null: { 'iot:Certificate.Subject.Organization.List': 'false' },
      }),
    ],
    absent: ['forall-vacuous'],
  },
  {
    reason: 'rights over the account',
    statements: [bound, allow(['AttachPolicy', 'CreateThing'], '*')],
    expect: ['control-plane-action@1'],
    absent: ['unknown-action'],
  },
  {
    reason: 'Greengrass discovery is decided by device policies',
    statements: [bound, allow('greengrass:Discover', '*')],
    absent: ['control-plane-action', 'unknown-action'],
  },
  {
    reason: 'a wildcard action grows with AWS',
    statements: [bound, allow('Get*', 'thing/pump1')],
    expect: ['star-action@1'],
  },
  {
    reason: 'denying everything is how quarantine looks',
    statements: [deny('*', '*')],
    absent: ['star-action', 'missing-connect'],
  },
  {
    reason: 'the star may run across colons',
    statements: [bound, allow('Publish', `arn:aws:iot:*:*:topic/out/${thing}`)],
    expect: ['region-or-account-wildcard@1'],
    absent: ['basic-ingest-open'],
  },
  {
    reason: 'another account',
    statements: [bound, allow('Publish', 'arn:aws:iot:us-east-1:999999999999:topic/a')],
    expect: ['foreign-account@1'],
    absent: ['wrong-resource-type'],
  },
  {
    reason: 'another partition',
    statements: [bound, allow('Publish', 'arn:aws-cn:iot:us-east-1:123456789012:topic/a')],
    expect: ['foreign-account@1'],
  },
  {
    reason: 'left from a template',
    statements: [bound, allow('Publish', 'arn:aws:iot:REGION:ACCOUNT_ID:topic/a')],
    expect: ['placeholder@1'],
    absent: ['foreign-account'],
  },
  {
    reason: 'a CloudFormation variable is a placeholder',
    statements: [bound, allow('Publish', 'arn:aws:iot:${AWS::Region}:${AWS::AccountId}:topic/a')],
    expect: ['placeholder@1'],
    absent: ['unknown-variable'],
  },
  {
    reason: 'one letter too many',
    statements: [bound, allow('Publish', 'topic/${iot:ClientID2}')],
    expect: ['unknown-variable@1'],
  },
  {
    reason: 'a condition key that AWS IoT does not have',
    statements: [bound, allow('Publish', 'topic/a', { StringEquals: { 'iot:Connection.Thing.Name': 'x' } })],
    expect: ['unknown-variable@1'],
  },
  { reason: 'no such action', statements: [bound, allow('Subscribes', `topicfilter/a`)], expect: ['unknown-action@1'] },
  {
    reason: 'variables are text',
    version: '2008-10-17',
    statements: [allow('Connect', `client/${thing}`)],
    expect: ['variables-need-2012@0', 'variables-need-2012@-'],
    absent: ['thing-not-required'],
  },
  { reason: 'any rule', statements: [bound, allow('Publish', 'topic/$aws/rules/*')], expect: ['basic-ingest-open@1'] },
  {
    reason: 'one rule',
    statements: [bound, allow('Publish', `topic/$aws/rules/Telemetry/${thing}/*`)],
    absent: ['basic-ingest-open'],
  },
  {
    reason: 'every role alias',
    statements: [allow('AssumeRoleWithCertificate', 'rolealias/*')],
    expect: ['any-role-alias@0'],
  },
  {
    reason: 'one role alias',
    statements: [allow('AssumeRoleWithCertificate', 'rolealias/camera')],
    absent: ['any-role-alias'],
  },
  {
    reason: 'it hears itself',
    statements: [
      bound,
      allow('Publish', `topic/c/${thing}`),
      allow('Subscribe', `topicfilter/c/${thing}`),
      allow('Receive', `topic/c/${thing}`),
    ],
    expect: ['own-echo@1'],
  },
  {
    reason: 'messages past all subscriptions',
    statements: [bound, allow('SendDirectMessage', 'client/*')],
    expect: ['direct-message-any-client@1'],
  },
  {
    reason: 'to itself only',
    statements: [bound, allow(['SendDirectMessage', 'DeleteConnection'], `client/${thing}`)],
    absent: ['direct-message-any-client', 'delete-any-connection'],
  },
  {
    reason: 'others can be cut off',
    statements: [bound, allow('DeleteConnection', 'client/*')],
    expect: ['delete-any-connection@1'],
  },
  {
    reason: 'direct messages need Receive alone',
    statements: [bound, allow('Subscribe', `topicfilter/cmd/${thing}/go`), allow('Receive', 'topic/*')],
    expect: ['broad-receive@2'],
  },
  {
    reason: 'exactly what the filter brings',
    statements: [bound, allow('Subscribe', `topicfilter/cmd/${thing}/#`), allow('Receive', `topic/cmd/${thing}/*`)],
    absent: ['broad-receive', 'missing-subscribe'],
  },
  {
    reason: 'everything else is granted',
    statements: [bound, { Effect: 'Allow', Action: 'iot:Receive', NotResource: `${arn}topic/secret/*` }],
    expect: ['allow-notresource@1'],
  },
  {
    reason: 'longer than AWS takes',
    statements: [
      bound,
      allow(
        'Publish',
        Array.from({ length: 40 }, (_, at) => `topic/telemetry/channel-${at}/measurements/raw`),
      ),
    ],
    expect: ['too-large@-'],
  },
  {
    reason: 'reserved topics by name',
    statements: [bound, allow('Publish', 'topic/$aws/things/pump1/shadow/update')],
    absent: ['foreign-reserved-publish'],
  },
  {
    reason: 'reserved topics of all',
    statements: [
      bound,
      allow('Subscribe', 'topicfilter/$aws/things/+/shadow/update'),
      allow('Receive', 'topic/$aws/things/*'),
    ],
    expect: ['foreign-reserved-subscribe@1'],
  },
  {
    reason: 'a Deny that meets only devices whose attribute happens to be that word',
    statements: [bound, allow('Publish', 'topic/x/room1'), deny('Publish', `topic/x/${room}`)],
    absent: ['dead-allow'],
  },
  {
    reason: 'a resource that another covers only for devices whose attribute happens to be that word',
    statements: [bound, allow('Publish', ['topic/x/room1', `topic/x/${room}`])],
    absent: ['redundant-resource'],
  },
  {
    reason: 'the same in a Deny',
    statements: [bound, allow('Publish', 'topic/x/*'), deny('Publish', ['topic/x/room1', `topic/x/${room}`])],
    absent: ['redundant-resource'],
  },
  {
    reason: 'a Deny beside it leaves the star its own name alone',
    statements: [
      bound,
      allow('Publish', 'topic/$aws/things/*/shadow/update'),
      { Effect: 'Deny', Action: 'iot:Publish', NotResource: `${arn}topic/$aws/things/${thing}/*` },
      allow('GetThingShadow', 'thing/*'),
      { Effect: 'Deny', Action: 'iot:GetThingShadow', NotResource: `${arn}thing/${thing}` },
    ],
    absent: ['foreign-reserved-publish', 'foreign-thing-api'],
  },
  {
    reason: 'filters for reserved topics of things with a common beginning',
    statements: [
      bound,
      allow('Subscribe', 'topicfilter/$aws/things/pump?/shadow/update'),
      allow('Receive', 'topic/$aws/things/*'),
    ],
    expect: ['foreign-reserved-subscribe@1'],
  },
  {
    reason: 'answers of AWS to other things can be forged, whatever stands beside them',
    statements: [bound, allow('Publish', ['topic/$aws/things/*/shadow/update/accepted', `topic/dt/${thing}`])],
    expect: ['foreign-reserved-publish@1'],
  },
  {
    reason: 'jobs of all things',
    statements: [bound, allow('Publish', 'topic/$aws/things/*/jobs/*/update')],
    expect: ['foreign-reserved-publish@1'],
  },
  {
    reason: 'shadows of things whose name begins with its own',
    statements: [bound, allow('Publish', `topic/$aws/things/${thing}*/shadow/update`)],
    expect: ['foreign-reserved-publish@1'],
  },
  {
    reason: 'named shadows of all things',
    statements: [bound, allow('GetThingShadow', 'thing/*/config')],
    expect: ['foreign-thing-api@1'],
  },
  {
    reason: 'each statement is shown by a filter of its own',
    statements: [
      bound,
      allow('Subscribe', 'topicfilter/$aws/things/*'),
      allow('Subscribe', 'topicfilter/$aws/things/+/shadow/update'),
      allow('Receive', 'topic/$aws/things/*'),
    ],
    expect: ['foreign-reserved-subscribe@1', 'foreign-reserved-subscribe@2'],
  },
  {
    reason: 'every topic that applications name is every topic, although the reserved ones are denied',
    statements: [bound, allow('Publish', 'topic/*'), deny('Publish', 'topic/$aws/*')],
    expect: ['any-topic@1'],
    absent: ['foreign-reserved-publish', 'basic-ingest-open'],
  },
  {
    reason: 'a Deny outside a network hides nothing from who is inside it',
    statements: [
      bound,
      allow('Publish', 'topic/*'),
      deny('Publish', '*', { NotIpAddress: { 'aws:SourceIp': '10.0.0.0/8' } }),
    ],
    expect: ['any-topic@1', 'foreign-reserved-publish@1'],
  },
  {
    reason: 'with exclusive attachment a thing may connect under whatever begins with its name',
    exclusive: true,
    statements: [allow('Connect', `client/${thing}*`), allow('Publish', `topic/my/${client}`)],
    expect: ['any-client-id@0', 'unbound-client-id@1'],
  },
  {
    reason: 'with exclusive attachment a thing under a client ID that is spelled out',
    exclusive: true,
    statements: [allow('Connect', 'client/gate'), allow('Publish', `topic/${thing}/${client}/up`)],
    absent: ['any-client-id', 'unbound-client-id', 'missing-connect', 'dead-allow'],
  },
  {
    reason: 'every topic for who sends one address of a network',
    statements: [bound, allow('Publish', 'topic/*', { 'ForAnyValue:IpAddress': { 'aws:SourceIp': '10.0.0.0/8' } })],
    expect: ['any-topic@1'],
  },
  {
    reason: 'a job of the control plane is no action of the jobs data plane',
    statements: [bound, allow('iotjobsdata:CancelJob', `thing/${thing}`)],
    expect: ['unknown-action@1'],
    absent: ['control-plane-action'],
  },
  {
    reason: 'a star in the account hides nothing of what the statement allows in its own',
    statements: [bound, allow('Publish', 'arn:aws:iot:us-east-1:*:topic/*')],
    expect: ['region-or-account-wildcard@1', 'any-topic@1'],
  },
  {
    reason: 'a client ID that looks like the rest of an ARN is one, whatever stars other statements hold',
    statements: [
      bound,
      allow('SendDirectMessag?', 'client/a/*:client/b'),
      allow('Publish', 'arn:aws:iot:us-east-1:*:topic/a'),
    ],
    expect: ['direct-message-any-client@1', 'star-action@1', 'region-or-account-wildcard@2'],
  },
  {
    reason:
      'a condition on the client ID leaves the NotResource one name to grant: no other is shown, and nothing called open',
    statements: [
      {
        Effect: 'Allow',
        Action: 'iot:Connect',
        NotResource: `${arn}client/admin`,
        Condition: { StringEquals: { 'iot:ClientId': 'gate' } },
      },
    ],
    absent: ['any-client-id', 'missing-connect'],
  },
  {
    reason: 'ForAllValues of a missing key lets a device connect under its own name',
    statements: [
      allow('Connect', `client/${thing}`, {
        'ForAllValues:StringEquals': { 'iot:Certificate.Subject.Organization.List': ['Acme'] },
      }),
    ],
    expect: ['forall-vacuous@0'],
  },
  {
    reason: 'a Null that holds either way hides no Connect',
    statements: [
      allow('Connect', 'client/${iot:Certificate.Subject.CommonName}', {
        Null: { 'iot:Certificate.Subject.CommonName': ['true', 'false'] },
      }),
      allow('Publish', 'topic/a'),
    ],
    absent: ['missing-connect'],
  },
  ...textRows,
  ...denyRows,
  ...nameRows,
  ...patternRows,
  ...conditionRows,
];
