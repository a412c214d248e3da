import { createHash, createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import { terminal } from '../../runtime/errors.ts';

/** SHA-256 of the SubjectPublicKeyInfo, in hexadecimal: by it a certificate is recognised whoever issued it. */
export function publicKeyHash(key: KeyObject): string {
  return createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex');
}

export function certificateKeyHash(pem: string): string {
  return publicKeyHash(new X509Certificate(pem).publicKey);
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
    return publicKeyHash(createPublicKey({ key: spkiOfRequest(derOf(csrPem)), type: 'spki', format: 'der' }));
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
  let at = info.content;
  for (let skipped = 0; skipped < 2; skipped += 1) at = element(der, at).end;
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
