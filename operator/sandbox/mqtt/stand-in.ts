import { createHash, createPublicKey, generateKeyPairSync } from 'node:crypto';
import type { CertificateAuthority } from '../x509/authority.ts';
import { pem } from '../x509/der.ts';

const DAY_MS = 86_400_000;

/** A new key with a certificate for it. The fingerprint is what the door sees of it. */
export function issueStandIn(
  authority: CertificateAuthority,
  certificateId: string,
): { readonly fingerprint: string; readonly certificatePem: string; readonly keyPem: string } {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const certificate = authority.issue({
    subject: { commonName: `stand-in for ${certificateId.slice(0, 12)}` },
    publicKeyInfo: createPublicKey(privateKey).export({ type: 'spki', format: 'der' }),
    notBefore: Date.now() - DAY_MS,
    notAfter: Date.now() + 365 * DAY_MS,
  });
  return {
    fingerprint: createHash('sha256').update(certificate).digest('hex'),
    certificatePem: pem('CERTIFICATE', certificate),
    keyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}
