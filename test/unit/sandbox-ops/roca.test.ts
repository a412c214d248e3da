import { generateKeyPairSync } from 'node:crypto';
import { expect, it } from 'vitest';
import { isRocaModulus } from '../../../operator/sandbox/ops/defender/roca.ts';

const PRIMORIAL = [
  2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109,
  113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
].reduce((product, prime) => product * BigInt(prime), 1n);

function power(exponent: number): bigint {
  let value = 1n;
  for (let i = 0; i < exponent; i++) value = (value * 65537n) % PRIMORIAL;
  return value;
}

it('a modulus made the way of CVE-2017-15361 is recognised, whatever the multiple of the primorial', () => {
  for (const exponent of [0, 1, 77, 1234]) {
    const modulus = (1n << 1800n) * PRIMORIAL + power(exponent);
    expect(isRocaModulus(modulus)).toBe(true);
    expect(isRocaModulus(modulus + 2n)).toBe(false);
  }
});

it('a key of a sound library is not taken for one', () => {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const { n = '' } = publicKey.export({ format: 'jwk' });
  expect(isRocaModulus(BigInt(`0x${Buffer.from(n, 'base64url').toString('hex')}`))).toBe(false);
});
