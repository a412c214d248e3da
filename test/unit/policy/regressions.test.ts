import { describe, expect, it } from 'vitest';
import {
  type CompareOptions,
  compare,
  compareDocuments,
  type Level,
  type PolicyDocument,
} from '../../../operator/policy/index.ts';
import { lint } from '../../../operator/policy/lint/index.ts';
import { arn, client, document, type Raw, thing } from './words.ts';

const rule =
  (Effect: string) =>
  (Action: string, names: string | readonly string[], more: Raw = {}): Raw => ({
    Effect,
    Action,
    Resource: [names].flat().map((name) => arn + name),
    ...more,
  });
const [allow, deny] = [rule('Allow'), rule('Deny')];
const verdict = (before: PolicyDocument, after: PolicyDocument, options: CompareOptions = {}): string =>
  compare([before], [after], { probeSwitches: false, ...options }).verdict;

// Each of these was once answered otherwise; most were found by the random runs.
describe('mistakes that must not come back', () => {
  it('question marks of conditions count among the lengths to try', () => {
    const like = (value: string): Raw => ({ Condition: { StringLike: { 'iot:ClientId': value } } });
    const before = document(allow('iot:Publish', `topic/${client}`, like('??')));
    const after = document(allow('iot:Publish', `topic/${client}`, like('???')));
    expect(verdict(before, after)).toBe('incomparable');
  });

  it('a shadow name may hold a dollar sign, a thing name may not', () => {
    const own = allow('iot:GetThingShadow', ['thing/a/*', 'thing/$b*']);
    const withheld = (name: string): PolicyDocument => document(own, deny('iot:GetThingShadow', `thing/${name}`));
    expect(verdict(withheld('a/$*'), document(own))).toBe('widens');
    expect(verdict(withheld('a/b$c'), document(own))).toBe('widens');
    expect(verdict(withheld('$b*'), document(own))).toBe('equivalent');
  });

  it.each<readonly [reason: string, name: string, exists: boolean]>([
    ['the longest name of a thing', 'a'.repeat(128), true],
    ['no thing has a letter more', 'a'.repeat(129), false],
    ['a thing and its shadow together have that many letters', `${'?'.repeat(129)}*`, true],
    ['but a thing alone has not', `${'a'.repeat(129)}*`, false],
    ['the longest thing with the longest shadow', `${'a'.repeat(128)}/${'b'.repeat(64)}`, true],
    ['the longest name of a shadow', `a/${'b'.repeat(64)}`, true],
    ['no shadow has a letter more, however short the thing is', `a/${'b'.repeat(65)}`, false],
    ['whatever letters they are', `a/${'?'.repeat(65)}`, false],
  ])('things have names of 128 letters and shadows of 64: %s', (_reason, name, exists) => {
    const own = allow('iot:GetThingShadow', 'thing/*');
    expect(verdict(document(own, deny('iot:GetThingShadow', `thing/${name}`)), document(own))).toBe(
      exists ? 'widens' : 'equivalent',
    );
  });

  it('a value that a Deny and a condition, or several exceptions, force together is tried', () => {
    const named = (value: string): Raw => ({ Condition: { StringLike: { 'iot:Connection.Thing.ThingName': value } } });
    const own = allow('iot:Publish', `topic/${thing}`, named('a*'));
    expect(verdict(document(own, deny('iot:Publish', 'topic/*b')), document(own))).toBe('widens');
    const any = allow('iot:Publish', `topic/${thing}`);
    expect(verdict(document(any, deny('iot:Publish', 'topic/*b', named('a*'))), document(any))).toBe('widens');
    const except = (effect: string, name: string): Raw => ({
      Effect: effect,
      Action: 'iot:Publish',
      NotResource: arn + name,
    });
    expect(verdict(document(any, except('Deny', 'topic/*b')), document(except('Allow', 'topic/a*')))).toBe(
      'incomparable',
    );
  });

  it('text of different lengths before and behind a forced letter is tried', () => {
    const own = allow('iot:Publish', 'topic/${iot:Connection.Thing.Attributes[x]}');
    const before = document(own, deny('iot:Publish', 'topic/*k*'));
    // Leaves k with two letters or more in front of it and exactly one behind.
    const rest = ['?k*', 'k*', '*k', '*k??*'].map((name) => deny('iot:Publish', `topic/${name}`));
    expect(compare([before], [document(own, ...rest)])).toMatchObject({ verdict: 'widens', testedValuesOnly: false });
  });

  const serial = '${iot:Connection.Thing.Attributes[serial]}';
  const equals = (key: string, value: string): Raw => ({ Condition: { StringEquals: { [key]: value } } });

  it('a value travels along a chain of conditions that tie variables to each other', () => {
    const [first, second] = ['iot:Certificate.Subject.CommonName', 'iot:Certificate.Subject.Title'];
    const tied: Raw = { Condition: { StringEquals: { [first]: `\${${second}}`, [second]: serial } } };
    const own = allow('iot:Publish', `topic/${serial}`, tied);
    const result = compare([document(own, deny('iot:Publish', 'topic/ab'))], [document(own)]);
    expect(result).toMatchObject({ verdict: 'widens', testedValuesOnly: false });
  });

  it('what a name forces on a variable reaches the variable that it is made of', () => {
    const name = 'iot:Certificate.Subject.CommonName';
    const own = allow('iot:Publish', `topic/\${${name}}`, equals(name, `dev-${serial}`));
    const before = document(own, deny('iot:Publish', 'topic/dev-a*'));
    expect(compare([before], [document(own)])).toMatchObject({ verdict: 'widens', testedValuesOnly: false });
  });

  it('what a topic forces on the client ID reaches the attribute that the client ID must be', () => {
    for (const id of [serial, `dev-${serial}`]) {
      const own = [allow('iot:Connect', `client/${id}`), allow('iot:Publish', `topic/x/${client}`)];
      const before = document(...own, deny('iot:Publish', 'topic/x/dev-a*'));
      const result = compare([before], [document(...own)], { level: 'session' });
      expect(result).toMatchObject({ verdict: 'widens', testedValuesOnly: false });
    }
  });

  it('a value that a tie and a name force together is tried', () => {
    const own = [allow('iot:Connect', `client/dev-${serial}`), allow('iot:Publish', `topic/${client}/${serial}`)];
    const before = document(...own, deny('iot:Publish', 'topic/dev-a*/*b'));
    expect(verdict(before, document(...own), { level: 'session' })).toBe('widens');
  });

  it('every text that a condition leaves is tried where the other side grants by that text', () => {
    const granted = allow('iot:Publish', `topic/${serial}`);
    const two = { Condition: { StringEquals: { 'iot:Connection.Thing.Attributes[serial]': ['a', 'ab'] } } };
    const after = document(granted, allow('iot:Publish', 'topic/a', two));
    expect(verdict(document(granted), after)).toBe('widens');
  });

  it('a client that a Deny keeps away has no session, however wide the Allow', () => {
    const connect = [allow('iot:Connect', 'client/*'), deny('iot:Connect', 'client/bad')];
    const own = allow('iot:Publish', 'topic/a', equals('iot:ClientId', 'bad'));
    expect(verdict(document(...connect), document(...connect, own), { level: 'session' })).toBe('equivalent');
  });

  it('a plain resource beside resources of several variables keeps its say', () => {
    const names = [`topic/${client}`, `topic/${serial}`];
    const before = document(allow('iot:Publish', names));
    expect(verdict(before, document(allow('iot:Publish', [...names, 'topic/a/b'])))).toBe('widens');
  });

  it('an order of client IDs as numbers is not taken for one client ID', () => {
    const more: Raw = { Condition: { NumericGreaterThan: { 'iot:ClientId': '3' } } };
    const before = document(allow('iot:Connect', 'client/*', more));
    expect(verdict(before, document(allow('iot:Connect', 'client/3')))).toBe('undecided');
  });

  it('text that is no number, no date and no truth lies in no half', () => {
    const field = 'iot:Certificate.Subject.Title';
    const when = (operator: string, value: string): Raw =>
      allow('iot:Publish', 'topic/a', { Condition: { [operator]: { [field]: value } } });
    const present = document(when('Null', 'false'));
    const halves = (...two: readonly Raw[]): string => verdict(present, document(...two));
    expect(halves(when('NumericLessThan', '5'), when('NumericGreaterThanEquals', '5'))).toBe('tightens');
    const day = '2026-01-01T00:00:00Z';
    expect(halves(when('DateLessThan', day), when('DateGreaterThanEquals', day))).toBe('tightens');
    expect(halves(when('Bool', 'true'), when('Bool', 'false'))).toBe('tightens');
    // The time of a request is always a time.
    const now = (operator: string): Raw =>
      allow('iot:Publish', 'topic/a', { Condition: { [operator]: { 'aws:CurrentTime': day } } });
    const known = document(allow('iot:Publish', 'topic/a', { Condition: { Null: { 'aws:CurrentTime': 'false' } } }));
    expect(verdict(known, document(now('DateLessThan'), now('DateGreaterThanEquals')))).toBe('equivalent');
  });

  it('a filter # on the other side does not stand for topics that begin with $', () => {
    const receive = allow('iot:Receive', 'topic/*');
    const hash = document(receive, allow('iot:Subscribe', 'topicfilter/#'));
    const all = document(receive, allow('iot:Subscribe', 'topicfilter/*'));
    expect(verdict(hash, all, { level: 'delivery' })).toBe('widens');
  });

  it('a topic of more than 256 bytes arrives nowhere, however few its letters are', () => {
    const arriving = (name: string): PolicyDocument =>
      document(allow('iot:Subscribe', `topicfilter/${name}`), allow('iot:Receive', `topic/${name}`));
    const other = document(allow('iot:DeleteConnection', 'client/x'));
    expect(verdict(other, arriving('é'.repeat(129)), { level: 'delivery' })).toBe('equivalent');
    expect(verdict(other, arriving('é'.repeat(128)), { level: 'delivery' })).toBe('widens');
  });

  it('contexts are not given up before the other side has been read in full', () => {
    // What the new side may receive hangs on two statements; the Denies of the old side come between them.
    const subscribe = [
      allow('iot:Subscribe', `topicfilter/${thing}/#`),
      allow('iot:Subscribe', `topicfilter/a/${client}`),
    ];
    const receive = [allow('iot:Receive', `topic/${thing}/*`), allow('iot:Receive', `topic/a/${client}`)];
    const denied = [deny('iot:Receive', `topic/${thing}/b`), deny('iot:Subscribe', `topicfilter/${client}/b`)];
    const [before, after] = [document(...subscribe, ...receive, ...denied), document(...subscribe, ...receive)];
    expect(verdict(before, after, { level: 'delivery' })).toBe('widens');
    expect(verdict(after, before, { level: 'delivery' })).toBe('tightens');
  });

  it('a client ID that no thing can have is still one of a client whose thing is exclusively attached', () => {
    const attached = { Condition: { Bool: { 'iot:Connection.Thing.IsAttached': 'true' } } };
    const connects = document(allow('iot:Connect', 'client/a.b', attached));
    const result = compare([document()], [connects], { probeSwitches: false });
    expect(result.verdict).toBe('widens');
    expect(result.gained[0]?.context).toMatchObject({
      'iot:ClientId': 'a.b',
      'iot:Connection.Thing.ThingName': 'dev1',
    });
    expect(verdict(connects, document(), { exclusiveThings: false })).toBe('equivalent');
  });

  it.each([
    { key: 'iot:ClientId', name: client },
    { key: 'iot:Connection.Thing.ThingName', name: thing },
    { key: 'iot:Connection.Thing.Attributes[serial]', name: serial },
    { key: 'aws:Custom', name: '${aws:Custom}' },
  ])('a key that set operators read still stands for its one value in names: $key', ({ key, name }) => {
    const own = document(allow('iot:Connect', 'client/*'), allow('iot:Receive', 'topic/*'));
    const and = (...statements: readonly Raw[]) => [own, document(...statements)];
    for (const operator of ['ForAnyValue:StringNotEquals', 'ForAnyValue:StringEquals', 'ForAllValues:StringEquals']) {
      const only = { Condition: { [operator]: { [key]: 'b' } } };
      const compared = (action: string, resource: string, level: Level) =>
        compare([own], and(allow(action, resource, only)), { level, probeSwitches: false });
      expect(compared('iot:Publish', `topic/${name}`, 'raw').verdict).toBe('widens');
      expect(compared('iot:Publish', `topic/${name}`, 'session').verdict).toBe('widens');
      const plain = compared('iot:Publish', 'topic/x', 'session');
      expect(plain).toMatchObject({ verdict: 'widens', undecidedBecause: [] });
      expect(typeof plain.gained[0]?.context['iot:ClientId']).toBe('string');
      expect(compared('iot:Subscribe', 'topicfilter/a', 'delivery').verdict).toBe('widens');
    }
  });

  it('set operators say of one value what plain ones say', () => {
    const when = (operator: string): PolicyDocument =>
      document(allow('iot:Publish', 'topic/x', { Condition: { [operator]: { 'iot:ClientId': ['a', 'b'] } } }));
    expect(verdict(when('StringEquals'), when('ForAllValues:StringEquals'))).toBe('equivalent');
    expect(verdict(when('StringNotEquals'), when('ForAnyValue:StringNotEquals'))).toBe('equivalent');
  });

  it.each([
    { reason: 'S is no way to write ß', wanted: 'ßa', letter: 'S', verdict: 'incomparable' },
    { reason: 'nor ſ', wanted: 'ſa', letter: 'S', verdict: 'incomparable' },
    { reason: 'ẞ is', wanted: 'ßa', letter: 'ẞ', verdict: 'tightens' },
    { reason: 'the sign for kelvin is a k', wanted: 'ka', letter: '\u212a', verdict: 'tightens' },
  ])('letters in either case are those that the evaluator takes: $reason', ({ wanted, letter, verdict: expected }) => {
    const id = 'iot:ClientId';
    const before = document(
      allow('iot:Connect', 'client/*', { Condition: { StringEqualsIgnoreCase: { [id]: wanted } } }),
    );
    const after = document(allow('iot:Connect', `client/${letter}?`, { Condition: { StringLike: { [id]: '?a' } } }));
    expect(verdict(before, after)).toBe(expected);
  });

  it('a value in either case is tried in both', () => {
    const pump: Raw = { Condition: { StringEqualsIgnoreCase: { 'iot:Connection.Thing.ThingTypeName': 'pump' } } };
    const before = document(allow('iot:Publish', `topic/\${iot:Connection.Thing.ThingTypeName}`, pump));
    const after = document(allow('iot:Publish', ['topic/pump', 'topic/PUMP'], pump));
    expect(verdict(before, after)).toBe('incomparable');
    expect(compare([before], [after]).testedValuesOnly).toBe(false);
    const lower = document(allow('iot:Publish', 'topic/pump', pump));
    expect(compare([document(allow('iot:Publish', 'topic/*', pump))], [lower]).verdict).toBe('tightens');
  });

  it('a client ID of several levels loses what + takes one level of', () => {
    const receive = allow('iot:Receive', 'topic/my/*/t');
    const before = document(receive, allow('iot:Subscribe', `topicfilter/my/${client}/t`));
    const after = document(receive, allow('iot:Subscribe', 'topicfilter/my/+/t'));
    const result = compare([before], [after], { probeSwitches: false, level: 'delivery' });
    expect(result.verdict).toBe('incomparable');
    expect(String(result.lost[0]?.context['iot:ClientId'])).toContain('/');
  });

  it('a Deny that named one device hides behind no fresh name', () => {
    const own = allow('iot:Publish', `topic/d/${thing}`);
    expect(verdict(document(own, deny('iot:Publish', 'topic/d/dev7')), document(own))).toBe('widens');
  });

  it('iot:* on topics and on filters keeps the two kinds of names apart in delivery', () => {
    const before = document(allow('iot:*', 'topicfilter/a/b'), allow('iot:*', 'topic/a/*'));
    const after = document(allow('iot:*', 'topicfilter/a/*'), allow('iot:*', 'topic/a/b'));
    expect(verdict(before, after, { level: 'delivery' })).toBe('tightens');
  });

  it('a renamed client asks for Connect under its own name', () => {
    const before = document(allow('iot:Connect', 'client/dev1'));
    const after = document(allow('iot:Connect', ['client/dev1', `client/${thing}`]));
    const [witness] = compare([before], [after], { preferredNames: ['pump7', 'pump8'] }).gained;
    expect(witness?.resource).toBe(`${arn}client/${String(witness?.context['iot:ClientId'])}`);
  });

  it('sessions count only under client IDs that a session can have', () => {
    const connect = allow('iot:Connect', 'client/*');
    const before = document(connect);
    const after = document(
      connect,
      allow('iot:Publish', 'topic/x', { Condition: { StringLike: { 'iot:ClientId': '$*' } } }),
    );
    expect(verdict(before, after, { level: 'session' })).toBe('equivalent');
  });

  it('a list of contexts that is too long does not undo what was found in its beginning', () => {
    const many = Array.from({ length: 9 }, (_unused, i) => `topic/\${iot:Connection.Thing.Attributes[a${i}]}/${i}?`);
    const result = compare([document()], [document(allow('iot:Publish', ['topic/a', ...many]))], {
      probeSwitches: false,
    });
    expect(result.gained.map((one) => one.action)).toEqual(['iot:Publish']);
    expect(result.verdict).toBe('widens');
  });

  it('an Allow on another kind of name costs no walk through contexts', () => {
    const attributes = Array.from({ length: 9 }, (_unused, i) => `client/\${iot:Connection.Thing.Attributes[a${i}]}*`);
    const result = compare([document()], [document(allow('iot:Publish', attributes))], { probeSwitches: false });
    expect(result.verdict).toBe('equivalent');
  });

  it('a Deny whose condition may be false leaves no Allow dead', () => {
    const cert = { Condition: { 'ForAllValues:StringEquals': { 'iot:Certificate.Subject.Organization.List': ['X'] } } };
    const codes = (...statements: readonly Raw[]): string[] =>
      lint(document(...statements)).findings.map((one) => one.code);
    expect(codes(allow('iot:Publish', 'topic/a'), deny('iot:Publish', 'topic/a', cert))).not.toContain('dead-allow');
    expect(codes(allow('iot:Publish', 'topic/a'), deny('iot:Publish', 'topic/*'))).toContain('dead-allow');
  });

  it('a client ID that only a condition bounds is still the choice of the device', () => {
    const like = { Condition: { StringLike: { 'iot:ClientId': 'dev-*' } } };
    const report = lint(document(allow('iot:Connect', `client/${client}`, like)));
    expect(report.findings.map((one) => one.code)).toContain('any-client-id');
  });

  it('a shared subscription is an assumption only where some Allow takes in its name', () => {
    const receive = allow('iot:Receive', 'topic/*');
    const withheld = deny('iot:Subscribe', 'topicfilter/a/secret');
    const assumptions = (filter: string): readonly string[] => {
      const subscribe = allow('iot:Subscribe', filter);
      return compare([document(subscribe, receive)], [document(subscribe, receive, withheld)], { level: 'delivery' })
        .assumptions;
    };
    expect(assumptions('topicfilter/*').join()).toContain('$share');
    expect(assumptions('topicfilter/a/*').join()).not.toContain('$share');
  });

  it('sets that are attached as one compare beside others as well', () => {
    const idle = deny('iot:Publish', 'topic/never');
    const own = document(allow('iot:Publish', 'topic/a'));
    expect(compareDocuments([own], [own, document(idle)]).verdict).toBe('tightens');
  });

  it('a witness ends with a level that has a name, where one will do', () => {
    const sides = [document(allow('iot:Subscribe', 'topicfilter/a/*')), document()] as const;
    expect(compare([sides[1]], [sides[0]]).gained[0]?.resource).toBe(`${arn}topicfilter/a/x`);
    const receive = allow('iot:Receive', 'topic/a/*');
    const after = document(allow('iot:Subscribe', 'topicfilter/a/*'), receive);
    const [arrives] = compare([sides[1]], [after], { level: 'delivery' }).gained;
    expect(arrives?.resource).toBe(`${arn}topic/a/x`);
  });

  it.each([
    { reason: 'two texts', attribute: ['a', 'b'], name: 'a' },
    { reason: 'one text holds the other', attribute: ['a', 'ab'], name: 'a' },
    { reason: 'the one that tells is the last', attribute: ['a', 'a', 'b/c'], name: 'a' },
  ])('each text that a condition leaves is tried against what must not match: $reason', ({ attribute, name }) => {
    const key = 'iot:Connection.Thing.Attributes[x]';
    const own = `topic/\${${key}}`;
    const only = { Condition: { StringEquals: { [key]: attribute } } };
    const any = allow('iot:Publish', own);
    const granted = compare([document(any)], [document(any, allow('iot:Publish', `topic/${name}`, only))]);
    expect(granted.verdict).toBe('widens');
    // Where the attribute is the name itself, everything stays as it was.
    expect(granted.gained[0]?.context[key]).not.toBe(name);
    const all = allow('iot:Publish', 'topic/*');
    const without = deny('iot:Publish', own);
    const taken = deny('iot:Publish', `topic/${name}`, only);
    expect(verdict(document(all, without), document(all, without, taken))).toBe('tightens');
  });

  it('a variable with a default stands for that text where its key is absent', () => {
    const own = allow('iot:Publish', "topic/${iot:Connection.Thing.Attributes[x], 'a'}");
    expect(verdict(document(own), document(own, allow('iot:Publish', 'topic/a')))).toBe('widens');
    const only = { Condition: { Null: { 'iot:Connection.Thing.Attributes[x]': 'true' } } };
    expect(verdict(document(own), document(own, allow('iot:Publish', 'topic/a', only)))).toBe('equivalent');
  });

  it.each([
    { reason: 'at the end', allowed: `topic/*/${thing}`, value: 'd/a' },
    { reason: 'at the beginning', allowed: `topic/b/${thing}/*`, value: 'a/d' },
    { reason: 'in the middle', allowed: `topic/*/${thing}/*`, value: 'c/a/d' },
    { reason: 'of one letter less', allowed: `topic/b/d${thing}`, value: 'da' },
    { reason: 'of a long text, its last level', allowed: `topic/*/${thing}`, value: 'hall-of-machines/press-line-1' },
  ])('a variable that lies opposite a part of another one’s value: $reason', ({ allowed, value }) => {
    const key = 'iot:Connection.Thing.Attributes[x]';
    const own = allow('iot:Publish', allowed);
    const except = deny('iot:Publish', `topic/b/\${${key}}`, { Condition: { StringEquals: { [key]: value } } });
    expect(verdict(document(own, except), document(own))).toBe('widens');
    expect(verdict(document(own), document(own, except))).toBe('tightens');
  });

  it.each([
    { reason: 'the type', resource: `${client}/a`, name: /^topic\/(?:.+\/)?a$/, context: { 'iot:ClientId': /^topic/ } },
    {
      reason: 'the slash behind the type',
      resource: `topic${client}`,
      name: /^topic\//,
      context: { 'iot:ClientId': /^\// },
    },
    {
      reason: 'an attribute, type and name',
      resource: '${iot:Connection.Thing.Attributes[x]}',
      name: /^topic\//,
      context: { 'iot:Connection.Thing.Attributes[x]': /^topic\// },
    },
    { reason: 'the account', resource: '', name: /^topic\//, context: { 'aws:K': /^123456789012/ } },
  ])('a variable may make up the fixed part of an ARN: $reason', ({ resource, name, context }) => {
    const opening = resource === '' ? 'arn:aws:iot:us-east-1:${aws:K}:topic/a' : arn + resource;
    const after = document({ Effect: 'Allow', Action: 'iot:Publish', Resource: opening });
    const { verdict: found, gained, testedValuesOnly } = compare([], [after]);
    expect(found).toBe('widens');
    expect(gained[0]?.resource.slice(arn.length)).toMatch(name);
    for (const [key, value] of Object.entries(context)) expect(gained[0]?.context[key]).toMatch(value);
    // No argument shows that the values tried suffice for such a pattern.
    expect(testedValuesOnly).toBe(true);
  });

  it('a variable in the fixed part of a Deny, of Connect and of what is delivered is filled in as well', () => {
    const any = allow('iot:Publish', 'topic/a');
    expect(verdict(document(any), document(any, deny('iot:Publish', `${client}/a`)))).toBe('tightens');
    expect(verdict(document(any), document(any, deny('iot:Publish', `${client}/b`)))).toBe('equivalent');
    const attribute = '${iot:Connection.Thing.Attributes[x]}';
    const connects = document(any, allow('iot:Connect', `${attribute}/dev1`));
    const session = compare([document(any)], [connects], { level: 'session' });
    expect(session.verdict).toBe('widens');
    expect(session.gained[0]?.context).toMatchObject({
      'iot:ClientId': 'dev1',
      'iot:Connection.Thing.Attributes[x]': 'client',
    });
    const subscribes = allow('iot:Subscribe', 'topicfilter/a/b');
    const receives = document(subscribes, allow('iot:Receive', `${attribute}/b`));
    expect(verdict(document(subscribes), receives, { level: 'delivery' })).toBe('widens');
    const lists = document({ Effect: 'Allow', Action: 'iot:ListRetainedMessages', Resource: `*${attribute}` });
    expect(verdict(document(), lists)).toBe('widens');
  });

  it.each([
    { action: 'iot:Publish', context: { 'iot:ClientId': `${arn}topic/q` } },
    { action: 'iot:ListRetainedMessages', context: { 'iot:ClientId': '*' } },
  ])('a variable may be the whole resource: $action', ({ action, context }) => {
    const after = document({ Effect: 'Allow', Action: action, Resource: client });
    const { verdict: found, gained, testedValuesOnly } = compare([], [after]);
    expect({ found, context: gained[0]?.context, testedValuesOnly }).toEqual({
      found: 'widens',
      context,
      testedValuesOnly: true,
    });
    const all = document({ Effect: 'Allow', Action: action, Resource: '*' });
    expect(compare([], [all])).toMatchObject({ verdict: 'widens', testedValuesOnly: false });
  });

  it('a star in front of a variable leaves the values known to suffice, where the fixed part ends in front of it', () => {
    const own = document({ Effect: 'Allow', Action: 'iot:Publish', Resource: `arn:aws:iot:*:*:topic/${client}` });
    expect(compare([own], [document()])).toMatchObject({ verdict: 'tightens', testedValuesOnly: false });
  });

  it('two statements of one policy whose conditions only look alike get the values of their own', () => {
    const only = (...names: readonly string[]): Raw => ({
      Condition: { StringEquals: { 'iot:Certificate.Subject.CommonName': names } },
    });
    const before = document(allow('iot:Publish', 'topic/*', only('a|b')));
    const first = allow('iot:Publish', 'topic/a', only('a|b'));
    const second = allow('iot:Publish', 'topic/b', only('a', 'b'));
    expect(verdict(before, document(second))).toBe('incomparable');
    expect(verdict(before, document(first, second))).toBe('incomparable');
  });

  it('two statements on Connect that tie a key to the client ID get the values of their own client IDs', () => {
    const commonName = 'iot:Certificate.Subject.CommonName';
    const before = document(allow('iot:Connect', 'client/*', { Condition: { StringLike: { [commonName]: 'a*' } } }));
    const own = { Condition: { StringEquals: { [commonName]: client } } };
    const after = document(allow('iot:Connect', 'client/a*', own), allow('iot:Connect', 'client/b*', own));
    const result = compare([before], [after]);
    expect(result.verdict).toBe('incomparable');
    expect(result.gained[0]?.context).toEqual({ 'iot:ClientId': 'b', [commonName]: 'b' });
  });

  it('conditions of unknown operators whose values only look alike are true or false by themselves', () => {
    const sounds = (...values: readonly string[]) =>
      document(allow('iot:Publish', 'topic/a', { Condition: { StringSounds: { 'aws:K': values } } }));
    expect(verdict(sounds('a | b'), sounds('a', 'b'))).toBe('incomparable');
    expect(verdict(sounds('a', 'b'), sounds('a', 'b'))).toBe('equivalent');
  });

  const name = 'iot:Connection.Thing.ThingName';
  const type = 'iot:Connection.Thing.ThingTypeName';
  it.each([
    { reason: 'a number below a half', key: type, wide: { NumericLessThan: { [type]: '5.5' } } },
    { reason: 'a half', key: type, wide: { NumericEquals: { [type]: '-5.5' } } },
    {
      reason: 'between two numbers',
      key: type,
      wide: { NumericGreaterThan: { [type]: '0.25' }, NumericLessThan: { [type]: '0.5' } },
    },
    { reason: 'a large number', key: type, wide: { NumericGreaterThan: { [type]: '2e21' } } },
    { reason: 'a date', key: type, wide: { DateLessThan: { [type]: '2026-01-01T00:00:00Z' } } },
    {
      reason: 'between two dates',
      key: type,
      wide: {
        DateGreaterThan: { [type]: '2026-01-01T00:00:00.500Z' },
        DateLessThan: { [type]: '2026-01-01T00:00:01.400Z' },
      },
    },
    { reason: 'a date before 1970', key: type, wide: { DateLessThan: { [type]: '0' } } },
    {
      reason: 'another writing of the same date before 1970',
      key: type,
      narrow: { StringEquals: { [type]: '1969-12-31T23:59:59Z' } },
      wide: { DateEquals: { [type]: '1969-12-31T23:59:59Z' } },
    },
    {
      reason: 'the plain writing of such a date',
      key: type,
      narrow: { StringEquals: { [type]: '1969-12-31T23:59:59-00:00' } },
      wide: { DateEquals: { [type]: '1969-12-31T23:59:59.000Z' } },
    },
    { reason: 'addresses of IPv6', key: type, wide: { IpAddress: { [type]: ['10.0.0.0/8', '2001:db8:1::/48'] } } },
    { reason: 'the thing name', key: name, wide: { NumericLessThan: { [name]: '5.5' } } },
    {
      reason: 'the client ID of a thing',
      key: name,
      wide: { NumericLessThan: { 'iot:ClientId': '5.5' }, Bool: { 'iot:Connection.Thing.IsAttached': 'true' } },
    },
    {
      reason: 'another writing of the same number than the texts',
      key: type,
      narrow: { StringEquals: { [type]: ['5', '50e-1', '5e0'] } },
      wide: { NumericEquals: { [type]: '5' } },
    },
    {
      reason: 'another writing of the same date than the texts',
      key: type,
      narrow: { StringEquals: { [type]: ['2026-01-01T00:00:00Z', '2026-01-01T00:00:00-00:00', '1767225600'] } },
      wide: { DateEquals: { [type]: '2026-01-01T00:00:00Z' } },
    },
  ])('numbers and dates are written in letters that the key can hold: $reason', ({ key, narrow, wide }) => {
    const when = (Condition: Raw): Raw => allow('iot:Publish', 'topic/a', { Condition });
    const before = document(...(narrow === undefined ? [] : [when(narrow)]));
    const { verdict: found, gained } = compare([before], [document(when(wide))], { probeSwitches: false });
    expect(found).toBe('widens');
    expect(gained[0]?.context[key]).toMatch(/^[\w:-]+$/);
  });

  it('no date between two seconds can be a thing type, nor an address of IPv4', () => {
    const between = {
      DateGreaterThan: { [type]: '2026-01-01T00:00:00Z' },
      DateLessThan: { [type]: '2026-01-01T00:00:01Z' },
    };
    const address = { IpAddress: { [type]: '10.0.0.0/8' } };
    for (const Condition of [between, address]) {
      const never = document(allow('iot:Publish', 'topic/a', { Condition }));
      expect(verdict(document(), never)).toBe('equivalent');
    }
  });

  it.each([
    { reason: 'where a step of one makes no difference', wide: { NumericGreaterThan: { 'aws:K': '1e21' } } },
    {
      reason: 'above the larger of two such numbers',
      wide: { NumericGreaterThan: { 'aws:K': '2e21' }, NumericNotEquals: { 'aws:K': '1e21' } },
    },
    { reason: 'below such a number', wide: { NumericLessThan: { 'aws:K': '-1e21' } } },
    { reason: 'beyond the largest number', wide: { NumericGreaterThan: { 'aws:K': '1e308' } } },
    { reason: 'what is read as endless', wide: { NumericEquals: { 'aws:K': '1e999' } } },
    {
      reason: 'between what is endless on either side',
      wide: { NumericGreaterThan: { 'aws:K': '-1e999' }, NumericLessThan: { 'aws:K': '1e999' } },
    },
    {
      reason: 'between what is endless and a number',
      wide: { NumericGreaterThan: { 'aws:K': '-1e999' }, NumericLessThan: { 'aws:K': '5' } },
    },
    { reason: 'less than that', wide: { NumericLessThan: { 'aws:K': '-1e308' } } },
  ])('values are found among numbers of any size: $reason', ({ wide }) => {
    const after = document(allow('iot:Publish', 'topic/a', { Condition: wide }));
    expect(verdict(document(), after)).toBe('widens');
    expect(verdict(after, document())).toBe('tightens');
  });

  it.each([
    { reason: 'a plain word', wanted: ['a'], other: ['b'] },
    { reason: 'a word beside a truth', wanted: ['true', 'a'], other: ['true'] },
    { reason: 'the value of a variable', wanted: ['${iot:ClientId}'], other: ['b'] },
  ])('Bool is asked about other words than true and false as well: $reason', ({ wanted, other }) => {
    const when = (values: readonly string[]): PolicyDocument =>
      document(
        allow('iot:Publish', 'topic/a', { Condition: { Bool: { 'iot:Connection.Thing.Attributes[x]': values } } }),
      );
    expect(verdict(document(), when(wanted))).toBe('widens');
    expect(verdict(when(other), when(wanted))).toBe(
      other.length < wanted.length && other[0] === wanted[0] ? 'widens' : 'incomparable',
    );
    expect(verdict(when(['A', 'TRUE']), when(['a', 'true']))).toBe('equivalent');
  });

  it.each<{ readonly reason: string; readonly resource: string; readonly id: string | undefined }>([
    { reason: 'the type of the ARN', resource: `${arn}${client}/client`, id: 'client' },
    { reason: 'the type twice', resource: `${arn}${client}/${client}`, id: 'client' },
    { reason: 'a part of the type', resource: `${arn}c${client}t/lien`, id: 'lien' },
    { reason: 'the account', resource: `arn:aws:iot:us-east-1:${client}:client/*`, id: '123456789012' },
    {
      reason: 'the end of the account and the type',
      resource: `arn:aws:iot:us-east-1:12345678901${client}`,
      id: undefined,
    },
    { reason: 'the type and its own beginning', resource: `${arn}${client}*`, id: 'c' },
    { reason: 'a part behind an open letter', resource: `${arn}cl?${client}t/en`, id: 'en' },
    { reason: 'the type, and the name behind it', resource: `${arn}${client}${client}`, id: 'client/' },
    { reason: 'the beginning of all', resource: `${client}*`, id: 'a' },
    { reason: 'no part at all', resource: `${arn}x${client}/client`, id: undefined },
    { reason: 'a type that is another name than the one behind it', resource: `${arn}${client}/thing`, id: undefined },
  ])('on Connect the client ID may make up the fixed part of the ARN: $reason', ({ resource, id }) => {
    const connect = { Effect: 'Allow', Action: 'iot:Connect', Resource: resource };
    const {
      verdict: found,
      gained,
      undecidedBecause,
    } = compare([document()], [document(connect)], {
      probeSwitches: false,
    });
    expect([found, gained[0]?.context['iot:ClientId'], undecidedBecause]).toEqual(
      id === undefined ? ['equivalent', undefined, []] : ['widens', id, []],
    );
    // What such a pattern takes in is no more than that one name, and a Deny of it lets all others go.
    const any = allow('iot:Connect', 'client/*');
    const refused = document(any, { ...connect, Effect: 'Deny' });
    expect(verdict(refused, document(any))).toBe(id === undefined ? 'equivalent' : 'widens');
  });

  it('a client ID that gets a letter to be readable gets it in the request as well', () => {
    const connect = allow('iot:Connect', 'client/*/');
    const { gained } = compare([document()], [document(connect)], { probeSwitches: false });
    const [request] = gained;
    expect(request?.resource).toBe(`${arn}client/${String(request?.context['iot:ClientId'])}`);
    // Where a longer name is allowed as well, it is the longer one that is shown.
    const wider = compare([document()], [document(allow('iot:Connect', ['client/a/*', 'client/?/']))], {
      probeSwitches: false,
    }).gained[0];
    expect(wider?.resource).toBe(`${arn}client/${String(wider?.context['iot:ClientId'])}`);
    expect(wider?.resource).toBe(`${arn}client/a/x`);
  });

  it.each(['k=v', 'a[0]'])('an attribute may hold every letter that AWS takes: %s', (value) => {
    const only = allow('iot:Publish', 'topic/a', {
      Condition: { StringEquals: { 'iot:Connection.Thing.Attributes[serial]': value } },
    });
    expect(verdict(document(), document(only))).toBe('widens');
  });
});
