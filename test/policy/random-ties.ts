import fc from 'fast-check';
import type { RawPolicy, RawStatement } from './oracle.ts';
import type { Universe } from './random-policies.ts';
import { attribute, shortWords, tokens, twoValueUniverse, typeName } from './random-values.ts';

const arn = 'arn:aws:iot:us-east-1:123456789012:';
const client = '${iot:ClientId}';

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
