import { describe, expect, it } from 'vitest';
import {
  compareFor,
  comparePrincipals,
  compilePolicies,
  evaluate,
  type PolicyDocument,
  type PrincipalPolicies,
  parsePolicyValue,
  permits,
  type Subject,
  withDefaults,
} from '../../../operator/policy/index.ts';
import { principalDocuments } from '../../../operator/policy/principal.ts';
import { subjectGuard } from '../../../operator/policy/subject.ts';
import { arn, type Raw, thing } from './words.ts';

function document(...statements: readonly Raw[]): PolicyDocument {
  return of('2012-10-17', statements);
}
function of(Version: string, statements: readonly Raw[]): PolicyDocument {
  const { document: parsed, findings } = parsePolicyValue({ Version, Statement: statements });
  if (parsed === undefined) throw new Error(findings.map((finding) => finding.message).join('; '));
  return parsed;
}
const allow = (Action: string, name: string, more: Raw = {}): Raw => ({
  Effect: 'Allow',
  Action,
  Resource: arn + name,
  ...more,
});
const held = (certificate: readonly PolicyDocument[], groups: readonly PolicyDocument[] = []): PrincipalPolicies => ({
  certificate,
  groups,
});
const dev1: Subject = { clientIds: ['dev1'], context: { 'iot:Connection.Thing.ThingName': 'dev1' } };
const core: Subject = { clientIds: ['dev1#2'], context: {} };

describe('policies that come through a group', () => {
  const publish = document(allow('iot:Publish', 'topic/plant/*'));
  const before = held([publish], [publish]);
  const after = held([], [publish]);

  it('do not hide a loss under another client ID, where they do not count', () => {
    const result = comparePrincipals(before, after, { exclusiveThings: false });
    expect(result.verdict).toBe('tightens');
    expect(result.lost[0]?.context).not.toHaveProperty('iot:Connection.Thing.ThingName');
  });

  it('keep the right for the thing under its own name', () => {
    const options = { exclusiveThings: false };
    expect(compareFor(before, after, dev1, options).verdict).toBe('equivalent');
    expect(compareFor(before, after, core, options).verdict).toBe('tightens');
  });

  it('rest on an assumption for an exclusively attached thing under another client ID', () => {
    const connects = document(
      allow('iot:Connect', 'client/*', { Condition: { Bool: { 'iot:Connection.Thing.IsAttached': 'true' } } }),
    );
    const result = comparePrincipals(held([connects], [connects]), held([], [connects]));
    expect(result.verdict).toBe('equivalent');
    expect(result.assumptions.join(' ')).toContain('switch groupPoliciesForExclusive');
    expect(comparePrincipals(before, before).assumptions).toEqual([]);
  });

  it('keep the meaning of an older language version', () => {
    const old = of('2008-10-17', [allow('iot:Publish', `topic/${thing}`)]);
    expect(compareFor(held([old]), held([], [old]), dev1).verdict).toBe('equivalent');
    const result = comparePrincipals(held([], [old]), held([]), { switches: { groupPoliciesForExclusive: false } });
    expect(result.lost[0]?.resource).toBe(`${arn}topic/${thing}`);
  });
});

describe('a comparison of all that a certificate carries', () => {
  it('goes by the options that are given', () => {
    const before = held([document(allow('iot:Publish', 'topic/a'))]);
    expect(comparePrincipals(before, held([])).verdict).toBe('tightens');
    // Nobody may connect.
    expect(comparePrincipals(before, held([]), { level: 'session' }).verdict).toBe('equivalent');
    const narrow = held([document(allow('iot:Publish', 'topic/a'), allow('iot:Publish', 'topic/1/2/3'))]);
    expect(comparePrincipals(before, narrow, { maxSlashes: 1 }).verdict).toBe('equivalent');
  });

  it('says as what group policies are taken where that is not documented', () => {
    const connects = document(
      allow('iot:Connect', 'client/*', { Condition: { Bool: { 'iot:Connection.Thing.IsAttached': 'true' } } }),
    );
    const [before, after] = [held([connects], [connects]), held([], [connects])];
    const assumed = (groupPoliciesForExclusive: boolean): string =>
      comparePrincipals(before, after, { switches: { groupPoliciesForExclusive } }).assumptions.join('\n');
    expect(assumed(true)).toContain('Group policies are taken to count for an exclusively attached thing');
    expect(assumed(false)).toContain('Group policies are taken not to count for an exclusively attached thing');
  });

  it('keeps text that only looks like a variable in conditions of an older language version', () => {
    const own = { Condition: { StringEquals: { 'iot:ClientId': 'x${iot:ClientId}' } } };
    const old = held([], [of('2008-10-17', [allow('iot:Publish', 'topic/a', own)])]);
    const named = (id: string): Subject => ({ clientIds: [id], context: { 'iot:Connection.Thing.ThingName': 'dev1' } });
    expect(compareFor(old, held([]), named('dev1')).verdict).toBe('equivalent');
    expect(compareFor(old, held([]), named('x${iot:ClientId}')).verdict).toBe('tightens');
  });

  it('takes no thing name for its own that resolves without an attachment', () => {
    const set = compilePolicies(principalDocuments(held([document(allow('iot:Publish', 'topic/*'))])), withDefaults());
    const publish = (attached: string) =>
      evaluate(set, {
        action: 'iot:Publish',
        resource: `${arn}topic/a`,
        context: { ...dev1.context, 'iot:ClientId': 'dev1', 'iot:Connection.Thing.IsAttached': attached },
      }).decision;
    expect(publish('false')).toBe('explicitDeny');
    expect(publish('true')).toBe('allowed');
  });
});

describe('a comparison for one subject', () => {
  it('sees nothing that the subject cannot meet', () => {
    const wide = held([document(allow('iot:Publish', `topic/${thing}/*`), allow('iot:Publish', 'topic/other/*'))]);
    const pumps = { Condition: { StringEquals: { 'iot:Connection.Thing.ThingTypeName': 'pump' } } };
    const narrow = held([
      document(allow('iot:Publish', `topic/${thing}/*`), allow('iot:Publish', 'topic/other/*', pumps)),
    ]);
    const pump: Subject = { ...dev1, context: { ...dev1.context, 'iot:Connection.Thing.ThingTypeName': 'pump' } };
    expect(compareFor(wide, narrow, pump).verdict).toBe('equivalent');
    expect(compareFor(wide, narrow, dev1).verdict).toBe('tightens');
  });

  it('counts attributes, networks and connect features that the subject has, and no others', () => {
    const room = (value: string) => ({
      Condition: { StringEquals: { 'iot:Connection.Thing.Attributes[room]': value } },
    });
    const inRoom: Subject = { ...dev1, context: { ...dev1.context, 'iot:Connection.Thing.Attributes[room]': 'r1' } };
    const [r1, r2] = ['r1', 'r2'].map((value) => held([document(allow('iot:Publish', 'topic/a', room(value)))]));
    expect(compareFor(r1!, held([]), inRoom).verdict).toBe('tightens');
    expect(compareFor(r2!, held([]), inRoom).verdict).toBe('equivalent');

    const from = (cidr: string) =>
      held([document(allow('iot:Publish', 'topic/a', { Condition: { IpAddress: { 'aws:SourceIp': cidr } } }))]);
    const inNet: Subject = { ...dev1, sourceNetworks: ['10.1.0.0/16'] };
    expect(compareFor(from('10.0.0.0/8'), from('10.1.0.0/16'), inNet).verdict).toBe('equivalent');
    expect(compareFor(from('10.0.0.0/8'), from('10.1.0.0/17'), inNet).verdict).toBe('tightens');

    const features = (...values: string[]) =>
      held([
        document(
          allow('iot:Connect', 'client/*', {
            Condition: { 'ForAllValues:StringEquals': { 'iot:ConnectAttributes': values } },
          }),
        ),
      ]);
    const persistent: Subject = {
      ...dev1,
      context: { ...dev1.context, 'iot:ConnectAttributes': ['PersistentConnect'] },
    };
    expect(
      compareFor(features('PersistentConnect', 'LastWill'), features('PersistentConnect'), persistent).verdict,
    ).toBe('equivalent');
    expect(compareFor(features('PersistentConnect', 'LastWill'), features('LastWill'), persistent).verdict).toBe(
      'tightens',
    );
    expect(compareFor(features('PersistentConnect', 'LastWill'), features(), dev1).verdict).toBe('equivalent');
  });

  it('takes client IDs and values letter by letter, but for the wildcards of client IDs', () => {
    const only = (id: string) =>
      held([document(allow('iot:Publish', 'topic/a', { Condition: { StringEquals: { 'iot:ClientId': id } } }))]);
    const named = (id: string): Subject => ({ clientIds: [id], context: {} });
    expect(compareFor(only('dev${$}1'), held([]), named('dev$1')).verdict).toBe('tightens');
    expect(compareFor(only('dev1'), held([]), named('dev$1')).verdict).toBe('equivalent');
    expect(compareFor(only('other'), held([]), named('${iot:ClientId}')).verdict).toBe('equivalent');
    expect(compareFor(only('dev-7'), held([]), named('dev-?')).verdict).toBe('tightens');
  });

  it('shows the connection as the subject writes it, keys that no policy reads among them', () => {
    const publish = held([document(allow('iot:Publish', 'topic/a'))]);
    const context = { ...dev1.context, 'iot:Connection.Thing.Attributes[Room]': 'r1', 'aws:SourceVpc': 'vpc-1' };
    expect(compareFor(publish, held([]), { ...dev1, context }).lost[0]?.context).toEqual({
      'iot:ClientId': 'dev1',
      ...context,
    });
  });

  it('denies every other connection, and this one nothing', () => {
    const publish = document(allow('iot:Publish', 'topic/*'));
    const set = compilePolicies([publish, subjectGuard(dev1, [publish])], withDefaults());
    const decision = (clientId: string) =>
      evaluate(set, {
        action: 'iot:Publish',
        resource: `${arn}topic/a`,
        context: { ...dev1.context, 'iot:ClientId': clientId },
      }).decision;
    expect(decision('dev1')).toBe('allowed');
    expect(decision('dev2')).toBe('explicitDeny');
  });

  it('tells a device with a thing from one without', () => {
    const attached = (value: string) =>
      held([
        document(
          allow('iot:Publish', 'topic/a', { Condition: { Bool: { 'iot:Connection.Thing.IsAttached': value } } }),
        ),
      ]);
    expect(compareFor(attached('true'), held([]), dev1)).toMatchObject({ verdict: 'tightens', assumptions: [] });
    expect(compareFor(attached('true'), held([]), core)).toMatchObject({ verdict: 'equivalent', assumptions: [] });
    expect(compareFor(attached('false'), held([]), core)).toMatchObject({ verdict: 'tightens', assumptions: [] });
    expect(compareFor(attached('false'), held([]), dev1)).toMatchObject({ verdict: 'equivalent', assumptions: [] });
    const resolvesAnyway = { probeSwitches: false, switches: { thingNameNeedsAttachment: false } };
    expect(compareFor(attached('false'), held([]), dev1, resolvesAnyway).verdict).toBe('equivalent');
  });

  it('takes a key that it does not name for absent, and an address that it names for that one', () => {
    const when = (Condition: Raw) => held([document(allow('iot:Publish', 'topic/a', { Condition }))]);
    const pumps = when({ StringEquals: { 'iot:Connection.Thing.ThingTypeName': 'pump' } });
    expect(compareFor(pumps, held([]), dev1)).toMatchObject({ verdict: 'equivalent', assumptions: [] });
    const untyped = when({ Null: { 'iot:Connection.Thing.ThingTypeName': 'true' } });
    expect(compareFor(untyped, held([]), dev1)).toMatchObject({ verdict: 'tightens', assumptions: [] });
    const teams = when({ StringEquals: { 'aws:PrincipalTag/Team': ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'] } });
    expect(compareFor(teams, held([]), dev1)).toMatchObject({ verdict: 'equivalent', testedValuesOnly: false });
    const named = when({ Null: { 'iot:Certificate.Subject.CommonName': 'false' } });
    expect(compareFor(named, held([]), dev1)).toMatchObject({ verdict: 'equivalent', assumptions: [] });
    const from = (cidr: string) => when({ IpAddress: { 'aws:SourceIp': cidr } });
    expect(compareFor(from('10.0.0.0/8'), held([]), dev1).verdict).toBe('equivalent');
    const here: Subject = { ...dev1, context: { ...dev1.context, 'aws:SourceIp': '10.1.2.3' } };
    expect(compareFor(from('10.1.0.0/16'), from('10.1.0.0/17'), here).verdict).toBe('equivalent');
    expect(compareFor(from('10.1.0.0/16'), from('10.1.128.0/17'), here).verdict).toBe('tightens');
  });

  it('holds lists to exactly their values', () => {
    const connects = (operator: string, values: readonly string[]) =>
      held([
        document(allow('iot:Connect', 'client/*', { Condition: { [operator]: { 'iot:ConnectAttributes': values } } })),
      ]);
    const using = (...features: string[]): Subject => ({
      ...dev1,
      context: { ...dev1.context, 'iot:ConnectAttributes': features },
    });
    const lost = (policies: PrincipalPolicies, subject: Subject) => {
      const { verdict, assumptions } = compareFor(policies, held([]), subject);
      return [verdict, ...assumptions];
    };
    const [all, any] = ['ForAllValues:StringEquals', 'ForAnyValue:StringEquals'];
    expect(lost(connects(all, ['LastWill']), using('PersistentConnect'))).toEqual(['equivalent']);
    expect(lost(connects(all, ['LastWill']), using('PersistentConnect', 'LastWill'))).toEqual(['equivalent']);
    expect(lost(connects(any, ['LastWill']), using('PersistentConnect', 'LastWill'))).toEqual(['tightens']);
    for (const none of [using(), dev1]) {
      expect(lost(connects(any, ['LastWill']), none)).toEqual(['equivalent']);
      expect(lost(connects(all, ['LastWill']), none)).toEqual(['tightens']);
      expect(lost(connects('Null', ['true']), none)).toEqual(['tightens']);
      expect(lost(connects('Null', ['false']), none)).toEqual(['tightens']);
    }
  });
});

describe('a requirement', () => {
  const gateways: Subject = { clientIds: ['gw-*'], context: {} };
  const connect = { action: 'iot:Connect', resource: `${arn}client/gw-*`, subject: gateways };

  it('is met only if every client ID of the pattern may connect', () => {
    expect(permits(held([document(allow('iot:Connect', 'client/gw-*'))]), connect)).toEqual({ kind: 'permitted' });
    // One example out of the pattern, "gw-any", would be let in.
    const result = permits(held([document(allow('iot:Connect', 'client/gw-a*'))]), connect);
    expect(result.kind).toBe('refused');
    expect(result.kind === 'refused' && result.request.resource).toMatch(/client\/gw-/);
  });

  it('does not ask for a thing that is not attached where its name resolves all the same', () => {
    const needed = { action: 'iot:Publish', resource: `${arn}topic/a`, subject: dev1 };
    const switches = { thingNameNeedsAttachment: false };
    expect(permits(held([document(allow('iot:Publish', 'topic/*'))]), needed, { switches }).kind).toBe('permitted');
  });

  it('is met only under every feature, domain and network that the device uses', () => {
    const conditional = held([
      document(
        allow('iot:Connect', 'client/gw-*', {
          Condition: { 'ForAllValues:StringEquals': { 'iot:ConnectAttributes': [] } },
        }),
      ),
    ]);
    expect(permits(conditional, connect).kind).toBe('permitted');
    const persistent = { ...gateways, context: { 'iot:ConnectAttributes': ['PersistentConnect'] } };
    expect(permits(conditional, { ...connect, subject: persistent }).kind).toBe('refused');
    const networked = held([
      document(allow('iot:Connect', 'client/gw-*', { Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/9' } } })),
    ]);
    expect(permits(networked, { ...connect, subject: { ...gateways, sourceNetworks: ['10.0.0.0/8'] } }).kind).toBe(
      'refused',
    );
    expect(permits(networked, { ...connect, subject: { ...gateways, sourceNetworks: ['10.3.0.0/16'] } }).kind).toBe(
      'permitted',
    );
  });

  it('is not met by a group policy where the client ID is not the thing name', () => {
    const group = document(allow('iot:Connect', 'client/*'));
    const needed = { action: 'iot:Connect', resource: `${arn}client/dev1#2`, subject: core };
    expect(permits(held([group]), needed).kind).toBe('permitted');
    expect(permits(held([], [group]), needed).kind).toBe('refused');
    expect(permits(held([], [group]), { ...needed, resource: `${arn}client/dev1`, subject: dev1 }).kind).toBe(
      'permitted',
    );
  });

  it('follows the client ID into topics', () => {
    const own = { action: 'iot:Publish', resource: `${arn}topic/up/\${iot:ClientId}`, subject: gateways };
    expect(permits(held([document(allow('iot:Publish', 'topic/up/gw-*'))]), own).kind).toBe('permitted');
    expect(permits(held([document(allow('iot:Publish', `topic/up/\${iot:ClientId}`))]), own).kind).toBe('permitted');
    expect(permits(held([document(allow('iot:Publish', 'topic/up/gw-?'))]), own).kind).toBe('refused');
  });

  it('says when it cannot be settled', () => {
    const many = held([
      document(...Array.from({ length: 6 }, (_, i) => allow('iot:Connect', `client/*a*${'?'.repeat(i)}b*`))),
    ]);
    expect(permits(many, { ...connect, resource: `${arn}client/*` }, { budget: 1 }).kind).toBe('undecided');
  });

  it('is not settled by an answer that rests on tested values only', () => {
    const level = 'topic/${iot:ClientId}${iot:Connection.Thing.ThingName}';
    const needed = { action: 'iot:Publish', resource: `${arn}topic/dev1dev1`, subject: dev1 };
    expect(permits(held([document(allow('iot:Publish', level))]), needed).kind).toBe('undecided');
    expect(permits(held([document(allow('iot:Publish', level), allow('iot:Publish', 'topic/*'))]), needed).kind).toBe(
      'permitted',
    );
    const denied = { ...allow('iot:Publish', level), Effect: 'Deny' };
    expect(permits(held([document(denied, allow('iot:Publish', 'topic/*'))]), needed).kind).toBe('refused');
    // No value that was tried makes the Deny one of this topic; that none does is not proven.
    const other = { ...needed, resource: `${arn}topic/z` };
    expect(permits(held([document(denied, allow('iot:Publish', 'topic/*'))]), other).kind).toBe('undecided');
    const commonName = 'iot:Certificate.Subject.CommonName';
    const tied = {
      Condition: { StringLike: { [commonName]: '${iot:ClientId}${iot:Connection.Thing.ThingName}*' } },
    };
    const certified = {
      ...needed,
      subject: { ...dev1, context: { ...dev1.context, [commonName]: 'dev1dev1' } },
    };
    for (const uncertain of [
      { ...allow('iot:Publish', level), Resource: [`${arn}topic/b`, arn + level] },
      allow('iot:Publish', level, tied),
      allow('iot:Publish', 'topic/dev1*', tied),
    ]) {
      expect(permits(held([document(uncertain)]), certified).kind).toBe('undecided');
      expect(permits(held([document(uncertain, allow('iot:Publish', 'topic/*'))]), certified).kind).toBe('permitted');
    }
  });
});
