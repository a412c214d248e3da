import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalText, compare, parsePolicy, parsePolicyValue, policySize } from '../../../operator/policy/index.ts';

const arn = 'arn:aws:iot:us-east-1:123456789012:';
const statement = { Effect: 'Allow', Action: 'iot:Publish', Resource: `${arn}topic/a` };
const policy = (more: object): unknown => ({ Version: '2012-10-17', Statement: [{ ...statement, ...more }] });

describe('reading a policy', () => {
  it('gives every value its line and column', () => {
    const source = `{\n  "Version": "2012-10-17",\n  "Statement": {\n    "Effect": "Allow",\n    "Action": "iot:Publish",\n    "Resource": ["*", "${arn}topic/a"]\n  }\n}`;
    const { document, findings } = parsePolicy(source);
    expect(findings).toEqual([]);
    expect(document?.statements[0]?.actions[0]?.at).toEqual({ line: 5, column: 15 });
    expect(document?.statements[0]?.resources[1]?.at).toEqual({ line: 6, column: 23 });
  });

  it.each([
    {
      reason: 'cut off in the middle',
      source: '{"Version": "2012-10-17", "Statement": [',
      code: 'syntax',
      at: { line: 1, column: 41 },
    },
    { reason: 'a trailing comma', source: '{"Version": "2012-10-17",}', code: 'syntax', at: { line: 1, column: 26 } },
    { reason: 'a number with a leading zero', source: '{"Version": 012}', code: 'syntax', at: { line: 1, column: 13 } },
    {
      reason: 'a control character in a string',
      source: '{"Version": "a\u0001"}',
      code: 'syntax',
      at: { line: 1, column: 15 },
    },
    { reason: 'nothing at all', source: '', code: 'syntax', at: { line: 1, column: 1 } },
    { reason: 'text behind the end', source: '{} x', code: 'syntax', at: { line: 1, column: 4 } },
  ])('reports $reason with its place', ({ source, code, at }) => {
    const { document, findings } = parsePolicy(source);
    expect(document).toBeUndefined();
    expect(findings[0]).toMatchObject({ severity: 'error', code, at });
  });

  it.each([
    { reason: 'an Effect that is neither', value: policy({ Effect: 'allow' }), code: 'shape' },
    { reason: 'no Resource', value: policy({ Resource: undefined }), code: 'shape' },
    { reason: 'an empty list of actions', value: policy({ Action: [] }), code: 'shape' },
    { reason: 'both Resource and NotResource', value: policy({ NotResource: '*' }), code: 'shape' },
    { reason: 'a number for a resource', value: policy({ Resource: 5 }), code: 'shape' },
    { reason: 'a Principal', value: policy({ Principal: '*' }), code: 'unknown-element' },
    { reason: 'an element from nowhere', value: policy({ Ressource: '*' }), code: 'unknown-element' },
    { reason: 'a Condition that is a list', value: policy({ Condition: [] }), code: 'shape' },
    { reason: 'an operator without keys', value: policy({ Condition: { Bool: 'true' } }), code: 'shape' },
    { reason: 'half a surrogate pair', value: policy({ Resource: `${arn}topic/\ud800` }), code: 'text' },
    { reason: 'a zero character', value: policy({ Resource: `${arn}topic/\0` }), code: 'text' },
    { reason: 'another language version', value: { Version: '2020-01-01', Statement: [] }, code: 'version' },
    { reason: 'a list in place of a policy', value: [], code: 'shape' },
    { reason: 'null', value: null, code: 'shape' },
  ])('refuses $reason', ({ value, code }) => {
    const { document, findings } = parsePolicyValue(value);
    expect(document).toBeUndefined();
    expect(findings.map((finding) => finding.code)).toContain(code);
  });

  it('refuses a key that occurs twice', () => {
    const { document, findings } = parsePolicy('{"Version":"2012-10-17","Version":"2008-10-17","Statement":[]}');
    expect(document).toBeUndefined();
    expect(findings.map((finding) => finding.code)).toContain('duplicate-key');
  });

  it('takes prototype names for keys like any other', () => {
    const source = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iot:Publish","Resource":"*","__proto__":{"Effect":"Deny"}}]}`;
    expect(parsePolicy(source).findings.map((finding) => finding.message)).toEqual([
      'AWS IoT knows no element "__proto__" in a statement',
    ]);
    const condition =
      '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iot:Publish","Resource":"*","Condition":{"StringEquals":{"__proto__":"a","constructor":"b"}}}]}';
    const { document } = parsePolicy(condition);
    expect(document?.statements[0]?.conditions.map((entry) => entry.key)).toEqual(['__proto__', 'constructor']);
    expect(document === undefined ? '' : canonicalText(document)).toContain('"__proto__":["a"]');
  });

  it('refuses huge and deeply nested documents at once', () => {
    const started = performance.now();
    expect(parsePolicy('a'.repeat(10_000_000)).findings[0]?.code).toBe('size');
    expect(parsePolicy('['.repeat(100_000)).findings[0]?.message).toContain('nested deeper');
    expect(parsePolicy(`{"a":`.repeat(100_000)).findings[0]?.message).toContain('nested deeper');
    expect(performance.now() - started).toBeLessThan(2000);
  });

  it('survives any text and any value without an exception', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (source) => void parsePolicy(source)),
      { numRuns: 120, seed: 1 },
    );
    fc.assert(
      fc.property(fc.json(), (source) => void parsePolicy(source)),
      { numRuns: 120, seed: 1 },
    );
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true, withBigInt: true }), (value) => void parsePolicyValue(value)),
      { numRuns: 120, seed: 1 },
    );
  });

  it('reads JSON exactly as the platform does', () => {
    fc.assert(
      fc.property(fc.json(), (source) => {
        const wrapped = `{"Version":"2012-10-17","Statement":[],"Id":${source}}`;
        expect(parsePolicy(wrapped).findings.some((finding) => finding.code === 'syntax')).toBe(false);
      }),
      { numRuns: 100, seed: 2 },
    );
  });

  it('compares whatever it has read without an exception and within the budget', () => {
    const wild = fc.string({
      unit: fc.constantFrom('*', '?', '$', '{', '}', 'a', '/', ':', '\ud83d', '\ude00', ',', "'", '#', '+', '[', ']'),
      maxLength: 14,
    });
    const one = fc.record({
      Effect: fc.constantFrom('Allow', 'Deny'),
      Action: fc.constantFrom('iot:*', 'iot:Subscribe', 'iot:Connect', '*', '**', 'iot:?ublish'),
      Resource: fc.array(
        wild.map((text) => (text.length % 2 === 0 ? text : `${arn}topic/${text}`)),
        { minLength: 1, maxLength: 3 },
      ),
      Condition: fc.dictionary(
        fc.constantFrom(
          'StringLike',
          'Bool',
          'NumericLessThan',
          'IpAddress',
          'DateEquals',
          'Strange',
          'ForAllValues:StringLike',
          'Null',
        ),
        fc.dictionary(
          fc.constantFrom('iot:ClientId', 'aws:SourceIp', '__proto__', 'iot:Connection.Thing.Attributes[a]'),
          wild,
        ),
        { maxKeys: 2 },
      ),
    });
    const document = fc.record({ Version: fc.constant('2012-10-17'), Statement: fc.array(one, { maxLength: 3 }) });
    fc.assert(
      fc.property(document, document, (before, after) => {
        const old = parsePolicyValue(before).document;
        const next = parsePolicyValue(after).document;
        if (old === undefined || next === undefined) return;
        const result = compare([old], [next], { budget: 3000, probeSwitches: false });
        expect(result.assumptions.filter((assumption) => assumption.startsWith('Internal error'))).toEqual([]);
      }),
      { numRuns: 120, seed: 3 },
    );
  });

  it('counts size without white space', () => {
    expect(policySize('{ "a" :\n\t1 }')).toBe(7);
    const long = parsePolicyValue(policy({ Resource: `${arn}topic/${'x'.repeat(2100)}` }));
    expect(long.document).toBeDefined();
    expect(long.findings[0]).toMatchObject({ severity: 'warning', code: 'size' });
  });
});

describe('the canonical text', () => {
  const text = (value: unknown): string => {
    const { document } = parsePolicyValue(value);
    return document === undefined ? '' : canonicalText(document);
  };
  it('is one for spellings that mean the same', () => {
    const a = policy({ Action: ['iot:Receive', 'iot:Publish'], Sid: 'x' });
    const b = policy({ Action: ['iot:Publish', 'iot:Receive', 'iot:Publish'], Resource: [statement.Resource] });
    expect(text(a)).toBe(text(b));
    expect(text(a)).not.toBe(text(policy({})));
  });
});
