import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { children, fromPem, read, readOid } from './der.ts';

/** A certificate signing request (RFC 2986) whose own signature was checked. */
export interface SigningRequest {
  /** The subject name and public key as DER, to be copied into the certificate. */
  readonly subject: Buffer;
  readonly publicKeyInfo: Buffer;
  readonly publicKey: KeyObject;
}

export class CsrError extends Error {}

const HASHES: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
  '1.2.840.10045.4.3.2': 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
};

const CURVES = ['prime256v1', 'secp384r1', 'secp521r1'];

/** Reads a PEM request; throws CsrError with the reason AWS would refuse it for. */
export function readCsr(text: string): SigningRequest {
  const der = fromPem(text, ['CERTIFICATE REQUEST', 'NEW CERTIFICATE REQUEST']);
  if (!der) throw new CsrError('The certificate signing request is not PEM.');
  const { info, subject, publicKeyInfo, algorithm, signature } = split(der);
  const publicKey = readKey(publicKeyInfo);
  const hash = HASHES[algorithm];
  if (!hash) throw new CsrError(`The signature algorithm ${algorithm} is not supported.`);
  if (!verify(hash, info, publicKey, signature)) throw new CsrError('The signature of the request is not valid.');
  return { subject, publicKeyInfo, publicKey };
}

function split(der: Buffer) {
  try {
    const [info, algorithm, signature] = children(read(der));
    if (!info || !algorithm || !signature) throw new RangeError('too few elements');
    const [, subject, publicKeyInfo] = children(info);
    const algorithmId = children(algorithm)[0];
    if (!subject || !publicKeyInfo || !algorithmId) throw new RangeError('too few elements');
    return {
      info: info.raw,
      subject: subject.raw,
      publicKeyInfo: publicKeyInfo.raw,
      algorithm: readOid(algorithmId),
      signature: signature.content.subarray(1),
    };
  } catch (error) {
    if (error instanceof RangeError) throw new CsrError('The certificate signing request is malformed.');
    throw error;
  }
}

function readKey(publicKeyInfo: Buffer): KeyObject {
  let key: KeyObject;
  try {
    key = createPublicKey({ key: publicKeyInfo, format: 'der', type: 'spki' });
  } catch {
    throw new CsrError('The public key of the request cannot be read.');
  }
  const details = key.asymmetricKeyDetails;
  const strong =
    key.asymmetricKeyType === 'rsa'
      ? (details?.modulusLength ?? 0) >= 2048
      : key.asymmetricKeyType === 'ec' && CURVES.includes(details?.namedCurve ?? '');
  if (!strong) throw new CsrError('The key must be RSA of at least 2048 bits or on NIST curve P-256, P-384 or P-521.');
  return key;
}
