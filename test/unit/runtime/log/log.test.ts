import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  contextLogger,
  createLogger,
  type LoggerOptions,
  REDACTED,
  redactText,
  redactValue,
  silentLogger,
  withLogger,
} from '../../../../operator/runtime/log.ts';

function setup(options: Partial<LoggerOptions> = {}) {
  const lines: string[] = [];
  const log = createLogger({
    now: () => Date.UTC(2026, 4, 1, 12, 30, 15, 250),
    write: (l) => lines.push(l),
    ...options,
  });
  return { log, lines, records: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const PEM = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const KEY_BODY = PEM.split('\n')[1] ?? '';

describe('a line', () => {
  it('has the keys that parsers of Kubernetes logs expect, and ends with one line break', () => {
    const { log, lines, records } = setup();
    log.info('Creating thing', { thing: 'press-1' });
    expect(lines[0]?.endsWith('}\n')).toBe(true);
    expect(records()).toEqual([
      { level: 'info', ts: '2026-05-01T12:30:15.250Z', msg: 'Creating thing', thing: 'press-1' },
    ]);
  });

  it('carries the fields of every parent', () => {
    const { log, records } = setup();
    log.child({ controller: 'device' }).child({ reconcileID: 'r1' }).warn('Retrying', { delayMs: 5 });
    expect(records()[0]).toMatchObject({ controller: 'device', reconcileID: 'r1', delayMs: 5, level: 'warn' });
  });

  it('shows an error with its stack and causes, but nothing else that hangs on it', () => {
    const { log, records } = setup();
    const cause = new Error('ECONNRESET');
    const error = Object.assign(new Error('request failed', { cause }), {
      request: { headers: { authorization: 'Bearer x' } },
    });
    log.error('Failing', { err: error });
    const err = records()[0]?.err as Record<string, unknown>;
    expect(err).toMatchObject({ name: 'Error', message: 'request failed', cause: { message: 'ECONNRESET' } });
    expect(err.stack).toContain('log.test.ts');
    expect(Object.keys(err).sort()).toEqual(['cause', 'message', 'name', 'stack']);
  });

  it('does not let a field pass for the level, time or message of the line', () => {
    const { log, records } = setup();
    log.error('Real message', { msg: 'forged', level: 'debug', ts: 'never' });
    expect(records()[0]).toMatchObject({ msg: 'Real message', level: 'error', msg_: 'forged' });
  });

  it('is left out below the level', () => {
    const { log, lines } = setup({ level: 'warn' });
    log.debug('a');
    log.info('b');
    log.warn('c');
    expect(lines).toHaveLength(1);
    expect(log.debugEnabled).toBe(false);
  });

  it('survives values that JSON cannot hold', () => {
    const loop: Record<string, unknown> = { name: 'x' };
    loop.self = loop;
    const { log, records } = setup();
    log.info('Odd', {
      loop,
      big: 12n,
      fn: () => 1,
      date: new Date(Number.NaN),
      bytes: new Uint8Array(3),
      nothing: undefined,
    });
    expect(records()[0]).toMatchObject({ big: '12', date: 'Invalid Date', bytes: '[3 bytes]' });
  });

  it('bounds what a huge value takes', () => {
    const { log, lines } = setup();
    log.info('Many', { names: Array.from({ length: 100_000 }, (_, i) => `device-${i}`) });
    expect(lines[0]!.length).toBeLessThan(2_000);
    expect(lines[0]).toContain('99950 more');
  });
});

describe('secrets', () => {
  const texts = [
    { reason: 'a whole private key', text: `got ${PEM} back`, secret: KEY_BODY, kept: 'back' },
    {
      reason: 'a key cut off before its end',
      text: `got ${PEM.slice(0, 90)}`,
      secret: KEY_BODY.slice(0, 20),
      kept: 'got',
    },
    { reason: 'a key with escaped line breaks', text: JSON.stringify({ pem: PEM }), secret: KEY_BODY, kept: 'pem' },
    {
      reason: 'the password of a Git URL',
      text: 'fatal: https://bot:s3cretpass@git.example/x.git',
      secret: 's3cretpass',
      kept: 'bot',
    },
    {
      reason: 'a bearer header',
      text: 'authorization: Bearer abcdef123456',
      secret: 'abcdef123456',
      kept: 'authorization',
    },
    {
      reason: 'a GitHub token',
      text: 'token ghp_0123456789abcdefABCDEF rejected',
      secret: 'ghp_0123',
      kept: 'rejected',
    },
    {
      reason: 'a service account token',
      text: 'jwt eyJhbGciOiJSUzI1.eyJpc3MiOiJrdWJl.c2lnbmF0dXJl',
      secret: 'eyJpc3Mi',
      kept: 'jwt',
    },
    {
      reason: 'an AWS secret in an INI line',
      text: 'aws_secret_access_key = wJalrXUtnFEMI/K7MDENG',
      secret: 'wJalrXUt',
      kept: 'secret_access_key',
    },
    {
      reason: 'an AWS secret in JSON',
      text: '{"SecretAccessKey":"wJalrXUtnFEMI/K7MDENG"}',
      secret: 'wJalrXUt',
      kept: 'SecretAccessKey',
    },
    {
      reason: 'a presigned query',
      text: 'GET /x?X-Amz-Signature=0123456789abcdef&a=1',
      secret: '0123456789abcdef',
      kept: 'a=1',
    },
    { reason: 'a password in a message', text: 'password: "correct horse"', secret: 'correct', kept: 'password' },
  ];
  it.each(texts)('takes out $reason', ({ text, secret, kept }) => {
    const { log, lines } = setup();
    log.info(text, { text, nested: { list: [text] }, err: new Error(text, { cause: new Error(text) }) });
    log.child({ text }).info('x');
    expect(lines.join('')).not.toContain(secret);
    expect(redactText(text)).toContain(kept);
  });

  const harmless = [
    'Creating thing press-1',
    'arn:aws:iot:eu-west-1:123456789012:cert/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef',
    '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----',
    '-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----',
    'https://git.example/team/fleet.git',
    'git@github.com:team/fleet.git',
    'Secret factory/press-1-cert is missing',
    'The token bucket of AttachPolicy is empty for 120 ms',
  ];
  it.each(harmless)('leaves %s as it is', (text) => {
    expect(redactText(text)).toBe(text);
  });

  it.each([
    'privateKey',
    'private_key',
    'SecretAccessKey',
    'X-Amz-Security-Token',
    'Authorization',
    'password',
    'token',
  ])('hides the value of a field named %s, whatever it is', (key) => {
    expect(redactValue({ deep: { [key]: 'plain words' } })).toEqual({ deep: { [key]: REDACTED } });
  });

  it('does not hide absent values, so that a missing password shows as missing', () => {
    expect(redactValue({ password: undefined, token: null })).toEqual({ password: undefined, token: null });
  });

  it('finds a key in any surroundings', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (before, after) => {
        expect(redactText(`${before}${PEM}${after}`)).not.toContain(KEY_BODY);
      }),
    );
  });

  it('is quick on hostile texts', () => {
    const hostile = [
      '-----BEGIN PRIVATE KEY-----'.repeat(3_000),
      `https://${'a:'.repeat(40_000)}`,
      'secret=secret='.repeat(8_000),
      `Bearer ${' '.repeat(80_000)}`,
      'eyJ'.repeat(30_000),
    ];
    for (const text of hostile) {
      const began = performance.now();
      redactText(text);
      expect(performance.now() - began, text.slice(0, 30)).toBeLessThan(500);
    }
  });
});

describe('the form for people', () => {
  it('is one line with time, level, message and fields', () => {
    const { log, lines } = setup({ format: 'pretty' });
    log
      .child({ object: { kind: 'Device', namespace: 'factory', name: 'press-1' }, reconcileID: 'r1' })
      .info('Creating thing', {
        note: 'two words',
        count: 3,
      });
    expect(lines).toEqual([
      '12:30:15.250 INFO  Creating thing object=Device/factory/press-1 note="two words" count=3\n',
    ]);
  });

  it('puts the stack of an error below', () => {
    const { log, lines } = setup({ format: 'pretty' });
    log.error('Failing', { err: new Error('boom') });
    expect(lines[0]).toMatch(/^12:30:15.250 ERROR Failing\n {4}Error: boom\n {8}at /);
  });

  it('colours only when told to', () => {
    expect(setup({ format: 'pretty' }).log.info('a')).toBeUndefined();
    const plain = setup({ format: 'pretty' });
    plain.log.info('a');
    expect(plain.lines[0]).not.toContain('\u001b');
    const bright = setup({ format: 'pretty', colour: true });
    bright.log.warn('a');
    expect(bright.lines[0]).toContain('\u001b[33mWARN \u001b[0m');
  });

  it('does not let a message fake a second line', () => {
    const { log, lines } = setup({ format: 'pretty' });
    log.info('one\n12:00:00.000 ERROR two');
    expect(lines[0]?.split('\n')).toHaveLength(2);
  });
});

describe('the logger of the running reconcile', () => {
  it('follows awaits and does not leak into others', async () => {
    const a = setup();
    const b = setup();
    const work = async (times: number) => {
      for (let i = 0; i < times; i++) await Promise.resolve();
      contextLogger(silentLogger).info(`after ${times}`);
    };
    await Promise.all([withLogger(a.log, () => work(3)), withLogger(b.log, () => work(1)), work(2)]);
    expect(a.records().map((r) => r.msg)).toEqual(['after 3']);
    expect(b.records().map((r) => r.msg)).toEqual(['after 1']);
  });
});
