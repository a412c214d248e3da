import fc from 'fast-check';
import type { RawPolicy, RawStatement } from './oracle.ts';
import type { Universe } from './random-policies.ts';

const arn = 'arn:aws:iot:us-east-1:123456789012:';
export const attribute = '${iot:Connection.Thing.Attributes[x]}';

export const tokens = (most: number): fc.Arbitrary<string> =>
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

export const typeName = '${iot:Connection.Thing.ThingTypeName}';

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
export function shortWords(letters: readonly string[], most: number): string[] {
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
