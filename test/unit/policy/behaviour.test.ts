import { describe, expect, it } from 'vitest';
import {
  compare,
  compareDocuments,
  compilePolicies,
  evaluate,
  explain,
  type PolicyDocument,
  residual,
  withDefaults,
  worstCase,
} from '../../../operator/policy/index.ts';
import { arn, document, type Raw, thing } from './words.ts';

const allow = (Action: string, name: string, more: Raw = {}): Raw => ({
  Effect: 'Allow',
  Action,
  Resource: arn + name,
  ...more,
});
const deny = (Action: string, name: string, more: Raw = {}): Raw => ({
  Effect: 'Deny',
  Action,
  Resource: arn + name,
  ...more,
});

describe('what a decision is explained by', () => {
  const set = (...statements: readonly Raw[]) => compilePolicies([document(...statements)], withDefaults());
  const request = { action: 'iot:Subscribe', resource: `${arn}topicfilter/a/b`, context: { 'iot:ClientId': 'c1' } };

  it.each([
    {
      reason: 'resourceType',
      statement: allow('iot:Subscribe', 'topic/a/*'),
      says: 'would match if it named topicfilter/',
    },
    {
      reason: 'unresolvedVariable',
      statement: allow('iot:Subscribe', `topicfilter/${thing}/*`),
      says: 'the client ID must be the thing name',
    },
    {
      reason: 'condition',
      statement: allow('iot:Subscribe', 'topicfilter/a/*', {
        Condition: { Bool: { 'iot:Connection.Thing.IsAttached': 'true' } },
      }),
      says: 'the request has "false"',
    },
    {
      reason: 'mqttWildcard',
      statement: allow('iot:Subscribe', 'topicfilter/a/+'),
      says: 'plain characters in a policy',
    },
    {
      reason: 'otherAccountOrRegion',
      statement: {
        Effect: 'Allow',
        Action: 'iot:Subscribe',
        Resource: 'arn:aws:iot:eu-west-1:123456789012:topicfilter/a/*',
      },
      says: 'another partition, region or account',
    },
    { reason: 'resource', statement: allow('iot:Subscribe', 'topicfilter/b/*'), says: 'is outside' },
  ])('a near miss by $reason', ({ reason, statement, says }) => {
    const [miss] = explain(set(statement), request).nearMisses;
    expect(miss).toMatchObject({ reason, ref: { document: 0, statement: 0 } });
    expect(miss?.message).toContain(says);
  });

  it('a Deny names the Allow that it overrules', () => {
    const result = explain(
      set(allow('iot:Subscribe', 'topicfilter/*'), deny('iot:Subscribe', 'topicfilter/a/*')),
      request,
    );
    expect(result).toMatchObject({ decision: 'explicitDeny', by: { statement: 1 } });
    expect(result.nearMisses[0]).toMatchObject({ reason: 'overruledByDeny', ref: { statement: 0 } });
  });

  it('a name that the broker refuses is said to be refused', () => {
    const result = explain(set(allow('iot:Subscribe', 'topicfilter/*')), {
      ...request,
      resource: `${arn}topicfilter/a/#/b`,
    });
    expect(result.refused).toContain('accepts no topic filter');
  });

  it('an unresolved variable in a Deny leaves the Deny without effect', () => {
    const policies = set(allow('iot:Publish', 'topic/*'), deny('iot:Publish', `topic/${thing}/*`));
    const publish = (context: Readonly<Record<string, string>>) =>
      evaluate(policies, { action: 'iot:Publish', resource: `${arn}topic/d/x`, context }).decision;
    expect(publish({ 'iot:ClientId': 'd', 'iot:Connection.Thing.ThingName': 'd' })).toBe('explicitDeny');
    expect(publish({ 'iot:ClientId': 'd' })).toBe('allowed');
  });
});

describe('what a comparison says beside its verdict', () => {
  it('two documents equal alone may widen or tighten together with a third', () => {
    const plain = document(allow('iot:Publish', 'topic/plant/1'));
    const guarded = document(allow('iot:Publish', 'topic/plant/1'), deny('iot:Publish', 'topic/*/secret'));
    expect(compareDocuments(guarded, plain)).toMatchObject({
      verdict: 'widens',
      alone: { verdict: 'equivalent' },
      dropsDeny: true,
    });
    expect(compareDocuments(plain, guarded)).toMatchObject({
      verdict: 'tightens',
      alone: { verdict: 'equivalent' },
      addsDeny: true,
    });
    const diagnosis = document(allow('iot:Publish', 'topic/diag/*'));
    const together = compare([guarded, diagnosis], [plain, diagnosis]);
    expect(together.verdict).toBe('widens');
    expect(together.gained[0]?.resource).toBe(`${arn}topic/diag/secret`);
  });

  it('names the statement that grants and the Deny that withheld', () => {
    const before = document(allow('iot:Publish', 'topic/a/*'), deny('iot:Publish', 'topic/a/b'));
    const { gained } = compare([before], [document(allow('iot:Publish', 'topic/a/*'))]);
    expect(gained).toMatchObject([
      { resource: `${arn}topic/a/b`, allowedBy: { statement: 0 }, deniedBy: { statement: 1 } },
    ]);
  });

  it('says when it hangs on an undocumented point, and a gate then reckons with both directions', () => {
    const result = compare([document(allow('iot:Publish', 'topic/a'))], [document(allow('iot:publish', 'topic/a'))]);
    expect(result.verdict).toBe('equivalent');
    expect(result.assumptions.join(' ')).toContain('switch actionCase');
    expect(worstCase(result)).toEqual({ mayWiden: true, mayTighten: true });
  });

  it('names the assumption that defaults of variables work as in IAM', () => {
    const before = document(allow('iot:Publish', `topic/\${iot:Connection.Thing.ThingTypeName, 'none'}`));
    const result = compare([before], [document(allow('iot:Publish', 'topic/none'))]);
    expect(result.assumptions.join(' ')).toContain('A default in a policy variable');
  });

  it('claims nothing where a key is compared as an address and as text', () => {
    const condition = {
      Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' }, StringLike: { 'aws:SourceIp': '1*' } },
    };
    const result = compare(
      [document(allow('iot:Publish', 'topic/a'))],
      [document(allow('iot:Publish', 'topic/a', condition))],
    );
    expect(result).toMatchObject({ verdict: 'tightens', testedValuesOnly: true });
  });

  it('says that only tested values stand behind it where two variables share a level', () => {
    const before = document(allow('iot:Publish', `topic/${thing}\${iot:ClientId}`));
    const result = compare([before], [document(allow('iot:Publish', 'topic/*'))]);
    expect(result).toMatchObject({ verdict: 'widens', testedValuesOnly: true });
  });

  it('is undecided beyond the budget, never wrong', () => {
    const names = Array.from({ length: 12 }, (_unused, index) => `${arn}topic/*a*b*${'?'.repeat(index)}c*`);
    const many = document({ Effect: 'Allow', Action: 'iot:Publish', Resource: names });
    const result = compare([many], [document(allow('iot:Publish', 'topic/*a*b*?*c'))], {
      budget: 3,
      probeSwitches: false,
    });
    expect(result.verdict).toBe('undecided');
    expect(worstCase(result)).toEqual({ mayWiden: true, mayTighten: true });
  });

  it('spends its budget on contexts too, so that many short searches end as well', () => {
    const type = '${iot:Connection.Thing.ThingTypeName}';
    const before = document(allow('iot:Publish', 'topic/x/*'));
    const after = document(allow('iot:Publish', 'topic/x/*'), allow('iot:Publish', `topic/x/${thing}/${type}/??`));
    expect(compare([before], [after], { probeSwitches: false }).verdict).toBe('equivalent');
    expect(compare([before], [after], { probeSwitches: false, budget: 5 }).verdict).toBe('undecided');
    const receive = allow('iot:Receive', 'topic/*');
    const filters = (...more: readonly Raw[]): PolicyDocument =>
      document(receive, allow('iot:Subscribe', 'topicfilter/x/*'), ...more);
    const own = filters(allow('iot:Subscribe', `topicfilter/x/${thing}/${type}/??`));
    const delivery = { probeSwitches: false, level: 'delivery' } as const;
    expect(compare([filters()], [own], delivery).verdict).toBe('equivalent');
    expect(compare([filters()], [own], { ...delivery, budget: 5 }).verdict).toBe('undecided');
  });

  it('an unknown operator is taken both ways and named', () => {
    const strange = document(allow('iot:Publish', 'topic/a', { Condition: { StringSounds: { 'iot:ClientId': 'a' } } }));
    const result = compare([strange], [document(allow('iot:Publish', 'topic/a'))]);
    expect(result.verdict).toBe('widens');
    expect(result.assumptions[0]).toContain('StringSounds');
    expect(compare([strange], [strange]).verdict).toBe('equivalent');
    const [gained] = compare([document()], [strange]).gained;
    expect(gained?.assuming).toEqual(['StringSounds iot:clientid a is true']);
    // Conditions of other values are true or false by themselves.
    const sounds = (...values: readonly string[]) =>
      document(allow('iot:Publish', 'topic/a', { Condition: { StringSounds: { 'iot:ClientId': values } } }));
    expect(compare([sounds('a', 'b')], [sounds('ab')]).verdict).toBe('incomparable');
    expect(compare([sounds('a', 'b')], [sounds('a | b')]).verdict).toBe('incomparable');
    expect(compare([sounds('')], [sounds('""')]).verdict).toBe('incomparable');
  });
});

describe('the level of a comparison', () => {
  it.each([
    { action: 'iot:Connect', name: 'client/a', session: 'widens', delivery: 'widens' },
    { action: 'iot:Publish', name: 'topic/a', session: 'equivalent', delivery: 'widens' },
    { action: 'iot:RetainPublish', name: 'topic/a', session: 'equivalent', delivery: 'widens' },
    { action: 'iot:Subscribe', name: 'topicfilter/a', session: 'equivalent', delivery: 'equivalent' },
    { action: 'iot:Receive', name: 'topic/a', session: 'equivalent', delivery: 'equivalent' },
    { action: 'iot:GetThingShadow', name: 'thing/a', session: 'widens', delivery: 'equivalent' },
  ])(
    'counts $action, which nobody else has: raw as a right, in sessions $session, of deliveries $delivery',
    ({ action, name, session, delivery }) => {
      const verdict = (level: 'raw' | 'session' | 'delivery') =>
        compare([document()], [document(allow(action, name))], { level }).verdict;
      expect([verdict('raw'), verdict('session'), verdict('delivery')]).toEqual(['widens', session, delivery]);
    },
  );
});

describe('two halves of an order, beside a right for every value', () => {
  const [date, number] = ['2026-01-01T00:00:00Z', '5'];
  it.each([
    { key: 'aws:SourceIp', halves: ['IpAddress', 'NotIpAddress'], bound: ['10.0.0.0/8', '10.0.0.0/8'] },
    { key: 'aws:SourceIp', halves: ['IpAddress', 'IpAddress'], bound: ['0.0.0.0/0', '::/0'] },
    { key: 'aws:CurrentTime', halves: ['DateLessThan', 'DateGreaterThanEquals'], bound: [date, date] },
    { key: 'aws:EpochTime', halves: ['NumericLessThan', 'NumericGreaterThanEquals'], bound: [number, number] },
    { key: 'aws:SecureTransport', halves: ['Bool', 'Bool'], bound: ['true', 'false'] },
    { key: 'aws:MultiFactorAuthAge', halves: ['NumericLessThanEquals', 'NumericGreaterThan'], bound: [number, number] },
    { key: 'aws:MultiFactorAuthPresent', halves: ['Bool', 'Bool'], bound: ['true', 'false'] },
    // What anybody may write may be no number and no truth.
    { key: 'aws:PrincipalTag/Age', halves: ['NumericLessThan', 'NumericGreaterThanEquals'], bound: [number, number] },
    { key: 'aws:PrincipalTag/Leader', halves: ['Bool', 'Bool'], bound: ['true', 'false'] },
  ])('leave nothing out of a key that AWS fills itself: $key', ({ key, halves, bound }) => {
    const when = (condition: Raw) =>
      allow('iot:Publish', 'topic/a', { Condition: { ...condition, Null: { [key]: 'false' } } });
    const present = document(when({}));
    const split = document(...halves.map((half, at) => when({ [half]: { [key]: bound[at] } })));
    expect(compare([present], [split]).verdict).toBe(key.startsWith('aws:PrincipalTag/') ? 'tightens' : 'equivalent');
  });
});

describe('a set operator', () => {
  it.each([
    { key: 'aws:SourceIp', verdict: 'equivalent' },
    { key: 'aws:PrincipalTag/Address', verdict: 'widens' },
  ])('finds one address at most that a connection comes from, several where a key holds several: $key', (row) => {
    const inside = { [row.key]: '10.0.0.0/8' };
    const after = document(
      allow('iot:Publish', 'topic/a', { Condition: { 'ForAnyValue:IpAddress': inside } }),
      deny('iot:Publish', 'topic/a', { Condition: { 'ForAllValues:IpAddress': inside } }),
    );
    expect(compare([document()], [after]).verdict).toBe(row.verdict);
  });
});

describe('the names of keys in a witness', () => {
  it.each([
    { reason: 'documented, in a variable', key: 'iot:ClientId', resource: 'topic/${IOT:CLIENTID}', Condition: {} },
    {
      reason: 'documented, in a condition',
      key: 'iot:Certificate.Subject.CommonName',
      resource: 'topic/${iot:Certificate.Subject.CommonName}',
      Condition: { StringLike: { 'IOT:certificate.subject.commonname': 'a*' } },
    },
    {
      reason: 'first as a variable, then in a condition',
      key: 'aws:PrincipalTag/Plant',
      resource: 'topic/${aws:PrincipalTag/Plant}/${AWS:principalTAG/plant}',
      Condition: { StringLike: { 'aws:principaltag/PLANT': 'a*' } },
    },
  ])('are spelled as AWS documents them, or as they are first written: $reason', ({ key, resource, Condition }) => {
    const [gained] = compare([document()], [document(allow('iot:Publish', resource, { Condition }))]).gained;
    expect(Object.keys(gained?.context ?? {})).toContain(key);
  });
});

describe('what outlives a change', () => {
  it('subscriptions go on bringing messages until the client reconnects', () => {
    const before = document(
      allow('iot:Connect', 'client/*'),
      allow('iot:Subscribe', 'topicfilter/a/*'),
      allow('iot:Receive', 'topic/a/*'),
      allow('iot:Publish', 'topic/p'),
    );
    const after = document(allow('iot:Receive', 'topic/a/*'));
    const result = residual([before], [after]);
    expect(result.lost.map((one) => [one.witness.action, one.takesEffect])).toEqual([
      ['iot:Publish', 'atOnce'],
      ['iot:Connect', 'atReconnect'],
      ['iot:Subscribe', 'atReconnect'],
    ]);
    expect(result.stillDelivered).toHaveLength(1);
  });

  it('taking Receive away stops them', () => {
    const before = document(allow('iot:Subscribe', 'topicfilter/a/*'), allow('iot:Receive', 'topic/a/*'));
    expect(residual([before], [document(allow('iot:Subscribe', 'topicfilter/a/*'))]).stillDelivered).toEqual([]);
  });

  it('says when it could not look at everything', () => {
    const filters = ['a', 'b', 'c'].map((letter) => allow('iot:Subscribe', `topicfilter/*${letter}*${letter}*`));
    const receives = ['a', 'b', 'c'].map((letter) => allow('iot:Receive', `topic/*${letter}?${letter}*`));
    const [before, after] = [document(...filters, ...receives), document(...filters.slice(0, 2), ...receives)];
    expect(residual([before], [after])).toMatchObject({ undecided: false, stillDelivered: [{}] });
    expect(residual([before], [after], { budget: 60 }).undecided).toBe(true);
    expect(compare([before], [after], { budget: 60 }).verdict).toBe('tightens');
  });
});
