import { allow, arn, bound, deny, thing } from './build.ts';
import type { Row } from './rows.ts';

const client = '${iot:ClientId}';

/** On these AWS acts for the thing that the topic names. */
const actedOn = [
  'shadow/get',
  'shadow/update',
  'shadow/delete',
  'shadow/name/x/get',
  'shadow/name/x/update',
  'shadow/name/x/delete',
  'jobs/get',
  'jobs/start-next',
  'jobs/x/get',
  'jobs/x/update',
  'defender/metrics/json',
  'defender/metrics/cbor',
  'streams/x',
];

/** On these AWS answers. */
const answers = ['shadow/x', 'jobs/x', 'defender/x', 'streams/x', 'tunnels/notify'];

const everywhere = (_: unknown, at: number): string => `@${at + 1}`;

/** Whose name, topic, device API or rule it is. */
export const nameRows: readonly Row[] = [
  {
    reason: 'each topic on which AWS acts for a thing, under names that a pattern takes in without spelling them',
    statements: [bound, ...actedOn.map((tail) => allow('Publish', `topic/?aws/things/pump?/${tail}`))],
    expect: actedOn.map(everywhere).map((at) => `foreign-reserved-publish${at}`),
  },
  {
    reason: 'neighbours of these topics, on which AWS does not act',
    statements: [
      bound,
      allow(
        'Publish',
        ['shadow/got', 'shadow/update/accepted', 'shadow/name/x', 'jobs/x', 'tunnels/notify', 'defender/x'].map(
          (tail) => `topic/?aws/things/pump?/${tail}`,
        ),
      ),
    ],
    absent: ['foreign-reserved-publish'],
  },
  {
    reason: 'each topic on which AWS answers may be forged by who spells it out',
    statements: [bound, ...answers.map((tail) => allow('Publish', `topic/$aws/things/pump?/${tail}`))],
    expect: answers.map(everywhere).map((at) => `foreign-reserved-publish${at}`),
  },
  {
    reason: 'each topic on which AWS answers may be overheard',
    statements: [bound, ...answers.map((tail) => allow('Subscribe', `topicfilter/?aws/things/pump?/${tail}`))],
    expect: answers.map(everywhere).map((at) => `foreign-reserved-subscribe${at}`),
  },
  {
    reason: 'tunnels answer on one topic alone',
    statements: [
      bound,
      allow('Subscribe', 'topicfilter/$aws/things/pump?/tunnels/x'),
      allow('Publish', 'topic/$aws/things/pump?/tunnels/x'),
    ],
    absent: ['foreign-reserved-subscribe', 'foreign-reserved-publish'],
  },
  {
    reason: 'shadows of things that the policy names one by one, as a whole or by their shadows',
    statements: [bound, allow('GetThingShadow', ['thing/pump1', 'thing/pump2/x', 'thing/gate/*'])],
    absent: ['foreign-thing-api'],
  },
  {
    reason: 'shadows of things with a common beginning are not named',
    statements: [bound, allow('GetThingShadow', 'thing/pump-*')],
    expect: ['foreign-thing-api@1'],
  },
  {
    reason: 'each statement that opens the shadows or jobs of all things is told once',
    statements: [
      bound,
      allow(['UpdateThingShadow', 'DeleteThingShadow'], 'thing/*'),
      allow('iotjobsdata:StartNextPendingJobExecution', 'thing/*'),
    ],
    expect: ['foreign-thing-api@1', 'foreign-thing-api@2'],
  },
  {
    reason: 'rules that are named, as a whole, with what follows or under the name of the thing',
    statements: [
      bound,
      allow(
        'Publish',
        ['R1', 'R2/*', 'R3/x', `${thing}/x`].map((rule) => `topic/$aws/rules/${rule}`),
      ),
    ],
    absent: ['basic-ingest-open'],
  },
  {
    reason: 'rules with a common beginning are not named',
    statements: [bound, allow('Publish', 'topic/$aws/rules/Q*')],
    expect: ['basic-ingest-open@1'],
  },
  {
    reason: 'a retained message under whatever client ID',
    statements: [allow('Connect', 'client/*'), allow(['Publish', 'RetainPublish'], ['topic/a', `topic/${client}`])],
    expect: ['unbound-client-id@1'],
  },
  {
    reason: 'a client that may not call itself + still takes the name of another',
    statements: [
      allow('Connect', 'client/*'),
      deny('Connect', 'client/*+*'),
      allow('Subscribe', `topicfilter/my/${client}/in`),
      allow('Receive', 'topic/my/*'),
    ],
    expect: ['unbound-client-id@2'],
  },
  {
    reason: 'a client ID that begins as it must is chosen as well',
    statements: [
      allow('Connect', 'client/app-*'),
      allow('Subscribe', `topicfilter/my/${client}/in`),
      allow('Receive', `topic/my/${client}/in`),
    ],
    expect: ['any-client-id@0', 'unbound-client-id@1', 'unbound-client-id@2'],
  },
  {
    reason: 'one character left open is a choice, and so is a tail behind the name in the certificate',
    statements: [
      allow('Connect', 'client/a?'),
      allow('Connect', 'client/${iot:Certificate.Subject.CommonName}-*'),
      allow('Publish', `topic/my/${client}`),
    ],
    expect: ['any-client-id@0', 'any-client-id@1', 'unbound-client-id@2'],
  },
  {
    reason: 'client IDs that are listed are meant, and a star that is written out is a character',
    statements: [allow('Connect', ['client/a', 'client/b', 'client/a${*}']), allow('Publish', `topic/my/${client}`)],
    absent: ['any-client-id', 'unbound-client-id'],
  },
  {
    reason: 'a Deny that leaves one name of a pattern leaves no choice',
    statements: [
      allow('Connect', 'client/a?'),
      { Effect: 'Deny', Action: 'iot:Connect', NotResource: `${arn}client/ab` },
      allow('Publish', `topic/my/${client}`),
    ],
    absent: ['any-client-id', 'unbound-client-id'],
  },
  {
    reason: 'a variable in a Deny, or in a call that needs no connection, rests on no choice',
    statements: [
      allow('Connect', 'client/*'),
      deny('Publish', `topic/my/${client}/in`),
      allow('GetThingShadow', `thing/${client}`),
    ],
    absent: ['unbound-client-id'],
  },
  {
    reason: 'a client ID that is plain text rests on no choice',
    version: '2008-10-17',
    statements: [allow('Connect', 'client/*'), allow('Publish', `topic/my/${client}/in`)],
    expect: ['any-client-id@0'],
    absent: ['unbound-client-id'],
  },
  {
    reason: 'a condition on another key bounds no client ID',
    statements: [allow('Connect', 'client/*', { StringEquals: { 'iot:DomainName': 'x' } })],
    expect: ['any-client-id@0'],
  },
  {
    reason: 'client IDs that a condition lists are meant',
    statements: [allow('Connect', 'client/*', { StringEquals: { 'iot:ClientId': ['gate', 'door'] } })],
    absent: ['any-client-id'],
  },
  {
    reason: 'a pattern among the client IDs of a condition leaves the choice',
    statements: [allow('Connect', 'client/*', { StringLike: { 'iot:ClientId': ['gate', 'pump-*'] } })],
    expect: ['any-client-id@0'],
  },
  {
    reason: 'a star that is written out, with a wildcard behind it',
    statements: [allow('Connect', 'client/a${*}*')],
    expect: ['any-client-id@0'],
  },
  {
    reason: 'client IDs of several levels are chosen as well',
    statements: [allow('Connect', 'client/site/*')],
    expect: ['any-client-id@0'],
  },
  {
    reason: 'no client ID is shown that a condition refuses',
    statements: [allow('Connect', 'client/*', { StringNotLike: { 'iot:ClientId': '*2' } })],
    expect: ['any-client-id@0'],
  },
  {
    reason: 'no client ID is shown that a NotResource leaves out',
    statements: [{ Effect: 'Allow', Action: 'iot:Connect', NotResource: `${arn}client/*v2` }],
    expect: ['any-client-id@0'],
  },
  {
    reason: 'the end of a topic as long as the beginning of reserved ones names no rule',
    statements: [
      bound,
      allow('Publish', ['topic/$aws/rules/*', 'topic/measurementR1']),
      {
        Effect: 'Deny',
        Action: 'iot:Publish',
        NotResource: ['R1/*', 'R1'].map((rule) => `${arn}topic/$aws/rules/${rule}`),
      },
    ],
    expect: ['basic-ingest-open@1'],
  },
  {
    reason: 'a rule or a thing without a name is none of another',
    statements: [bound, allow('Publish', ['topic/$aws/rules//x', 'topic/$aws/things//shadow/update'])],
    absent: ['basic-ingest-open', 'foreign-reserved-publish'],
  },
  {
    reason: 'no thing is called so: its name is too long, and so is that of its shadow',
    statements: [
      bound,
      allow('iotjobsdata:StartNextPendingJobExecution', `thing/${'?'.repeat(130)}`),
      allow('GetThingShadow', [`thing/${'?'.repeat(130)}`, `thing/other*/${'?'.repeat(65)}`]),
    ],
    absent: ['foreign-thing-api'],
  },
  {
    reason: 'the longest names that things and shadows can have',
    statements: [
      bound,
      allow('iotjobsdata:StartNextPendingJobExecution', `thing/${'?'.repeat(128)}`),
      allow('GetThingShadow', `thing/other*/${'?'.repeat(64)}`),
    ],
    expect: ['foreign-thing-api@1', 'foreign-thing-api@2'],
  },
  {
    reason: 'no client is called so: letters beyond ASCII take more than one byte',
    statements: [
      allow('Connect', [`client/${'?'.repeat(129)}`, `client/${'\u00e9'.repeat(64)}?*`]),
      allow('DeleteConnection', `client/${'?'.repeat(129)}`),
    ],
    absent: ['any-client-id', 'delete-any-connection'],
  },
  {
    reason: 'the longest client IDs',
    statements: [
      allow('Connect', [`client/${'\u00e9'.repeat(63)}??`]),
      allow('DeleteConnection', `client/${'?'.repeat(128)}`),
    ],
    expect: ['any-client-id@0', 'delete-any-connection@1'],
  },
  {
    reason: 'of what is too long for a topic a Deny takes nothing away, and no message comes back',
    statements: [
      bound,
      allow('Publish', 'topic/*'),
      deny('Publish', `topic/${'?'.repeat(257)}*`),
      allow('Publish', `topic/${'?'.repeat(257)}`),
      allow('Subscribe', ['topicfilter/x', `topicfilter/${'?'.repeat(257)}`]),
      allow('Receive', 'topic/*'),
    ],
    expect: ['any-topic@1', 'malformed-filter@4', 'own-echo@1'],
  },
  {
    reason: 'types of things that there cannot be, asked for and refused',
    statements: [
      allow('Connect', 'client/*', { StringLike: { 'iot:Connection.Thing.ThingTypeName': '?'.repeat(129) } }),
      allow('Publish', 'topic/*'),
      deny('Publish', 'topic/*', { StringNotEquals: { 'iot:Connection.Thing.ThingTypeName': 'a b' } }),
    ],
    absent: ['any-client-id', 'any-topic'],
  },
  ...['StringEquals gate', 'StringLike pump-*', 'StringNotLike ?', 'StringNotEquals zzz'].map((condition): Row => {
    const [operator, id] = condition.split(' ');
    const Condition = { [operator!]: { 'iot:ClientId': id! } };
    return {
      reason: `NotResource grants client IDs under the condition ${condition}`,
      statements: [{ Effect: 'Allow', Action: 'iot:Connect', NotResource: `${arn}client/admin`, Condition }],
      expect: ['allow-notresource@0'],
    };
  }),
  {
    reason: 'a condition that refuses short names leaves the choice of the others',
    statements: [allow('Connect', 'client/*', { StringNotLike: { 'iot:ClientId': '?' } })],
    expect: ['any-client-id@0'],
  },
  {
    reason: 'a Deny that refuses short names leaves the choice of the others',
    statements: [allow('Connect', 'client/*'), deny('Connect', 'client/?')],
    expect: ['any-client-id@0'],
  },
  ...[
    { written: 'KQ', refused: ['*K*', '*Q*'], left: 'small letters' },
    { written: 'kq', refused: ['*k*', '*q*'], left: 'capitals' },
  ].map(({ written, refused, left }): Row => {
    const condition = (operator: string, id: string | readonly string[]) => ({ [operator]: { 'iot:ClientId': id } });
    const Condition = condition('StringEqualsIgnoreCase', written);
    return {
      reason: `NotResource grants the one writing of a client ID that a Deny leaves, in ${left}`,
      statements: [
        { Effect: 'Allow', Action: 'iot:Connect', NotResource: `${arn}client/admin`, Condition },
        deny('Connect', 'client/*', condition('StringLike', refused)),
      ],
      expect: ['allow-notresource@0'],
    };
  }),
  {
    reason: 'no thing is shown under another name than its own, however short that is',
    statements: [
      allow('Connect', `client/${thing}`),
      allow('Connect', 'client/*', { 'ForAllValues:StringEquals': { 'iot:DomainName': ['x'] } }),
    ],
    expect: ['forall-vacuous@1'],
  },
  {
    reason: 'NotResource that leaves out what the condition asks for, or that a Deny takes back, grants nothing',
    statements: [
      ...['gate', 'door'].map((id) => ({
        Effect: 'Allow',
        Action: 'iot:Connect',
        NotResource: `${arn}client/gate`,
        Condition: { StringEquals: { 'iot:ClientId': id } },
      })),
      deny('Connect', 'client/door'),
    ],
    absent: ['allow-notresource'],
  },
  {
    reason: 'NotResource that grants nothing, beside an Allow of every client ID',
    statements: [
      {
        Effect: 'Allow',
        Action: 'iot:Connect',
        NotResource: `${arn}client/gate`,
        Condition: { StringEquals: { 'iot:ClientId': 'gate' } },
      },
      allow('Connect', 'client/*'),
    ],
    absent: ['allow-notresource'],
  },
  {
    reason: 'NotResource for things alone, beside an Allow for clients that are none',
    statements: [
      {
        Effect: 'Allow',
        Action: 'iot:Connect',
        NotResource: `${arn}client/admin`,
        Condition: { Bool: { 'iot:Connection.Thing.IsAttached': 'true' } },
      },
      allow('Connect', 'client/c'),
    ],
    expect: ['allow-notresource@0'],
  },
  {
    reason: 'NotResource by which a thing connects under its own name',
    statements: [
      {
        Effect: 'Allow',
        Action: 'iot:Connect',
        NotResource: `${arn}client/admin`,
        Condition: { Bool: { 'iot:Connection.Thing.IsAttached': 'true' } },
      },
    ],
    expect: ['allow-notresource@0'],
  },
];
