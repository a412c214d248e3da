import fc from 'fast-check';
import type { RawContext, RawPolicy, RawStatement } from './oracle.ts';
import { conditionOf, type Entry } from './random-conditions.ts';
import type { Universe } from './random-policies.ts';

const arn = 'arn:aws:iot:us-east-1:123456789012:';
const [client, thing] = ['iot:ClientId', 'iot:Connection.Thing.ThingName'];
const [x, capitalX] = ['iot:Connection.Thing.Attributes[x]', 'iot:Connection.Thing.Attributes[X]'];
const type = 'iot:Connection.Thing.ThingTypeName';
const list = 'iot:Certificate.Subject.Organization.List';

/** A condition in parts, so that each can be changed by itself. */
interface Question {
  readonly set: '' | 'ForAllValues:' | 'ForAnyValue:';
  readonly operator: string;
  readonly exists: '' | 'IfExists';
  /** Letters of the operator, which do not count. */
  readonly writing: 'plain' | 'lower' | 'upper';
  readonly key: string;
  readonly wanted: readonly string[];
}

const operators = [
  ...['StringEquals', 'StringLike', 'StringEqualsIgnoreCase', 'StringNotEquals', 'StringNotLike'],
  ...['StringNotEqualsIgnoreCase', 'NumericEquals', 'NumericLessThan', 'NumericNotEquals', 'DateEquals'],
  ...['DateGreaterThanEquals', 'Bool', 'Null', 'IpAddress'],
];
const values = [
  'a',
  'A',
  'a*',
  '*a',
  'A?',
  '?',
  'ab',
  '5',
  '5.0',
  'true',
  'TRUE',
  '${*}',
  '${iot:ClientId}',
  '10.0.0.1',
];
const keys = [x, x, capitalX, type, client, thing, list];

const question: fc.Arbitrary<Question> = fc.record({
  set: fc.constantFrom('', '', '', 'ForAllValues:', 'ForAnyValue:'),
  operator: fc.constantFrom(...operators),
  exists: fc.constantFrom('', '', 'IfExists'),
  writing: fc.constantFrom('plain', 'plain', 'lower', 'upper'),
  key: fc.constantFrom(...keys),
  wanted: fc.array(fc.constantFrom(...values), { minLength: 1, maxLength: 2 }),
});

/** IAM combines Null with nothing. */
function entryOf({ set, operator, exists, writing, key, wanted }: Question): Entry {
  const name = operator === 'Null' ? operator : set + operator + exists;
  return [writing === 'plain' ? name : writing === 'lower' ? name.toLowerCase() : name.toUpperCase(), key, wanted];
}

/** Letter case counts neither in names of keys nor in those of variables, except between the brackets. */
function otherCase(text: string): string {
  return text.replace(/^[^[]*/, (name) => (name === name.toLowerCase() ? name.toUpperCase() : name.toLowerCase()));
}

function changedValue(text: string, how: 'case' | 'star'): string {
  if (how === 'star') return `${text}*`;
  if (text.startsWith('${iot:')) return '${IOT:clientid}';
  return text === text.toUpperCase() ? text.toLowerCase() : text.toUpperCase();
}

/** Each turns a question into another one that looks much the same, and some of them ask the same. */
const change: fc.Arbitrary<(one: Question) => Question> = fc.oneof(
  fc
    .record({ set: fc.constantFrom<Question['set']>('', 'ForAllValues:', 'ForAnyValue:') })
    .map((other) => merge(other)),
  fc.record({ exists: fc.constantFrom<Question['exists']>('', 'IfExists') }).map((other) => merge(other)),
  fc.record({ writing: fc.constantFrom<Question['writing']>('plain', 'lower', 'upper') }).map((other) => merge(other)),
  fc.record({ operator: fc.constantFrom(...operators) }).map((other) => merge(other)),
  fc.constant((one: Question) => ({ ...one, key: otherCase(one.key) })),
  fc.constant((one: Question) => ({ ...one, key: one.key === x ? capitalX : one.key === capitalX ? x : one.key })),
  fc.constant((one: Question) => ({ ...one, wanted: [...one.wanted, ...one.wanted].reverse() })),
  fc.constant((one: Question) => ({ ...one, wanted: one.wanted.slice(0, 1) })),
  fc.constantFrom(...values).map((value) => (one: Question) => ({ ...one, wanted: [...one.wanted, value] })),
  fc.constantFrom(...values).map((value) => (one: Question) => ({ ...one, wanted: [value, ...one.wanted.slice(1)] })),
  fc.constantFrom<'case' | 'star'>('case', 'case', 'star').map((how) => (one: Question) => ({
    ...one,
    wanted: one.wanted.map((value, index) => (index === 0 ? changedValue(value, how) : value)),
  })),
);

function merge(other: Partial<Question>): (one: Question) => Question {
  return (one) => ({ ...one, ...other });
}

/** A question and what a few changes one after the other make of it. */
const family = fc.tuple(question, fc.array(change, { minLength: 1, maxLength: 3 })).map(([first, steps]) => {
  const out = [first];
  for (const step of steps) out.push(step(out.at(-1) ?? first));
  return out.map(entryOf);
});

const resources = [
  'topic/a',
  'topic/a',
  'topic/A',
  'topic/?',
  'topic/${iot:ClientId}',
  'topic/${IOT:CLIENTID}',
  `topic/\${${x}}`,
  `topic/\${${capitalX}}`,
];

const policy = (Statement: readonly RawStatement[]): RawPolicy => ({ Version: '2012-10-17', Statement });

/** Questions that differ in letter case, in what stands before or behind an operator, or in one value. */
export const alikeUniverse: Universe = {
  topics: ['a', 'A', 'b', 'ab', '5'],
  filters: [],
  contexts: [
    ...['a', 'A', 'b', '5'].map((id): RawContext => ({ [client]: id })),
    ...[[], ['a'], ['A'], ['a', 'b'], ['A', 'a*'], ['5'], ['5.0', 'x'], ['ab', 'TRUE']].flatMap((several) =>
      ['a', 'b'].map((id): RawContext => ({ [client]: id, [list]: several })),
    ),
    ...[
      'a',
      'A',
      'b',
      'ab',
      'Ab',
      'ba',
      '5',
      '5.0',
      'true',
      'TRUE',
      'a@',
      '',
      '10.0.0.1',
      '1970-01-01T00:00:05Z',
      '7',
      '3',
    ].flatMap((value) =>
      [undefined, 'a', 'A', '5', 'true'].flatMap((other): RawContext[] => [
        { [client]: 'a', [thing]: 'a', [x]: value, [capitalX]: other },
        { [client]: 'A', [thing]: 'b', [x]: other, [capitalX]: value },
      ]),
    ),
    ...['a', 'A', 'b', 'ab', 'Ab', 'ba', '5', '05', 'true', 'TRUE', '7', '3'].flatMap((value): RawContext[] => [
      { [client]: 'b', [thing]: 'b', [type]: value },
      { [client]: value, [thing]: value, [x]: 'a' },
      { [client]: 'd', [thing]: value, [list]: [value, 'z'] },
    ]),
  ],
  policies: family
    .chain((all) => {
      const one = fc
        .record({
          Effect: fc.constantFrom<'Allow' | 'Deny'>('Allow', 'Allow', 'Deny'),
          resource: fc.constantFrom(...resources),
          asked: fc.uniqueArray(fc.constantFrom(...all), { minLength: 1, maxLength: 2 }),
        })
        .map(
          ({ Effect, resource, asked }): RawStatement => ({
            Effect,
            Action: 'iot:Publish',
            Resource: arn + resource,
            Condition: conditionOf(asked),
          }),
        );
      return fc.record({
        shared: fc.array(one, { maxLength: 1 }),
        before: fc.array(one, { minLength: 1, maxLength: 2 }),
        after: fc.array(one, { minLength: 1, maxLength: 2 }),
        open: fc.boolean(),
      });
    })
    .map(({ shared, before, after, open }) => {
      const granted: RawStatement = { Effect: 'Allow', Action: 'iot:Publish', Resource: `${arn}topic/a` };
      const all = open ? [granted, ...shared] : shared;
      return [[policy([...all, ...before])], [policy([...after, ...all])]] as const;
    }),
};
