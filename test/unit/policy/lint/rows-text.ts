import { allow, arn, bound, deny, thing } from './build.ts';
import type { Row } from './rows.ts';

const attached = 'iot:Connection.Thing.IsAttached';

/** What can be read off names, actions, ARNs and conditions. */
export const textRows: readonly Row[] = [
  {
    reason: 'variables are text in a condition as well, and it is the condition that is pointed at',
    version: '2008-10-17',
    statements: [allow('Connect', 'client/a', { StringEquals: { 'iot:ClientId': 'x${iot:ClientId}' } })],
    expect: ['variables-need-2012@-', 'variables-need-2012@0'],
  },
  {
    reason: 'identities of Cognito have variables and keys of their own',
    statements: [
      bound,
      allow('Publish', 'topic/${cognito-identity.amazonaws.com:sub}', {
        StringEquals: { 'cognito-identity.amazonaws.com:aud': 'x' },
      }),
    ],
    absent: ['unknown-variable'],
  },
  {
    reason: 'a slip in the value of a condition is told, but its place in a list of resources is none to offer',
    statements: [
      bound,
      allow('Publish', 'topic/a'),
      deny('Publish', 'topic/a', { StringEquals: { 'iot:ClientId': '${iot:ClientID2}' } }),
    ],
    expect: ['unknown-variable@2'],
  },
  {
    reason: 'an unknown variable that is near to none suggests none',
    statements: [bound, allow('Publish', 'topic/a'), deny('Publish', 'topic/a/${iot:Whatever12345}')],
    expect: ['unknown-variable@2'],
  },
  {
    reason: 'keys that only conditions know',
    statements: [
      allow('Connect', `client/${thing}`, {
        StringEquals: { 'iot:LastWillTopic': 'a', 'iot:DomainName': 'x', 'iot:Topic': 'a' },
      }),
    ],
    absent: ['unknown-variable'],
  },
  {
    reason: 'no action begins like that',
    statements: [bound, allow('Fly*', 'topic/a')],
    expect: ['unknown-action@1', 'star-action@1'],
  },
  {
    reason: 'a wildcard that leaves actions out grants none that AWS adds later by its name',
    statements: [bound, { Effect: 'Allow', NotAction: ['iot:Pub*', 'iot:Connec?'], Resource: `${arn}topic/a` }],
    absent: ['star-action', 'unknown-action'],
  },
  {
    reason: 'the second of the actions left out has a slip',
    statements: [bound, { Effect: 'Allow', NotAction: ['iot:Connect', 'iot:Publisch'], Resource: `${arn}topic/a` }],
    expect: ['unknown-action@1'],
  },
  {
    reason: 'a wildcard over rights over the account',
    statements: [bound, allow('AttachPol*', '*')],
    expect: ['control-plane-action@1'],
    absent: ['unknown-action'],
  },
  {
    reason: 'actions of other services, and Greengrass in any letter case',
    statements: [bound, allow('s3:GetObject', '*'), allow('GREENGRASS:Disc*', '*')],
    expect: ['control-plane-action@1', 'star-action@2'],
    absent: ['unknown-action'],
  },
  {
    reason: 'letter case is no difference in the name of an action',
    statements: [bound, allow('IOT:pubLISH', `topic/${thing}`), allow('iot:RECEIV?', `topic/${thing}`)],
    expect: ['star-action@2'],
    absent: ['unknown-action', 'control-plane-action'],
  },
  {
    reason: 'a condition on the client ID leaves the device what its pattern leaves',
    statements: [allow('Connect', 'client/*', { StringLike: { 'iot:ClientId': 'pump-*' } })],
    expect: ['any-client-id@0'],
  },
  {
    reason: 'attachment may be asked for as text, and with other letter case',
    statements: [
      allow('Connect', `client/${thing}`, { StringEquals: { [attached]: 'true' } }),
      allow('Connect', `client/${thing}`, { BoolIfExists: { [attached]: 'TRUE' } }),
    ],
    absent: ['thing-not-required'],
  },
  {
    reason: 'who must not be attached is not asked to be',
    statements: [allow('Connect', `client/${thing}`, { Bool: { [attached]: 'false' } })],
    expect: ['thing-not-required@0'],
  },
  {
    reason: 'a Connect in another region lets nobody in here',
    statements: [allow('Connect', `arn:aws:iot:eu-west-1:123456789012:client/${thing}`), allow('Publish', 'topic/a')],
    expect: ['missing-connect@-', 'foreign-account@0'],
  },
  {
    reason: 'a Connect whose condition nobody can meet is missing',
    statements: [
      {
        Effect: 'Allow',
        Action: 'iot:Connect',
        NotResource: `${arn}client/a`,
        Condition: { StringNotLike: { 'iot:ClientId': '*' } },
      },
      allow('Publish', 'topic/a'),
    ],
    expect: ['missing-connect@-'],
    absent: ['any-client-id', 'allow-notresource'],
  },
  {
    reason: 'what templates leave behind, and what only looks like it',
    statements: [
      bound,
      allow('Publish', [
        'arn:aws:iot:<region>:123456789012:topic/a',
        'arn:aws:iot:us-east-1:{{account}}:topic/a',
        'arn:aws:iot:us-east-1:%ACCOUNT%:topic/a',
        'arn:aws:iot:us-east-1:12345:topic/a',
        'arn:aws:iot:us-gov-west-1:123456789012:topic/a',
        'arn:aws:iot::123456789012:topic/a',
        'arn:aws:iot:us-east-1::topic/a',
        'arn:aws:s3:::bucket/x',
        'topic/<name>/x',
        'topic/a{b}%c%',
      ]),
    ],
    expect: ['placeholder@1', 'foreign-account@1', 'wrong-resource-type@1'],
  },
  {
    reason: 'a Deny may run across regions and accounts: it takes away',
    statements: [bound, deny('Publish', 'arn:aws:iot:*:*:topic/a')],
    absent: ['region-or-account-wildcard'],
  },
  {
    reason: 'an ARN that ends in a star behind the service has no account to be wrong',
    statements: [bound, allow('RetainPublish', 'arn:aws:iot:*')],
    expect: ['region-or-account-wildcard@1'],
    absent: ['placeholder', 'foreign-account'],
  },
  {
    reason: 'attachment is not asked for by another key, or where either will do',
    statements: [
      allow('Connect', `client/${thing}`, { StringEquals: { 'iot:DomainName': 'true' } }),
      allow('Connect', `client/${thing}`, { Bool: { [attached]: ['true', 'false'] } }),
    ],
    expect: ['thing-not-required@0', 'thing-not-required@1'],
  },
  {
    reason: 'a topic with the thing in it, beside a Connect that names a client ID',
    statements: [allow(['Connect', 'Publish'], ['client/x', `topic/${thing}`])],
    absent: ['thing-not-required'],
  },
  {
    reason: 'a Connect of the older version that names the thing lets nobody in',
    version: '2008-10-17',
    statements: [allow('Connect', `client/${thing}`), allow('Publish', 'topic/a')],
    expect: ['missing-connect@-'],
  },
  {
    reason: 'another variable rests on no client ID, however open that is',
    statements: [allow('Connect', 'client/*'), allow('Publish', 'topic/a/${iot:CertificateId}')],
    absent: ['unbound-client-id'],
  },
  {
    reason: 'what templates leave behind inside a topic',
    statements: [bound, allow('Publish', ['topic/{{name}}/x', 'topic/%NAME%/x'])],
    expect: ['placeholder@1'],
  },
  {
    reason: 'an account of thirteen digits, or one that CloudFormation was to fill in',
    statements: [
      bound,
      allow('Publish', [
        'arn:aws:iot:us-east-1:1234567890123:topic/a',
        'arn:aws:iot:us-east-1:${AWS::AccountId}:topic/a',
      ]),
    ],
    expect: ['placeholder@1'],
    absent: ['foreign-account'],
  },
  {
    reason: 'what only holds an ARN of AWS IoT is none, and has no region or account',
    statements: [
      bound,
      allow('Publish', ['arn:aws:s3:::backup/arn:aws:iot:eu-west-1:123456789012:topic/a']),
      { Effect: 'Allow', Action: 'iot:Publish', Resource: 'x:arn:aws:iot:REGION:ACCOUNT' },
      { Effect: 'Allow', Action: 'iot:Publish', Resource: 'arn' },
    ],
    expect: ['wrong-resource-type@1', 'wrong-resource-type@2', 'wrong-resource-type@3'],
    absent: ['foreign-account', 'placeholder'],
  },
  {
    reason: 'a variable that may stand for the type of an ARN is of no wrong kind',
    statements: [
      bound,
      allow('Publish', 'arn:aws:iot:us-east-1:123456789012:${iot:ClientId}/a'),
      allow('Publish', 'topic/a'),
    ],
    absent: ['wrong-resource-type'],
  },
  {
    reason: 'text where the type of an ARN must stand is of a wrong kind',
    version: '2008-10-17',
    statements: [
      allow('Connect', 'client/a'),
      allow('Publish', 'arn:aws:iot:us-east-1:123456789012:${iot:ClientId}/a'),
    ],
    expect: ['wrong-resource-type@1'],
  },
  {
    reason: 'the older version is no flaw where nothing looks like a variable, and no variable is unknown to it',
    version: '2008-10-17',
    statements: [allow('Connect', 'client/a')],
    absent: ['variables-need-2012'],
  },
  {
    reason: 'in the older version no variable is unknown: it is text',
    version: '2008-10-17',
    statements: [allow('Connect', 'client/a'), allow('Publish', 'topic/${iot:Foo}')],
    expect: ['variables-need-2012@1'],
    absent: ['unknown-variable'],
  },
  {
    reason: 'a variable in place of the region is something to fill in, not one that AWS IoT lacks',
    statements: [bound, allow('Publish', 'arn:aws:iot:${Region}:123456789012:topic/a')],
    expect: ['placeholder@1'],
    absent: ['unknown-variable'],
  },
  {
    reason: 'a list is named at the end of a key, not inside it',
    statements: [
      bound,
      allow('Publish', 'topic/a', {
        'ForAnyValue:StringEquals': { 'iot:Certificate.Subject.List.Organization': ['x'] },
      }),
    ],
    expect: ['unknown-variable@1'],
  },
  {
    reason: 'actions of services whose names end like those that device policies know',
    statements: [bound, allow(['my-greengrass:Discover', 'my-iot:Publish'], '*')],
    expect: ['control-plane-action@1'],
    absent: ['unknown-action'],
  },
  {
    reason: 'a Deny of an action that is near to none offers none',
    statements: [bound, deny('FlyToTheMoonAndBack', '*')],
    expect: ['unknown-action@1'],
  },
  {
    reason: 'a region with something in front or behind is none, one with a number of two digits is one',
    statements: [
      bound,
      allow(
        'Publish',
        ['STAGE-us-east-1', 'us-east-1-STAGE', 'us-east-10'].map(
          (region) => `arn:aws:iot:${region}:123456789012:topic/a`,
        ),
      ),
    ],
    expect: ['placeholder@1', 'foreign-account@1'],
  },
];
