import fc from 'fast-check';
import type { RawContext } from './oracle.ts';
import { type Entry, ordering, pairsOf, textOperators } from './random-conditions.ts';
import type { Universe } from './random-policies.ts';

const [client, thing, x] = ['iot:ClientId', 'iot:Connection.Thing.ThingName', 'iot:Connection.Thing.Attributes[x]'];
const type = 'iot:Connection.Thing.ThingTypeName';
const variable = (key: string): string => `\${${key}}`;

/** In the letters of names and types, which have neither a point nor a plus sign. */
const numbers = [
  '4',
  '5',
  '05',
  '005',
  '5e0',
  '50e-1',
  '55e-1',
  '6',
  '06',
  '6e0',
  '7',
  '-1',
  '-5e-1',
  '0',
  '10',
  '1e1',
  '1E1',
];
const texts = ['x', '5x', 'x5', 'T', 'true', 'TRUE'];
const dates = [
  ...[
    '2026-01-01',
    '2026-01',
    '1767225600',
    '01767225600',
    '2026-01-01T00:00Z',
    '2026-01-01T00:00:00-00:00',
    '2026-01-02',
  ],
  ...[
    '2025-12-31',
    '1767225599',
    '1767225601',
    '2026-02-31',
    '2026-03-03',
    '2026-02-28T24:00',
    '2026-03-01',
    '1772323200',
  ],
];
const addresses = [
  '2001:db8::1',
  '2001:db8:0:0:0:0:0:1',
  '2001:db8::2',
  '2001:db8::3',
  '2001:db8::4',
  '2001:db9::',
  '::1',
  '::',
];
const all = [...numbers, ...texts, ...dates, ...addresses];

const wantedOf = (list: readonly string[], most: number): fc.Arbitrary<readonly string[]> =>
  fc.uniqueArray(fc.constantFrom(...list), { minLength: 1, maxLength: most });
const keys = fc.constantFrom(type, type, type, thing, client, x);
const others = [variable(x), variable(type), variable(thing)];

const entries: fc.Arbitrary<Entry> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.tuple(ordering('Numeric'), keys, wantedOf(['5', '5', '6', '10', '-1', '5.5', ...others], 2)),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(
      ordering('Date'),
      keys,
      wantedOf(['2026-01-01', '1767225600', '2026-01-01T00:00:00.5Z', '2026-02-31', '2026-03-01', ...others], 2),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(
      fc.constantFrom('IpAddress', 'NotIpAddress', 'IpAddressIfExists'),
      keys,
      wantedOf(['2001:db8::/126', '2001:db8::2/127', '2001:db8::/32', '2001:db8::1', '::/0', '10.0.0.0/8'], 2),
    ),
  },
  {
    weight: 4,
    arbitrary: fc.tuple(
      fc.constantFrom(...textOperators, 'StringNotEqualsIgnoreCase'),
      keys,
      wantedOf(
        ['5', '05', '5*', '*5', '?', '*', '1E1', 'x', '1767225600', '2026-01-01', '2026-0*', '2001:db8::1', ...others],
        3,
      ),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constant('Bool'), keys, fc.constantFrom(['true'], ['false'], ['true', 'false'])),
  },
  { weight: 1, arbitrary: fc.tuple(fc.constant('Null'), keys, fc.constantFrom(['true'], ['false'])) },
);

/** Types and names of things compared as numbers, dates, addresses and text at once. */
export const typeUniverse: Universe = {
  topics: ['a', ...all],
  filters: [],
  contexts: [
    { [client]: 'd' },
    { [client]: 'd', [thing]: 'd' },
    ...all.flatMap((value): RawContext[] => [
      { [client]: value },
      { [client]: 'd', [thing]: 'd', [type]: value },
      { [client]: value, [thing]: value },
      { [client]: 'd', [thing]: value },
      ...['5', '6', '05', '2026-01-01', 'x'].flatMap((other): RawContext[] => [
        { [client]: 'd', [thing]: 'd', [type]: value, [x]: other },
        { [client]: value, [thing]: value, [type]: other },
      ]),
    ]),
  ],
  policies: pairsOf({
    action: 'iot:Publish',
    own: 'topic/a',
    names: fc.constantFrom('topic/a', 'topic/a', 'topic/*', `topic/${variable(type)}`, `topic/${variable(thing)}`),
    entries,
    mostEntries: 2,
  }),
};
