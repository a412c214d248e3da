import fc from 'fast-check';
import type { RawContext, RawPolicy, RawStatement } from './oracle.ts';
import type { Universe } from './random-policies.ts';

const arn = 'arn:aws:iot:us-east-1:123456789012:';
const [client, thing, name] = ['iot:ClientId', 'iot:Connection.Thing.ThingName', 'iot:Certificate.Subject.CommonName'];
const list = 'iot:Certificate.Subject.Organization.List';
const [x, y] = ['iot:Connection.Thing.Attributes[x]', 'iot:Connection.Thing.Attributes[y]'];
const address = 'aws:SourceIp';

type Condition = NonNullable<RawStatement['Condition']>;
export type Entry = readonly [operator: string, key: string, wanted: readonly string[]];

/** Two entries of one operator on one key would be one entry; the later one stays. */
export function conditionOf(entries: readonly Entry[]): Condition {
  const out: Record<string, Record<string, readonly string[]>> = {};
  for (const [operator, key, wanted] of entries) out[operator] = { ...out[operator], [key]: wanted };
  return out;
}

interface Draw {
  readonly action: string;
  readonly own: string;
  readonly names: fc.Arbitrary<string>;
  readonly entries: fc.Arbitrary<Entry>;
  readonly mostEntries: number;
}

/** Sides that share most statements and differ in few, so that a value that was not tried is not hidden behind another difference. */
export function pairsOf({ action, own, names, entries, mostEntries }: Draw): Universe['policies'] {
  const one = fc
    .record({
      Effect: fc.constantFrom<'Allow' | 'Deny'>('Allow', 'Allow', 'Deny'),
      resource: names,
      wanted: fc.array(entries, { minLength: 1, maxLength: mostEntries }),
    })
    .map(
      ({ Effect, resource, wanted }): RawStatement => ({
        Effect,
        Action: action,
        Resource: arn + resource,
        Condition: conditionOf(wanted),
      }),
    );
  const granted: RawStatement = { Effect: 'Allow', Action: action, Resource: arn + own };
  const policy = (statements: readonly RawStatement[]): RawPolicy => ({ Version: '2012-10-17', Statement: statements });
  return fc
    .record({
      shared: fc.array(one, { maxLength: 1 }),
      before: fc.array(one, { maxLength: 1 }),
      after: fc.array(one, { minLength: 1, maxLength: 2 }),
      open: fc.constantFrom(true, true, false),
    })
    .map(({ shared, before, after, open }) => {
      const all = open ? [granted, ...shared] : shared;
      return [[policy([...all, ...before])], [policy([...all, ...after])]] as const;
    });
}

function words(letters: readonly string[], most: number): string[] {
  let layer = [''];
  const out: string[] = [];
  for (let length = 1; length <= most; length += 1) {
    layer = layer.flatMap((head) => letters.map((letter) => head + letter));
    out.push(...layer);
  }
  return out;
}

const tokens = (most: number): fc.Arbitrary<string> =>
  fc.array(fc.constantFrom('a', 'b', '*', '?'), { minLength: 1, maxLength: most }).map((parts) => parts.join(''));

const variable = (key: string): string => `\${${key}}`;
export const textOperators = [
  'StringEquals',
  'StringLike',
  'StringNotEquals',
  'StringNotLike',
  'StringEqualsIgnoreCase',
];
const tiedText = (key: string): fc.Arbitrary<string> =>
  fc.constantFrom(variable(key), variable(key), `a${variable(key)}`, `${variable(key)}b`, `${variable(key)}*`);

const clientPatterns = (names: readonly string[]): fc.Arbitrary<string> =>
  fc
    .oneof(
      { weight: 3, arbitrary: tokens(3) },
      { weight: 1, arbitrary: fc.constantFrom('*', variable(thing), variable(client)) },
      { weight: 1, arbitrary: fc.constantFrom('*', ...names) },
    )
    .map((text) => `client/${text}`);
const one = (text: fc.Arbitrary<string>): fc.Arbitrary<readonly string[]> => text.map((wanted) => [wanted]);
const setOperators = ['ForAnyValue:', 'ForAllValues:'].flatMap((set) =>
  ['StringEquals', 'StringLike', 'StringNotEquals'].map((operator) => set + operator),
);

/** A field of the certificate is compared with the client ID or the thing name, or the other way round. */
const tiedField = pairsOf({
  action: 'iot:Connect',
  own: 'client/*',
  names: clientPatterns([variable(name), `a${variable(name)}`, `${variable(name)}*`]),
  entries: fc.oneof(
    fc.tuple(
      fc.constantFrom(...textOperators),
      fc.constant(name),
      one(fc.oneof(tiedText(client), tiedText(thing), tokens(3))),
    ),
    fc.tuple(
      fc.constantFrom(...textOperators),
      fc.constantFrom(client, thing),
      one(fc.oneof(tiedText(name), tokens(3))),
    ),
  ),
  mostEntries: 2,
});

/** A list is compared with the client ID. */
const tiedList = pairsOf({
  action: 'iot:Connect',
  own: 'client/*',
  names: clientPatterns([]),
  entries: fc.tuple(fc.constantFrom(...setOperators), fc.constant(list), one(fc.oneof(tiedText(client), tokens(2)))),
  mostEntries: 2,
});

/** Connect, where the client ID is the name asked for, under conditions that tie fields of the certificate to it. */
export const connectUniverse: Universe = {
  topics: [],
  filters: [],
  contexts: [...words(['a', 'b', 'z'], 2), 'azb', 'zab', 'abz'].flatMap((id) => [
    ...['a', 'A', 'ab', 'z', 'za', 'zz', id, `a${id}`, `${id}b`, `${id}z`, id.toUpperCase()].flatMap(
      (value): RawContext[] => [
        { [client]: id, [name]: value },
        { [client]: id, [thing]: id, [name]: value, [list]: [value] },
        { [client]: id, [list]: [value, 'z'] },
      ],
    ),
    { [client]: id },
    { [client]: id, [thing]: 'a' },
  ]),
  policies: fc.oneof({ weight: 2, arbitrary: tiedField }, { weight: 1, arbitrary: tiedList }),
};

/** Set operators on keys of one value and on a list; names made of the same keys. */
export const setUniverse: Universe = {
  topics: words(['a', 'b', 'z'], 2),
  filters: [],
  contexts: ['a', 'b', 'z', 'ab', 'zz'].flatMap((id): RawContext[] => [
    { [client]: id },
    { [client]: id, [thing]: id, [list]: ['a'] },
    { [client]: 'z', [thing]: id, [x]: 'b', [list]: ['a', 'z'] },
    ...['a', 'b', 'z', 'ba'].flatMap((value): RawContext[] => [
      { [client]: id, [name]: value },
      { [client]: id, [thing]: id, [name]: value, [x]: value, [list]: [value, id] },
    ]),
  ]),
  policies: pairsOf({
    action: 'iot:Publish',
    own: 'topic/*',
    names: fc.constantFrom(
      ...[client, thing, name, x].map((key) => `topic/${variable(key)}`),
      'topic/a',
      'topic/?',
      'topic/*',
    ),
    entries: fc.tuple(
      fc.constantFrom(...setOperators, ...setOperators, ...textOperators),
      fc.constantFrom(client, thing, name, x, list),
      fc.array(tokens(2), { minLength: 1, maxLength: 2 }),
    ),
    mostEntries: 2,
  }),
};

const writings = [
  '4',
  '5',
  '5.0',
  '5.00',
  '05',
  '6',
  '6.0',
  '06',
  '7',
  '7.5',
  '-1',
  '10',
  '1e1',
  '3.',
  'x',
  '',
  'true',
  'TRUE',
  '5x',
];
const dates = [
  '2026-01-01T00:00:00Z',
  '2026-01-01T00:00:00.000Z',
  '1767225600',
  '1767225600.0',
  '2026-01-02',
  '2025-12-31',
];
const order = ['Equals', 'NotEquals', 'LessThan', 'LessThanEquals', 'GreaterThan', 'GreaterThanEquals'];
export const ordering = (family: string): fc.Arbitrary<string> =>
  fc
    .tuple(fc.constantFrom(...order), fc.constantFrom('', '', 'IfExists'))
    .map(([one, exists]) => family + one + exists);
const addresses = [
  '10.0.0.0',
  '10.0.0.1',
  '10.0.0.2',
  '10.0.0.3',
  '10.0.0.4',
  '10.1.0.0',
  '9.255.255.255',
  '11.0.0.0',
  '2001:db8:0:0:0:0:0:1',
];

/** One key compared as text, as a number, as a date and as a truth at once; addresses compared as text as well. */
export const orderUniverse: Universe = {
  topics: ['a'],
  filters: [],
  contexts: [
    ...addresses.map((one) => ({ [client]: 'd', [address]: one })),
    { [client]: 'd' },
    ...[...writings, ...dates].flatMap((value) => [
      { [client]: 'd', [thing]: 'd', [x]: value },
      ...[...writings.slice(0, 9), ...dates].map((other) => ({ [client]: 'd', [thing]: 'd', [x]: value, [y]: other })),
    ]),
  ],
  policies: pairsOf({
    action: 'iot:Publish',
    own: 'topic/a',
    names: fc.constant('topic/a'),
    entries: fc.oneof(
      fc.tuple(
        ordering('Numeric'),
        fc.constantFrom(x, x, y),
        fc.array(fc.constantFrom('5', '5.0', '6', '10', variable(y)), { minLength: 1, maxLength: 2 }),
      ),
      fc.tuple(
        ordering('Date'),
        fc.constant(x),
        fc.array(fc.constantFrom(...dates.slice(0, 5)), { minLength: 1, maxLength: 1 }),
      ),
      fc.tuple(
        fc.constantFrom(...textOperators),
        fc.constantFrom(x, x, y),
        fc.array(
          fc.constantFrom('5', '5.0', '6', '7', '5*', '*', 'x', 'true', 'TRUE', variable(y), ...dates.slice(0, 2)),
          { minLength: 1, maxLength: 2 },
        ),
      ),
      fc.tuple(
        fc.constant('Bool'),
        fc.constant(x),
        fc.constantFrom([['true']], [['false']], [['true', 'false']]).map(([one]) => one ?? []),
      ),
      fc.tuple(fc.constant('Null'), fc.constantFrom(x, y, address), fc.constantFrom(['true'], ['false'])),
      fc.tuple(
        fc.constantFrom('IpAddress', 'NotIpAddress', 'IpAddressIfExists'),
        fc.constant(address),
        fc.array(fc.constantFrom('10.0.0.0/30', '10.0.0.0/31', '10.0.0.2/31', '10.0.0.0/8', '10.0.0.1'), {
          minLength: 1,
          maxLength: 2,
        }),
      ),
      fc.tuple(
        fc.constantFrom('StringEquals', 'StringNotEquals'),
        fc.constant(address),
        fc.array(fc.constantFrom('10.0.0.0', '10.0.0.1', '10.0.0.2', '10.0.0.3'), { minLength: 1, maxLength: 3 }),
      ),
    ),
    mostEntries: 2,
  }),
};
