import fc from 'fast-check';
import type { RawContext, RawPolicy, RawStatement } from './oracle.ts';
import type { Universe } from './random-policies.ts';

const region = 'arn:aws:iot:us-east-1:';
const arn = `${region}123456789012:`;
const [client, thing, x] = ['iot:ClientId', 'iot:Connection.Thing.ThingName', 'iot:Connection.Thing.Attributes[x]'];
const variable = (key: string): string => `\${${key}}`;

/** Parts of an ARN, whole ones, and names that are none. */
const parts = [
  ...['a', 'b', 'z', '/', '/a', 'a/', 'a/b', ''],
  ...['topic', 'topic/', 'topic/a', 'topic/z', 'topic/a/b', 'topicfilter', 'filter', 'client', 't', 'opic', 'opic/a'],
  ...['aws', 'iot', 'us-east-1', '123456789012', '1', '123456789012:topic', 'us-east-1:123456789012:topic/a'],
  ...[`${arn}topic/a`, `${arn}topic/z`, `${arn}topic/`, `${arn}topic`, `${arn}client/a`],
];
const openParts = ['+', '#', 'topic/+', 'topicfilter/#', '*', '?'];

const isThing = (text: string): boolean => /^[a-zA-Z0-9:_-]{1,128}$/.test(text);
const ids = [...parts, ...openParts].filter((text) => text !== '');

/** Where a variable may make up the type, the account, the region or all of an ARN, or a piece of one of them. */
function resourceOf(v: string, w: string): fc.Arbitrary<string> {
  return fc.oneof(
    {
      weight: 50,
      arbitrary: fc
        .constantFrom(
          ...[v, `${v}*`, `${v}/a`, `${v}/*`, `${v}/?`, `${v}/${w}`, `${v}${w}`, `${v}/${v}`, `${v}a`],
          ...[`t${v}`, `topic${v}`, `topic${v}a`, `?opic/${v}`, `top?c${v}`, `${v}filter/a`, `*/${v}`],
        )
        .map((name) => arn + name),
    },
    {
      weight: 20,
      arbitrary: fc.constantFrom(
        ...[v, `${v}/a`, `${v}*`, `arn:aws:iot:${v}/a`, `arn:aws:${v}`, `arn:${v}:topic/*`],
        ...[`${region}${v}:topic/a`, `${region}${v}*`, `arn:aws:${v}:us-east-1:123456789012:topic/a`],
      ),
    },
    {
      weight: 40,
      arbitrary: fc
        .constantFrom(
          ...[
            'topic/a',
            'topic/*',
            'topic/?',
            'topic/*/*',
            '*',
            `topic/${v}`,
            `topic/${w}/a`,
            `client/${v}`,
            'client/*',
          ],
          ...['topicfilter/a', 'topicfilter/*', 'topicfilter/#'],
        )
        .map((name) => arn + name),
    },
    {
      weight: 20,
      arbitrary: fc.constantFrom('*', `${arn}topic*`, `${region}*:topic/a`, `${arn}*${v}`, `${arn}to*${v}`),
    },
    // With a star in front of it a variable may begin anywhere, which takes a hundred times as long to compare.
    { weight: 1, arbitrary: fc.constantFrom(`*${v}`, `*${v}*`, `*:${v}:topic/*`) },
  );
}

const wantedTexts = ['a', 'topic', 'topic/*', 't*', '*c', '?', '*/a', 'topic/a'];

function statementOf(v: string, w: string): fc.Arbitrary<RawStatement> {
  const condition = fc.tuple(
    fc.constantFrom('StringEquals', 'StringLike', 'StringNotEquals', 'StringNotLike'),
    fc.constantFrom(client, x),
    fc.constantFrom(...wantedTexts, w),
  );
  return fc
    .record({
      Effect: fc.constantFrom<'Allow' | 'Deny'>('Allow', 'Allow', 'Deny'),
      Action: fc.constantFrom(
        ...['iot:Publish', 'iot:Publish', 'iot:Publish', 'iot:Subscribe', 'iot:Connect', 'iot:*'],
      ),
      resources: fc.array(resourceOf(v, w), { minLength: 1, maxLength: 2 }),
      negated: fc.constantFrom(...Array.from({ length: 7 }, () => false), true),
      wanted: fc.option(condition, { freq: 2 }),
    })
    .map(({ Effect, Action, resources, negated, wanted }) => ({
      Effect,
      Action,
      ...(negated ? { NotResource: resources } : { Resource: resources }),
      ...(wanted === null ? {} : { Condition: { [wanted[0]]: { [wanted[1]]: wanted[2] } } }),
    }));
}

const policy = (Statement: readonly RawStatement[]): RawPolicy => ({ Version: '2012-10-17', Statement });

/** Variables in the part of an ARN that names type, account and region: what they must be shows only against whole ARNs. */
export const arnUniverse: Universe = {
  topics: ['a', 'b', 'z', 'a/b', 'a/a', 'z/a', 'topic/a', '/', '/a', 'a/', 'topic', 'a/z', 'za'],
  filters: ['a', 'z', '+', '#', 'a/+', 'a/#', 'z/a'],
  contexts: [
    ...ids.filter((id) => !id.startsWith('$')).map((id): RawContext => ({ [client]: id })),
    ...ids.filter(isThing).map((id): RawContext => ({ [client]: id, [thing]: id })),
    ...parts.map((value): RawContext => ({ [client]: 'd', [thing]: 'd', [x]: value })),
    ...['topic', 'a', 'topic/a', 'opic', 'z', '+'].flatMap((id) =>
      ['topic', 'a', '/a', 'a/b', 'z', '', '123456789012', `${arn}topic`].map(
        (value): RawContext => ({ [client]: id, [thing]: isThing(id) ? id : 'd', [x]: value }),
      ),
    ),
  ],
  policies: fc
    .uniqueArray(fc.constantFrom(variable(client), variable(x), variable(thing)), { minLength: 1, maxLength: 2 })
    .chain(([v = variable(client), w = v]) => {
      const one = statementOf(v, w);
      return fc.tuple(
        fc.array(one, { maxLength: 2 }),
        fc.array(one, { maxLength: 1 }),
        fc.array(one, { minLength: 1, maxLength: 2 }),
      );
    })
    .map(([shared, before, after]) => [[policy([...shared, ...before])], [policy([...shared, ...after])]] as const),
};
