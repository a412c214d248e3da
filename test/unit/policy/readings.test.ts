import { describe, expect, it } from 'vitest';
import {
  compare,
  type Level,
  type PolicyDocument,
  parsePolicyValue,
  withDefaults,
} from '../../../operator/policy/index.ts';
import { readingsThatMatter, untestedAssumptions } from '../../../operator/policy/readings.ts';
import { arn, type Raw, thing } from './words.ts';

function document(statement: Raw, Version = '2012-10-17'): PolicyDocument {
  const Statement = [{ Effect: 'Allow', Action: 'iot:Publish', Resource: `${arn}topic/a`, ...statement }];
  const { document: parsed, findings } = parsePolicyValue({
    Version,
    Statement: Statement.map((one) =>
      Object.fromEntries(Object.entries(one).filter(([, value]) => value !== undefined)),
    ),
  });
  if (parsed === undefined) throw new Error(findings.map((one) => one.message).join('; '));
  return parsed;
}
const asked = (statement: Raw, level: Level = 'raw', version?: string): string[] =>
  readingsThatMatter([document(statement, version)], withDefaults(), level).map(({ name }) => name);
/** The statement with one more of everything that comes in lists. */
function withMore(statement: Raw): Raw {
  const more: Readonly<Record<string, string>> = {
    Action: 'iot:Receive',
    NotAction: 'iot:Receive',
    Resource: `${arn}topic/b`,
    NotResource: `${arn}topic/b`,
  };
  const whole = Object.entries({ Action: 'iot:Publish', Resource: `${arn}topic/a`, ...statement });
  return Object.fromEntries(
    whole.map(([key, value]) => {
      const listed = value !== undefined && value !== '*' && more[key] !== undefined;
      return [key, listed ? [value, more[key]].flat() : value];
    }),
  );
}
const topic = (name: string): Raw => ({ Resource: `${arn}topic/${name}` });

describe('which undocumented points a comparison is run again for', () => {
  it.each<readonly [reason: string, statement: Raw, asked: readonly string[]]>([
    ['none where everything is documented', {}, []],
    ['an action in other letters', { Action: 'iot:publish' }, ['actionCase']],
    ['a pattern of actions in other letters', { Action: 'IOT:Pub*' }, ['actionCase', 'starIncludesClientActions']],
    ['a pattern that fits as it is written', { Action: 'iot:Pub*' }, ['starIncludesClientActions']],
    ['an action that nobody knows', { Action: 'IOT:Fly' }, []],
    [
      'whether a thing is attached',
      { Condition: { Bool: { 'IOT:connection.thing.isAttached': 'true' } } },
      ['thingNameNeedsAttachment'],
    ],
    [
      'the same as a variable',
      topic(`\${iot:Connection.Thing.IsAttached}/${thing}`),
      ['thingNameNeedsAttachment', 'substitutedWildcards'],
    ],
    [
      'the same with spaces',
      topic(`\${ iot:Connection.Thing.IsAttached}/${thing}`),
      ['thingNameNeedsAttachment', 'substitutedWildcards'],
    ],
    ['a key that only begins so', { Condition: { Bool: { 'iot:connection.thing.isAttachedTo': 'true' } } }, []],
    ['a key of another thing', { Condition: { Bool: { 'x-iot:connection.thing.isAttached': 'true' } } }, []],
    ['a value that may hold wildcards', topic('${iot:ClientId}'), ['substitutedWildcards']],
    ['the same with spaces', topic('${ iot:ClientId }'), ['substitutedWildcards']],
    [
      'values that hold none',
      topic(`${thing}/\${iot:Connection.Thing.ThingTypeName}/\${ iot:Connection.Thing.Attributes[a] }`),
      [],
    ],
    ['an escape', topic('${*}'), []],
    [
      'a variable in NotResource',
      { Resource: undefined, NotResource: `${arn}topic/${thing}` },
      ['unresolvedNotResource'],
    ],
    ['NotResource without one', { Resource: undefined, NotResource: `${arn}topic/a` }, []],
    ['a star in front of the account', { Resource: 'arn:aws:iot:*:123456789012:topic/a' }, ['starCrossesColons']],
    ['a question mark there', { Resource: 'arn:aws:iot:us-east-?:123456789012:topic/a' }, ['starCrossesColons']],
    ['a star in the name', topic('*'), []],
    ['the lone star', { Resource: '*' }, []],
    ['NotAction', { Action: undefined, NotAction: 'iot:Publish' }, ['notAction', 'listResource']],
    [
      'NotAction and a thing',
      { Action: undefined, NotAction: 'iot:Publish', ...topic(thing) },
      ['notAction', 'listResource', 'thingVariablesOnHttps'],
    ],
    ['calls that list, on a resource', { Action: 'iot:ListRetainedMessages' }, ['listResource']],
    [
      'the same by a pattern',
      { Action: 'i*:listn*', ...topic('a') },
      ['actionCase', 'listResource', 'starIncludesClientActions'],
    ],
    [
      'calls that list, on the star and a resource',
      { Action: 'iot:ListRetainedMessages', Resource: ['*', `${arn}topic/a`] },
      ['listResource'],
    ],
    ['calls that list, on the star', { Action: 'iot:ListRetainedMessages', Resource: '*' }, []],
    [
      'a call by HTTPS with a thing',
      { Action: 'iot:GetThingShadow', Resource: `${arn}thing/${thing}` },
      ['thingVariablesOnHttps'],
    ],
    [
      'a call by HTTPS with a thing, written with spaces',
      { Action: 'iot:GetThingShadow', Resource: `${arn}thing/\${ iot:Connection.Thing.ThingName }` },
      ['thingVariablesOnHttps'],
    ],
    ['a call by HTTPS without', { Action: 'iot:GetThingShadow', Resource: `${arn}thing/a` }, []],
    [
      'a call by HTTPS with a condition on the thing',
      { Action: 'iot:DeleteConnection', Condition: { StringEquals: { 'iot:Connection.Thing.ThingTypeName': 'a' } } },
      ['thingVariablesOnHttps'],
    ],
    ['a message with a thing', topic(thing), []],
    ['all actions', { Action: '*', Resource: '*' }, ['starIncludesClientActions']],
    [
      'a negation of a list',
      { Condition: { StringNotEquals: { 'iot:ConnectAttributes': 'LastWill' } } },
      ['negationOfList'],
    ],
    [
      'a negation of all values of a field of the certificate',
      { Condition: { StringNotLikeIfExists: { 'iot:Certificate.Subject.Organization.List': 'a*' } } },
      ['negationOfList'],
    ],
    [
      'a negation of a key that a set operator takes for a list, in other letters',
      { Condition: { ArnNotLike: { 'aws:K': 'a' }, 'foranyvalue:StringEquals': { 'AWS:k': 'a' } } },
      ['negationOfList'],
    ],
    [
      'a negation of a key of its own',
      { Condition: { ArnNotLike: { 'aws:K': 'a' }, 'ForAnyValue:StringEquals': { 'aws:L': 'a' } } },
      [],
    ],
    [
      'a negation of a key with one value',
      { Condition: { StringNotEquals: { 'iot:ClientId': 'a' }, 'ForAnyValue:StringLike': { 'iot:ClientId': 'b' } } },
      [],
    ],
    [
      'a negation by a set operator',
      { Condition: { 'ForAnyValue:StringNotEquals': { 'iot:ConnectAttributes': 'LastWill' } } },
      [],
    ],
    ['a list that is not negated', { Condition: { StringEquals: { 'iot:ConnectAttributes': 'LastWill' } } }, []],
    ['actions by a question mark', { Action: 'iot:?ublish', Resource: '*' }, ['starIncludesClientActions']],
  ])('%s', (_reason, statement, names) => {
    expect(asked(statement)).toEqual(names);
    // What is beside it hides nothing: more actions and resources, another document.
    const other = document({ Resource: statement.Resource === '*' ? '*' : `${arn}topic/c` });
    const beside = readingsThatMatter([other, document(withMore(statement))], withDefaults(), 'raw');
    expect(beside.map(({ name }) => name)).toEqual(names);
  });

  it('asks for calls that list where any statement is on a resource', () => {
    const list = document({ Action: 'iot:ListRetainedMessages', Resource: '*' });
    const names = readingsThatMatter([list, document({})], withDefaults(), 'raw').map(({ name }) => name);
    expect(names).toEqual(['listResource']);
  });

  it('asks for delivery only what bears on it', () => {
    expect(asked({ Action: 'iot:*', Resource: `${arn}thing/${thing}` }, 'delivery')).toEqual(['wildcardSkipsDollar']);
    expect(asked({}, 'session')).toEqual([]);
  });

  it('asks for the older language version', () => {
    expect(asked({}, 'raw', '2008-10-17')).toEqual(['oldVersion']);
    const beside = readingsThatMatter([document({}, '2008-10-17'), document({})], withDefaults(), 'raw');
    expect(beside.map(({ name }) => name)).toEqual(['oldVersion']);
  });

  it('says for each point what is taken to be, and compares with the opposite', () => {
    const touching = [
      document({ Action: 'iot:publish' }),
      document({ Condition: { Bool: { 'iot:Connection.Thing.IsAttached': 'true' } } }),
      document(topic('${iot:ClientId}')),
      document({ Resource: undefined, NotResource: `${arn}topic/${thing}` }),
      document({ Resource: 'arn:aws:iot:*:123456789012:topic/a' }),
      document({}, '2008-10-17'),
      document({ Action: undefined, NotAction: 'iot:Publish' }),
      document({ Action: 'iot:GetThingShadow', Resource: `${arn}thing/${thing}` }),
      document({ Action: '*' }),
      document({ Condition: { StringNotEquals: { 'iot:ConnectAttributes': 'LastWill' } } }),
    ];
    const said = (['raw', 'delivery'] as const).flatMap((level) =>
      readingsThatMatter(touching, withDefaults(), level).map(
        ({ name, question, options }) => `${name} ${options.switches[name]}: ${question}`,
      ),
    );
    expect([...new Set(said)].sort()).toEqual([
      'actionCase sensitive: Action names are taken to compare without case.',
      'listResource narrow: ListNamedShadowsForThing and ListRetainedMessages are taken to be checked against the resource "*" alone.',
      'negationOfList oneUnnamed: A negated operator without ForAllValues or ForAnyValue is taken to hold of a key with several values where none of them is named.',
      'notAction refused: NotAction is taken to be accepted, with the meaning that it has in IAM.',
      'oldVersion refused: Version 2008-10-17 is taken to be accepted, with variables as plain text.',
      'starCrossesColons false: A star in an ARN is taken to run across colons.',
      'starIncludesClientActions false: iot:* is taken to include SendDirectMessage and DeleteConnection.',
      'substitutedWildcards glob: Wildcard characters inside a substituted value are taken as plain characters.',
      'thingNameNeedsAttachment false: The thing name is taken to resolve only for a certificate attached to the thing.',
      'thingVariablesOnHttps false: Thing variables are taken to resolve on HTTPS calls as well.',
      'unresolvedNotResource statementInert: A NotResource whose variable does not resolve is taken to match nothing, so that the statement covers everything.',
      'wildcardSkipsDollar false: A wildcard at the first level of a filter is taken to skip every topic that begins with $.',
    ]);
  });

  it('gives the other reading and leaves all else as it was', () => {
    const options = withDefaults({ account: '111111111111', switches: { listResource: 'narrow' } });
    const [reading] = readingsThatMatter([document({ Action: 'iot:publish' })], options, 'raw');
    expect(reading?.options).toEqual({ ...options, switches: { ...options.switches, actionCase: 'sensitive' } });
  });

  it('takes a negation of a list for what the question says when nobody chooses', () => {
    expect(withDefaults({ switches: { negationOfList: 'noneNamed' } })).toEqual(withDefaults());
  });

  it('reads a negation of a list as ForAnyValue does, by the switch, and where the key is absent as before', () => {
    const list = 'iot:Certificate.Subject.Organization.List';
    const switches = { negationOfList: 'oneUnnamed' } as const;
    const connect = (...conditions: readonly Raw[]): PolicyDocument[] =>
      conditions.map((Condition) => document({ Action: 'iot:Connect', Resource: `${arn}client/*`, Condition }));
    for (const wanted of [['a'], ['a', 'b'], ['${iot:ClientId}'], ['${iot:ClientId}', 'x${iot:ClientId}']]) {
      const plain = connect({ StringNotEquals: { [list]: wanted } });
      const set = connect({ 'ForAnyValue:StringNotEquals': { [list]: wanted } }, { Null: { [list]: 'true' } });
      expect(compare(plain, set, { switches, probeSwitches: false })).toMatchObject({ verdict: 'equivalent' });
      const asked = compare(plain, set);
      expect(asked.verdict).not.toBe('equivalent');
      expect(asked.assumptions.join()).toContain('the verdict is "equivalent" (switch negationOfList)');
    }
    // What is not a list is read as before.
    const single = connect({ StringNotEquals: { 'iot:Certificate.Subject.CommonName': ['a', '${iot:ClientId}'] } });
    const other = connect({
      'ForAllValues:StringNotEquals': { 'iot:Certificate.Subject.CommonName': ['a', '${iot:ClientId}'] },
    });
    expect(compare(single, other, { switches, probeSwitches: false })).toMatchObject({ verdict: 'equivalent' });
  });

  it('names the point on which a verdict hangs, and what the verdict is otherwise', () => {
    const attached = document(topic(`\${iot:Connection.Thing.IsAttached}/${thing}`));
    const stated = document(topic(`true/${thing}`));
    const result = compare([attached], [stated]);
    expect(result.verdict).toBe('equivalent');
    expect(result.assumptions).toEqual([
      'The thing name is taken to resolve only for a certificate attached to the thing. If not as assumed, the verdict is "incomparable" (switch thingNameNeedsAttachment).',
    ]);
    const miscased = compare([document({ Action: 'iot:PUBLISH*' })], [document({})], {
      switches: { starIncludesClientActions: false },
    });
    expect(miscased).toMatchObject({ verdict: 'equivalent' });
    expect(miscased.assumptions.join()).toContain('switch actionCase');
    const unasked = compare([document({ Action: 'iot:PUBLISH' })], [document({})], { probeSwitches: false });
    expect(unasked.assumptions).toEqual([]);
  });
});

describe('which points are named without a second comparison', () => {
  const named = (statement: Raw, level: Level = 'raw'): string =>
    untestedAssumptions([document(statement)], level)
      .map((one) => /switch (\w+)/.exec(one)?.[1] ?? 'default')
      .join();
  const subscribe = (Resource: string, more: Raw = {}): Raw => ({ Action: 'iot:Subscribe', Resource, ...more });
  it.each<readonly [reason: string, statement: Raw, named: string]>([
    ['a question mark beside letters beyond ASCII', { Resource: [`${arn}topic/?`, `${arn}topic/é`] }, 'questionMark'],
    [
      'a question mark in a condition',
      { ...topic('é'), Condition: { StringLike: { 'iot:ClientId': '?' } } },
      'questionMark',
    ],
    [
      'a question mark that is a character',
      { ...topic('é'), Condition: { StringEquals: { 'iot:ClientId': '?' } } },
      '',
    ],
    ['a question mark among plain letters', topic('?'), ''],
    ['letters beyond ASCII alone', topic('é*'), ''],
    ['a default', topic("${iot:ClientId, 'a'}"), 'default'],
    ['a comma outside', topic('${iot:ClientId},a'), ''],
    ['a brace in one text and a comma in the next', { Resource: [`${arn}topic/\${a`, `${arn}topic/b,c}`] }, ''],
    ['a shared subscription by name', subscribe(`${arn}topicfilter/$share/g/a`), 'sharedSubscription'],
  ])('%s', (_reason, statement, expected) => {
    expect(named(statement)).toBe(expected);
    expect(named(withMore(statement))).toBe(expected);
  });

  const withDeny = (allow: Raw): string => {
    const deny = document({ Effect: 'Deny', ...subscribe(`${arn}topicfilter/a/b`) });
    expect(untestedAssumptions([document(allow), deny], 'raw')).toEqual([]);
    return untestedAssumptions([document(allow), deny], 'delivery').length > 0 ? 'shared' : '';
  };
  it.each<readonly [reason: string, allow: Raw, named: string]>([
    ['a filter that may begin with $', subscribe(`${arn}topicfilter/*`), 'shared'],
    ['one that may by a question mark', subscribe(`${arn}topicfilter/?share/*`), 'shared'],
    ['one that does', subscribe(`${arn}topicfilter/$aws/*`), 'shared'],
    ['one that cannot', subscribe(`${arn}topicfilter/a/*`), ''],
    ['another kind of resource', subscribe(`${arn}topic/a`), ''],
    ['any resource', subscribe('*'), 'shared'],
    ['a star in front', subscribe('arn:aws:iot:*:*:topicfilter/a'), 'shared'],
    ['another action', { Action: 'iot:Receive', Resource: '*' }, ''],
    ['a pattern of actions', { Action: 'iot:S*', Resource: '*' }, 'shared'],
    ['NotResource', subscribe('', { Resource: undefined, NotResource: `${arn}topicfilter/a` }), 'shared'],
    ['all actions but one', { Action: undefined, NotAction: 'iot:Publish', Resource: '*' }, 'shared'],
    [
      'all actions but one, on filters that cannot',
      { Action: undefined, NotAction: 'iot:Publish', Resource: `${arn}topicfilter/a/*` },
      '',
    ],
    ['a star in front of the whole', subscribe(`*${arn}topicfilter/a`), 'shared'],
    ['one that cannot, of two lines', subscribe(`${arn}topicfilter/a\n*`), ''],
    ['a Deny', { Effect: 'Deny', ...subscribe('*') }, ''],
  ])('for delivery beside a Deny: %s', (_reason, allow, expected) => {
    expect(withDeny(allow)).toBe(expected);
    expect(withDeny(withMore(allow))).toBe(expected);
  });

  it('says what is taken to be', () => {
    const touching = document({
      Resource: [`${arn}topic/?é`, `${arn}topic/\${iot:ClientId, 'a'}`, `${arn}topicfilter/$share/g/a`],
    });
    expect(untestedAssumptions([touching], 'raw')).toEqual([
      'A ? in a pattern is taken to stand for one character, not for one byte of UTF-8 (switch questionMark).',
      "A default in a policy variable, ${key, 'default'}, is taken to work as in IAM; AWS IoT does not document it.",
      'A shared subscription $share/<group>/<filter> is taken to be checked under its whole name, and not to carry messages past a Deny (switch sharedSubscription).',
    ]);
  });

  it('a shared subscription matters beside no Deny and on no other level not', () => {
    expect(named(subscribe('*'), 'delivery')).toBe('');
    expect(named({ Effect: 'Deny', ...subscribe('*') }, 'raw')).toBe('');
  });
});
