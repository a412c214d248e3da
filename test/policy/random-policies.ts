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
