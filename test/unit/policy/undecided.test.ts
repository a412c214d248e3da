import { describe, expect, it } from 'vitest';
import {
  compare,
  compareSets,
  compilePolicies,
  parsePolicyValue,
  withDefaults,
} from '../../../operator/policy/index.ts';
import { arn } from './words.ts';

const documentOf = (...statements: readonly object[]) => {
  const { document } = parsePolicyValue({ Version: '2012-10-17', Statement: statements });
  if (document === undefined) throw new Error('cannot be read');
  return document;
};
const connect = (Condition?: object) => ({
  Effect: 'Allow',
  Action: 'iot:Connect',
  Resource: `${arn}client/*`,
  ...(Condition === undefined ? {} : { Condition }),
});

const rows = [
  {
    reason: 'an order of client IDs cannot be said in patterns',
    before: [connect({ NumericLessThan: { 'iot:ClientId': '5' } })],
    after: [connect({ NumericLessThan: { 'iot:ClientId': '6' } })],
    options: {},
    says: [/compares the client ID.*as a number/, /Compare the client ID as text/],
  },
  {
    reason: 'the same through a value that holds the client ID',
    before: [connect({ NumericEquals: { 'iot:Certificate.SerialNumber': '${iot:ClientId}' } })],
    after: [connect({ NumericLessThan: { 'iot:Certificate.SerialNumber': '${iot:ClientId}' } })],
    options: {},
    says: [/a value built from it/, /put the condition on another key/],
  },
  {
    reason: 'the budget is used up',
    before: [{ Effect: 'Allow', Action: 'iot:Publish', Resource: `${arn}topic/*a??????????????a*` }],
    after: [{ Effect: 'Allow', Action: 'iot:Publish', Resource: `${arn}topic/*a*b*c*a*` }],
    options: { budget: 20 },
    says: [/used up its budget/, /Compare fewer documents at a time/],
  },
  {
    reason: 'a statement with sixty conditions',
    before: [],
    after: [
      connect({
        StringLike: Object.fromEntries(
          Array.from({ length: 60 }, (_, at) => [`iot:Connection.Thing.Attributes[a${at}]`, 'a*']),
        ),
      }),
    ],
    options: {},
    says: [/more combinations of values/, /Split the statement/],
  },
];

const fields = ['CommonName', 'Organization', 'Country', 'State'].map((name) => `iot:Certificate.Subject.${name}`);
const each = (values: (field: string, next: string) => string) =>
  Object.fromEntries(fields.map((field, at) => [field, values(field, fields[(at + 1) % fields.length] ?? '')]));
const client = (patterns: readonly string[], StringLike: object) => ({
  ...connect({ StringLike }),
  Resource: patterns.map((pattern) => `${arn}client/${pattern}`),
});

/** Every field of the certificate hangs on the client ID or on another field. Uncounted, the first two ran for minutes. */
const tied = [
  {
    reason: 'the client ID inside each field, each field inside the client ID',
    before: client(
      fields.map((field) => `\${${field}}*`),
      each(() => '*${iot:ClientId}*'),
    ),
    after: client(
      fields.map((field) => `*\${${field}}`),
      each(() => '${iot:ClientId}*'),
    ),
  },
  {
    reason: 'the fields in a ring',
    before: client(
      fields.map((field) => `\${${field}}-*`),
      each((_, next) => `\${${next}}*`),
    ),
    after: client(
      fields.map((field) => `*-\${${field}}`),
      each((_, next) => `*\${${next}}`),
    ),
  },
];

describe('a comparison of many variables that are tied both ways', () => {
  it.each(tied)(
    'is undecided once its budget is spent, and nothing dear is left uncounted: $reason',
    ({ before, after }) => {
      const options = withDefaults({ budget: 200_000 });
      const budget = { left: options.budget };
      const sides = [before, after].map((one) => compilePolicies([documentOf(one)], options));
      const result = compareSets(sides[0]!, sides[1]!, 'raw', budget);
      expect(result.verdict).toBe('undecided');
      expect(result.undecidedBecause).toEqual([expect.stringMatching(/used up its budget/)]);
      // What runs when the last node is spent is small; and no more than that is begun.
      expect(budget.left).toBeLessThan(0);
      expect(budget.left).toBeGreaterThan(-10_000);
    },
  );
});

const publish = (Condition: object) => ({
  Effect: 'Allow',
  Action: 'iot:Publish',
  Resource: `${arn}topic/a`,
  Condition,
});
const commonName = 'iot:Certificate.Subject.CommonName';
const thingType = 'iot:Connection.Thing.ThingTypeName';
const direct = { Effect: 'Allow', Action: 'iot:SendDirectMessage', Resource: `${arn}client/*` };
const listen = {
  Effect: 'Allow',
  Action: 'iot:Subscribe',
  Resource: `${arn}topicfilter/*`,
  Condition: { StringLike: { [thingType]: '*a' } },
};

/** The value that tells the sides apart is found by a search of its own, and the question it answers may need none. */
const cutShort = [
  {
    reason: 'a name that begins so and ends so',
    before: [publish({ StringLike: { [commonName]: 'a*' } })],
    after: [publish({ StringLike: { [commonName]: 'a*' }, StringNotLike: { [commonName]: '*b' } })],
    level: 'raw',
    verdict: 'tightens',
  },
  {
    reason: 'a topic of direct messages',
    before: [direct],
    after: [direct, { ...direct, Effect: 'Deny', Resource: '*', Condition: { StringLike: { 'iot:Topic': 'cmd/*' } } }],
    level: 'raw',
    verdict: 'tightens',
  },
  {
    reason: 'a thing type on both halves of delivery',
    before: [listen],
    after: [
      listen,
      { ...listen, Action: 'iot:Receive', Resource: `${arn}topic/*`, Condition: { StringLike: { [thingType]: 'b*' } } },
    ],
    level: 'delivery',
    verdict: 'widens',
  },
] as const;

describe('a comparison whose budget ends early', () => {
  it.each(cutShort)('has the right verdict or none, wherever it ends: $reason', ({ before, after, level, verdict }) => {
    const sides = [before, after].map((one) => compilePolicies([documentOf(...one)], withDefaults()));
    const verdicts = Array.from(
      { length: 80 },
      (_, left) => compareSets(sides[0]!, sides[1]!, level, { left }).verdict,
    );
    expect(new Set(verdicts)).toEqual(new Set(['undecided', verdict]));
  });
});

/** Actions that differ in both directions, so that the verdict can stand before all of them have been looked at. */
const bothWays = [
  {
    reason: 'one letter against another, for three kinds of resource',
    before: ['topic/a', 'topicfilter/a', 'client/a'].map((Resource) => ({
      Effect: 'Allow',
      Action: ['iot:Publish', 'iot:Subscribe', 'iot:Connect'],
      Resource: `${arn}${Resource}`,
    })),
    after: ['topic/b', 'topicfilter/b', 'client/b'].map((Resource) => ({
      Effect: 'Allow',
      Action: ['iot:Publish', 'iot:Subscribe', 'iot:Connect'],
      Resource: `${arn}${Resource}`,
    })),
    level: 'raw',
  },
  {
    reason: 'delivery that changes both ways beside another action',
    before: [listen, { ...listen, Action: ['iot:Receive', 'iot:Publish'], Resource: `${arn}topic/a*` }],
    after: [listen, { ...listen, Action: ['iot:Receive', 'iot:Publish'], Resource: `${arn}topic/b*` }],
    level: 'delivery',
  },
] as const;

describe('what is gained and lost, when the budget ends early', () => {
  it.each(bothWays)('names every action that differs, or says that it may: $reason', ({ before, after, level }) => {
    const options = withDefaults();
    const sides = [before, after].map((one) => compilePolicies([documentOf(...one)], options));
    const within = (left: number) => compareSets(sides[0]!, sides[1]!, level, { left });
    const whole = within(options.budget);
    expect(whole.verdict).toBe('incomparable');
    const actions = (some: typeof whole.gained): string[] => some.map(({ action }) => action);
    const less = (some: typeof whole.gained, all: typeof whole.gained): string[] =>
      actions(all).filter((action) => !actions(some).includes(action));
    const short = Array.from({ length: 400 }, (_, left) => within(left)).filter((one) => {
      const unnamed = [...less(one.gained, whole.gained), ...less(one.lost, whole.lost)];
      expect(one.incomplete.map(({ action }) => action)).toEqual(expect.arrayContaining(unnamed));
      return one.verdict === 'incomparable' && unnamed.length > 0;
    });
    expect(short.length).toBeGreaterThan(0);
    for (const { incomplete, undecidedBecause } of short) {
      expect(undecidedBecause).toEqual([]);
      expect(incomplete[0]?.because).toMatch(/used up its budget/);
    }
  });

  it('says of no action that it may be missing where every search came to its end', () => {
    const { before, after } = bothWays[1];
    expect(compare([documentOf(...before)], [documentOf(...after)])).toMatchObject({
      verdict: 'incomparable',
      incomplete: [],
    });
  });
});

describe('a comparison without a verdict', () => {
  it.each(rows)('says why and what to do: $reason', ({ before, after, options, says }) => {
    const result = compare([documentOf(...before)], [documentOf(...after)], options);
    expect(result.verdict).toBe('undecided');
    for (const text of says) expect(result.undecidedBecause.join(' ')).toMatch(text);
  });

  it.each([
    { operator: 'StringEquals', value: 'a' },
    { operator: 'StringEqualsIgnoreCase', value: 'a' },
    { operator: 'StringLike', value: 'a*' },
    { operator: 'ArnLike', value: 'arn:aws:iot:*:*:client/a', verdict: 'undecided' },
    { operator: 'Bool', value: 'true' },
    { operator: 'Null', value: 'false' },
    { operator: 'StringSoundsLike', value: 'a' },
  ])('comes of no operator that compares the client ID as text: $operator', ({ operator, value, verdict }) => {
    const result = compare([documentOf()], [documentOf(connect({ [operator]: { 'iot:ClientId': value } }))]);
    expect(result.verdict).toBe(verdict ?? 'widens');
    expect(result.undecidedBecause).toHaveLength(verdict === undefined ? 0 : 1);
  });

  it('gives no reason where there is a verdict', () => {
    const result = compare([documentOf(connect())], [documentOf(connect({ Null: { 'aws:SourceIp': 'false' } }))]);
    expect(result).toMatchObject({ verdict: 'tightens', undecidedBecause: [] });
  });

  it('gives no reason where examples in both directions settle the matter anyway', () => {
    const publish = (topic: string) => ({ Effect: 'Allow', Action: 'iot:Publish', Resource: `${arn}topic/${topic}` });
    const ordered = connect({ NumericLessThan: { 'iot:ClientId': '5' } });
    const result = compare([documentOf(publish('a'))], [documentOf(publish('b'), ordered)]);
    expect(result).toMatchObject({ verdict: 'incomparable', undecidedBecause: [] });
  });
});
