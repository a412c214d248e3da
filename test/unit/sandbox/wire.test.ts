import * as iot from '@aws-sdk/client-iot';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Router } from '../../../operator/sandbox/wire/router.ts';
import { readSchemas, type Shape } from '../../../operator/sandbox/wire/shapes.ts';
import { SigningKeys, sign } from '../../../operator/sandbox/wire/sigv4.ts';
import { table } from '../../../operator/sandbox/wire/table.ts';
import { compilePattern, Validator } from '../../../operator/sandbox/wire/validate.ts';
import { fromJson, toJson } from '../../../operator/sandbox/wire/values.ts';

const { operations, errors } = readSchemas(iot as unknown as Record<string, unknown>);

describe('the SDK’s schemas', () => {
  it('give every operation of the client a method and a path', () => {
    const commands = Object.keys(iot).filter((name) => /^[A-Z].*Command$/.test(name));
    expect(operations.length).toBe(commands.length);
    expect(operations.every((o) => o.http !== undefined)).toBe(true);
    expect(errors.get('LimitExceededException')).toMatchObject({ status: 410 });
    expect(errors.get('ThrottlingException')).toMatchObject({ status: 400 });
  });

  it('route every operation’s own path back to it', () => {
    const router = new Router(operations);
    for (const operation of operations) {
      const segments = (operation.http?.path ?? '')
        .split('/')
        .slice(1)
        .map((s) => s.replace(/^\{.*\}$/, 'some-name'));
      const match = router.match(operation.http?.method ?? '', segments);
      expect(match?.operation.name).toBe(operation.name);
    }
  });

  it('agree with the constraint table on every operation and input member', () => {
    const { operations: known, structures } = table('iot');
    expect(Object.keys(known).sort()).toEqual(operations.map((o) => o.name).sort());
    for (const { input } of operations) {
      for (const member of Object.keys(structures[input.name]?.members ?? {}))
        expect([...input.members.keys()]).toContain(member);
    }
  });
});

describe('values', () => {
  const shape: Shape = {
    kind: 'structure',
    name: 'S',
    members: new Map(
      (
        [
          ['text', { kind: 'string' }],
          ['count', { kind: 'number' }],
          ['flag', { kind: 'boolean' }],
          ['at', { kind: 'timestamp', format: 'default' }],
          ['bytes', { kind: 'blob' }],
          ['list', { kind: 'list', member: { kind: 'string' } }],
          ['map', { kind: 'map', value: { kind: 'number' } }],
        ] as [string, Shape][]
      ).map(([name, inner]) => [name, { name, wireName: name, location: 'body' as const, shape: inner }]),
    ),
  };

  it('come back as they were written', () => {
    const value = fc.record(
      {
        text: fc.string({ unit: 'binary' }),
        count: fc.integer(),
        flag: fc.boolean(),
        at: fc.date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true }),
        bytes: fc.uint8Array().map((b) => Buffer.from(b)),
        list: fc.array(fc.string()),
        map: fc.dictionary(fc.string(), fc.integer()),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(value, (given) => {
        const wire: unknown = JSON.parse(JSON.stringify(toJson(shape, given)));
        const back = fromJson(shape, wire, '') as Record<string, unknown>;
        expect(toJson(shape, back)).toEqual(toJson(shape, given));
        expect(Object.keys(back).sort()).toEqual(Object.keys(given).sort());
      }),
    );
  });

  it('of any other type are refused, never converted', () => {
    fc.assert(
      fc.property(fc.constantFrom(...shape.members.keys()), fc.jsonValue({ maxDepth: 2 }), (member, value) => {
        const kind = shape.members.get(member)?.shape.kind;
        try {
          const read = fromJson(shape, { [member]: value }, '') as Record<string, unknown>;
          if (value === null) expect(read).not.toHaveProperty(member);
          else if (kind === 'string') expect(typeof value).toBe('string');
          else if (kind === 'list') expect(Array.isArray(value)).toBe(true);
        } catch (error) {
          expect((error as Error).name).toBe('SerializationException');
        }
      }),
    );
  });
});

describe('constraints', () => {
  it.each([
    {
      pattern: '[a-zA-Z0-9:_-]+',
      good: ['a:b_c-9'],
      bad: ['', 'a b', 'ä', 'a\n'],
      reason: 'the whole value, not a part',
    },
    { pattern: '[\\p{Graph}\\x20]*', good: ['a b', ''], bad: ['a\tb', 'é'], reason: 'a Java class' },
    { pattern: '[\\p{Upper}\\p{Digit}_]+', good: ['A_1'], bad: ['a'], reason: 'two Java classes' },
    { pattern: '[^\\p{C}]*', good: ['é ☃'], bad: ['a\u0007'], reason: 'a Unicode category' },
    { pattern: '[a-zA-Z0-9-_.]+', good: ['a-b_c.d'], bad: ['a b'], reason: 'a dash after a range' },
  ])('translate $reason: $pattern', ({ pattern, good, bad }) => {
    const compiled = compilePattern(pattern);
    for (const text of good) expect(compiled.test(text)).toBe(true);
    for (const text of bad) expect(compiled.test(text)).toBe(false);
  });

  it('compile for every service', () => {
    for (const service of ['iot', 'iotdata', 'iot-jobs-data', 'IoTSecuredTunneling', 'sts', 'sqs', 'logs'] as const) {
      for (const { pattern } of table(service).rules) if (pattern !== undefined) compilePattern(pattern);
    }
  });

  it('name the place and the rule in AWS’s words', () => {
    const validator = new Validator('iot');
    const input = operations.find((o) => o.name === 'CreateThing')?.input;
    if (!input) throw new Error('no CreateThing');
    const check = (value: Record<string, unknown>) => () => validator.check('CreateThing', input, value);
    expect(check({ thingName: 'ok' })).not.toThrow();
    expect(check({})).toThrow("Value null at 'thingName' failed to satisfy constraint: Member must not be null");
    expect(check({ thingName: 'x'.repeat(129) })).toThrow('Member must have length less than or equal to 128');
    expect(check({ thingName: 'a', attributePayload: { attributes: { 'bad name': 'v' } } })).toThrow(
      'regular expression',
    );
    expect(check({ thingName: 'a', attributePayload: { attributes: { a: 'v'.repeat(801) } } })).toThrow('800');
  });
});

describe('signing', () => {
  it('gives the signature of the example "get-vanilla" in AWS’s SigV4 test suite', () => {
    const scope = {
      accessKeyId: 'AKIDEXAMPLE',
      date: '20150830',
      region: 'us-east-1',
      service: 'service',
      signedHeaders: ['host', 'x-amz-date'],
      signature: '',
    };
    const headers = { host: 'example.amazonaws.com', 'x-amz-date': '20150830T123600Z' };
    const key = new SigningKeys().get('wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY', scope);
    const request = { method: 'GET', path: '/', headers, body: new Uint8Array() };
    expect(sign(request, scope, '20150830T123600Z', key)).toBe(
      '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31',
    );
    // The order of the parameters on the wire does not matter: "get-vanilla-query-order-key-case".
    const query = { ...request, path: '/?Param2=value2&Param1=value1' };
    expect(sign(query, scope, '20150830T123600Z', key)).toBe(
      'b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500',
    );
  });
});
