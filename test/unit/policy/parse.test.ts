import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalText, compare, parsePolicy, parsePolicyValue, policySize } from '../../../operator/policy/index.ts';
import { arn } from './words.ts';

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

  it.each<readonly [reason: string, source: string, findings: readonly string[]]>([
    [
      'a list in place of a policy',
      '[]',
      ['error shape 1:1 a policy is an object with Version and Statement, not a list'],
    ],
    ['a text', ' "x"', ['error shape 1:2 a policy is an object with Version and Statement, not a string']],
    ['null', 'null', ['error shape 1:1 a policy is an object with Version and Statement, not null']],
    ['a number', '5', ['error shape 1:1 a policy is an object with Version and Statement, not a number']],
    [
      'an element from nowhere',
      '{"Version": "2012-10-17", "Statement": [], "a/b~c": 1}',
      ['error unknown-element 1:53 AWS IoT knows no element "a/b~c" in a policy'],
    ],
    [
      'no Version',
      '{"Statement": []}',
      ['warning version 1:1 no Version: AWS takes 2008-10-17, in which policy variables are plain text'],
    ],
    [
      'another Version',
      '{"Version": "2020-01-01", "Statement": []}',
      ['error version 1:13 Version must be "2012-10-17" (or the older "2008-10-17")'],
    ],
    ['no Statement', '{"Version": "2012-10-17"}', ['error shape 1:1 a policy needs a Statement']],
    [
      'a statement that is a text',
      '{"Version": "2012-10-17", "Statement": ["x"]}',
      ['error shape 1:41 a statement is an object, not a string'],
    ],
    [
      'one statement that is null',
      '{"Version": "2012-10-17", "Statement": null}',
      ['error shape 1:40 a statement is an object, not null'],
    ],
    [
      'a Sid that is no text',
      '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iot:Publish", "Resource": "*", "Sid": 5}]}',
      ['error shape 1:110 Sid must be a string'],
    ],
    [
      'NotAction',
      '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "NotAction": "iot:Publish", "Resource": "*"}]}',
      ['warning not-action 1:74 no AWS IoT example uses NotAction and AWS may refuse it; list the actions'],
    ],
    [
      'a Principal',
      '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iot:Publish", "Resource": "*", "Principal": "*"}]}',
      ["error unknown-element 1:116 Principal has no place in an AWS IoT policy: the policy's target is the principal"],
    ],
    [
      'NotPrincipal',
      '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iot:Publish", "Resource": "*", "NotPrincipal": "*"}]}',
      [
        "error unknown-element 1:119 NotPrincipal has no place in an AWS IoT policy: the policy's target is the principal",
      ],
    ],
    [
      'an unknown element',
      '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iot:Publish", "Resource": "*",\n "Ressource": "*"}]}',
      ['error unknown-element 2:15 AWS IoT knows no element "Ressource" in a statement'],
    ],
    [
      'no Effect',
      '{"Version": "2012-10-17", "Statement": [{"Action": "iot:Publish", "Resource": "*"}]}',
      ['error shape 1:41 Effect must be "Allow" or "Deny"'],
    ],
    [
      'an Effect in small letters',
      '{"Version": "2012-10-17", "Statement": [{"Effect": "allow", "Action": "iot:Publish", "Resource": "*"}]}',
      ['error shape 1:52 Effect must be "Allow" or "Deny"'],
    ],
    [
      'Action and NotAction',
      '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iot:Publish", "Resource": "*", "NotAction": "iot:*"}]}',
      ['error shape 1:116 a statement has Action or NotAction, not both'],
    ],
    [
      'Resource and NotResource',
      '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iot:Publish", "Resource": "*", "NotResource": "*"}]}',
      ['error shape 1:118 a statement has Resource or NotResource, not both'],
    ],
    [
      'no Action',
      '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Resource": "*"}]}',
      ['error shape 1:41 a statement needs Action'],
    ],
    [
      'no Resource',
      '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iot:*"}]}',
      ['error shape 1:41 a statement needs Resource'],
    ],
    [
      'an empty list',
      '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": [], "Resource": "*"}]}',
      ['error shape 1:71 Action must not be empty'],
    ],
    [
      'a number in a list',
      '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["iot:*", 5], "Resource": "*"}]}',
      ['error shape 1:81 expected a string, found a number'],
    ],
    [
      'an object for a list',
      '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": {}, "Resource": "*"}]}',
      ['error shape 1:71 expected a string, found an object', 'error shape 1:71 Action must not be empty'],
    ],
    [
      'null in a list',
      '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": [null], "Resource": "*"}]}',
      ['error shape 1:72 expected a string, found null', 'error shape 1:71 Action must not be empty'],
    ],
    [
      'a list in a list',
      '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": [["iot:*"]], "Resource": "*"}]}',
      ['error shape 1:72 expected a string, found a list', 'error shape 1:71 Action must not be empty'],
    ],
    [
      'half a surrogate pair',
      '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iot:*", "Resource": ["*", "\\ud800"]}]}',
      ['error text 1:98 the text holds half of a surrogate pair, which is not valid Unicode'],
    ],
    [
      'a zero character',
      '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iot:*", "Resource": ["*", "a\\u0000"]}]}',
      ['error text 1:98 the text holds U+0000, which MQTT and AWS refuse'],
    ],
    [
      'a Condition that is a list',
      '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iot:Publish", "Resource": "*", "Condition": []}]}',
      ['error shape 1:116 Condition is an object of operators, not a list'],
    ],
    [
      'an operator without keys',
      '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iot:Publish", "Resource": "*", "Condition": {"Bool": "true"}}]}',
      ['error shape 1:125 the operator Bool takes an object of keys, not a string'],
    ],
    [
      'a value that is an object',
      '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iot:Publish", "Resource": "*", "Condition": {"Bool": {"aws:K": {}}}}]}',
      ['error shape 1:135 expected a string, found an object'],
    ],
    [
      'a value that is null',
      '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iot:Publish", "Resource": "*", "Condition": {"Bool": {"aws:K": [true, null]}}}]}',
      ['error shape 1:142 expected a string, found null'],
    ],
    [
      'no value',
      '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iot:Publish", "Resource": "*", "Condition": {"Bool": {"aws:K": []}}}]}',
      [],
    ],
    [
      'truths and numbers',
      '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iot:Publish", "Resource": "*", "Condition": {"Bool": {"aws:K": true}, "NumericEquals": {"aws:N": [1, 2.5]}}}]}',
      [],
    ],
    [
      'two errors',
      '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iot:Publish", "Resource": "*", "Condition": [], "Sid": 1}]}',
      ['error shape 1:127 Sid must be a string', 'error shape 1:116 Condition is an object of operators, not a list'],
    ],
    [
      'a key twice',
      '{"Version": "2012-10-17",\n "Version": "2008-10-17", "Statement": []}',
      ['error duplicate-key 2:13 the key "Version" occurs twice; readers differ on which one counts'],
    ],
    [
      'a key twice inside',
      '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iot:Publish", "Resource": "*", "Condition": {"Bool": {"aws:K": "true"},\n "Bool": {"aws:L": "true"}}}]}',
      ['error duplicate-key 2:10 the key "Bool" occurs twice; readers differ on which one counts'],
    ],
    [
      'the end of the text in a list',
      '{"Version": "2012-10-17", "Statement": [',
      ['error syntax 1:41 expected a value, the text ends'],
    ],
    ['the end behind a value', '{"Version": "2012-10-17"', ['error syntax 1:25 expected "}", the text ends']],
    ['the end behind a key', '{"Version"', ['error syntax 1:11 expected ":", the text ends']],
    ['a comma at the end', '{"Version": "2012-10-17",}', ['error syntax 1:26 expected a key in double quotes']],
    ['a comma at the end of a list', '{"Statement": [1,]}', ['error syntax 1:18 expected a value, found "]"']],
    ['two values without a comma', '{"Statement": [1 2]}', ['error syntax 1:18 expected "]", found "2"']],
    ['no colon', '{"Statement" []}', ['error syntax 1:14 expected ":", found "["']],
    ['a leading zero', '{"Version": 012}', ['error syntax 1:13 expected a value, found "0"']],
    ['a plus sign', '{"Version": +1}', ['error syntax 1:13 expected a value, found "+"']],
    ['a word', '{"Version": nul}', ['error syntax 1:13 expected a value, found "n"']],
    ['a word that goes on', '{"Version": nulls}', ['error syntax 1:13 expected a value, found "n"']],
    ['a control character', '{"Version": "a\u0001"}', ['error syntax 1:15 control character in a string']],
    ['a line break in a string', '{"Version": "a\nb"}', ['error syntax 1:15 control character in a string']],
    ['a string without an end', '{"Version": "a', ['error syntax 1:13 string without an end']],
    ['a string that ends with a backslash', '{"Version": "a\\', ['error syntax 1:13 string without an end']],
    ['an escape that JSON does not know', '{"Version": "\\x41"}', ['error syntax 1:13 invalid escape in a string']],
    ['nothing at all', '', ['error syntax 1:1 expected a value, the text ends']],
    ['white space', ' \n\t ', ['error syntax 2:3 expected a value, the text ends']],
    ['text behind the end', '{} x', ['error syntax 1:4 unexpected text after the end of the document']],
    ['a key without quotes', '{Version: 1}', ['error syntax 1:2 expected a key in double quotes']],
    ['a mark at the beginning', '\ufeff{"Version": "2012-10-17", "Statement": []}', []],
    [
      'lines',
      '{\r\n\t"Version": "2012-10-17",\r\n\t"Statement": [] ,\r\n "x": 1 }',
      ['error unknown-element 4:7 AWS IoT knows no element "x" in a policy'],
    ],
    [
      'a key with a slash twice',
      '{"a/b~": 1, "a/b~": 1}',
      [
        'error unknown-element 1:21 AWS IoT knows no element "a/b~" in a policy',
        'warning version 1:1 no Version: AWS takes 2008-10-17, in which policy variables are plain text',
        'error shape 1:1 a policy needs a Statement',
        'error duplicate-key 1:21 the key "a/b~" occurs twice; readers differ on which one counts',
      ],
    ],
  ])('says of %s what is wrong and where', (_reason, source, expected) => {
    const { document, findings } = parsePolicy(source);
    const said = findings.map(
      ({ severity, code, message, at }) => `${severity} ${code} ${at?.line}:${at?.column} ${message}`,
    );
    expect(said).toEqual(expected);
    expect(document === undefined).toBe(findings.some(({ severity }) => severity === 'error'));
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

  it('has the name, the version and the place of the document, and the Sid of each statement', () => {
    const source = ' {"Statement": [{"Sid": "one", "Effect": "Allow", "Action": "iot:Publish", "Resource": "*"}]}';
    const { document } = parsePolicy(source);
    expect(document).toMatchObject({ name: 'policy', version: '2008-10-17', at: { line: 1, column: 2 } });
    expect(document?.statements.map(({ sid }) => sid)).toEqual(['one']);
    expect(parsePolicy(source, { name: 'base.json' }).document?.name).toBe('base.json');
    expect(parsePolicyValue(policy({})).document?.statements[0]?.sid).toBeUndefined();
  });

  it('puts an error at the closest place that is known', () => {
    const positions = new Map([
      ['', { line: 1, column: 1 }],
      ['/Statement/0', { line: 3, column: 5 }],
    ]);
    const places = (value: unknown, known = positions): readonly unknown[] =>
      parsePolicyValue(value, { positions: known }).findings.map(({ at }) => at);
    expect(places(policy({ Sid: 5 }))).toEqual([{ line: 3, column: 5 }]);
    expect(places({ ...Object(policy({})), Id: 1, x: 1 })).toEqual([{ line: 1, column: 1 }]);
    expect(places(policy({ Sid: 5 }), new Map())).toEqual([undefined]);
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

  it('reads a million characters and no more', () => {
    const padded = (length: number): string => '{"Version":"2012-10-17","Statement":[]}'.padEnd(length);
    expect(parsePolicy(padded(1_000_000))).toMatchObject({ document: { size: 39 }, findings: [] });
    expect(parsePolicy(padded(1_000_001))).toEqual({
      document: undefined,
      findings: [
        {
          severity: 'error',
          code: 'size',
          message: 'the document has 1000001 characters; AWS accepts 2048, and it was not read',
          at: { line: 1, column: 1 },
        },
      ],
    });
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
    const sized = (size: number) => {
      const empty = policySize(JSON.stringify(policy({ Resource: '' })));
      return parsePolicyValue(policy({ Resource: 'x'.repeat(size - empty) }));
    };
    expect(sized(2048)).toMatchObject({ document: { size: 2048 }, findings: [] });
    expect(sized(2049)).toMatchObject({
      document: { size: 2049 },
      findings: [
        { severity: 'warning', code: 'size', message: '2049 characters without white space; AWS accepts 2048' },
      ],
    });
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
