import { allow, arn, bound, deny, thing } from './build.ts';
import type { Row } from './rows.ts';

const client = 'iot:ClientId';
const attached = 'iot:Connection.Thing.IsAttached';
const subject = '${iot:Certificate.Subject.CommonName}';
const organisation = 'iot:Certificate.Subject.Organization.List';
const site = '${iot:Connection.Thing.Attributes[site]}';
const office = { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } };
const elsewhere = { NotIpAddress: { 'aws:SourceIp': '10.0.0.0/8' } };
const except = (effect: string, action: string, resources: readonly string[], condition?: unknown) => ({
  Effect: effect,
  Action: `iot:${action}`,
  NotResource: resources.map((text) => arn + text),
  ...(condition !== undefined && { Condition: condition }),
});

const chosen = ['StringLike', 'StringLikeIfExists', 'ForAnyValue:StringLike', 'ForAllValues:StringLike'];

/** What conditions, exceptions and Denies take back of a flaw, and what only looks as if they did. */
export const conditionRows: readonly Row[] = [
  ...chosen.map(
    (operator): Row => ({
      reason: `client IDs that begin as ${operator} wants are chosen, whatever letters that takes`,
      statements: [allow('Connect', 'client/*', { [operator]: { [client]: 'Kiosk-*' } })],
      expect: ['any-client-id@0'],
    }),
  ),
  {
    reason: 'client IDs that begin as the name in the certificate are chosen',
    statements: [allow('Connect', 'client/*', { StringLike: { [client]: `${subject}-*` } })],
    expect: ['any-client-id@0'],
  },
  {
    reason: 'a condition that compares the client ID with itself, or excludes one, leaves the choice',
    statements: [
      allow('Connect', 'client/*', { StringEquals: { [client]: '${iot:ClientId}' } }),
      allow('Connect', 'client/*', { StringNotEquals: { [client]: 'admin' } }),
      allow('Connect', 'client/*${iot:ClientId}*'),
    ],
    expect: ['any-client-id@0', 'any-client-id@1', 'any-client-id@2'],
  },
  {
    reason: 'no client ID is longer than itself, or twice itself',
    statements: [
      allow('Connect', [
        'client/a${iot:ClientId}',
        'client/${iot:ClientId}${iot:ClientId}',
        'client/?${iot:ClientId}*',
      ]),
      allow('Connect', 'client/*', { StringLike: { [client]: '${iot:ClientId}-?*' } }),
      allow('Publish', 'topic/a'),
    ],
    absent: ['any-client-id', 'missing-connect'],
  },
  {
    reason:
      'client IDs that a condition lists are meant, in whatever letter case, and a star that is a character is none',
    statements: [
      allow('Connect', 'client/*', { StringEqualsIgnoreCase: { [client]: ['gate', 'door'] } }),
      allow('Connect', 'client/*', { StringEquals: { [client]: 'pump*' } }),
      allow('Connect', 'client/*', { StringLike: { [client]: 'gate' }, StringNotLike: { [client]: 'x*' } }),
    ],
    absent: ['any-client-id'],
  },
  {
    reason: 'of the client IDs of a pattern, a condition leaves one',
    statements: [allow('Connect', 'client/a?', { StringLike: { [client]: '?b' } })],
    absent: ['any-client-id'],
  },
  {
    reason: 'a Deny on all client IDs but those of a pattern leaves the choice among these',
    statements: [bound, allow('Connect', 'client/*'), deny('Connect', '*', { StringNotLike: { [client]: 'pump-*' } })],
    expect: ['any-client-id@1'],
  },
  {
    reason:
      'a Deny that excepts the client IDs of a pattern leaves the choice among these, where things connect as well',
    statements: [bound, allow('Connect', 'client/*'), except('Deny', 'Connect', ['client/pump-*', `client/${thing}`])],
    expect: ['any-client-id@1'],
  },
  {
    reason: 'a Deny on all client IDs but one leaves no choice, be it by a condition with IfExists',
    statements: [
      allow('Connect', 'client/*'),
      deny('Connect', '*', { StringNotEqualsIfExists: { [client]: 'pump' } }),
      allow('Publish', 'topic/my/${iot:ClientId}'),
    ],
    absent: ['any-client-id', 'unbound-client-id'],
  },
  {
    reason: 'a Deny that asks for the client ID as a number takes no name back',
    statements: [allow('Connect', 'client/*'), deny('Connect', '*', { NumericEquals: { [client]: '5' } })],
    expect: ['any-client-id@0'],
  },
  {
    reason: 'a Deny on those whose thing is not called as they call themselves leaves who has none',
    statements: [
      allow('Connect', 'client/*'),
      deny('Connect', '*', { StringEquals: { 'iot:Connection.Thing.ThingName': '${iot:ClientId}' } }),
    ],
    expect: ['any-client-id@0'],
  },
  {
    reason: 'what an Allow excepts is bounded by its condition as well',
    statements: [except('Allow', 'Connect', ['client/pump-9'], { StringLike: { [client]: 'pump-*' } })],
    expect: ['any-client-id@0'],
  },
  {
    reason: 'a Connect under conditions that no imagined device meets is there all the same',
    statements: [
      allow('Connect', 'client/*', { StringEquals: { 'iot:Connection.Thing.ThingName': 'pump' } }),
      allow('Publish', 'topic/a'),
    ],
    absent: ['missing-connect'],
  },
  {
    reason: 'a Connect on one client ID under two conditions on one key that no imagined device meets is there as well',
    statements: [
      allow('Connect', 'client/gate', {
        StringLike: { 'iot:DomainName': 'a*' },
        StringNotEquals: { 'iot:DomainName': 'ax' },
      }),
      allow('Publish', 'topic/a'),
    ],
    absent: ['missing-connect'],
  },
  {
    reason: 'a Connect under conditions that contradict each other, or on another kind of resource, lets nobody in',
    statements: [
      allow('Connect', 'client/gate', {
        StringEquals: { 'iot:DomainName': 'a' },
        StringNotEquals: { 'iot:DomainName': 'a' },
      }),
      allow('Connect', 'thing/gate'),
      allow('Publish', 'topic/a'),
    ],
    expect: ['missing-connect@-'],
  },
  {
    reason: 'a Connect that a Deny takes back is dead, not missing',
    statements: [allow('Connect', 'client/gate'), deny('*', '*'), allow('Publish', 'topic/a')],
    absent: ['missing-connect'],
  },
  ...[
    { StringEqualsIgnoreCase: { [attached]: 'TRUE' } },
    { StringNotEquals: { [attached]: 'false' } },
    { BoolIfExists: { [attached]: 'true' } },
    { 'ForAnyValue:StringLike': { [attached]: 't*' } },
    { 'ForAllValues:StringEquals': { [attached]: 'true' } },
  ].map(
    (condition): Row => ({
      reason: `attachment is asked for by ${JSON.stringify(condition)}, a form of which AWS has no example`,
      statements: [allow('Connect', `client/${thing}`, condition)],
      absent: ['thing-not-required', 'forall-vacuous'],
    }),
  ),
  {
    reason: 'a client ID is never missing, so ForAllValues over it is not vacuous',
    statements: [bound, allow('Publish', 'topic/a', { 'ForAllValues:StringLike': { [client]: 'dev*' } })],
    absent: ['forall-vacuous'],
  },
  {
    reason: 'a Deny asks for attachment',
    statements: [allow('Connect', `client/${thing}`), deny('Connect', '*', { Bool: { [attached]: 'false' } })],
    absent: ['thing-not-required'],
  },
  {
    reason: 'a Deny that asks some for attachment, some of the time, or for another action, asks not all',
    statements: [
      allow('Connect', `client/${thing}`),
      deny('Connect', 'client/x*', { Bool: { [attached]: 'false' } }),
      deny('Connect', '*', { Bool: { [attached]: 'false' }, ...office }),
      deny('Publish', '*', { Bool: { [attached]: 'false' } }),
      deny('Connect', '*', { StringEquals: { 'iot:DomainName': 'x' } }),
    ],
    expect: ['thing-not-required@0'],
  },
  {
    reason: 'a Deny on everybody is none that asks for attachment',
    statements: [allow('Connect', `client/${thing}`), deny('Connect', '*')],
    expect: ['thing-not-required@0'],
  },
  {
    reason: 'every role alias but one that a Deny takes back',
    statements: [
      allow('AssumeRoleWithCertificate', 'rolealias/*'),
      deny('AssumeRoleWithCertificate', 'rolealias/admin'),
    ],
    expect: ['any-role-alias@0'],
  },
  {
    reason: 'a Deny that excepts one role alias leaves that one, not every',
    statements: [
      allow('AssumeRoleWithCertificate', 'rolealias/*'),
      except('Deny', 'AssumeRoleWithCertificate', ['rolealias/camera']),
    ],
    absent: ['any-role-alias'],
  },
  {
    reason: 'a Deny on all role aliases but one that holds outside a network leaves every one inside it',
    statements: [
      allow('AssumeRoleWithCertificate', 'rolealias/*'),
      except('Deny', 'AssumeRoleWithCertificate', ['rolealias/camera'], elsewhere),
      deny('AssumeRoleWithCertificate', 'rolealias/admin', office),
      deny('AssumeRoleWithCertificate', 'rolealias/root'),
    ],
    expect: ['any-role-alias@0'],
  },
  {
    reason: 'a Deny of one role alias outside a network leaves every one inside it, which is told',
    statements: [
      allow('AssumeRoleWithCertificate', 'rolealias/*'),
      deny('AssumeRoleWithCertificate', 'rolealias/admin', elsewhere),
    ],
    expect: ['any-role-alias@0'],
  },
  {
    reason: 'a Deny of all topics but one that holds outside a network leaves every topic inside it',
    statements: [bound, allow('Publish', 'topic/*'), except('Deny', 'Publish', ['topic/a'], elsewhere)],
    expect: ['any-topic@1'],
  },
  {
    reason: 'a wide filter with a narrow Receive brings in no reserved topic of another thing',
    statements: [
      bound,
      allow('Subscribe', ['topicfilter/$aws/*', 'topicfilter/$aws/things/pump?/shadow/#']),
      allow('Receive', `topic/$aws/things/${thing}/*`),
    ],
    absent: ['foreign-reserved-subscribe'],
  },
  {
    reason:
      'a Deny under a condition on the client ID does nothing for others on that account, not for a missing variable',
    statements: [
      bound,
      allow('Publish', 'topic/c/*'),
      deny('Publish', `topic/c/${site}`, { StringEquals: { [client]: 'nobody' } }),
    ],
    absent: ['deny-may-not-resolve'],
  },
  {
    reason: 'what a Deny excepts in any case stays allowed on that account, not for a missing variable',
    statements: [bound, allow('Publish', 'topic/a'), except('Deny', 'Publish', ['topic/a', `topic/${site}/x`])],
    absent: ['deny-may-not-resolve'],
  },
  {
    reason: 'that a thing is attached always resolves',
    statements: [bound, allow('Publish', 'topic/c/*'), deny('Publish', `topic/c/\${${attached}}`)],
    absent: ['deny-may-not-resolve'],
  },
  {
    reason: 'an attribute may be called like what is always there',
    statements: [
      bound,
      allow('Publish', 'topic/c/*'),
      deny('Publish', 'topic/c/${iot:Connection.Thing.Attributes[thingname]}'),
      deny('Publish', 'topic/c/${iot:Connection.Thing.Attributes[isattached]}'),
    ],
    expect: ['deny-may-not-resolve@2', 'deny-may-not-resolve@3'],
  },
  {
    reason: 'of two variables a Deny lacks the one that is no variable but a list',
    statements: [
      bound,
      allow('Publish', 'topic/c/*'),
      deny('Publish', `topic/c/${subject}/\${${organisation}}`, {
        'ForAnyValue:StringEquals': { [organisation]: 'c' },
      }),
    ],
    expect: ['deny-may-not-resolve@2'],
  },
  {
    reason: 'a Deny by a list that the certificate lacks does nothing on that account',
    statements: [
      bound,
      allow('Publish', 'topic/c/*'),
      deny('Publish', 'topic/c/*', { 'ForAnyValue:StringNotEquals': { [organisation]: site } }),
    ],
    absent: ['deny-may-not-resolve'],
  },
  {
    reason: 'a Deny of two actions of which one is allowed may not resolve for that one',
    statements: [bound, allow('Receive', 'topic/c/*'), deny(['Publish', 'Receive'], `topic/c/${site}`)],
    expect: ['deny-may-not-resolve@2'],
  },
  {
    reason: 'a Deny whose star may run into another kind of resource is told of topics',
    statements: [bound, deny(['Connect', 'Publish'], 'arn:aws:iot:us-east-1:*:topic/a/+')],
    expect: ['mqtt-wildcard-in-deny@1'],
  },
  {
    reason: 'things and rules whose name holds a star name no others',
    statements: [
      bound,
      allow('Publish', ['topic/$aws/things/a${*}/shadow/update', 'topic/$aws/things/a?/shadow/update']),
      allow('Publish', ['topic/$aws/rules/R${*}/x', 'topic/$aws/rules/R?/x']),
      allow('GetThingShadow', ['thing/a${*}', 'thing/a?']),
    ],
    expect: ['foreign-reserved-publish@1', 'basic-ingest-open@2', 'foreign-thing-api@3'],
  },
  {
    reason: 'named shadows of all things, shown by one that reads well',
    statements: [bound, allow('GetThingShadow', 'thing/*/?')],
    expect: ['foreign-thing-api@1'],
  },
  {
    reason: 'the twelfth common name of a certificate marks its topics',
    statements: [bound, allow('Publish', ['topic/c/*', 'topic/c/${iot:Certificate.Subject.CommonName.12}'])],
    expect: ['foreign-topic@1'],
  },
  {
    reason: 'what a star in the account lets be chosen in front of a name is told as that star',
    statements: [allow('Connect', 'arn:aws:iot:us-east-1:*:client/pump'), allow('Publish', 'topic/my/${iot:ClientId}')],
    expect: ['region-or-account-wildcard@0'],
    absent: ['any-client-id', 'unbound-client-id'],
  },
  {
    reason: 'a star in the account beside one for the client ID hides nothing',
    statements: [allow('Connect', 'arn:aws:iot:us-east-1:*:client/*')],
    expect: ['region-or-account-wildcard@0', 'any-client-id@0'],
  },
  {
    reason: 'a Deny on other actions takes no client ID back',
    statements: [allow('Connect', 'client/*'), deny('Publish', '*')],
    expect: ['any-client-id@0'],
  },
  {
    reason: 'a client ID that must be a number is no free choice among names',
    statements: [allow('Connect', 'client/*', { NumericEquals: { [client]: '5' } })],
    absent: ['any-client-id'],
  },
  {
    reason: 'client IDs that the broker refuses are no choice, and let nobody in',
    statements: [
      allow('Connect', 'client/$*', { StringLike: { [client]: ['$a*', '$b*'] } }),
      allow('Publish', 'topic/a'),
    ],
    expect: ['missing-connect@-'],
    absent: ['any-client-id'],
  },
  {
    reason: 'a Deny on those who come by another domain does not ask for attachment',
    statements: [
      allow('Connect', `client/${thing}`),
      deny('Connect', '*', { StringNotEquals: { 'iot:DomainName': 'x' } }),
    ],
    expect: ['thing-not-required@0'],
  },
  {
    reason: 'what is plain text in the older version is a client ID all the same',
    version: '2008-10-17',
    statements: [allow('Connect', `client/dev-${thing}`), allow('Publish', 'topic/a')],
    absent: ['missing-connect'],
  },
  {
    reason: 'a client that may not subscribe by its name + still takes the name of another',
    statements: [
      allow('Connect', 'client/*'),
      allow('Subscribe', 'topicfilter/my/${iot:ClientId}/in'),
      deny('Subscribe', 'topicfilter/*+*'),
    ],
    expect: ['unbound-client-id@1'],
  },
  {
    reason: 'a Deny for a client ID that is nobody does nothing on that account, whatever variable it is made of',
    statements: [
      bound,
      allow('Publish', 'topic/c/*'),
      deny('Publish', `topic/c/${site}`, { StringEquals: { [client]: 'x${iot:CertificateId}' } }),
    ],
    absent: ['deny-may-not-resolve'],
  },
  {
    reason: 'one of two values that a Deny asks for may not resolve',
    statements: [
      bound,
      allow('Publish', 'topic/c/*'),
      deny('Publish', 'topic/c/*', { StringEquals: { 'iot:Certificate.Subject.CommonName': [site, 'nobody'] } }),
    ],
    expect: ['deny-may-not-resolve@2'],
  },
  {
    reason: 'a Deny of a client ID that is longer than itself, or twice itself, takes none back',
    statements: [
      allow('Connect', 'client/*'),
      deny('Connect', [
        'client/a${iot:ClientId}',
        'client/*${iot:ClientId}${iot:ClientId}',
        'client/?*${iot:ClientId}',
      ]),
    ],
    expect: ['any-client-id@0'],
  },
  {
    reason: 'a Deny of all client IDs but one in whatever letter case leaves the letter case to choose',
    statements: [
      allow('Connect', 'client/*'),
      deny('Connect', '*', { StringNotEqualsIgnoreCase: { [client]: 'PUMP' } }),
    ],
    expect: ['any-client-id@0'],
  },
  {
    reason: 'a Deny whose variable is plain text takes one client ID back',
    version: '2008-10-17',
    statements: [allow('Connect', 'client/*'), deny('Connect', 'client/${iot:ClientId}')],
    expect: ['any-client-id@0'],
  },
  {
    reason: 'a client ID has to be there: every one of the pattern has',
    statements: [allow('Connect', 'client/*', { Null: { [client]: 'false' } })],
    expect: ['any-client-id@0'],
  },
  {
    reason: 'a Deny on clients without an ID: there are none',
    statements: [
      allow('Connect', `client/${thing}`),
      deny('Connect', 'client/*', { Bool: { [attached]: 'false' }, Null: { [client]: 'true' } }),
    ],
    expect: ['thing-not-required@0'],
  },
  {
    reason: 'a Deny that spares whoever has its client ID in the certificate',
    statements: [
      allow('Connect', `client/${thing}`),
      deny('Connect', 'client/*', {
        Bool: { [attached]: 'false' },
        StringNotEquals: { 'iot:Certificate.Subject.CommonName': ['${iot:ClientId}', 'x'] },
      }),
    ],
    expect: ['thing-not-required@0'],
  },
  {
    reason: 'a Deny that would spare whoever has the name of its thing in the certificate: without a thing nobody has',
    statements: [
      allow('Connect', `client/${thing}`),
      deny('Connect', 'client/*', {
        Bool: { [attached]: 'false' },
        StringNotEquals: { 'iot:Certificate.Subject.CommonName': thing },
      }),
    ],
    absent: ['thing-not-required'],
  },
  {
    reason: 'a Deny on client IDs that begin like the thing: without a thing there are none',
    statements: [
      allow('Connect', `client/${thing}`),
      deny('Connect', 'client/*', { Bool: { [attached]: 'false' }, StringLike: { [client]: `*${thing}*` } }),
    ],
    expect: ['thing-not-required@0'],
  },
  {
    reason: 'a list never resolves as a variable: the Deny that names it takes no client ID back',
    statements: [
      allow('Connect', 'client/*', { 'ForAnyValue:StringEquals': { 'aws:TagKeys': 'd' } }),
      deny('Connect', 'client/*${aws:TagKeys}*'),
    ],
    expect: ['any-client-id@0'],
  },
  {
    reason: 'two patterns of client IDs in one statement: the example is of one',
    statements: [allow('Connect', ['client/ab*', 'client/*'])],
    expect: ['any-client-id@0'],
  },
];
