import fc from 'fast-check';
import type { RawContext, RawPolicy, RawStatement } from './oracle.ts';

const arn = 'arn:aws:iot:us-east-1:123456789012:';
const thing = '${iot:Connection.Thing.ThingName}';
const attribute = '${iot:Connection.Thing.Attributes[x]}';
const client = '${iot:ClientId}';

/** The requests and contexts that the exhaustive search walks through. */
export interface Universe {
  readonly topics: readonly string[];
  readonly filters: readonly string[];
  readonly contexts: readonly RawContext[];
  readonly policies: fc.Arbitrary<readonly [readonly RawPolicy[], readonly RawPolicy[]]>;
}

const contexts: readonly RawContext[] = [
  { 'iot:ClientId': 'ab' },
  { 'iot:ClientId': 'e' },
  { 'iot:ClientId': 'd', 'iot:Connection.Thing.ThingName': 'd' },
  { 'iot:ClientId': 'd', 'iot:Connection.Thing.ThingName': 'd', 'iot:Connection.Thing.Attributes[x]': 'ab' },
  { 'iot:ClientId': 'a', 'iot:Connection.Thing.ThingName': 'a', 'iot:Connection.Thing.Attributes[x]': 'd/a' },
  { 'iot:ClientId': 'e', 'iot:Connection.Thing.ThingName': 'd', 'iot:Connection.Thing.ThingTypeName': 'T' },
  {
    'iot:ClientId': 'ab',
    'iot:Connection.Thing.ThingName': 'ab',
    'iot:Connection.Thing.ThingTypeName': 't',
    'iot:Connection.Thing.Attributes[x]': '',
  },
  { 'iot:ClientId': 'b', 'iot:Connection.Thing.ThingName': 'b', 'iot:ConnectAttributes': ['LastWill'] },
];

/** Variables of one pair: more than two at once are rare in practice and multiply the contexts to try. */
interface Shape {
  readonly levels: number;
  readonly variables: readonly string[];
}

function pattern({ levels, variables }: Shape, most = levels): fc.Arbitrary<string> {
  const [first = client, second = first] = variables;
  const piece = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom('a', 'b', 'd', 'ab') },
    { weight: 3, arbitrary: fc.constantFrom('*', '?', '*', 'a*', '*b', '?*', '${*}') },
    { weight: 2, arbitrary: fc.constantFrom(first, second) },
    { weight: 1, arbitrary: fc.constantFrom(`a${first}`, `${second}b`, `${first}*`, `${first}${second}`) },
  );
  return fc.array(piece, { minLength: 1, maxLength: most }).map((parts) => parts.join('/'));
}

function filterPattern(shape: Shape): fc.Arbitrary<string> {
  return fc.tuple(pattern(shape), fc.constantFrom('', '', '/+', '/#', '/+/a')).map(([head, tail]) => head + tail);
}

function resourceFor(action: string, shape: Shape): fc.Arbitrary<string> {
  const named = (type: string, name: fc.Arbitrary<string>): fc.Arbitrary<string> =>
    name.map((text) => `${arn}${type}/${text}`);
  const own =
    action === 'iot:Connect'
      ? named('client', pattern(shape, 1))
      : action === 'iot:Subscribe'
        ? named('topicfilter', filterPattern(shape))
        : named('topic', pattern(shape));
  return fc.oneof(
    { weight: 12, arbitrary: own },
    { weight: 1, arbitrary: fc.constantFrom('*', `${arn}*`, 'arn:aws:iot:*:*:topic/a*', 'arn:aws:iot:*:topic*/b') },
  );
}

const oneCondition = fc.oneof(
  fc.constantFrom<readonly [string, string, readonly string[]]>(
    ['Bool', 'iot:Connection.Thing.IsAttached', ['true']],
    ['Bool', 'iot:Connection.Thing.IsAttached', ['false']],
    ['Null', 'iot:Connection.Thing.ThingTypeName', ['true']],
    ['ForAllValues:StringEquals', 'iot:ConnectAttributes', ['LastWill']],
    ['ForAnyValue:StringEquals', 'iot:ConnectAttributes', ['LastWill', 'PersistentConnect']],
    ['ForAllValues:StringNotEquals', 'iot:ConnectAttributes', ['PersistentConnect']],
  ),
  fc.tuple(
    fc.constantFrom(
      'StringEquals',
      'StringNotEquals',
      'StringLike',
      'StringNotLike',
      'StringEqualsIgnoreCase',
      'StringEqualsIfExists',
    ),
    fc.constantFrom(
      'iot:Connection.Thing.ThingTypeName',
      'iot:Connection.Thing.ThingName',
      'iot:Connection.Thing.Attributes[x]',
      'iot:ClientId',
    ),
    fc.uniqueArray(fc.constantFrom('a', 'd', 'T', 'a*', '*b', 'ab', '?', thing, 'd/a', client), {
      minLength: 1,
      maxLength: 2,
    }),
  ),
);

const anyActions = ['iot:Publish', 'iot:Publish', 'iot:Publish', 'iot:Subscribe', 'iot:Receive', 'iot:Connect'];

function statement(shape: Shape, actions = anyActions): fc.Arbitrary<RawStatement> {
  return fc
    .constantFrom(...actions)
    .chain((action) =>
      fc.record({
        effect: fc.constantFrom<'Allow' | 'Deny'>('Allow', 'Allow', 'Deny'),
        action: fc.constantFrom(action, action, action, action.toUpperCase().replace('IOT:', 'iot:'), 'iot:*'),
        resources: fc.array(resourceFor(action, shape), { minLength: 1, maxLength: 2 }),
        negated: fc.constantFrom(false, false, false, false, false, false, true),
        condition: fc.option(oneCondition, { freq: 2 }),
      }),
    )
    .map(({ effect, action, resources, negated, condition }) => ({
      Effect: effect,
      Action: action,
      ...(negated ? { NotResource: resources } : { Resource: resources }),
      ...(condition === null ? {} : { Condition: { [condition[0]]: { [condition[1]]: condition[2] } } }),
    }));
}

function pairs(
  levels: number,
  actions = anyActions,
  always: readonly RawStatement[] = [],
): fc.Arbitrary<readonly [readonly RawPolicy[], readonly RawPolicy[]]> {
  const policy = (statements: readonly RawStatement[]): RawPolicy => ({ Version: '2012-10-17', Statement: statements });
  return fc
    .uniqueArray(fc.constantFrom(thing, client, attribute), { minLength: 1, maxLength: 2 })
    .chain((variables) => {
      const one = statement({ levels, variables }, actions);
      // Sides that share statements lie close together, which is where mistakes of a comparison hide.
      return fc.tuple(
        fc.array(one, { maxLength: 2 }),
        fc.array(one, { maxLength: 2 }),
        fc.array(one, { maxLength: 2 }),
      );
    })
    .map(([some, before, after]) => {
      const shared = [...always, ...some];
      return [[policy([...shared, ...before])], [policy([...after, ...shared])]] as const;
    });
}

function words(pieces: readonly string[], levels: number): string[] {
  let rows = [...pieces];
  const out = [...rows];
  for (let level = 1; level < levels; level += 1) {
    rows = rows.flatMap((head) => pieces.map((piece) => `${head}/${piece}`));
    out.push(...rows);
  }
  return out;
}

/** 20 topics, 8 contexts. */
export const smallUniverse: Universe = {
  topics: [
    'a',
    'b',
    'd',
    'e',
    'ab',
    'ad',
    'a/b',
    'a/a',
    'd/a',
    'a/d',
    'e/a',
    'ab/b',
    'a/ab',
    'db',
    'd/b',
    'a/',
    '/a',
    'b/d/a',
    'a/b/d',
    'c/e',
  ],
  filters: [
    'a',
    'b',
    'd',
    'e',
    'ab',
    'a/b',
    'd/a',
    '+',
    '#',
    'a/#',
    'a/+',
    '+/a',
    'd/#',
    'ab/+',
    'a/b/#',
    'e/#',
    'b/+/a',
    '+/+',
    'd/+',
    'c',
  ],
  contexts,
  policies: pairs(2),
};

/** Client IDs and attributes that mean something inside a filter: wildcards, several levels, empty levels. */
const filterContexts: readonly RawContext[] = [
  { 'iot:ClientId': 'a' },
  { 'iot:ClientId': '+' },
  { 'iot:ClientId': '#' },
  { 'iot:ClientId': 'a/b' },
  { 'iot:ClientId': 'd/', 'iot:Connection.Thing.ThingName': 'd', 'iot:Connection.Thing.Attributes[x]': 'a/#' },
  { 'iot:ClientId': 'd', 'iot:Connection.Thing.ThingName': 'd', 'iot:Connection.Thing.Attributes[x]': 'b/d' },
  { 'iot:ClientId': 'b/d/a', 'iot:Connection.Thing.ThingName': 'ab', 'iot:Connection.Thing.Attributes[x]': '#' },
  { 'iot:ClientId': '+/b', 'iot:Connection.Thing.ThingName': 'a', 'iot:Connection.Thing.Attributes[x]': '' },
];

/** The topics of the small universe under contexts that open filters; most messages may be received, so that filters decide. */
export const filterUniverse: Universe = {
  ...smallUniverse,
  contexts: filterContexts,
  policies: pairs(
    2,
    ['iot:Subscribe', 'iot:Subscribe', 'iot:Subscribe', 'iot:Receive'],
    [{ Effect: 'Allow', Action: 'iot:Receive', Resource: '*' }],
  ),
};

/** All words of up to three levels over ten pieces. */
export const largeUniverse: Universe = {
  topics: words(['a', 'b', 'd', 'e', 'ab', 'ad', '', 'c', 'db', 'dab'], 3).filter((topic) => topic !== ''),
  filters: words(['a', 'b', 'd', 'e', 'ab', '+', 'c'], 3).flatMap((head) => [head, `${head}/#`]),
  contexts,
  policies: pairs(3),
};

const tokens = (most: number): fc.Arbitrary<string> =>
  fc.array(fc.constantFrom('a', 'b', '*', '*', '?'), { minLength: 1, maxLength: most }).map((parts) => parts.join(''));

/** Text of no, one, two and more letters. */
const lengths = ['', '?', '??*'];

/**
 * Everything around a letter denied before; after it only text of other lengths than the chosen ones in front of the letter or behind it. What is
 * left is small and easily missed; where one more pattern is added or dropped, it may be nothing, or more.
 */
const nearlyCovered: fc.Arbitrary<readonly [readonly string[], readonly string[]]> = fc
  .record({
    letter: fc.constantFrom('a', 'a', 'ab', 'aa', 'a?b', 'a*b'),
    front: fc.constantFrom(...lengths),
    behind: fc.constantFrom(...lengths),
    kept: fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
    dropsSome: fc.constantFrom(false, false, true),
    more: fc.array(tokens(4), { maxLength: 1 }),
  })
  .map(({ letter, front, behind, kept, dropsSome, more }) => {
    const parts = [
      ...lengths.filter((text) => text !== front).map((text) => `${text}${letter}*`),
      ...lengths.filter((text) => text !== behind).map((text) => `*${letter}${text}`),
    ];
    const after = [...parts.filter((_part, index) => !dropsSome || kept[index]), ...more];
    return [[`*${letter}*`], after] as const;
  });

const typeName = '${iot:Connection.Thing.ThingTypeName}';

/** Many patterns that want something of the value of one or two variables: what the list of values to try must stand up to. */
function valuePairs(names: readonly string[], own: string): Universe['policies'] {
  const keys = names.map((name) => name.slice(2, -1));
  const around = (side: 'a' | 'b'): fc.Arbitrary<string> => fc.constantFrom('', '', '', side, '*', '?');
  const resource = fc.oneof(
    {
      weight: 2,
      arbitrary: fc
        .tuple(around('a'), fc.constantFrom(...names), around('b'))
        .map(([before, name, after]) => before + name + after),
    },
    { weight: 1, arbitrary: fc.constant(own) },
    { weight: 5, arbitrary: tokens(5) },
    ...(names.length < 2
      ? []
      : [{ weight: 3, arbitrary: fc.tuple(tokens(3), tokens(3)).map(([head, tail]) => `${head}/${tail}`) }]),
  );
  const condition = fc.tuple(
    fc.constantFrom('StringLike', 'StringNotLike', 'StringEquals'),
    fc.constantFrom(...keys),
    fc.oneof(
      { weight: 4, arbitrary: tokens(4) },
      { weight: 2, arbitrary: fc.constantFrom(...names.flatMap((name) => [name, `a${name}`, `${name}b`, `${name}*`])) },
    ),
  );
  const one = fc
    .record({
      Effect: fc.constantFrom<'Allow' | 'Deny'>('Allow', 'Deny', 'Deny', 'Deny'),
      resources: fc.array(resource, { minLength: 1, maxLength: 2 }),
      negated: fc.constantFrom(false, false, false, false, false, true),
      wanted: fc.option(condition, { freq: 3 }),
    })
    .map(({ Effect, resources, negated, wanted }): RawStatement => {
      const list = resources.map((text) => `${arn}topic/${text}`);
      return {
        Effect,
        Action: 'iot:Publish',
        ...(negated ? { NotResource: list } : { Resource: list }),
        ...(wanted === null ? {} : { Condition: { [wanted[0]]: { [wanted[1]]: wanted[2] } } }),
      };
    });
  const granted: RawStatement = { Effect: 'Allow', Action: 'iot:Publish', Resource: `${arn}topic/${own}` };
  const policy = (statements: readonly RawStatement[]): RawPolicy => ({
    Version: '2012-10-17',
    Statement: [granted, ...statements],
  });
  const denying = (texts: readonly string[]): RawStatement[] =>
    texts.map((text) => ({
      Effect: 'Deny',
      Action: 'iot:Publish',
      Resource: `${arn}topic/${own.replace(names[0] ?? '', text)}`,
    }));
  return fc.oneof(
    fc
      .tuple(fc.array(one, { maxLength: 1 }), fc.array(one, { maxLength: 3 }), fc.array(one, { maxLength: 4 }))
      .map(([shared, before, after]) => [[policy([...shared, ...before])], [policy([...shared, ...after])]] as const),
    nearlyCovered.map(([wide, parts]) => [[policy(denying(wide))], [policy(denying(parts))]] as const),
  );
}

/** All words of up to so many letters, of which the last one stands in no pattern. */
function shortWords(letters: readonly string[], most: number): string[] {
  let layer = [''];
  const out = [''];
  for (let length = 1; length <= most; length += 1) {
    layer = layer.flatMap((head) => letters.map((letter) => head + letter));
    out.push(...layer);
  }
  return out;
}

/** Every value of up to four letters for one attribute, every topic of up to five. */
export const valueUniverse: Universe = {
  topics: shortWords(['a', 'b', 'z'], 5).filter((topic) => topic !== ''),
  filters: [],
  contexts: [
    { 'iot:ClientId': 'd' },
    ...shortWords(['a', 'b', 'z'], 4).map((value) => ({
      'iot:ClientId': 'd',
      'iot:Connection.Thing.ThingName': 'd',
      'iot:Connection.Thing.Attributes[x]': value,
    })),
  ],
  policies: valuePairs([attribute], attribute),
};

/** The same with two variables, a level each: values of up to three and two letters, topics of two levels of up to three. */
export const twoValueUniverse: Universe = {
  topics: shortWords(['a', 'b', 'z'], 3).flatMap((head) =>
    shortWords(['a', 'b', 'z'], 2).map((tail) => `${head}/${tail}`),
  ),
  filters: [],
  contexts: [
    { 'iot:ClientId': 'd' },
    ...shortWords(['a', 'b', 'z'], 3).flatMap((value) =>
      [undefined, ...shortWords(['a', 'b', 'z'], 2).slice(1)].map((type) => ({
        'iot:ClientId': 'd',
        'iot:Connection.Thing.ThingName': 'd',
        'iot:Connection.Thing.Attributes[x]': value,
        'iot:Connection.Thing.ThingTypeName': type,
      })),
    ),
  ],
  policies: valuePairs([attribute, typeName], `${attribute}/${typeName}`),
};

/**
 * Client IDs that an attribute makes up, and topics that hold the client ID: what a Deny on the topic forces the one to be forces the other.
 * The sides differ in few Denies, so that a missed value is not hidden behind another difference.
 */
const sessionValuePairs: Universe['policies'] = (() => {
  const connect = fc
    .oneof(
      { weight: 4, arbitrary: fc.constantFrom(attribute, `a${attribute}`, `${attribute}b`, `${attribute}*`, client) },
      { weight: 1, arbitrary: tokens(3) },
    )
    .map((name): RawStatement => ({ Effect: 'Allow', Action: 'iot:Connect', Resource: `${arn}client/${name}` }));
  return fc
    .record({
      sessions: fc.array(connect, { minLength: 1, maxLength: 2 }),
      prefix: fc.constantFrom('', 'a', 'b', 'zb'),
      own: fc.constantFrom(client, client, attribute, `${client}*`),
      shared: fc.array(tokens(3), { maxLength: 1 }),
      before: fc.array(tokens(3), { minLength: 1, maxLength: 2 }),
      after: fc.array(tokens(3), { maxLength: 1 }),
    })
    .map(({ sessions, prefix, own, shared, before, after }) => {
      const rule = (Effect: 'Allow' | 'Deny', name: string): RawStatement => ({
        Effect,
        Action: 'iot:Publish',
        Resource: `${arn}topic/${prefix}${name}`,
      });
      const policy = (denied: readonly string[]): RawPolicy => ({
        Version: '2012-10-17',
        Statement: [...sessions, rule('Allow', own), ...[...shared, ...denied].map((name) => rule('Deny', name))],
      });
      return [[policy(before)], [policy(after)]] as const;
    });
})();

/** Every client ID of up to three letters and every attribute of up to two. */
export const sessionValueUniverse: Universe = {
  topics: ['', 'a', 'b', 'zb'].flatMap((head) =>
    shortWords(['a', 'b', 'z'], 3)
      .slice(1)
      .map((tail) => head + tail),
  ),
  filters: [],
  contexts: shortWords(['a', 'b', 'z'], 3)
    .slice(1)
    .flatMap((id) => [
      { 'iot:ClientId': id },
      ...shortWords(['a', 'b', 'z'], 2).map((value) => ({
        'iot:ClientId': id,
        'iot:Connection.Thing.ThingName': 'd',
        'iot:Connection.Thing.Attributes[x]': value,
      })),
    ]),
  policies: sessionValuePairs,
};

/** Conditions that tie one variable to another, and few differing Denies: the value that a Deny forces on the one must reach the other. */
const tiedPairs: Universe['policies'] = (() => {
  const [x, type] = ['iot:Connection.Thing.Attributes[x]', 'iot:Connection.Thing.ThingTypeName'];
  const tie = fc
    .tuple(
      fc.constantFrom('StringEquals', 'StringLike', 'StringNotEquals'),
      fc.constantFrom('', 'a', '*'),
      fc.boolean(),
    )
    .map(([operator, around, reversed]) => {
      const [key, other] = reversed ? [type, x] : [x, type];
      return { [operator]: { [key]: `${around}\${${other}}` } };
    });
  return fc
    .record({
      prefix: fc.constantFrom('', 'a', 'b'),
      own: fc.constantFrom(attribute, typeName, `${attribute}*`),
      ties: fc.array(tie, { minLength: 1, maxLength: 1 }),
      shared: fc.array(tokens(3), { maxLength: 1 }),
      before: fc.array(tokens(3), { minLength: 1, maxLength: 2 }),
      after: fc.array(tokens(3), { maxLength: 1 }),
      wanted: fc.option(fc.tuple(fc.constantFrom(x, type), tokens(3)), { freq: 3 }),
    })
    .map(({ prefix, own, ties, shared, before, after, wanted }) => {
      const granted: RawStatement = {
        Effect: 'Allow',
        Action: 'iot:Publish',
        Resource: `${arn}topic/${prefix}${own}`,
        Condition: { ...ties[0], ...(wanted === null ? {} : { StringNotLike: { [wanted[0]]: wanted[1] } }) },
      };
      const denying = (name: string): RawStatement => ({
        Effect: 'Deny',
        Action: 'iot:Publish',
        Resource: `${arn}topic/${prefix}${name}`,
      });
      const policy = (denied: readonly string[]): RawPolicy => ({
        Version: '2012-10-17',
        Statement: [granted, ...[...shared, ...denied].map(denying)],
      });
      return [[policy(before)], [policy(after)]] as const;
    });
})();

/** The contexts of two variables, and topics of one level. */
export const tiedUniverse: Universe = {
  ...twoValueUniverse,
  topics: ['', 'a', 'b'].flatMap((head) =>
    shortWords(['a', 'b', 'z'], 3)
      .slice(1)
      .map((tail) => head + tail),
  ),
  policies: tiedPairs,
};
