import { describe, expect, it } from 'vitest';
import { findAction, type ResourceType } from '../../../operator/policy/actions.ts';
import { type CompiledStatement, compilePolicies } from '../../../operator/policy/compile.ts';
import { planContexts } from '../../../operator/policy/contexts.ts';
import { type GivenOptions, parsePolicyValue, withDefaults } from '../../../operator/policy/index.ts';
import { arn, client, type Raw, thing } from './words.ts';

const rule =
  (Effect: string) =>
  (names: string | readonly string[], Condition?: Raw, more: Raw = {}): Raw => ({
    Effect,
    Action: 'iot:*',
    Resource: [names].flat().map((name) => arn + name),
    ...(Condition === undefined ? {} : { Condition }),
    ...more,
  });
const [allow, deny] = [rule('Allow'), rule('Deny')];

interface Asked {
  readonly left?: readonly Raw[];
  readonly right?: readonly Raw[];
  readonly connect?: readonly Raw[];
  /** Statements of the two sets that the question is not about. */
  readonly others?: readonly Raw[];
  readonly action?: string;
  readonly types?: readonly ResourceType[];
  readonly options?: GivenOptions;
  readonly budget?: number;
}

/** The contexts that a search looks at: for every class its keys with the values that are tried, `-` for an absent key. */
function tried({
  left = [],
  right = [],
  connect = [],
  others = [],
  action = 'iot:Publish',
  types,
  options = {},
  budget = 1e6,
}: Asked) {
  const { document, findings } = parsePolicyValue({
    Version: '2012-10-17',
    Statement: [...left, ...right, ...connect, ...others],
  });
  const info = findAction(action);
  if (document === undefined || info === undefined) throw new Error(findings.map((one) => one.message).join());
  const set = compilePolicies([document], withDefaults(options));
  const cut = (from: number, length: number): readonly CompiledStatement[] => set.statements.slice(from, from + length);
  const [one, two] = [cut(0, left.length), cut(left.length, right.length)];
  const plan = planContexts({
    set,
    action: info,
    statements: [...one, ...two, ...cut(left.length + right.length + connect.length, others.length)],
    types: types ?? [info.resource],
    connect: cut(left.length + right.length, connect.length),
    budget: { left: budget },
  });
  const { classes, leftOut, exhaustive } = plan.contextsFor({ left: one, right: two });
  const shown = classes.map(({ choices, sameName, attached, self }) => {
    const kind = [
      attached ? 'attached' : 'no thing',
      ...(sameName ? ['same name'] : []),
      ...(self.size > 0 ? [`asks for its ${[...self].map(short).join(' and ')}`] : []),
    ].join(', ');
    const lists = choices.map(({ key, values }) => `${short(key)}: ${values.map(showValue).join(' ')}`);
    return `${kind} | ${lists.join(' | ')}`;
  });
  return [
    ...shown,
    ...(leftOut === undefined ? [] : [`left out: ${leftOut}`]),
    ...(exhaustive ? [] : ['tested values only']),
  ];
}

const short = (key: string): string => key.replace('iot:connection.thing.', '').replace('iot:certificate.subject.', '');
const showValue = (value: string | readonly string[] | undefined): string =>
  value === undefined ? '-' : typeof value === 'string' ? (value === '' ? "''" : value) : `[${value.join()}]`;

const x = '${iot:Connection.Thing.Attributes[x]}';
const cn = '${iot:Certificate.Subject.CommonName}';
const commonName = 'iot:Certificate.Subject.CommonName';
const attribute = 'iot:Connection.Thing.Attributes[x]';
type Case = readonly [reason: string, asked: Asked, tried: readonly string[]];
const cases: readonly Case[] = [
  [
    'a variable in a resource: absent, fresh text, and nothing at all',
    { left: [allow(`topic/${cn}`)] },
    ["no thing | commonname: - q '' | iot:clientid: c1"],
  ],
  [
    'a run of question marks that must not match tells lengths apart up to one more',
    { left: [allow(`topic/${cn}`)], right: [deny('topic/a?b??')] },
    ["no thing | commonname: - q qq qqq '' | iot:clientid: c1"],
  ],
  [
    'question marks on the left tell nothing apart',
    { left: [allow([`topic/${cn}`, 'topic/a??b'])] },
    ["no thing | commonname: - q '' | iot:clientid: c1"],
  ],
  [
    'more question marks than six',
    { left: [allow(`topic/${cn}`)], right: [deny('topic/???????')] },
    ["no thing | commonname: - q qq qqq qqqqqqq qqqqqqqq '' | iot:clientid: c1", 'tested values only'],
  ],
  [
    'what a pattern on the left forces, its star filled',
    { left: [allow(`topic/${cn}`), deny('topic/a*b')] },
    ["no thing | commonname: - q '' aqb | iot:clientid: c1"],
  ],
  [
    'a star is filled with nothing too where lengths matter',
    { left: [allow(`topic/${cn}`), deny('topic/a*b')], right: [deny('topic/?')] },
    ["no thing | commonname: - q qq '' ab aqb aqqb | iot:clientid: c1"],
  ],
  [
    'what a pattern and a condition force together',
    { left: [allow(`topic/${cn}`, { StringLike: { [commonName]: 'a*' } }), deny('topic/*b')] },
    ["no thing | commonname: - q a '' aq qb aqb ab b | iot:clientid: c1"],
  ],
  [
    'every way in which two conditions turn out',
    { left: [allow(`topic/${cn}`, { StringLike: { [commonName]: ['a*', '*b'] } })] },
    ["no thing | commonname: - q ab a b '' aq qb | iot:clientid: c1"],
  ],
  [
    'one value for each outcome where no resource holds the variable',
    { left: [allow('topic/a', { StringLike: { [commonName]: ['a*', '*b', 'ab'] } })] },
    ['no thing | commonname: - ab | iot:clientid: c1'],
  ],
  [
    'one value for each outcome of two conditions',
    {
      left: [allow('topic/a', { StringLike: { [commonName]: 'a*' } })],
      right: [allow('topic/a', { StringLike: { [commonName]: '*b' } })],
    },
    ['no thing | commonname: - ab a b | iot:clientid: c1'],
  ],
  [
    'a truth that AWS fills in itself',
    {
      left: [allow('topic/a', { Bool: { 'aws:SecureTransport': 'true' } })],
      right: [allow('topic/a', { Bool: { 'aws:SecureTransport': 'false' } })],
    },
    ['no thing | aws:securetransport: - true false | iot:clientid: c1'],
  ],
  [
    'a truth in a key that may hold any text',
    {
      left: [allow('topic/a', { Bool: { 'aws:K': 'true' } })],
      right: [allow('topic/a', { Bool: { 'aws:K': 'false' } })],
    },
    ['no thing | aws:k: - true false | iot:clientid: c1'],
  ],
  ...[
    ['untrue', 'true'],
    ['falsehood', 'false'],
  ].map(
    ([word, truth]): Case => [
      `the word ${word}, which Bool compares as text`,
      {
        left: [allow('topic/a', { Bool: { 'aws:K': word } })],
        right: [allow('topic/a', { Bool: { 'aws:K': truth } })],
      },
      [`no thing | aws:k: - ${truth} ${word} | iot:clientid: c1`],
    ],
  ),
  [
    'a truth that stands in a name as well',
    { left: [allow('topic/${aws:K}', { Bool: { 'aws:K': 'true' } })] },
    ['no thing | aws:k: - true false x TRUE TrUe | iot:clientid: c1', 'tested values only'],
  ],
  [
    'a truth that is compared as text as well',
    {
      left: [allow('topic/a', { Bool: { 'aws:K': 'true' } })],
      right: [allow('topic/a', { StringLike: { 'aws:K': 't*' } })],
    },
    ['no thing | aws:k: - true True t | iot:clientid: c1'],
  ],
  [
    'a point in each interval of numbers, and none',
    {
      left: [allow('topic/a', { NumericLessThan: { 'aws:K': '5' } })],
      right: [
        allow('topic/a', { NumericEquals: { 'aws:K': '5' } }),
        allow('topic/a', { NumericGreaterThan: { 'aws:K': '7' } }),
      ],
    },
    ['no thing | aws:k: - 5 8 4 | iot:clientid: c1'],
  ],
  [
    'numbers that are compared as text as well',
    {
      left: [allow('topic/a', { NumericLessThan: { 'aws:K': '5' } })],
      right: [allow('topic/a', { StringEquals: { 'aws:K': 'y' } })],
    },
    ['no thing | aws:k: - 4 y | iot:clientid: c1'],
  ],
  [
    'numbers that stand in a name',
    { left: [allow('topic/${aws:K}', { NumericLessThan: { 'aws:K': '5' } })] },
    ["no thing | aws:k: - 5 5.0 05 6 6.0 06 4 4.0 04 x q '' | iot:clientid: c1", 'tested values only'],
  ],
  [
    'numbers of which any may do',
    { left: [allow('topic/a', { 'ForAnyValue:NumericLessThan': { 'aws:K': '5' } })] },
    ['no thing | aws:k: - [4] | iot:clientid: c1'],
  ],
  [
    'dates',
    {
      left: [allow('topic/a', { DateLessThan: { 'aws:CurrentTime': '2026-01-01T00:00:00Z' } })],
      right: [
        allow('topic/a', { DateEquals: { 'aws:CurrentTime': '2026-01-01T00:00:00Z' } }),
        allow('topic/a', { DateGreaterThan: { 'aws:CurrentTime': '2026-01-01T00:00:00Z' } }),
      ],
    },
    [
      'no thing | aws:currenttime: - 2026-01-01T00:00:00.000Z 2026-01-01T00:00:01.000Z 2025-12-31T23:59:59.000Z | iot:clientid: c1',
    ],
  ],
  [
    'addresses inside a block and outside',
    {
      left: [allow('topic/a', { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } })],
      right: [allow('topic/a', { IpAddress: { 'aws:SourceIp': '10.0.0.0/9' } })],
    },
    ['no thing | aws:sourceip: - 10.255.255.255 10.0.0.0 | iot:clientid: c1'],
  ],
  [
    'lists where any value may do',
    {
      left: [allow('topic/a', { 'ForAnyValue:StringEquals': { 'aws:K': ['y', 'z'] } })],
      right: [allow('topic/a', { 'ForAllValues:StringEquals': { 'aws:K': ['y'] } })],
    },
    ['no thing | aws:k: - [q] [y] [q,y] | iot:clientid: c1'],
  ],
  [
    'lists of connect features',
    {
      left: [allow('topic/a', { StringEquals: { 'iot:ConnectAttributes': 'y' } })],
      right: [allow('topic/a', { StringNotEquals: { 'iot:ConnectAttributes': ['y', 'z'] } })],
    },
    ['no thing | iot:connectattributes: - [y] [z] | iot:clientid: c1'],
  ],
  [
    'lists in a certificate',
    {
      left: [allow('topic/a', { StringEquals: { 'iot:Certificate.Subject.Organization.List': 'y' } })],
      right: [allow('topic/a', { StringNotEquals: { 'iot:Certificate.Subject.Organization.List': 'y' } })],
    },
    ['no thing | organization.list: - [y] | iot:clientid: c1'],
  ],
  [
    'a list of more values than are combined',
    { left: [allow('topic/a', { 'ForAnyValue:StringEquals': { 'aws:K': ['a', 'b', 'c', 'd', 'e', 'f'] } })] },
    ['no thing | aws:k: - [a] | iot:clientid: c1', 'tested values only'],
  ],
  [
    'an operator that is not known is true or false',
    { left: [allow('topic/a', { StringSounds: { 'aws:K': 'y' } })] },
    ['no thing | ?StringSounds aws:k y: true false | iot:clientid: c1'],
  ],
  [
    'an ARN that is compared segment by segment',
    { left: [allow('topic/a', { ArnLike: { 'aws:SourceArn': 'arn:aws:iot:*:*:thing/a' } })] },
    ['no thing | aws:sourcearn: - arn:aws:iot:::thing/a | iot:clientid: c1', 'tested values only'],
  ],
  [
    'the will topic, an ARN of this deployment',
    {
      left: [allow('client/a', { ArnLike: { 'iot:LastWillTopic': [`${arn}topic/w*`, 'arn:aws:s3:*:*:*', '*'] } })],
      right: [allow('client/a', { ArnLike: { 'iot:LastWillTopic': 'arn:aws:iot:*:*:topic/*' } })],
      action: 'iot:Connect',
    },
    ['no thing, asks for its iot:clientid | iot:lastwilltopic: - arn:aws:iot:us-east-1:123456789012:topic/w'],
  ],
  [
    'text in either case',
    { left: [allow(`topic/${cn}`, { StringEqualsIgnoreCase: { [commonName]: 'a1' } })] },
    ["no thing | commonname: - q a1 '' A1 | iot:clientid: c1"],
  ],
  [
    'text of several letters in either case',
    { left: [allow(`topic/${cn}`, { StringEqualsIgnoreCase: { [commonName]: 'ab' } })] },
    ["no thing | commonname: - q ab '' AB Ab | iot:clientid: c1", 'tested values only'],
  ],
  [
    'the thing name: no thing, or one under its own name',
    { left: [allow(`topic/${thing}`)] },
    ['no thing | iot:clientid: c1', 'attached, same name | iot:clientid: q x'],
  ],
  [
    'the thing name beside the client ID: also a thing under another client ID',
    { left: [allow(`topic/${thing}/${client}`)] },
    [
      'no thing | iot:clientid: w x',
      'attached, same name | iot:clientid: q x w',
      'attached | iot:clientid: w x | thingname: q x',
    ],
  ],
  [
    'the same without exclusive attachments',
    { left: [allow(`topic/${thing}/${client}`)], options: { exclusiveThings: false } },
    ['no thing | iot:clientid: w x', 'attached, same name | iot:clientid: q x w'],
  ],
  [
    'the same where a thing name resolves without attachment',
    {
      left: [allow(`topic/${thing}/${client}`)],
      options: { exclusiveThings: false, switches: { thingNameNeedsAttachment: false } },
    },
    [
      'no thing | iot:clientid: w x',
      'attached, same name | iot:clientid: q x w',
      'no thing, same name | iot:clientid: q x w',
    ],
  ],
  [
    'a thing name that a condition bounds, under the name as client ID',
    { left: [allow(`topic/${thing}`, { StringLike: { 'iot:ClientId': '$*' } })], options: { exclusiveThings: false } },
    ['no thing | iot:clientid: w', 'attached, same name | iot:clientid: q x w'],
  ],
  [
    'an attribute, which only a thing has',
    { left: [allow(`topic/${x}`)] },
    [
      'no thing | attributes[x]: - | iot:clientid: c1',
      "attached, same name | attributes[x]: - q '' | iot:clientid: dev1",
    ],
  ],
  [
    'an attribute by its condition alone',
    { left: [allow('topic/a', { StringEquals: { [attribute]: 'a' } })] },
    ['no thing | attributes[x]: - | iot:clientid: c1', 'attached, same name | attributes[x]: - a | iot:clientid: dev1'],
  ],
  [
    'whether a thing is attached',
    { left: [allow('topic/a', { Bool: { 'iot:Connection.Thing.IsAttached': 'true' } })] },
    ['no thing | iot:clientid: c1', 'attached, same name | iot:clientid: dev1'],
  ],
  [
    'a call by HTTPS',
    { left: [allow(`thing/${thing}`)], action: 'iot:GetThingShadow' },
    ['no thing | iot:clientid: c1', 'attached, same name | iot:clientid: q x'],
  ],
  [
    'a call by HTTPS where no thing variable resolves',
    {
      left: [allow(`thing/${thing}`)],
      action: 'iot:GetThingShadow',
      options: { switches: { thingVariablesOnHttps: false } },
    },
    ['no thing | iot:clientid: c1'],
  ],
  [
    'a message by MQTT under the same reading',
    { left: [allow(`topic/${thing}`)], options: { switches: { thingVariablesOnHttps: false } } },
    ['no thing | iot:clientid: c1', 'attached, same name | iot:clientid: q x'],
  ],
  [
    'Connect: the client ID is what is asked for',
    { left: [allow(`client/${thing}`)], action: 'iot:Connect' },
    [
      'no thing, asks for its iot:clientid | ',
      'attached, same name, asks for its iot:clientid and thingname | ',
      'attached, asks for its iot:clientid | thingname: q x',
    ],
  ],
  [
    'Connect where a thing name resolves without attachment',
    {
      left: [allow(`client/${thing}`)],
      action: 'iot:Connect',
      options: { exclusiveThings: false, switches: { thingNameNeedsAttachment: false } },
    },
    [
      'no thing, asks for its iot:clientid | ',
      'attached, same name, asks for its iot:clientid and thingname | ',
      'no thing, same name, asks for its iot:clientid and thingname | ',
    ],
  ],
  [
    'Connect with an order of client IDs',
    { left: [allow('client/*', { NumericLessThan: { 'iot:ClientId': '5' } })], action: 'iot:Connect' },
    ['left out: orderedName'],
  ],
  [
    'sessions: the client ID must be one that may connect',
    { left: [allow('topic/a')], connect: [allow(['client/d*', 'client/e'])] },
    ['no thing | iot:clientid: q e d x dq'],
  ],
  [
    'sessions of a thing',
    { left: [allow(`topic/${thing}`)], connect: [allow(`client/${thing}`)] },
    [
      'no thing | iot:clientid: q x w',
      'attached, same name | iot:clientid: q x w',
      'attached | iot:clientid: q x w | thingname: w x q',
    ],
  ],
  [
    'sessions under a client ID made of an attribute',
    { left: [allow(`topic/${client}`), deny('topic/d-a*')], connect: [allow(`client/d-${x}`)] },
    [
      'no thing | attributes[x]: - | iot:clientid: q x d-aq d-w d- d-aw',
      "attached, same name | attributes[x]: - w '' aw aq | iot:clientid: q x d-aq d-w d- d-aw",
      "attached | attributes[x]: - w '' aw aq | iot:clientid: q x d-aq d-w d- d-aw | thingname: dev1",
    ],
  ],
  [
    'a filter: values with wildcards of MQTT',
    { left: [allow(`topicfilter/${client}`)], action: 'iot:Subscribe' },
    ['no thing | iot:clientid: q x + # q/#'],
  ],
  [
    'a filter with such wildcards leaves room for nothing',
    { left: [allow(`topicfilter/a/${client}`), deny('topicfilter/a/b*+')], action: 'iot:Subscribe' },
    ['no thing | iot:clientid: q x + # q/# b+ bq+'],
  ],
  [
    'delivery: values of several levels',
    {
      left: [allow(`topicfilter/a/${client}/b`), allow('topic/*')],
      action: 'iot:Receive',
      types: ['topic', 'topicfilter'],
    },
    ['no thing | iot:clientid: q x + # q/# q/q q/q/q q/q/q/q / /q q/ //'],
  ],
  [
    'delivery beneath a quota of slashes',
    {
      left: [allow(`topicfilter/a/${client}/b`), allow('topic/*')],
      action: 'iot:Receive',
      types: ['topic', 'topicfilter'],
      options: { maxSlashes: 1 },
    },
    ['no thing | iot:clientid: q x + # q/# q/q / /q q/ //'],
  ],
  [
    'values that are taken for patterns',
    { left: [allow(`topic/${client}`)], options: { switches: { substitutedWildcards: 'glob' } } },
    ['no thing | iot:clientid: q x * ? q*'],
  ],
  [
    'patterns as long as the limit leave room for nothing',
    { left: [allow(`topic/${cn}`), deny(`topic/a*${'b'.repeat(100)}`)] },
    [`no thing | commonname: - q '' a${'b'.repeat(100)} aq${'b'.repeat(100)} | iot:clientid: c1`],
  ],
  [
    'a variable that must not match: the hardest value for each outcome',
    { left: [allow('topic/a')], right: [allow(`topic/${x}`, { StringLike: { [attribute]: 'a*' } })] },
    [
      'no thing | attributes[x]: - | iot:clientid: c1',
      'attached, same name | attributes[x]: - aq | iot:clientid: dev1',
    ],
  ],
  [
    'each text that a condition leaves, the variable in what must not match',
    { left: [allow('topic/a')], right: [allow(`topic/${x}`, { StringEquals: { [attribute]: ['a', 'b'] } })] },
    [
      'no thing | attributes[x]: - | iot:clientid: c1',
      'attached, same name | attributes[x]: - a b | iot:clientid: dev1',
    ],
  ],
  [
    'a default, which stands where the key is absent',
    { left: [allow('topic/a')], right: [allow("topic/${aws:K, 'd'}", { StringNotLike: { 'aws:K': '*' } })] },
    ['no thing | aws:k: q - | iot:clientid: c1'],
  ],
  [
    'a condition by another variable, in what must not match',
    { left: [allow('topic/a')], right: [allow('topic/a', { StringEquals: { [commonName]: `d-${client}` } })] },
    ["no thing | commonname: - w '' d-q d-x | iot:clientid: q x"],
  ],
  [
    'a variable tied to another, the name forces the one',
    { left: [allow(`topic/${cn}`, { StringEquals: { [commonName]: `d-${client}` } }), deny('topic/d-a*')] },
    ["no thing | commonname: - q '' d-aq d-w d-x d-aw | iot:clientid: w x aw aq"],
  ],
  [
    'a variable tied to another, the name forces the other',
    { left: [allow(`topic/${client}`, { StringEquals: { [commonName]: client } }), deny('topic/a*')] },
    ["no thing | commonname: - w '' q x aq | iot:clientid: q x aq w"],
  ],
  [
    'two variables in one level',
    { left: [allow(`topic/${cn}${client}`)] },
    ["no thing | commonname: - q '' | iot:clientid: w x", 'tested values only'],
  ],
  [
    'more wildcard patterns on a key than are combined',
    { left: [allow('topic/a', { StringLike: { [commonName]: ['a*', 'b*', 'c*', 'd*', 'e*', 'f*', 'g*', 'h*'] } })] },
    ['no thing | commonname: - a | iot:clientid: c1', 'tested values only'],
  ],
  [
    'two conditions of which each leaves open what the other says',
    {
      left: [allow(`topic/${cn}`)],
      right: [
        deny('topic/*', { StringLike: { [commonName]: 'a*' } }),
        deny('topic/*', { StringNotLike: { [commonName]: '*b' } }),
      ],
    },
    ["no thing | commonname: - q ab a b '' aq qb aqb | iot:clientid: c1"],
  ],
  [
    'more ways of filling a pattern than are tried',
    { left: [allow(`topic/${cn}`), deny('topic/*a*b*c*d*')], right: [deny('topic/??')] },
    [
      "no thing | commonname: - q qq qqq '' abcd qaqbqcqdq qabcd aqbcd abqcd abcqd abcdq qqaqqbqqcqqdqq qqabcd aqqbcd abqqcd abcqqd abcdqq qqqaqqqbqqqcqqqdqqq qqqabcd aqqqbcd abqqqcd abcqqqd abcdqqq | iot:clientid: c1",
      'tested values only',
    ],
  ],
  [
    'a variable that may hold a list',
    { left: [allow('topic/${aws:K}', { 'ForAnyValue:StringEquals': { 'aws:K': 'y' } })] },
    ["no thing | aws:k: - q y '' [] [q] [y] [q,y] [] [q,] [y,] [q,y,] | iot:clientid: c1"],
  ],
  [
    'a number compared with a variable',
    {
      left: [
        allow('topic/a', { NumericLessThan: { 'aws:K': ['5', '${aws:L}'] }, NumericGreaterThan: { 'aws:K': '3' } }),
      ],
    },
    [
      "no thing | aws:l: - q '' 5 3 3.0 03 4 4.0 04 5.0 05 6 6.0 06 2 2.0 02 1 1.0 01 x | aws:k: - 3 3.0 03 4 4.0 04 5 5.0 05 6 6.0 06 2 2.0 02 1 1.0 01 x q '' | iot:clientid: c1",
      'tested values only',
    ],
  ],
  [
    'a key compared as a number and as a date',
    {
      left: [allow('topic/a', { NumericLessThan: { 'aws:K': '5' } })],
      right: [allow('topic/a', { DateLessThan: { 'aws:K': '9' } })],
    },
    ['no thing | aws:k: - 5 4 | iot:clientid: c1', 'tested values only'],
  ],
  [
    'numbers compared as text in either case',
    {
      left: [allow('topic/a', { NumericLessThan: { 'aws:K': '5' } })],
      right: [allow('topic/a', { StringEqualsIgnoreCase: { 'aws:K': 'y' } })],
    },
    ['no thing | aws:k: - 4 y | iot:clientid: c1'],
  ],
  [
    'numbers compared with patterns',
    {
      left: [allow('topic/a', { NumericLessThan: { 'aws:K': '5' } })],
      right: [allow('topic/a', { StringLike: { 'aws:K': '1*' } })],
    },
    ['no thing | aws:k: - 4 1 10 | iot:clientid: c1', 'tested values only'],
  ],
  [
    'numbers compared as ARNs',
    {
      left: [allow('topic/a', { NumericLessThan: { 'aws:K': '5' } })],
      right: [allow('topic/a', { ArnEquals: { 'aws:K': 'arn:aws:iot:::a' } })],
    },
    ['no thing | aws:k: - 4 arn:aws:iot:::a | iot:clientid: c1', 'tested values only'],
  ],
  [
    'a client ID as a number',
    { left: [allow(`topic/${client}`, { NumericLessThan: { 'iot:ClientId': '5' } })] },
    [
      'no thing | iot:clientid: 5 5.0 50e-1 500e-2 05 6 6.0 60e-1 600e-2 06 4 4.0 40e-1 400e-2 04 x q',
      'tested values only',
    ],
  ],
  [
    'delivery: a certificate field of several levels or with $',
    { left: [allow(`topicfilter/${cn}`), allow('topic/*')], action: 'iot:Receive', types: ['topic', 'topicfilter'] },
    ["no thing | commonname: - q '' + # q/# q/q / /q q/ // $q $q/q | iot:clientid: c1"],
  ],
  [
    'a variable tied by a pattern, the name forces both ends',
    { left: [allow(`topic/${cn}`, { StringLike: { [commonName]: `*${client}` } }), deny('topic/a*')] },
    ["no thing | commonname: - q '' aq qw aqw qx aqx qaw aw aqaw | iot:clientid: w x aw q aq"],
  ],
  [
    'a variable tied in either case',
    { left: [allow(`topic/${cn}/${client}`, { StringEqualsIgnoreCase: { [commonName]: client } }), deny('topic/*/a')] },
    ["no thing | commonname: - q '' w W x X w/a W/A a A | iot:clientid: w x w/a a q Q", 'tested values only'],
  ],
  [
    'a variable tied in either case beside several letters',
    { left: [allow(`topic/${cn}`, { StringEqualsIgnoreCase: { [commonName]: `ab${client}` } }), deny('topic/ABc*')] },
    [
      "no thing | commonname: - q '' ABcq abw ABW AbW abx ABX AbX abcw ABCW AbCw ABcw ABcW | iot:clientid: w x cw Cw cq CQ Cq",
      'tested values only',
    ],
  ],
  [
    'a list of which one value is tied',
    { left: [allow(`topic/${client}`, { 'ForAnyValue:StringEquals': { 'aws:K': client } })] },
    [
      'no thing | aws:k: - [] [w] [] [w,] [q] [w,q] [,q] [w,,q] [x] [w,x] [,x] [w,,x] [q,x] [w,q,x] [,q,x] [w,,q,x] | iot:clientid: q x',
    ],
  ],
  [
    'a variable tied to a key that a condition bounds',
    {
      left: [
        allow(`topic/${client}`, {
          StringLike: { [commonName]: 'd-a*' },
          StringEquals: { [commonName]: `d-${client}` },
        }),
      ],
    },
    ["no thing | commonname: - w d-a '' d-q d-x d-aq | iot:clientid: q x aq a"],
  ],
  [
    'the will topic by a pattern that is no ARN of six parts',
    {
      left: [allow('client/a', { ArnLike: { 'iot:LastWillTopic': ['arn:aws:iot:*:topic/z*', `${arn}topic/w*`] } })],
      right: [allow('client/a', { StringLike: { 'iot:LastWillTopic': '*/v*' } })],
      action: 'iot:Connect',
    },
    [
      'no thing, asks for its iot:clientid | iot:lastwilltopic: - arn:aws:iot:us-east-1:123456789012:topic/w/v arn:aws:iot:us-east-1:123456789012:topic/w arn:aws:iot:us-east-1:123456789012:topic/v',
    ],
  ],
  [
    'Connect with an order of thing names',
    {
      left: [allow('client/*', { NumericLessThan: { 'iot:Connection.Thing.ThingName': '5' } })],
      action: 'iot:Connect',
      options: { exclusiveThings: false },
    },
    ['no thing, asks for its iot:clientid | ', 'left out: orderedName'],
  ],
  [
    'a call by HTTPS with an attribute where no thing variable resolves',
    {
      left: [allow(`thing/${x}`)],
      action: 'iot:GetThingShadow',
      options: { switches: { thingVariablesOnHttps: false } },
    },
    ['no thing | attributes[x]: - | iot:clientid: c1'],
  ],
  [
    'what is said of other types of names says nothing here',
    { left: [allow('topic/a')], right: [deny(['client/x', `client/${cn}`], { StringEquals: { 'aws:K': 'y' } })] },
    ['no thing | iot:clientid: c1'],
  ],
  [
    'sessions by a statement that is not about clients',
    { left: [allow('topic/a')], connect: [allow('topic/a', { StringEquals: { 'aws:K': 'y' } })] },
    ['no thing | iot:clientid: c1'],
  ],
  [
    'statements that the question is not about',
    {
      left: [allow('topic/a', { StringEquals: { 'aws:K': 'y' } })],
      others: [allow(`topic/${client}`, { StringEquals: { 'aws:K': 'z', 'aws:L': 'z' } })],
    },
    ['no thing | aws:k: - y | iot:clientid: c1'],
  ],
  [
    'a variable in the place of the type',
    { left: [allow(`${cn}/a`)] },
    ["no thing | commonname: - q '' topic/q topic | iot:clientid: c1", 'tested values only'],
  ],
  [
    'sessions: a variable in the place of the type',
    { left: [allow('topic/a')], connect: [allow(`${cn}/d`)] },
    ["no thing | commonname: - w '' client/w client | iot:clientid: q d /d x q/d", 'tested values only'],
  ],
  [
    'sessions: the client ID is not what another action is about',
    { left: [allow([`topic/${client}`, 'client/b*'])] },
    ['no thing | iot:clientid: q x'],
  ],
  [
    'sessions: a Deny on Connect tells which client IDs are left',
    { left: [allow('topic/a')], connect: [allow(`client/d-${x}`), deny('client/d-a*')] },
    [
      'no thing | attributes[x]: - | iot:clientid: q d-a x d-aq d-w d- d-aw',
      "attached, same name | attributes[x]: - w '' aw a aq | iot:clientid: q d-a x d-aq d-w d- d-aw",
      "attached | attributes[x]: - w '' aw a aq | iot:clientid: q d-a x d-aq d-w d- d-aw | thingname: dev1",
    ],
  ],
  [
    'five question marks are tried in every length',
    { left: [allow(`topic/${cn}`)], right: [deny('topic/?????')] },
    ["no thing | commonname: - q qq qqq qqqq qqqqq qqqqqq '' | iot:clientid: c1"],
  ],
  [
    'question marks of what the name must not match by NotResource',
    {
      left: [
        allow(`topic/${cn}`),
        { Effect: 'Deny', Action: 'iot:*', NotResource: `${arn}topic/??` },
        allow('topic/???'),
      ],
    },
    ["no thing | commonname: - q qq qqq '' | iot:clientid: c1"],
  ],
  [
    'delivery: question marks on the left tell lengths apart',
    {
      left: [allow(`topicfilter/${cn}`), allow('topic/a?b')],
      action: 'iot:Receive',
      types: ['topic', 'topicfilter'],
    },
    ["no thing | commonname: - q qq '' + # q/# q/q / /q q/ // $q $q/q aqb ab aqqb | iot:clientid: c1"],
  ],
  [
    'patterns one letter below the length that leaves little room',
    { left: [allow(`topic/${cn}`), deny(`topic/a*${'b'.repeat(98)}`)] },
    [`no thing | commonname: - q '' aq${'b'.repeat(98)} | iot:clientid: c1`],
  ],
  [
    'whether a thing is attached, beside a statement that does not ask',
    {
      left: [allow('topic/a', { Bool: { 'iot:Connection.Thing.IsAttached': 'true' } })],
      right: [allow('topic/b')],
    },
    ['no thing | iot:clientid: c1', 'attached, same name | iot:clientid: dev1'],
  ],
  [
    'more question marks than six beside a key that stands in no name',
    {
      left: [allow(`topic/${cn}`, { StringEquals: { 'aws:K': 'y' } })],
      right: [deny('topic/???????')],
    },
    ["no thing | commonname: - q qq qqq qqqqqqq qqqqqqqq '' | aws:k: - y | iot:clientid: c1", 'tested values only'],
  ],
  [
    'policies that use up every letter',
    {
      left: [allow(`topic/${cn}`)],
      right: [deny('topic/ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_')],
    },
    ["no thing | commonname: - '' | iot:clientid: c1", 'tested values only'],
  ],
  [
    'nothing but variables on both sides',
    { left: [allow(`topic/${cn}`), deny(`topic/${client}`)] },
    ["no thing | commonname: - q '' w x | iot:clientid: w x q"],
  ],
  [
    'letters that names, conditions and resources of any account use are not fresh',
    {
      left: [allow(`topic/${cn}`, { StringEquals: { 'aws:K': 'w' } })],
      right: [allow('topic/q'), allow('', {}, { Resource: '*/arn:v/k' })],
    },
    ["no thing | commonname: - j '' | aws:k: - w | iot:clientid: c1"],
  ],
  [
    'letters in the fixed part of an ARN and in names of variables are fresh in names',
    { left: [allow('topic/${aws:qwvk}')], right: [{ ...allow(''), Resource: 'arn:aws:iot:q:w:topic/a' }] },
    ["no thing | aws:qwvk: - q '' | iot:clientid: c1"],
  ],
  [
    'a thing of the client’s name, which must be one that things can have',
    { left: [allow(`topic/${client}/${thing}`, { StringEquals: { 'iot:ClientId': ['a.b', 'ab'] } })] },
    [
      'no thing | iot:clientid: q a.b ab x',
      'attached, same name | iot:clientid: q ab x w',
      'attached | iot:clientid: q a.b ab x | thingname: w ab x',
    ],
  ],
  [
    'a client ID under a set operator is one value all the same',
    { left: [allow(`topic/${thing}`, { 'ForAnyValue:StringEquals': { 'iot:ClientId': ['a.b', 'ab'] } })] },
    [
      'no thing | iot:clientid: w a.b',
      'attached, same name | iot:clientid: q ab x w',
      'attached | iot:clientid: w a.b | thingname: q ab x',
    ],
  ],
  [
    'delivery: a variable in the place of the type of a filter',
    {
      left: [allow(`topicf${cn}`), allow(['topic/a', 'topic/b'])],
      action: 'iot:Receive',
      types: ['topic', 'topicfilter'],
    },
    [
      "no thing | commonname: - q '' + # q/# q/q / /q q/ // $q $q/q ilter/a ilter/b ilter/q | iot:clientid: c1",
      'tested values only',
    ],
  ],
  [
    'delivery: a variable in the place of either type',
    { left: [allow(`${cn}/a`), allow('topic/*')], action: 'iot:Receive', types: ['topic', 'topicfilter'] },
    [
      "no thing | commonname: - q '' + # q/# q/q q/q/q / /q q/ // $q $q/q topic/q topic topicfilter/q topicfilter | iot:clientid: c1",
      'tested values only',
    ],
  ],
  [
    'sessions: client IDs of two variables that must be one',
    { left: [allow('topic/a')], connect: [allow(`client/d-${x}`), deny(`client/${cn}-a`)] },
    [
      "no thing | attributes[x]: - | commonname: - v '' d d-w d- - -w w d-a -a a d-v-a d-v d-v- -v -v- -v-a v- v-a d-- -- d--a --a d-d-a d-d d-d- -d -d- -d-a | iot:clientid: q x d-w d- d-a v-a -a d-v-a d-v d-v- d-- d--a d-d-a d-d d-d- d-w-a --a -w-a w-a d-a-a -a-a a-a",
      "attached, same name | attributes[x]: - w '' a v-a v v- - -a d-a d d- d-w-a d-w d-w- -w -w- -w-a w- w-a d--a d-- -- --a d-a-a d-a- -a- -a-a a- a-a | commonname: - v '' d d-w d- - -w w d-a -a a d-v-a d-v d-v- -v -v- -v-a v- v-a d-- -- d--a --a d-d-a d-d d-d- -d -d- -d-a | iot:clientid: q x d-w d- d-a v-a -a d-v-a d-v d-v- d-- d--a d-d-a d-d d-d- d-w-a --a -w-a w-a d-a-a -a-a a-a",
      "attached | attributes[x]: - w '' a v-a v v- - -a d-a d d- d-w-a d-w d-w- -w -w- -w-a w- w-a d--a d-- -- --a d-a-a d-a- -a- -a-a a- a-a | commonname: - v '' d d-w d- - -w w d-a -a a d-v-a d-v d-v- -v -v- -v-a v- v-a d-- -- d--a --a d-d-a d-d d-d- -d -d- -d-a | iot:clientid: q x d-w d- d-a v-a -a d-v-a d-v d-v- d-- d--a d-d-a d-d d-d- d-w-a --a -w-a w-a d-a-a -a-a a-a | thingname: dev1",
    ],
  ],
  [
    'sessions: statements that the question is not about',
    {
      left: [allow('topic/a')],
      connect: [allow('client/d')],
      others: [allow('topic/a', { StringEquals: { 'aws:K': 'y' } })],
    },
    ['no thing | iot:clientid: q d x'],
  ],
  ['a variable that AWS does not know', { left: [allow('topic/${foo:bar}')] }, ['no thing | iot:clientid: c1']],
  [
    'a chain of five keys, in both directions',
    {
      left: [
        allow('topic/${aws:C}', {
          StringEquals: { 'aws:A': ['p${aws:C}'], 'aws:B': ['r${aws:D}'] },
          StringLike: { 'aws:A': ['p${aws:D}'], 'aws:B': ['r${aws:E}'] },
        }),
        deny('topic/z*'),
      ],
    },
    [
      "no thing | aws:c: - q '' zq w v | aws:d: - w '' q zq v | aws:e: - v '' w q zq | aws:a: - k '' pq p pzq pw pv | aws:b: - j '' rw r rv rq rzq | iot:clientid: c1",
    ],
  ],
  [
    'a run of question marks, a star and a beginning at once',
    { left: [allow(`topic/${cn}`), deny('topic/???*'), deny('topic/a*')] },
    ["no thing | commonname: - q '' qqqq aq aqqq | iot:clientid: c1"],
  ],
  [
    'a list of words that stands in a name',
    { left: [allow('topic/${aws:K}', { 'ForAnyValue:StringEquals': { 'aws:K': 'yes' } })] },
    ["no thing | aws:k: - q yes '' [] [q] [yes] [q,yes] [] [q,] [yes,] [q,yes,] | iot:clientid: c1"],
  ],
  [
    'numbers that a key of few letters can hold',
    { left: [allow('topic/a', { NumericLessThan: { 'iot:Connection.Thing.ThingTypeName': ['5.5', '7'] } })] },
    [
      'no thing | thingtypename: - | iot:clientid: c1',
      'attached, same name | thingtypename: - 55e-1 | iot:clientid: dev1',
    ],
  ],
  [
    'numbers beside sixteen texts',
    {
      left: [allow('topic/a', { NumericLessThan: { 'aws:K': '5' } })],
      right: [allow('topic/a', { StringEquals: { 'aws:K': Array.from('abcdefghijklmnop') } })],
    },
    ['no thing | aws:k: - 4 a | iot:clientid: c1'],
  ],
  [
    'numbers beside seventeen texts',
    {
      left: [allow('topic/a', { NumericLessThan: { 'aws:K': '5' } })],
      right: [allow('topic/a', { StringEquals: { 'aws:K': Array.from('abcdefghijklmnopr') } })],
    },
    ['no thing | aws:k: - 4 a | iot:clientid: c1', 'tested values only'],
  ],
  [
    'a variable opposite a part of a text of six letters: every piece of it',
    { left: [allow(`topic/*/${cn}`), deny('topic/b/${aws:K}', { StringEquals: { 'aws:K': 'ab/cde' } })] },
    [
      "no thing | commonname: - q '' w ab/cde ab cde a ab/ ab/c ab/cd b b/ b/c b/cd b/cde / /c /cd /cde c cd d de e | aws:k: - w ab/cde '' w/q q w/ / /q | iot:clientid: c1",
    ],
  ],
  [
    'a variable opposite a part of a longer text: its beginnings, ends and levels',
    { left: [allow(`topic/*/${cn}`), deny('topic/b/${aws:K}', { StringEquals: { 'aws:K': 'a/bcd/e' } })] },
    [
      "no thing | commonname: - q '' w a/bcd/e a bcd e a/ a/b a/bc a/bcd a/bcd/ /bcd/e bcd/e cd/e d/e /e | aws:k: - w a/bcd/e '' w/q q w/ / /q | iot:clientid: c1",
      'tested values only',
    ],
  ],
  [
    'a thing name beside a client ID that the name forces',
    { left: [allow(`topic/${thing}/${client}`), deny('topic/*/a*')] },
    [
      'no thing | iot:clientid: w x w/aw aw w/aw/aw aw/aw',
      'attached, same name | iot:clientid: q x aq w aw',
      'attached | iot:clientid: w x w/aw aw w/aw/aw aw/aw | thingname: q x aq',
    ],
  ],
  [
    'a truth that a condition ties to a client ID, in either case',
    { left: [allow(`topic/${client}`, { Bool: { 'aws:K': client } })] },
    ["no thing | aws:k: - true false x w '' q Q X | iot:clientid: q x true TRUE TrUe false FALSE FaLsE X w W"],
  ],
  [
    'a variable that two conditions tie to what the name forces on others',
    {
      left: [
        allow(`topic/${cn}/\${aws:K}`, { StringEquals: { [commonName]: `d-${client}`, 'aws:K': `e-${client}` } }),
        deny('topic/d-a*/e-*b'),
      ],
    },
    [
      "no thing | commonname: - q '' d-aq/e-q d-aq d-v d-x d-av/e-v d-av d-v/e-vb d-vb d-av/e-vb d-av/e-v/e-vb d-avb d-wb | aws:k: - w '' w/e-wb e-wb wb e-v e-x e-av/e-v e-av e-v/e-vb e-vb e-av/e-vb e-av/e-v/e-vb e-avb e-aq/e-q e-aq | iot:clientid: v x av/e-v av v/e-vb vb av/e-vb av/e-v/e-vb avb aq/e-q aq wb",
    ],
  ],
  [
    'a will topic of another deployment',
    {
      left: [allow('client/a', { ArnLike: { 'iot:LastWillTopic': ['arn:aws:s3:*:*:topic/v*', `${arn}topic/w*`] } })],
      action: 'iot:Connect',
    },
    ['no thing, asks for its iot:clientid | iot:lastwilltopic: - arn:aws:iot:us-east-1:123456789012:topic/w'],
  ],
  [
    'sessions: client IDs of an Allow and a Deny at once',
    { left: [allow(`topic/${client}`)], connect: [allow('client/a*'), deny('client/*b')] },
    ['no thing | iot:clientid: q ab a b x aq qb aqb'],
  ],
  [
    'dates that are compared with a variable',
    { left: [allow('topic/a', { DateLessThan: { 'aws:CurrentTime': ['1970-01-01T00:00:00Z', '${aws:L}'] } })] },
    [
      "no thing | aws:l: - q '' 1970-01-01T00:00:00Z 1970-01-01T00:00:00.000Z 1970-01-01T00:00:00.0000Z 0 00 1970-01-01T00:00:01.000Z 1970-01-01T00:00:01.0000Z 1 01 1969-12-31T23:59:59.000Z 1969-12-31T23:59:59.0000Z 1969-12-31T23:59:58.000Z 1969-12-31T23:59:58.0000Z | aws:currenttime: - 1970-01-01T00:00:00.000Z 1970-01-01T00:00:00.0000Z 0 00 1970-01-01T00:00:01.000Z 1970-01-01T00:00:01.0000Z 1 01 1969-12-31T23:59:59.000Z 1969-12-31T23:59:59.0000Z 1969-12-31T23:59:58.000Z 1969-12-31T23:59:58.0000Z q '' 1970-01-01T00:00:00Z | iot:clientid: c1",
      'tested values only',
    ],
  ],
  [
    'numbers of several writings in a name: nought and a half',
    { left: [allow('topic/${aws:K}', { NumericLessThan: { 'aws:K': ['0', '5.5'] } })] },
    [
      "no thing | aws:k: - 0 0.0 00 2.75 2.750 02.75 5.5 5.50 05.5 6.5 6.50 06.5 -1 -1.0 -01 x q '' | iot:clientid: c1",
      'tested values only',
    ],
  ],
  [
    'numbers compared with a pattern of one open letter',
    {
      left: [allow('topic/a', { NumericLessThan: { 'aws:K': '5' } })],
      right: [allow('topic/a', { StringLike: { 'aws:K': '1?' } })],
    },
    ['no thing | aws:k: - 4 10 | iot:clientid: c1', 'tested values only'],
  ],
  [
    'numbers in a name, compared as text in either case',
    {
      left: [allow('topic/${aws:K}', { NumericLessThan: { 'aws:K': '5' }, StringEqualsIgnoreCase: { 'aws:K': '7' } })],
    },
    ["no thing | aws:k: - 5 5.0 05 6 6.0 06 4 4.0 04 7 x q '' | iot:clientid: c1", 'tested values only'],
  ],
  [
    'Connect with an order by client IDs beside a number',
    { left: [allow('client/*', { NumericLessThan: { 'aws:K': [client, '5'] } })], action: 'iot:Connect' },
    ['left out: orderedName', 'tested values only'],
  ],
  [
    'a will topic of another deployment as a variable',
    {
      left: [
        allow('client/${iot:LastWillTopic}', {
          ArnLike: { 'iot:LastWillTopic': ['arn:aws:s3:*:*:topic/v*', `${arn}topic/w*`] },
        }),
      ],
      action: 'iot:Connect',
    },
    [
      'no thing, asks for its iot:clientid | iot:lastwilltopic: - arn:aws:iot:us-east-1:123456789012:topic/w arn:aws:iot:us-east-1:123456789012:topic/x arn:aws:iot:us-east-1:123456789012:topic/wq',
    ],
  ],
  [
    'Connect with an ARN that holds the client ID, letter by letter',
    { left: [allow('client/a', { ArnEquals: { 'aws:K': `arn:aws:iot:::thing/${client}` } })], action: 'iot:Connect' },
    [
      "no thing, asks for its iot:clientid | aws:k: - v '' arn:aws:iot:::thing/q arn:aws:iot:::thing/a arn:aws:iot:::thing/x",
      'tested values only',
    ],
  ],
  [
    'values that are not all listed when the budget ends',
    {
      left: [allow(`topic/${cn}`, { StringEquals: { [commonName]: `d-${client}` } }), deny('topic/d-a*')],
      budget: 1,
    },
    ["no thing | commonname: - q '' d-aq | iot:clientid: w aw", 'left out: budget'],
  ],
];

describe('the values that are tried for the keys of a context', () => {
  it.each(cases)('%s', (_reason, asked, expected) => {
    expect(tried(asked)).toEqual(expected);
  });
});
