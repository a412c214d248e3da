import { describe, expect, it } from 'vitest';
import { deviceContext, evade, filled, freshNames, satisfy } from '../../../../operator/policy/lint/scenario.ts';
import { allow, document } from './build.ts';

const serial = 'iot:Certificate.SerialNumber';
const base = { 'iot:ClientId': 'dev1', 'iot:Connection.Thing.ThingName': 'dev1', 'aws:SourceIp': '192.0.2.1' };
type Conditions = Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;

const statementWith = (conditions: Conditions) => document([allow('Publish', 'topic/a', conditions)]).statements[0]!;

interface Row {
  readonly reason: string;
  readonly conditions: Conditions;
  /** What differs from the device as it is; `undefined`: without the key. */
  readonly change?: Readonly<Record<string, string | readonly string[] | undefined>>;
}

function changed(change: Row['change'] = {}) {
  return Object.fromEntries(Object.entries({ ...base, ...change }).filter(([, value]) => value !== undefined));
}

const met: readonly Row[] = [
  { reason: 'a text that is asked for', conditions: { StringEquals: { x: ['a', 'b'] } }, change: { x: 'a' } },
  { reason: 'letter case of operators', conditions: { STRINGEQUALS: { x: 'a' } }, change: { x: 'a' } },
  { reason: 'a pattern', conditions: { StringLike: { x: 'a*b?' } }, change: { x: 'axbx' } },
  { reason: 'an ARN pattern', conditions: { ArnLike: { x: 'arn:*' } }, change: { x: 'arn:x' } },
  { reason: 'an ARN', conditions: { ArnEquals: { x: 'arn:?' } }, change: { x: 'arn:x' } },
  { reason: 'a pattern of a list', conditions: { 'ForAnyValue:StringLike': { x: 'a*' } }, change: { x: ['ax'] } },
  {
    reason: 'a pattern of a key that may be missing',
    conditions: { StringLikeIfExists: { x: 'a*' } },
    change: { x: 'ax' },
  },
  { reason: 'a star that is meant', conditions: { StringEquals: { x: 'a*' } }, change: { x: 'a*' } },
  {
    reason: 'a network',
    conditions: { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } },
    change: { 'aws:SourceIp': '10.0.0.0' },
  },
  { reason: 'less than a number', conditions: { NumericLessThan: { x: '5' } }, change: { x: '4' } },
  { reason: 'at most a number', conditions: { NumericLessThanEquals: { x: '5' } }, change: { x: '5' } },
  { reason: 'more than a number', conditions: { NumericGreaterThan: { x: '5' } }, change: { x: '6' } },
  {
    reason: 'before a date',
    conditions: { DateLessThan: { x: '2020-01-01T00:00:00Z' } },
    change: { x: '1990-01-01T00:00:00Z' },
  },
  {
    reason: 'after a date',
    conditions: { DateGreaterThan: { x: '2020-01-01T00:00:00Z' } },
    change: { x: '2190-01-01T00:00:00Z' },
  },
  { reason: 'a variable', conditions: { StringEquals: { x: 'is ${iot:ClientId}' } }, change: { x: 'is dev1' } },
  { reason: 'a key that may be missing', conditions: { StringEqualsIfExists: { x: 'a' } }, change: { x: 'a' } },
  { reason: 'a list that holds a value', conditions: { 'ForAnyValue:StringEquals': { x: 'a' } }, change: { x: ['a'] } },
  {
    reason: 'a list, though its key has but one value',
    conditions: { 'ForAnyValue:IpAddress': { 'AWS:SourceIp': '10.0.0.0/8' } },
    change: { 'aws:SourceIp': '10.0.0.0' },
  },
  { reason: 'a list without others holds as it is', conditions: { 'ForAllValues:StringEquals': { x: 'a' } } },
  { reason: 'a value that it must not have', conditions: { StringNotEquals: { x: 'a' } } },
  {
    reason: 'the key as the device has it',
    conditions: { StringEquals: { 'AWS:sourceip': 'a' } },
    change: { 'aws:SourceIp': 'a' },
  },
  { reason: 'a client ID stays what it is', conditions: { StringEquals: { 'iot:ClientId': 'a' } } },
  { reason: 'a thing keeps its name', conditions: { StringEquals: { 'iot:Connection.Thing.ThingName': 'a' } } },
  { reason: 'attachment follows from the thing', conditions: { Bool: { 'iot:Connection.Thing.IsAttached': 'false' } } },
  {
    reason: 'a type of the longest name',
    conditions: { StringLike: { 'iot:Connection.Thing.ThingTypeName': '?'.repeat(128) } },
    change: { 'iot:Connection.Thing.ThingTypeName': 'x'.repeat(128) },
  },
  {
    reason: 'no type has a longer one',
    conditions: { StringLike: { 'IOT:Connection.Thing.ThingTypeName': '?'.repeat(129) } },
  },
  {
    reason: 'attachment is there with every thing',
    conditions: { Null: { 'iot:Connection.Thing.IsAttached': 'false' } },
  },
  { reason: 'an empty list of values, which holds for none', conditions: { StringEquals: { x: [] } } },
  { reason: 'a key that must be there', conditions: { Null: { x: 'false' } }, change: { x: 'x' } },
  { reason: 'a key that is there', conditions: { Null: { 'aws:SourceIp': 'false' } } },
  {
    reason: 'a key that must be missing',
    conditions: { Null: { 'aws:SourceIp': 'TRUE' } },
    change: { 'aws:SourceIp': undefined },
  },
  { reason: 'a key that is missing', conditions: { Null: { x: 'true' } } },
  {
    reason: 'several conditions',
    conditions: { StringEquals: { x: 'a', y: 'b' }, NumericGreaterThan: { z: '1' } },
    change: { x: 'a', y: 'b', z: '2' },
  },
];

const evaded: readonly (Row & { readonly never?: boolean })[] = [
  {
    reason: 'a network that the device leaves',
    conditions: { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } },
    change: { 'aws:SourceIp': undefined },
  },
  {
    reason: 'a network that it enters',
    conditions: { NotIpAddress: { 'AWS:SourceIp': '10.0.0.0/8' } },
    change: { 'aws:SourceIp': '10.0.0.0' },
  },
  { reason: 'a value that it takes', conditions: { StringNotEquals: { x: 'a' } }, change: { x: 'a' } },
  {
    reason: 'a pattern that it takes',
    conditions: { StringNotLike: { x: '${iot:ClientId}*' } },
    change: { x: 'dev1x' },
  },
  { reason: 'with IfExists', conditions: { StringNotEqualsIfExists: { x: 'a' } }, change: { x: 'a' } },
  { reason: 'with IfExists and a pattern', conditions: { StringNotLikeIfExists: { x: 'a*' } }, change: { x: 'ax' } },
  { reason: 'in lists', conditions: { 'ForAllValues:StringNotLike': { x: 'a*' } }, change: { x: 'ax' } },
  {
    reason: 'that it is attached, which is no value of its own',
    conditions: { StringNotEquals: { 'iot:Connection.Thing.IsAttached': 'true' } },
    never: true,
  },
  {
    reason: 'in lists of addresses',
    conditions: { 'ForAnyValue:NotIpAddress': { x: '10.0.0.0/8' } },
    change: { x: '10.0.0.0' },
  },
  { reason: 'an empty list of values', conditions: { StringNotEquals: { x: [] } }, change: { x: '' } },
  { reason: 'a key that it lacks anyway', conditions: { StringEquals: { x: 'a' } }, never: true },
  { reason: 'its client ID', conditions: { StringEquals: { 'iot:ClientId': 'dev1' } }, never: true },
  { reason: 'its thing name', conditions: { StringNotEquals: { 'iot:Connection.Thing.ThingName': 'a' } }, never: true },
  {
    reason: 'a type that it takes, beside one that none has',
    conditions: {
      StringNotEquals: { 'iot:Connection.Thing.ThingTypeName': 'a b' },
      StringNotLike: { 'iot:Connection.Thing.ThingTypeName': 'pump-*' },
    },
    change: { 'iot:Connection.Thing.ThingTypeName': 'pump-x' },
  },
  { reason: 'its attachment', conditions: { Bool: { 'iot:Connection.Thing.IsAttached': 'true' } }, never: true },
  { reason: 'whether a key is there', conditions: { Null: { 'aws:SourceIp': 'false' } }, never: true },
  {
    reason: 'the second of two conditions',
    conditions: { Null: { x: 'true' }, StringNotEquals: { y: 'a' } },
    change: { y: 'a' },
  },
];

describe('a device for which conditions hold', () => {
  it.each(met)('$reason', ({ conditions, change }) => {
    expect(satisfy(statementWith(conditions), base)).toStrictEqual(changed(change));
  });
});

describe('a device for which a condition does not hold', () => {
  it.each(evaded)('$reason', ({ conditions, change, never = false }) => {
    expect(evade(statementWith(conditions), base)).toStrictEqual(never ? undefined : changed(change));
  });
});

it.each([
  { reason: 'a known variable', text: 'a/${iot:ClientId}/b', wanted: 'a/dev1/b' },
  { reason: 'letter case and spaces', text: '${ IOT:clientid }', wanted: 'dev1' },
  { reason: 'an unknown variable stays', text: '${x}', wanted: '${x}' },
  { reason: 'an escaped wildcard', text: '${*}${?}${$}', wanted: '*?$' },
  { reason: 'a name that only holds a wildcard', text: '${a*}${*a}', wanted: '${a*}${*a}' },
  { reason: 'a value that is a list', text: '${list}', wanted: '${list}' },
])('fills in $reason', ({ text, wanted }) => {
  expect(filled(text, { ...base, list: ['a'] })).toBe(wanted);
});

it.each([
  { reason: 'nothing in the way', texts: ['topic/a'], wanted: 'dev' },
  { reason: 'two texts that only together hold its name', texts: ['topic/de', 'v1'], wanted: 'dev' },
  { reason: 'its own name is in use', texts: ['topic/a', 'topic/dev1/x'], wanted: 'thing' },
  { reason: 'the name of the second device is in use', texts: ['dev2', 'thing2'], wanted: 'unit' },
  {
    reason: 'all of them are in use',
    texts: ['dev1', 'thing1', 'unit1', 'node1', 'asset1', 'q7k1'],
    wanted: 'q7k-zz',
  },
  { reason: 'the fourth name', texts: ['dev1', 'thing2', 'unit1'], wanted: 'node' },
  { reason: 'the fifth', texts: ['dev1', 'thing2', 'unit1', 'node2'], wanted: 'asset' },
  { reason: 'the last', texts: ['dev1', 'thing2', 'unit1', 'node2', 'asset1'], wanted: 'q7k' },
])('imagines devices that no policy names: $reason', ({ texts, wanted }) => {
  expect(freshNames(texts)).toEqual({ own: `${wanted}1`, other: `${wanted}2`, longer: `${wanted}10` });
});

it.each([
  { reason: 'its thing', thing: 'dev1', wanted: { 'iot:Connection.Thing.ThingName': 'dev1' } },
  {
    reason: 'no thing',
    thing: undefined,
    texts: ['${iot:Connection.Thing.ThingTypeName}', '${iot:Connection.Thing.Attributes[a]}'],
    wanted: {},
  },
  {
    reason: 'what policies read of the thing',
    thing: 'dev1',
    texts: ['${iot:Connection.Thing.ThingTypeName}', '${iot:Connection.Thing.Attributes[the-room]}'],
    wanted: {
      'iot:Connection.Thing.ThingName': 'dev1',
      'iot:Connection.Thing.ThingTypeName': 'type1',
      'iot:Connection.Thing.Attributes[the-room]': 'theroom1',
    },
  },
  {
    reason: 'what policies read of the certificate, which belongs to the thing',
    thing: 'dev1',
    texts: ['${iot:CertificateId}', '${iot:Certificate.Subject.CommonName}', '${iot:Certificate.Subject.Organization}'],
    wanted: {
      'iot:Connection.Thing.ThingName': 'dev1',
      'iot:CertificateId': 'cert-dev1',
      'iot:Certificate.Subject.CommonName': 'dev1',
      'iot:Certificate.Subject.Organization': 'Acme',
    },
  },
  {
    reason: 'a certificate without a thing belongs to the client',
    thing: undefined,
    texts: ['${iot:Certificate.Subject.SerialNumber}', `\${${serial}}`],
    wanted: { 'iot:Certificate.Subject.SerialNumber': 'c1', [serial]: 'Acme' },
  },
  {
    reason: 'no value for a variable that AWS does not know',
    thing: undefined,
    texts: ['${iot:Certificate.Nonsense}', '${x}'],
    wanted: {},
  },
])('gives an imagined device $reason', ({ thing, texts = [], wanted }) => {
  expect(deviceContext(texts, { clientId: 'c1', thing })).toStrictEqual({ 'iot:ClientId': 'c1', ...wanted });
});
