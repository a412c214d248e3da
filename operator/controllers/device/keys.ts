import { createHash, type KeyObject, X509Certificate } from 'node:crypto';
import { terminal } from '../../runtime/errors.ts';

/**
 * SHA-256 of the SubjectPublicKeyInfo as it is encoded, in hexadecimal: by it a certificate is recognised whoever issued
 * it. Taken from the bytes, because building key objects costs a millisecond a device, and an authority copies the key of
 * a request as it stands.
 */
function hashOf(spki: Buffer): string {
  return createHash('sha256').update(spki).digest('hex');
}

export function publicKeyHash(key: KeyObject): string {
  return hashOf(key.export({ type: 'spki', format: 'der' }));
}

/** Throws when the certificate cannot be read. */
export function certificateKeyHash(pem: string): string {
  return hashOf(spkiOfCertificate(derOf(pem)));
}

/** AWS's id of a certificate is the SHA-256 of its DER form. */
export function certificateId(pem: string): string {
  try {
    return createHash('sha256').update(new X509Certificate(pem).raw).digest('hex');
  } catch (cause) {
    throw terminal(
      'InvalidCertificate',
      'The certificate in `pem` cannot be read. Check that it was pasted whole.',
      cause,
    );
  }
}

export function requestKeyHash(csrPem: string): string {
  try {
    return hashOf(spkiOfRequest(derOf(csrPem)));
  } catch (cause) {
    throw terminal(
      'InvalidRequest',
      'The certificate signing request in `csr` cannot be read. Check that it was pasted whole.',
      cause,
    );
  }
}

function derOf(pem: string): Buffer {
  return Buffer.from(pem.replace(/-----[^-]+-----/g, ''), 'base64');
}

/**
 * CertificationRequest ::= SEQUENCE { SEQUENCE { version, subject, subjectPKInfo, … }, … } (RFC 2986): Node reads keys and
 * certificates but no requests, and the third element of the inner sequence is all that is needed.
 */
function spkiOfRequest(der: Buffer): Buffer {
  const info = element(der, element(der, 0).content);
  return nth(der, info.content, 2);
}

const EXPLICIT_VERSION = 0xa0;

/** Certificate ::= SEQUENCE { SEQUENCE { [0] version, serial, signature, issuer, validity, subject, subjectPKInfo … } … } */
function spkiOfCertificate(der: Buffer): Buffer {
  const tbs = element(der, element(der, 0).content);
  return nth(der, tbs.content, der[tbs.content] === EXPLICIT_VERSION ? 6 : 5);
}

function nth(der: Buffer, first: number, index: number): Buffer {
  let at = first;
  for (let skipped = 0; skipped < index; skipped += 1) at = element(der, at).end;
  return der.subarray(at, element(der, at).end);
}

interface Element {
  readonly content: number;
  readonly end: number;
}

function element(der: Buffer, at: number): Element {
  const first = der[at + 1];
  if (first === undefined) throw new RangeError('truncated DER');
  const long = first & 0x80 ? first & 0x7f : 0;
  const length = long === 0 ? first : der.readUIntBE(at + 2, long);
  const content = at + 2 + long;
  if (content + length > der.length) throw new RangeError('truncated DER');
  return { content, end: content + length };
}
