import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { lint, rules } from '../../../../operator/policy/lint/index.ts';
import { allow, arn, bound, deny, document, thing } from './build.ts';
import { reportOf, rulesText, sections } from './report.ts';
import { type Row, rows } from './rows.ts';

const expected = sections(readFileSync(new URL('findings.txt', import.meta.url), 'utf8'));

const found = (row: Row): readonly string[] =>
  lint(document(row.statements, row.version), { exclusiveThings: row.exclusive ?? false }).findings.map(
    (finding) => `${finding.code}@${finding.statement ?? '-'}`,
  );

describe('lint', () => {
  it.each(rows)('$reason', (row) => {
    const codes = found(row);
    for (const code of row.expect ?? []) expect(codes).toContain(code);
    for (const code of row.absent ?? []) expect(codes.map((one) => one.split('@')[0])).not.toContain(code);
  });

  it.each(rows.map((row) => [row.reason, row] as const))('says of "%s" what findings.txt holds', (reason, row) => {
    expect(reportOf(row)).toBe(expected.get(reason));
  });

  it('describes every rule as findings.txt does', () => {
    expect(rulesText()).toBe(expected.get('The rules'));
  });

  it('has a case for every rule, so that none can go silent', () => {
    const named = new Set(rows.flatMap((row) => row.expect ?? []).map((code) => code.split('@')[0]));
    expect(Object.keys(rules).filter((code) => !named.has(code))).toEqual([]);
  });

  it('finds nothing in the policy that every device should have', () => {
    const statements = [
      bound,
      allow('Publish', `topic/dt/${thing}/*`),
      allow('Subscribe', `topicfilter/cmd/${thing}/*`),
      allow('Receive', `topic/cmd/${thing}/*`),
    ];
    expect(lint(document(statements)).findings).toEqual([]);
  });

  it('judges documents that are attached together as one', () => {
    const connect = document([bound]);
    const rest = document([allow('Publish', `topic/dt/${thing}/*`)]);
    expect(lint(rest).findings.map((finding) => finding.code)).toContain('missing-connect');
    expect(lint([connect, rest]).findings).toEqual([]);
  });

  it('calls no resource redundant because of another document: that one may go away', () => {
    const wide = document([bound, allow('Publish', 'topic/a*')]);
    expect(lint([wide, document([allow('Publish', 'topic/ab')])]).findings).toEqual([]);
  });

  it('a star in the account of one document hides nothing of the statement at the same place in another', () => {
    const starred = document([allow('Publish', 'arn:aws:iot:us-east-1:*:topic/a'), bound]);
    const open = document([allow('SendDirectMessag?', 'client/a/*:client/b')]);
    const { findings } = lint([starred, open]);
    expect(findings.map(({ code, document: at, statement }) => `${code} ${at}.${statement}`)).toContain(
      'direct-message-any-client 1.0',
    );
  });

  it('names the document of each finding as its user calls it', () => {
    const slip = [allow('Subscribes', 'topicfilter/a')];
    const { findings } = lint([document([bound], '2012-10-17', 'base'), document(slip, '2012-10-17', 'extra')]);
    expect(findings.map(({ code, document: at, name }) => [code, at, name])).toEqual([['unknown-action', 1, 'extra']]);
  });

  it('gives no verdict of an audit where that alone was too much to work out, and says so', {
    timeout: 120_000,
  }, () => {
    const tail = `a${'?'.repeat(15)}b`;
    const { undecided, deviceDefender } = lint(
      document([
        bound,
        allow('Subscribe', `topicfilter/${tail.replaceAll('?', 'c')}`),
        { Effect: 'Deny', Action: 'iot:Subscribe', NotResource: `${arn}topicfilter/*${tail}` },
      ]),
    );
    expect(undecided).toEqual([
      'the patterns are too intricate to search through: the verdicts of Device Defender could not be checked to the end',
    ]);
    expect(deviceDefender).toEqual({
      IOT_POLICY_OVERLY_PERMISSIVE_CHECK: 'undocumented',
      IOT_POLICY_POTENTIAL_MISCONFIGURATION_CHECK: ['undocumented'],
    });
  });

  it('gives no verdict of an audit where a search on which it rests was left open', { timeout: 120_000 }, () => {
    const { undecided, deviceDefender } = lint(
      document([bound, allow('Subscribe', 'topicfilter/b'), deny('Subscribe', `topicfilter/*a${'?'.repeat(10)}b`)]),
    );
    expect(undecided).toEqual([
      'the patterns are too intricate to search through: wildcards in filters and names could not be checked to the end',
    ]);
    expect(deviceDefender.IOT_POLICY_OVERLY_PERMISSIVE_CHECK).toBe('undocumented');
  });

  it('names the worst first, then follows the documents and their text', () => {
    const odd = [allow('Subscribes', 'topicfilter/a'), allow('Receives', 'topic/a'), allow('Connect', 'client/*')];
    const { findings } = lint([document([bound, ...odd]), document(odd)]);
    expect(findings.map(({ code, document: at, statement }) => `${code} ${at}.${statement}`)).toEqual([
      'any-client-id 0.3',
      'any-client-id 1.2',
      'unknown-action 0.1',
      'unknown-action 0.2',
      'unknown-action 1.0',
      'unknown-action 1.1',
      'redundant-resource 0.0',
    ]);
    const apart = [document([bound, allow('Subscribe', 'topicfilter/a')]), document([allow('Subscribes', 'topic/a')])];
    expect(lint(apart).findings.map((finding) => `${finding.code} ${finding.document}`)).toEqual([
      'missing-receive 0',
      'unknown-action 1',
    ]);
  });

  it('names what holds for a document before what holds for its statements', () => {
    const old = [allow('Connect', `client/${thing}`), allow('Publish', `topic/${thing}`)];
    const { findings } = lint([document(old, '2008-10-17'), document(old, '2008-10-17')]);
    expect(
      findings
        .filter((finding) => finding.code === 'variables-need-2012')
        .map((finding) => [finding.document, finding.statement]),
    ).toEqual([
      [0, null],
      [0, 0],
      [0, 1],
      [1, null],
      [1, 0],
      [1, 1],
    ]);
  });

  it('reads no more than the text of a document many times longer than AWS takes, the worst first', () => {
    const slips = [allow('AttachPolicy', '*'), allow('Subscribes', 'topic/a')];
    const long = [allow('iot:*', `topic/${'a'.repeat(17_000)}`), ...slips];
    const { findings, undecided } = lint(document(long, '2012-10-17', 'long'));
    expect(findings.map((finding) => finding.code)).toEqual([
      'too-large',
      'star-action',
      'unknown-action',
      'control-plane-action',
    ]);
    expect(undecided).toEqual([
      expect.stringMatching(
        /^long has 17\d{3} characters, 8 times what AWS accepts; only its text was looked at, not what it allows\. Shorten it first$/,
      ),
    ]);
  });

  describe('where a NotResource with an unresolved variable switches the statement off', () => {
    const site = '${iot:Connection.Thing.Attributes[site]}';
    const openDenies = (allowed: readonly string[], ...excepted: readonly string[]): string[] => {
      const denied = { Effect: 'Deny', Action: 'iot:Publish', NotResource: excepted.map((text) => arn + text) };
      const options = { switches: { unresolvedNotResource: 'statementInert' } } as const;
      return lint(document([bound, allow('Publish', allowed), denied]), options)
        .findings.filter(({ code }) => code === 'deny-may-not-resolve')
        .map(({ witness }) => witness!.resource.slice(arn.length));
    };

    it('a Deny may leave what it excepts for some value alone', () => {
      expect(openDenies(['topic/a', 'topic/q/x'], 'topic/a', `topic/${site}/x`)).toEqual(['topic/q/x']);
    });

    it('a Deny that excepts it all the same, be it through another variable, leaves nothing', () => {
      expect(openDenies(['topic/c/${iot:ClientId}'], 'topic/c/${iot:ClientId}', `topic/${site}/x`)).toEqual([]);
    });
  });

  it('takes things for attached as usual unless told otherwise', () => {
    const own = [allow('Connect', `client/${thing}*`), allow('Publish', `topic/dt/${thing}/*`)];
    expect(lint(document(own)).findings.map((finding) => finding.code)).toEqual(['thing-not-required']);
  });

  it('shows the filter # for reserved topics where the options say that it brings them in', () => {
    const policy = document([bound, allow('Subscribe', 'topicfilter/#'), allow('Receive', 'topic/*')]);
    const reserved = (switches: { readonly wildcardSkipsDollar: boolean }) =>
      lint(policy, { switches })
        .findings.filter(({ code }) => code === 'foreign-reserved-subscribe')
        .map(({ witness }) => witness?.resource);
    expect(reserved({ wildcardSkipsDollar: true })).toEqual([]);
    expect(reserved({ wildcardSkipsDollar: false })).toEqual([`${arn}topicfilter/#`]);
  });

  it('offers a fix only where it is certain: to mend a slip in an Allow would grant what nobody may have meant', () => {
    const { findings } = lint(
      document([
        bound,
        allow('Publish', ['topic/a/*', 'topic/a/b']),
        allow('Subscribes', 'topicfilter/a'),
        deny('Subscribes', 'topicfilter/b'),
      ]),
    );
    expect(findings.find(({ code, statement }) => code === 'unknown-action' && statement === 2)?.message).toBe(
      'there is no action iot:Subscribes; did you mean iot:Subscribe?',
    );
    const fixes = findings
      .filter((finding) => finding.fix !== undefined)
      .map((finding) => [finding.code, finding.fix?.pointer, finding.fix?.to]);
    expect(fixes).toEqual([
      ['unknown-action', '/Statement/3/Action/0', 'iot:Subscribe'],
      ['redundant-resource', '/Statement/1/Resource/1', undefined],
    ]);
  });
});
