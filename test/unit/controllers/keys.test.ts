import { execFileSync } from 'node:child_process';
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { certificateRequest, newPrivateKey } from '../../../operator/controllers/device/csr.ts';
import {
  certificateId,
  certificateKeyHash,
  publicKeyHash,
  requestKeyHash,
} from '../../../operator/controllers/device/keys.ts';
import { durationMs } from '../../../operator/controllers/external/duration.ts';
import { hasOpenssl } from '../../support/machine.ts';

const folder = mkdtempSync(join(tmpdir(), 'fleetward-keys-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function openssl(...args: string[]): string {
  return execFileSync('openssl', args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

describe.skipIf(!hasOpenssl)('requests and keys, with OpenSSL as the judge (needs openssl)', () => {
  test('our request is one that OpenSSL accepts, with the name and the key in it', async () => {
    const key = await newPrivateKey();
    writeFileSync(join(folder, 'a.csr'), certificateRequest(key, 'press-1'));
    expect(openssl('req', '-in', 'a.csr', '-verify', '-noout', '-subject')).toContain('press-1');
    expect(requestKeyHash(readFileSync(join(folder, 'a.csr'), 'utf8'))).toBe(publicKeyHash(createPublicKey(key)));
  });

  test.each([
    ['ec', ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-384']],
    ['rsa', ['-newkey', 'rsa:2048']],
  ])('a certificate is recognised by the key of its request (%s)', (name, newkey) => {
    openssl(
      'req',
      '-new',
      ...newkey,
      '-nodes',
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.csr`,
      '-subj',
      '/CN=a device/O=some plant',
    );
    openssl('x509', '-req', '-in', `${name}.csr`, '-signkey', `${name}.key`, '-out', `${name}.crt`, '-days', '1');
    const [csr, pem] = [
      readFileSync(join(folder, `${name}.csr`), 'utf8'),
      readFileSync(join(folder, `${name}.crt`), 'utf8'),
    ];
    const key = createPrivateKey(readFileSync(join(folder, `${name}.key`)));
    expect(requestKeyHash(csr)).toBe(publicKeyHash(createPublicKey(key)));
    expect(certificateKeyHash(pem)).toBe(requestKeyHash(csr));
    expect(certificateId(pem)).toBe(createHash('sha256').update(new X509Certificate(pem).raw).digest('hex'));
  });

  test('names longer than one length byte are encoded right', () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    writeFileSync(join(folder, 'long.csr'), certificateRequest(privateKey, 'x'.repeat(128)));
    expect(openssl('req', '-in', 'long.csr', '-verify', '-noout', '-pubkey')).toContain('PUBLIC KEY');
  });
});

describe('requests and keys', () => {
  test.each(['', 'hello', '-----BEGIN CERTIFICATE REQUEST-----\nMII=\n-----END CERTIFICATE REQUEST-----'])(
    'what is no request is refused by name: %j',
    (text) => {
      expect(() => requestKeyHash(text)).toThrow(/csr/);
      expect(() => certificateId(text)).toThrow(/pem/);
    },
  );
});

test.each([
  ['10m', 600_000],
  ['1h30m', 5_400_000],
  ['90s', 90_000],
  ['1.5s', 1_500],
  ['250ms', 250],
])('%s is %i milliseconds', (text, ms) => {
  expect(durationMs(text)).toBe(ms);
});
