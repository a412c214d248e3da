import { createPublicKey, generateKeyPair, type KeyObject, sign } from 'node:crypto';
import { promisify } from 'node:util';

const generate = promisify(generateKeyPair);

/** A new P-256 key: RSA of AWS's least size takes fifty milliseconds of a thread each, and is no safer. */
export async function newPrivateKey(): Promise<KeyObject> {
  const { privateKey } = await generate('ec', { namedCurve: 'P-256' });
  return privateKey;
}

const OID_COMMON_NAME = Buffer.from('0603550403', 'hex');
const ECDSA_WITH_SHA256 = Buffer.from('300a06082a8648ce3d040302', 'hex');
const VERSION_0 = Buffer.from('020100', 'hex');
const NO_ATTRIBUTES = Buffer.from('a000', 'hex');

/** PKCS #10 request (RFC 2986) for a P-256 key, in PEM. */
export function certificateRequest(key: KeyObject, commonName: string): string {
  const subject = tlv(0x30, tlv(0x31, tlv(0x30, OID_COMMON_NAME, tlv(0x0c, Buffer.from(commonName)))));
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' });
  const info = tlv(0x30, VERSION_0, subject, spki, NO_ATTRIBUTES);
  const signature = sign('sha256', info, { key, dsaEncoding: 'der' });
  // The first byte of a BIT STRING counts unused bits.
  const der = tlv(0x30, info, ECDSA_WITH_SHA256, tlv(0x03, Buffer.from([0]), signature));
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE REQUEST-----', ...lines, '-----END CERTIFICATE REQUEST-----', ''].join('\n');
}

function tlv(tag: number, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  if (body.length < 0x80) return Buffer.concat([Buffer.from([tag, body.length]), body]);
  const hex = body.length.toString(16);
  const size = Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex');
  return Buffer.concat([Buffer.from([tag, 0x80 | size.length]), size, body]);
}
