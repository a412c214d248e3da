import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDate } from '../../../operator/policy/conditions.ts';
import {
  compare,
  compilePolicies,
  type Decision,
  evaluate,
  type GivenOptions,
  parsePolicyValue,
  withDefaults,
} from '../../../operator/policy/index.ts';
import { timeOf } from '../../policy/oracle.ts';
import { arn, type Raw } from './words.ts';

type Value = string | readonly string[] | undefined;

function decide(
  statements: readonly Raw[],
  request: { readonly action: string; readonly resource: string; readonly context?: Raw },
  options: GivenOptions = {},
  Version = '2012-10-17',
): Decision {
  const { document, findings } = parsePolicyValue({ Version, Statement: statements });
  if (document === undefined) throw new Error(findings.map((finding) => finding.message).join('; '));
  const context = (request.context ?? {}) as Readonly<Record<string, string>>;
  return evaluate(compilePolicies([document], withDefaults(options)), { ...request, context }).decision;
}

/** Whether an Allow under this one condition applies to a request with this value of the key. */
function holds(operator: string, wanted: readonly unknown[], value: Value, more: Raw = {}): boolean {
  const allow = {
    Effect: 'Allow',
    Action: 'iot:Publish',
    Resource: '*',
    Condition: { [operator]: { 'aws:K': wanted } },
  };
  const context = { ...(value === undefined ? {} : { 'aws:K': value }), ...more };
  return decide([allow], { action: 'iot:Publish', resource: `${arn}topic/a`, context }) === 'allowed';
}

const T = `${arn}topic/`;

// IAM user guide, "Condition operators", "IfExists", "Set operators": [operator, wanted, value, holds].
describe('one condition', () => {
  it.each<readonly [string, readonly unknown[], Value, boolean]>([
    ['StringEquals', ['a'], 'a', true],
    ['StringEquals', ['a'], 'A', false],
    ['StringEquals', ['b', 'a'], 'a', true],
    ['StringEquals', ['a'], undefined, false],
    ['StringEquals', ['a*'], 'ab', false],
    ['StringEquals', ['a*'], 'a*', true],
    ['StringNotEquals', ['a'], 'b', true],
    ['StringNotEquals', ['a', 'b'], 'b', false],
    ['StringNotEquals', ['a'], undefined, true],
    ['StringEqualsIgnoreCase', ['PuMp'], 'pUmP', true],
    ['StringEqualsIgnoreCase', ['pump'], 'pumps', false],
    ['StringEqualsIgnoreCase', ['a*'], 'AB', false],
    ['StringNotEqualsIgnoreCase', ['pump'], 'PUMP', false],
    ['StringNotEqualsIgnoreCase', ['pump'], undefined, true],
    ['StringLike', ['a*'], 'ab', true],
    ['StringLike', ['a?'], 'abc', false],
    ['StringLike', ['a${*}'], 'ab', false],
    ['StringNotLike', ['a*'], 'ab', false],
    ['StringNotLike', ['a*'], 'b', true],
    ['StringNotLike', ['a*'], undefined, true],
    ['stringlike', ['a*'], 'ab', true],
    ['BinaryEquals', ['YQ=='], 'YQ==', true],
    ['StringEqualsIfExists', ['a'], undefined, true],
    ['StringEqualsIfExists', ['a'], 'b', false],
    ['StringEqualsIfExists', ['a'], 'a', true],
    ['StringNotEqualsIfExists', ['a'], undefined, true],
    ['StringNotEqualsIfExists', ['a'], 'a', false],
    ['Bool', ['true'], 'true', true],
    ['Bool', [true], 'TRUE', true],
    ['Bool', ['false'], 'true', false],
    ['Bool', ['true'], undefined, false],
    ['NumericEquals', ['10'], '10.0', true],
    ['NumericEquals', [10], '11', false],
    ['NumericEquals', ['10'], 'x', false],
    ['NumericEquals', ['0'], '', false],
    ['NumericEquals', ['16'], '0x10', false],
    ['NumericEquals', ['1e3'], '1000', true],
    ['NumericEquals', ['-.5'], '-0.50', true],
    ['NumericEquals', ['.25'], '0.25', true],
    ['NumericEquals', ['1e+2'], '100', true],
    ['NumericEquals', ['2E10'], '20000000000', true],
    ['NumericEquals', ['x'], 'x', false],
    ['NumericNotEquals', ['10'], 'x', true],
    ['NumericNotEquals', ['10'], '11', true],
    ['NumericNotEquals', ['10'], '10', false],
    ['NumericLessThan', ['10'], '9', true],
    ['NumericLessThan', ['10'], '10', false],
    ['NumericLessThanEquals', ['10'], '10', true],
    ['NumericLessThanEquals', ['10'], '11', false],
    ['NumericGreaterThan', ['10'], '11', true],
    ['NumericGreaterThan', ['10'], '10', false],
    ['NumericGreaterThanEquals', ['10'], '10', true],
    ['NumericGreaterThanEquals', ['10'], '9', false],
    ['NumericGreaterThan', ['10'], 'eleven', false],
    ['DateEquals', ['2026-01-01T00:00:00Z'], '2026-01-01T00:00:00.000Z', true],
    ['DateEquals', ['1767225600'], '2026-01-01T00:00:00Z', true],
    ['DateNotEquals', ['2026-01-01T00:00:00Z'], '2026-01-02T00:00:00Z', true],
    ['DateLessThan', ['2026-01-01T00:00:00Z'], '2025-12-31T23:59:59Z', true],
    ['DateLessThan', ['2026-01-01T00:00:00Z'], '2026-01-01T00:00:00Z', false],
    ['DateLessThanEquals', ['2026-01-01T00:00:00Z'], '2026-01-01T00:00:00Z', true],
    ['DateGreaterThan', ['2026-01-01T00:00:00Z'], '1767225601', true],
    ['DateGreaterThan', ['2026-01-01T00:00:00Z'], '1767225600.0', false],
    ['DateEquals', ['1767225600.25'], '2026-01-01T00:00:00.250Z', true],
    ['DateGreaterThanEquals', ['2026-01-01T00:00:00Z'], '2026-01-01T00:00:00Z', true],
    ['DateGreaterThan', ['2026-01-01T00:00:00Z'], 'tomorrow', false],
    ['IpAddress', ['10.0.0.0/8'], '10.255.0.1', true],
    ['IpAddress', ['10.0.0.0/8'], '11.0.0.1', false],
    ['IpAddress', ['10.0.0.7'], '10.0.0.7', true],
    ['IpAddress', ['nonsense'], '10.0.0.7', false],
    ['IpAddress', ['2001:db8::/32'], '2001:db8:1::9', true],
    ['IpAddress', ['2001:db8::/32'], '10.0.0.1', false],
    ['IpAddress', ['10.0.0.0/8'], undefined, false],
    ['NotIpAddress', ['10.0.0.0/8'], '10.0.0.1', false],
    ['NotIpAddress', ['10.0.0.0/8'], undefined, true],
    ['ArnEquals', [`${T}a/*`], `${T}a/b/c`, true],
    ['ArnLike', [`${T}a/*`], `${T}b`, false],
    ['ArnLike', ['arn:aws:iot:*:*:topic/a'], `${T}a`, true],
    ['ArnLike', ['arn:aws:iot:*:topic/a'], `${T}a`, false],
    ['ArnLike', ['arn:aws:iot:*:*:topic/a'], 'arn:aws:iot:r:1:x:topic/a', false],
    ['ArnLike', ['arn:aws:iot:us-east-1:123456789012:*'], `${T}a:b:c`, true],
    ['ArnLike', ['*'], 'no arn', true],
    ['ArnLike', ['arn:*'], `${T}a`, false],
    ['ArnNotLike', ['arn:aws:iot:*:*:topic/*'], `${T}a`, false],
    ['ArnNotLike', [`${T}b*`], `${T}a`, true],
    ['DateNotEquals', ['1767225600'], '2026-01-01T00:00:00Z', false],
    ['DateNotEquals', ['1767225600'], '2026-01-01T00:00:01Z', true],
    ['DateEquals', ['2026-01-01'], '2026-01-01T00:00:00Z', true],
    ['DateEquals', ['2026-01-01T00:00'], '2026-01-01T00:00:00Z', true],
    ['DateEquals', ['2026-01'], '2026-01-01T02:00:00+02:00', true],
    ['DateEquals', ['+002026-01-01'], '2025-12-31T23:30:00.000-00:30', true],
    ['DateGreaterThan', ['2026-01-01'], '5 Jan 2026', false],
    ['DateGreaterThan', ['2026-01-01'], '2026-01-02 at noon', false],
    ['DateLessThan', ['2026-01-01'], 'since 2025-01-01', false],
    ['DateLessThan', ['2000-01-01'], '0001-01-01', true],
    ['DateGreaterThan', ['2020-01-01'], '(a)2026-01-01', false],
    ['DateGreaterThan', ['2020-01-01'], '2026-01-01(a)', false],
    ['DateGreaterThan', ['2020-01-01'], '2026-1-1', false],
    ['DateEquals', ['2026-01-01T00:00:00.25Z'], '2026-01-01T00:00:00.250', true],
    ['DateEquals', ['2026-01-01T00:00:00'], '2025-12-31T22:00-02:00', true],
    ['ArnLike', ['arn:aws:iot:*:*:*'], 'arn:aws:iot:r:1', false],
    ['ArnNotLike', [`${T}a`], `${T}b`, true],
    ['ArnNotEquals', [`${T}a`], `${T}a`, false],
    ['ArnNotEquals', [`${T}a`], undefined, true],
    ['ArnEquals', [`${T}a:b`], `${T}a:b`, true],
    ['ArnEquals', [`${T}a:c`], `${T}a:b`, false],
    ['ArnEquals', [`${T}ab`], `${T}a:b`, false],
    ['Null', ['true', 'false'], 'x', true],
    ['Null', ['true'], undefined, true],
    ['Null', ['true'], 'x', false],
    ['Null', ['false'], 'x', true],
    ['Null', ['false'], undefined, false],
    ['ForAllValues:StringEquals', ['a', 'b'], ['a', 'b'], true],
    ['ForAllValues:StringEquals', ['a'], ['a', 'b'], false],
    ['ForAllValues:StringEquals', ['a'], [], true],
    ['ForAllValues:StringEquals', ['a'], undefined, true],
    ['ForAllValues:StringNotEquals', ['a'], ['b', 'c'], true],
    ['ForAllValues:StringNotEquals', ['a'], ['b', 'a'], false],
    ['ForAnyValue:StringEquals', ['a'], ['b', 'a'], true],
    ['ForAnyValue:StringEquals', ['a'], ['b'], false],
    ['ForAnyValue:StringEquals', ['a'], [], false],
    ['ForAnyValue:StringEquals', ['a'], undefined, false],
    ['ForAnyValue:StringNotEquals', ['a'], undefined, false],
    ['ForAnyValue:StringNotEquals', ['a'], ['a', 'b'], true],
    ['ForAnyValue:StringNotEquals', ['a'], ['a'], false],
    ['foranyvalue:stringlike', ['a*'], ['x', 'ab'], true],
    ['ForAnyValue:StringEqualsIfExists', ['a'], undefined, true],
    ['StringEquals', ['a'], ['b', 'a'], true],
    ['StringNotEquals', ['a'], ['b', 'a'], false],
    ['StringSounds', ['a'], 'a', false],
  ])('%s %j of %j: %s', (operator, wanted, value, expected) => {
    expect(holds(operator, wanted, value)).toBe(expected);
  });

  it('takes variables in its values, and a list never as a variable', () => {
    expect(holds('StringEquals', ['${iot:ClientId}'], 'c', { 'iot:ClientId': 'c' })).toBe(true);
    expect(holds('StringEquals', ['${iot:ClientId}'], 'd', { 'iot:ClientId': 'c' })).toBe(false);
    expect(holds('StringEquals', ['${aws:L}'], 'c', { 'aws:L': ['c'] })).toBe(false);
    expect(holds('StringNotEquals', ['${aws:Missing}'], 'c')).toBe(true);
    expect(holds('StringEqualsIgnoreCase', ['${iot:ClientId}'], 'C', { 'iot:ClientId': 'c' })).toBe(true);
  });

  it('needs every operator and every key of its block', () => {
    const allow = {
      Effect: 'Allow',
      Action: 'iot:Publish',
      Resource: '*',
      Condition: { StringEquals: { 'aws:A': 'a', 'aws:B': 'b' }, Null: { 'aws:C': 'true' } },
    };
    const ask = (context: Raw) => decide([allow], { action: 'iot:Publish', resource: `${T}a`, context });
    expect(ask({ 'aws:A': 'a', 'aws:B': 'b' })).toBe('allowed');
    expect(ask({ 'aws:A': 'a' })).toBe('implicitDeny');
    expect(ask({ 'aws:A': 'a', 'aws:B': 'b', 'aws:C': 'c' })).toBe('implicitDeny');
  });
});

const day = 86_400_000;

describe('a date that no calendar has', () => {
  it.each<readonly [string, number, string]>([
    ['2026-02-28', Date.UTC(2026, 1, 28), 'the last day of a short February'],
    ['2026-02-29', Number.NaN, 'no leap year; Date.parse alone answers 1 March'],
    ['2026-02-31', Number.NaN, 'no February has it; Date.parse alone answers 3 March'],
    ['2024-02-29', Date.UTC(2024, 1, 29), 'a leap year'],
    ['2024-02-30', Number.NaN, 'not even in a leap year'],
    ['2000-02-29', Date.UTC(2000, 1, 29), 'the 400th year is one'],
    ['2100-02-29', Number.NaN, 'the 100th is none'],
    ['0000-02-29', Date.UTC(2000, 1, 29) - 5 * 146_097 * day, 'the year 0 is one, and is not read as 1900'],
    ['0099-02-29', Number.NaN, 'nor 99 as 1999'],
    ['-000004-02-29', Date.UTC(1996, 1, 29) - 5 * 146_097 * day, 'leap years go back before the year 0'],
    ['-000003-02-29', Number.NaN, 'and so do the others'],
    ['2026-04-30', Date.UTC(2026, 3, 30), 'the last day of April'],
    ['2026-04-31', Number.NaN, 'April has 30 days'],
    ['2026-06-31', Number.NaN, 'so has June'],
    ['2026-12-31', Date.UTC(2026, 11, 31), 'the last day of the last month'],
    ['2026-12-32', Number.NaN, 'no month has 32'],
    ['2026-01-00', Number.NaN, 'days are counted from 1'],
    ['2026-00-01', Number.NaN, 'and months'],
    ['2026-00', Number.NaN, 'a month alone too'],
    ['2026-13', Number.NaN, 'and there are twelve'],
    ['+000001-13-09', Number.NaN, 'under a sign as well; Date.parse alone answers a day of 2009'],
    ['+000002-01-00', Number.NaN, 'nor has a year under a sign a day nought'],
    ['2026-01-01T00:00:01.0019999Z', Date.UTC(2026, 0, 1, 0, 0, 1, 1), 'digits behind the thousandth do not count'],
    ['2026-02-31T12:00:00Z', Number.NaN, 'a time of day does not mend the day'],
    ['2026-02-31T12:00:00.5+01:00', Number.NaN, 'nor does a zone'],
    ['2026-02-28T24:00', Date.UTC(2026, 2, 1), 'the end of a day is the beginning of the next'],
    ['2026-02-28T24:01', Number.NaN, 'beyond it there is nothing'],
    ['-000000-01-01', Number.NaN, 'no year is minus nought; Date.parse alone answers 2001'],
    ['-000000-01', Number.NaN, 'with the month alone too'],
    ['+000000-01-01', Date.UTC(2000, 0, 1) - 5 * 146_097 * day, 'plus nought is the year 0'],
    ['-000001-12-31', Date.UTC(1999, 11, 31) - 5 * 146_097 * day, 'and the year before it is minus 1'],
  ])('%s is %d: %s', (text, expected) => {
    expect([parseDate(text), timeOf(text)]).toEqual([expected, expected]);
  });

  it('is none to either reading, whatever stands in its places', () => {
    const digits = (most: number, width: number) =>
      fc.integer({ min: 0, max: most }).map((number) => String(number).padStart(width, '0'));
    const year = fc.oneof(
      digits(9999, 4),
      fc.tuple(fc.constantFrom('+', '-'), digits(270_000, 6)).map((parts) => parts.join('')),
      fc.tuple(fc.constantFrom('+', '-'), digits(3, 6)).map((parts) => parts.join('')),
    );
    const time = fc.tuple(
      fc.constant('T'),
      digits(25, 2),
      fc.constantFrom(':00', ':59', ':60'),
      fc.constantFrom('', ':00', ':00.5', ':59.001', ':60'),
      fc.constantFrom('', 'Z', '+00:30', '-23:59', '+24:00', '-00:60'),
    );
    const writing = fc.tuple(
      year,
      digits(13, 2).map((month) => `-${month}`),
      digits(33, 2).map((day) => `-${day}`),
      fc.oneof(
        fc.constant(''),
        time.map((parts) => parts.join('')),
      ),
    );
    fc.assert(
      fc.property(writing, (parts) => {
        const text = parts.join('');
        expect([text, parseDate(text)]).toEqual([text, timeOf(text)]);
      }),
      { numRuns: 2000, seed: 1 },
    );
  });

  it('meets no order and no equality, neither as value nor as what is wanted', () => {
    for (const operator of ['DateEquals', 'DateLessThan', 'DateGreaterThanEquals'])
      for (const [wanted, value] of [
        ['2026-03-03', '2026-02-31'],
        ['2026-02-31', '2026-03-03'],
        ['2026-02-31', '2026-02-31'],
        ['2026-02-31', '1999-01-01'],
        ['1999-01-01', '2026-02-31'],
      ] as const)
        expect([operator, wanted, value, holds(operator, [wanted], value)]).toEqual([operator, wanted, value, false]);
    expect(holds('DateNotEquals', ['2026-03-03'], '2026-02-31')).toBe(true);
  });

  it('a bound that exists beside one that does not is told apart from the day that it was taken for', () => {
    const until = (bound: string) => {
      const { document } = parsePolicyValue({
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Action: 'iot:Publish',
            Resource: '*',
            Condition: { DateLessThan: { 'iot:Connection.Thing.Attributes[until]': bound } },
          },
        ],
      });
      if (document === undefined) throw new Error('not read');
      return [document];
    };
    expect(compare(until('2026-03-03'), until('2026-02-31')).verdict).toBe('tightens');
    expect(compare(until('2026-03-03'), until('2026-03-03T00:00Z')).verdict).toBe('equivalent');
  });
});

describe('a date without a zone', () => {
  it.each(['UTC', 'Asia/Tokyo', 'America/New_York'])('is one in UTC wherever this runs: %s', (zone) => {
    const here = process.env.TZ;
    process.env.TZ = zone;
    try {
      for (const text of ['2026-01-01T00:00', '2026-01-01T00:00:00', '2026-01-01', '2026-01', '2026-01-01T00:00Z'])
        expect([text, parseDate(text)]).toEqual([text, Date.UTC(2026, 0, 1)]);
    } finally {
      if (here === undefined) delete process.env.TZ;
      else process.env.TZ = here;
    }
  });
});

describe('one decision', () => {
  const publish = (Resource: string | readonly string[], Effect = 'Allow', element = 'Resource'): Raw => ({
    Effect,
    Action: 'iot:Publish',
    [element]: Resource,
  });
  const ask = (statements: readonly Raw[], topic: string, context: Raw = {}, options: GivenOptions = {}) =>
    decide(
      statements,
      { action: 'iot:Publish', resource: topic.startsWith('arn') ? topic : T + topic, context },
      options,
    );

  it('knows the action whatever its letter case, and no other', () => {
    expect(decide([publish('*')], { action: 'IOT:publish', resource: `${T}a` })).toBe('allowed');
    expect(decide([publish('*')], { action: 'iot:Publishes', resource: `${T}a` })).toBe('implicitDeny');
  });

  it('names the first Allow that grants, and the first Deny that decides', () => {
    const { document } = parsePolicyValue({
      Version: '2012-10-17',
      Statement: [publish(`${T}b`), publish('*'), publish(`${T}a`), publish(`${T}c`, 'Deny'), publish('*', 'Deny')],
    });
    if (document === undefined) throw new Error('not read');
    const by = (topic: string, statements: number) =>
      evaluate(
        compilePolicies([{ ...document, statements: document.statements.slice(0, statements) }], withDefaults()),
        { action: 'iot:Publish', resource: T + topic, context: {} },
      ).by?.statement;
    expect(by('a', 3)).toBe(1);
    expect(by('c', 5)).toBe(3);
    expect(by('a', 5)).toBe(4);
  });

  it('looks at nothing but this account, region and kind of ARN', () => {
    expect(ask([publish('*')], `${arn}topicfilter/a`)).toBe('implicitDeny');
    expect(ask([publish('*')], 'arn:aws:iot:eu-west-1:123456789012:topic/a')).toBe('implicitDeny');
  });

  it('a Deny wins wherever it stands', () => {
    expect(ask([publish('*', 'Deny'), publish('*')], 'a')).toBe('explicitDeny');
    expect(ask([publish('*'), publish('*'), publish('*', 'Deny')], 'a')).toBe('explicitDeny');
    expect(ask([publish(`${T}a`), publish(`${T}b`, 'Deny')], 'a')).toBe('allowed');
  });

  it('checks calls without a resource against the bare star', () => {
    const list = (Resource: string, action = 'iot:ListRetainedMessages') => [
      { Effect: 'Allow', Action: action, Resource },
    ];
    const listed = (
      statements: readonly Raw[],
      resource: string,
      options: GivenOptions = {},
      action = 'iot:ListRetainedMessages',
    ) => decide(statements, { action, resource }, options);
    expect(listed(list('*'), 'anything')).toBe('allowed');
    expect(listed(list(`${T}*`), `${T}a`)).toBe('implicitDeny');
    // The star is a character like any other: one question mark takes it, under either reading of colons.
    expect(listed(list('?'), 'anything')).toBe('allowed');
    expect(listed(list('?'), 'anything', { switches: { starCrossesColons: false } })).toBe('allowed');
    expect(listed(list('??'), 'anything')).toBe('implicitDeny');
    const narrow = { switches: { listResource: 'narrow' } } as const;
    expect(listed(list(`${T}*`), `${T}a`, narrow)).toBe('allowed');
    const things = 'iot:ListNamedShadowsForThing';
    expect(listed(list(`${arn}thing/d`, things), `${arn}thing/d`, narrow, things)).toBe('allowed');
    expect(listed(list(`${T}*`, things), `${T}a`, narrow, things)).toBe('implicitDeny');
    // Narrower calls are checked on their own kind of ARN, and all other actions stay what they are.
    expect(listed(list('*'), `${arn}client/c`, narrow)).toBe('implicitDeny');
    expect(listed(list('*', 'iot:Connect'), `${arn}client/c`, narrow, 'iot:Connect')).toBe('allowed');
    expect(listed(list('*', 'iot:Connect'), `${T}a`, narrow, 'iot:Connect')).toBe('implicitDeny');
  });

  it('takes an unresolved NotResource for one that matches nothing, or by the switch for a statement without effect', () => {
    const except = publish([`${T}\${iot:Connection.Thing.ThingName}/*`, `${T}b`], 'Allow', 'NotResource');
    const inert = { switches: { unresolvedNotResource: 'statementInert' } } as const;
    expect(ask([except], 'a')).toBe('allowed');
    expect(ask([except], 'b')).toBe('implicitDeny');
    expect(ask([except], 'a', {}, inert)).toBe('implicitDeny');
    expect(ask([except], 'a', { 'iot:Connection.Thing.ThingName': 'd' }, inert)).toBe('allowed');
    expect(ask([except], 'd/x', { 'iot:Connection.Thing.ThingName': 'd' }, inert)).toBe('implicitDeny');
    // Even where the text in front of the variable would have let the name off by itself.
    const elsewhere = publish(`${T}x/\${iot:Connection.Thing.ThingName}`, 'Allow', 'NotResource');
    expect(ask([elsewhere], 'a', {}, inert)).toBe('implicitDeny');
    expect(ask([elsewhere], 'a')).toBe('allowed');
  });

  it.each<readonly [list: readonly string[] | undefined, noneNamed: Decision, oneUnnamed: Decision, reason: string]>([
    [['a'], 'implicitDeny', 'implicitDeny', 'the one value is named'],
    [['b'], 'allowed', 'allowed', 'the one value is not'],
    [['a', 'b'], 'implicitDeny', 'allowed', 'one is named and one is not'],
    [['b', 'c'], 'allowed', 'allowed', 'none is named'],
    [[], 'allowed', 'implicitDeny', 'there is none at all'],
    [undefined, 'allowed', 'allowed', 'the key is absent'],
  ])(
    'negates a list where nothing is named, or by the switch where something is not: %j',
    (list, noneNamed, oneUnnamed) => {
      const key = 'iot:ConnectAttributes';
      const statement = { ...publish('*'), Condition: { StringNotEquals: { [key]: 'a' } } };
      const context = list === undefined ? {} : { [key]: list };
      expect(ask([statement], 'a', context)).toBe(noneNamed);
      expect(ask([statement], 'a', context, { switches: { negationOfList: 'oneUnnamed' } })).toBe(oneUnnamed);
    },
  );

  it('takes wildcards in values for characters, or by the switch for wildcards', () => {
    const own = publish(`${T}\${iot:ClientId}`);
    const glob = { switches: { substitutedWildcards: 'glob' } } as const;
    expect(ask([own], 'abc', { 'iot:ClientId': '*' })).toBe('implicitDeny');
    expect(ask([own], '*', { 'iot:ClientId': '*' })).toBe('allowed');
    expect(ask([own], 'abc', { 'iot:ClientId': '*' }, glob)).toBe('allowed');
    expect(ask([own], 'ab', { 'iot:ClientId': '?' }, glob)).toBe('implicitDeny');
    const within = (substitutedWildcards: 'literal' | 'glob') =>
      ask([own], 'abc', { 'iot:ClientId': '*' }, { switches: { substitutedWildcards, starCrossesColons: false } });
    expect(within('literal')).toBe('implicitDeny');
    expect(within('glob')).toBe('allowed');
  });

  it('lets a star run across colons, or by the switch keeps it inside its segment', () => {
    const across = publish('arn:aws:iot:*:topic/a');
    const within = { switches: { starCrossesColons: false } } as const;
    expect(ask([across], 'a')).toBe('allowed');
    expect(ask([across], 'a', {}, within)).toBe('implicitDeny');
    expect(ask([publish('arn:aws:iot:*:*:topic/*')], 'a:b', {}, within)).toBe('allowed');
    expect(ask([publish('arn:aws:iot:*:*:topic/a')], 'x:topic/a', {}, within)).toBe('implicitDeny');
    expect(ask([publish('*')], 'a', {}, within)).toBe('allowed');
    expect(ask([publish(`${T}\${iot:ClientId}`)], 'c', { 'iot:ClientId': 'c' }, within)).toBe('allowed');
    expect(ask([publish(`${T}\${iot:ClientId}`)], 'c', {}, within)).toBe('implicitDeny');
  });

  it('takes the attachment from the context where it is stated, else from the thing name', () => {
    const attached = { ...publish('*'), Condition: { Bool: { 'iot:Connection.Thing.IsAttached': 'true' } } };
    expect(ask([attached], 'a', { 'iot:Connection.Thing.ThingName': 'd' })).toBe('allowed');
    expect(ask([attached], 'a')).toBe('implicitDeny');
    const stated = { 'iot:Connection.Thing.ThingName': 'd', 'iot:Connection.Thing.IsAttached': 'false' };
    expect(ask([attached], 'a', stated)).toBe('implicitDeny');
    expect(
      ask([publish(`${T}\${iot:Connection.Thing.IsAttached}`)], 'true', { 'iot:Connection.Thing.ThingName': 'd' }),
    ).toBe('allowed');
    expect(ask([attached], 'a', { 'iot:Connection.Thing.ThingName': undefined })).toBe('implicitDeny');
  });

  it('leaves variables as text in the old version, or by the switch refuses it', () => {
    const own = [publish(`${T}\${iot:ClientId}`)];
    const old = (topic: string, options: GivenOptions = {}) =>
      decide(
        own,
        { action: 'iot:Publish', resource: T + topic, context: { 'iot:ClientId': 'c' } },
        options,
        '2008-10-17',
      );
    expect(old('c')).toBe('implicitDeny');
    expect(old('${iot:ClientId}')).toBe('allowed');
    expect(old('${iot:ClientId}', { switches: { oldVersion: 'refused' } })).toBe('implicitDeny');
  });

  it('reads NotAction as in IAM, or by the switch refuses it', () => {
    const except = [{ Effect: 'Allow', NotAction: 'iot:Receive', Resource: '*' }];
    expect(ask(except, 'a')).toBe('allowed');
    expect(decide(except, { action: 'iot:Receive', resource: `${T}a` })).toBe('implicitDeny');
    expect(ask(except, 'a', {}, { switches: { notAction: 'refused' } })).toBe('implicitDeny');
  });

  it('counts client actions under a wildcard, or by the switch only where they are named', () => {
    const client = (Action: string) => [{ Effect: 'Allow', Action, Resource: '*' }];
    const direct = (Action: string, options: GivenOptions = {}) =>
      decide(client(Action), { action: 'iot:SendDirectMessage', resource: `${arn}client/d` }, options);
    const excluded = { switches: { starIncludesClientActions: false } } as const;
    expect(direct('iot:*')).toBe('allowed');
    expect(direct('iot:*', excluded)).toBe('implicitDeny');
    expect(direct('iot:SendDirectMessage', excluded)).toBe('allowed');
    expect(direct('iot:senddirectmessage', { switches: { actionCase: 'sensitive' } })).toBe('implicitDeny');
    const disconnect = { action: 'iot:DeleteConnection', resource: `${arn}client/d` };
    expect(decide(client('iot:*'), disconnect)).toBe('allowed');
    expect(decide(client('iot:*'), disconnect, excluded)).toBe('implicitDeny');
  });

  it('fills in the default of a variable that does not resolve', () => {
    const own = [publish(`${T}\${iot:ClientId, 'none'}/x`)];
    expect(ask(own, 'none/x')).toBe('allowed');
    expect(ask(own, 'c/x', { 'iot:ClientId': 'c' })).toBe('allowed');
    expect(ask(own, 'none/x', { 'iot:ClientId': 'c' })).toBe('implicitDeny');
  });

  it('compares other partitions than aws', () => {
    const china = 'arn:aws-cn:iot:cn-north-1:123456789012:topic/a';
    const options = { partition: 'aws-cn', region: 'cn-north-1' };
    expect(ask([publish(china)], china, {}, options)).toBe('allowed');
    expect(ask([publish(china)], 'a')).toBe('implicitDeny');
  });
});
