import { describe, expect, it } from 'vitest';
import { compareDelivery } from '../../../operator/policy/delivery.ts';
import { compare, compilePolicies, parsePolicyValue, withDefaults } from '../../../operator/policy/index.ts';
import { arn, client, type Raw } from './words.ts';

const attribute = (name: string): string => `\${iot:Connection.Thing.Attributes[${name}]}`;

const documentOf = (statements: readonly Raw[]) => {
  const { document, findings } = parsePolicyValue({ Version: '2012-10-17', Statement: statements });
  if (document === undefined) throw new Error(findings.map(({ message }) => message).join('; '));
  return document;
};
const rule =
  (Effect: string, Action: string, type: string) =>
  (name: string, Condition?: Raw): Raw => ({
    Effect,
    Action,
    Resource: `${arn}${type}/${name}`,
    ...(Condition === undefined ? {} : { Condition }),
  });
const subscribe = rule('Allow', 'iot:Subscribe', 'topicfilter');
const receive = rule('Allow', 'iot:Receive', 'topic');
const noSubscribe = rule('Deny', 'iot:Subscribe', 'topicfilter');
const noReceive = rule('Deny', 'iot:Receive', 'topic');
/** Grants nothing that arrives. */
const idle = rule('Allow', 'iot:DeleteConnection', 'client')('x');
const both = (name: string): Raw[] => [subscribe(name), receive(name)];
const compared = (before: readonly Raw[], after: readonly Raw[]) =>
  compare([documentOf(before)], [documentOf(after)], { level: 'delivery', probeSwitches: false });

describe('what a delivery witness shows', () => {
  it('names the filter that brings the topic, and the Deny that kept it away', () => {
    const kept = compared([...both('a/*'), noReceive('a/b')], both('a/*'));
    expect(kept.gained).toEqual([
      {
        action: 'iot:Receive',
        resource: `${arn}topic/a/b`,
        context: { 'iot:ClientId': 'c1' },
        allowedBy: { document: 0, statement: 1 },
        deniedBy: { document: 0, statement: 2 },
        filter: 'a/b',
      },
    ]);
  });

  it.each([
    { reason: 'nothing there allows Receive', before: [idle] },
    { reason: 'Receive is allowed there, and no filter', before: [receive('a')] },
    { reason: 'only the filter is denied there', before: [...both('a'), noSubscribe('a')] },
  ])('names no Deny where $reason', ({ before }) => {
    const [witness] = compared(before, both('a')).gained;
    expect(witness).toMatchObject({ resource: `${arn}topic/a`, filter: 'a' });
    expect(witness?.deniedBy).toBeUndefined();
    expect(Object.keys(witness ?? {})).not.toContain('assuming');
  });

  it('is a shortest topic, with a name behind its last slash', () => {
    const arrives = (name: string): string | undefined => compared([idle], both(name)).gained[0]?.resource;
    expect(arrives('ab*')).toBe(`${arn}topic/ab`);
    expect(arrives('ab/*')).toBe(`${arn}topic/ab/x`);
    // Where only the empty level is allowed, no name can be put there.
    expect(arrives('ab/')).toBe(`${arn}topic/ab/`);
    // Nor where the topic is as long as AWS allows.
    for (const longest of ['a'.repeat(255), `${'é'.repeat(127)}a`])
      expect(arrives(`${longest}/*`)).toBe(`${arn}topic/${longest}/`);
    expect(arrives(`${'a'.repeat(254)}/*`)).toBe(`${arn}topic/${'a'.repeat(254)}/x`);
  });

  it.each([
    { reason: 'no filter brings it', before: [idle], after: [subscribe('ab/'), receive('ab/*')] },
    { reason: 'it arrived before', before: both('ab/?*'), after: both('ab/*') },
    { reason: 'Receive is not allowed', before: [idle], after: [subscribe('ab/*'), receive('ab/')] },
  ])('has no name behind its last slash where $reason', ({ before, after }) => {
    expect(compared(before, after).gained).toMatchObject([{ resource: `${arn}topic/ab/` }]);
  });

  it('says what was taken of an operator that is not known', () => {
    const after = [subscribe('a'), receive('a', { StringSounds: { 'aws:SourceIp': '1' } })];
    const [witness] = compared([idle], after).gained;
    expect(witness?.assuming).toEqual([expect.stringMatching(/^stringsounds .* is true$/i)]);
    expect(witness?.context).toEqual({ 'iot:ClientId': 'c1' });
  });
});

describe('a comparison of what arrives', () => {
  it.each([
    { reason: 'a Deny on the new filters', after: [...both('a/*'), noSubscribe('a/*')] },
    { reason: 'a Deny on the new topics', after: [...both('a/*'), noReceive('a/*')] },
  ])('finds nothing new behind $reason', ({ after }) => {
    expect(compared(both('a/b'), after)).toMatchObject({ verdict: 'tightens', gained: [], undecidedBecause: [] });
  });

  it('finds nothing between equal policies', () => {
    const set = compilePolicies([documentOf(both(`${client}${attribute('x')}`))], withDefaults());
    expect(compareDelivery(set, set, { left: 10 })).toEqual({
      gained: [],
      lost: [],
      undecided: [],
      testedValuesOnly: false,
    });
  });

  const key = 'aws:SourceIp';
  it.each([
    { reason: 'on the new topics', denied: noReceive('a', { StringNotEquals: { [key]: '10.0.0.1' } }) },
    { reason: 'on the new filters', denied: noSubscribe('a', { StringNotEquals: { [key]: '10.0.0.1' } }) },
  ])('tries the values under which a Deny $reason leaves room', ({ denied }) => {
    const { verdict, gained } = compared([idle], [...both('a'), denied]);
    expect(verdict).toBe('widens');
    expect(gained[0]?.context).toMatchObject({ [key]: '10.0.0.1' });
  });

  it.each([
    { reason: 'Receive', before: [subscribe('a'), receive('a', { Null: { [key]: 'true' } })] },
    { reason: 'Subscribe', before: [subscribe('a', { Null: { [key]: 'true' } }), receive('a')] },
  ])('tries the values under which the old Allow on $reason says nothing', ({ before }) => {
    const { verdict, gained } = compared(before, both('a'));
    expect(verdict).toBe('widens');
    expect(Object.keys(gained[0]?.context ?? {})).toContain(key);
  });

  it.each([
    { reason: 'on topics', denied: noReceive(`a/${attribute('x')}`) },
    { reason: 'on filters', denied: noSubscribe(`a/${attribute('x')}`) },
  ])('tries the value that an old Deny $reason forces on its variable', ({ denied }) => {
    const before = [subscribe('a/bc'), receive('a/bc'), denied];
    const { verdict, gained } = compared(before, both('a/bc'));
    expect(verdict).toBe('widens');
    expect(gained[0]?.context).toMatchObject({ 'iot:Connection.Thing.Attributes[x]': 'bc' });
  });

  it.each([
    { reason: 'gained, all values count', before: [idle], after: both('a'), expected: false },
    { reason: 'lost, all values count', before: both('a'), after: [idle], expected: false },
    {
      reason: 'gained by two variables in a level',
      before: [idle],
      after: both(`${client}${attribute('x')}`),
      expected: true,
    },
    {
      reason: 'lost with two variables in a level',
      before: both(`${client}${attribute('x')}`),
      after: [idle],
      expected: true,
    },
    {
      reason: 'no filters at all',
      before: [receive(`${client}${attribute('x')}`)],
      after: [receive('b')],
      expected: false,
    },
    {
      reason: 'no topics at all',
      before: [subscribe(`${client}${attribute('x')}`)],
      after: [subscribe('b')],
      expected: false,
    },
    {
      reason: 'a Deny on filters and no Allow',
      before: [receive(`${client}${attribute('x')}`), noSubscribe('z')],
      after: [receive('b')],
      expected: false,
    },
    {
      reason: 'a Deny on topics and no Allow',
      before: [subscribe(`${client}${attribute('x')}`), noReceive('z')],
      after: [subscribe('b')],
      expected: false,
    },
    {
      reason: 'two variables where Subscribe is never checked',
      before: [idle],
      after: [...both('a'), rule('Allow', 'iot:Subscribe', 'topic')(`${client}${attribute('x')}`)],
      expected: false,
    },
    {
      reason: 'two variables where Receive is never checked',
      before: [idle],
      after: [...both('a'), rule('Allow', 'iot:Receive', 'topicfilter')(`${client}${attribute('x')}`)],
      expected: false,
    },
  ])('says whether it rests on tested values: $reason', ({ before, after, expected }) => {
    expect(compared(before, after).testedValuesOnly).toBe(expected);
  });

  it.each([
    { reason: 'no context to choose', hard: both('*a*b*c*d*'), left: 30 },
    {
      reason: 'contexts to choose',
      hard: [subscribe('*a*b*c*d*'), receive('*'), noReceive(`${client}/a/b/c/d`), noReceive(`a/${attribute('x')}`)],
      left: 400,
    },
  ])('is undecided, and shows nothing, where the budget is used up: $reason', ({ hard, left }) => {
    const compiled = (statements: readonly Raw[]) => compilePolicies([documentOf(statements)], withDefaults());
    const [before, after] = [compiled(both('*d*c*b*a*')), compiled(hard)];
    expect(compareDelivery(before, after, { left })).toMatchObject({
      gained: [],
      lost: [],
      undecided: ['budget', 'budget'],
    });
    const plenty = { left: 1e6 };
    expect(compareDelivery(before, after, plenty)).toMatchObject({ undecided: [] });
    expect(1e6 - plenty.left).toBeLessThan(5000);
    expect(1e6 - plenty.left).toBeGreaterThan(500);
  });

  it('asks again with the whole budget what a first look could not settle, and takes both from it', () => {
    const compiled = (statements: readonly Raw[]) => compilePolicies([documentOf(statements)], withDefaults());
    const hard = [...both('*a*b*c*d*e*f*g*'), noReceive('zz', { StringEquals: { [key]: '10.0.0.1' } })];
    const budget = { left: 1e6 };
    const result = compareDelivery(compiled(both('*g*f*e*d*c*b*a*')), compiled(hard), budget);
    expect(result).toMatchObject({ undecided: [], gained: [{ filter: expect.any(String) }] });
    expect(1e6 - budget.left).toBeGreaterThan(20_000);
    expect(1e6 - budget.left).toBeLessThan(30_000);
  });
});
