import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from 'node:crypto';
import { isIP } from 'node:net';
import * as der from './der.ts';

export interface IssueRequest {
  /** DER of a subject name, or a common name to make one from. */
  readonly subject: Buffer | { readonly commonName: string };
  /** DER SubjectPublicKeyInfo. */
  readonly publicKeyInfo: Buffer;
  readonly notBefore: number;
  readonly notAfter: number;
  /** DNS names and IP addresses of a server certificate. */
  readonly hosts?: readonly string[];
}

export interface AuthorityMaterial {
  /** P-256, or Ed25519, whose signatures are the same each time. */
  readonly keyPem: string;
  readonly certificatePem: string;
  /** Serial numbers of what it issues; default: twenty random bytes each. */
  readonly serial?: () => Buffer;
}

const OID = {
  commonName: '2.5.4.3',
  organization: '2.5.4.10',
  organizationalUnit: '2.5.4.11',
  ecdsaSha256: '1.2.840.10045.4.3.2',
  ed25519: '1.3.101.112',
  subjectKeyId: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKeyId: '2.5.29.35',
};

const CA_SUBJECT = name([
  [OID.organizationalUnit, 'AWS IoT sandbox'],
  [OID.organization, 'fleetward'],
]);

/** End of life of every certificate that AWS IoT issues: 2049-12-31T23:59:59Z. */
export const ISSUED_NOT_AFTER = Date.UTC(2049, 11, 31, 23, 59, 59);

/** The sandbox's certificate authority: one key that signs device and server certificates. */
export class CertificateAuthority {
  readonly certificatePem: string;
  readonly #key: KeyObject;
  readonly #keyId: Buffer;
  readonly #serial: () => Buffer;

  constructor(material: AuthorityMaterial) {
    this.certificatePem = material.certificatePem;
    this.#key = createPrivateKey(material.keyPem);
    this.#keyId = keyIdOf(spkiOf(this.#key));
    this.#serial = material.serial ?? randomSerial;
  }

  /** Issues a certificate for a public key; returns DER. */
  issue(request: IssueRequest): Buffer {
    const subject = Buffer.isBuffer(request.subject)
      ? request.subject
      : name([[OID.commonName, request.subject.commonName]]);
    const extensions = [
      extension(OID.authorityKeyId, der.sequence(der.encode(0x80, this.#keyId))),
      extension(OID.subjectKeyId, der.octets(keyIdOf(request.publicKeyInfo))),
      extension(OID.basicConstraints, der.sequence(), true),
      extension(OID.keyUsage, der.bits(Buffer.from([0x80]), 7), true),
    ];
    if (request.hosts) extensions.push(extension(OID.subjectAltName, der.sequence(...request.hosts.map(generalName))));
    return build({ ...request, subject, extensions, serial: this.#serial() }, this.#key);
  }

  /** A key and certificate for serving TLS on these hosts. The key lives only as long as the caller keeps it. */
  serverIdentity(hosts: readonly string[], now: number): { readonly key: string; readonly cert: string } {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const cert = this.issue({
      subject: { commonName: hosts[0] ?? 'localhost' },
      publicKeyInfo: spkiOf(privateKey),
      notBefore: now - 86_400_000,
      notAfter: now + 10 * 365 * 86_400_000,
      hosts,
    });
    return {
      key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      cert: der.pem('CERTIFICATE', cert) + this.certificatePem,
    };
  }
}

/** Makes a self-signed certificate for an authority's key, a new one unless it is given; valid from a day before `now`. */
export function createAuthorityMaterial(now: number, key?: KeyObject, serial = randomSerial): AuthorityMaterial {
  const privateKey = key ?? generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const publicKeyInfo = spkiOf(privateKey);
  const extensions = [
    extension(OID.subjectKeyId, der.octets(keyIdOf(publicKeyInfo))),
    extension(OID.basicConstraints, der.sequence(der.truth()), true),
    extension(OID.keyUsage, der.bits(Buffer.from([0x06]), 1), true),
  ];
  const certificate = build(
    {
      subject: CA_SUBJECT,
      publicKeyInfo,
      notBefore: now - 86_400_000,
      notAfter: ISSUED_NOT_AFTER,
      extensions,
      serial: serial(),
    },
    privateKey,
  );
  return {
    keyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    certificatePem: der.pem('CERTIFICATE', certificate),
    serial,
  };
}

interface Parts {
  readonly subject: Buffer;
  readonly publicKeyInfo: Buffer;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly extensions: readonly Buffer[];
  readonly serial: Buffer;
}

const randomSerial = () => randomBytes(20);

function build(parts: Parts, signer: KeyObject): Buffer {
  const twisted = signer.asymmetricKeyType === 'ed25519';
  const algorithm = der.sequence(der.oid(twisted ? OID.ed25519 : OID.ecdsaSha256));
  const serial = Buffer.from(parts.serial);
  serial[0] = (serial[0] ?? 0) & 0x7f;
  const body = der.sequence(
    der.context(0, der.integer(Buffer.from([2]))),
    der.integer(serial),
    algorithm,
    CA_SUBJECT,
    der.sequence(der.time(parts.notBefore), der.time(parts.notAfter)),
    parts.subject,
    parts.publicKeyInfo,
    der.context(3, der.sequence(...parts.extensions)),
  );
  return der.sequence(body, algorithm, der.bits(sign(twisted ? null : 'sha256', body, signer)));
}

function name(attributes: readonly (readonly [string, string])[]): Buffer {
  return der.sequence(...attributes.map(([id, value]) => der.set(der.sequence(der.oid(id), der.utf8(value)))));
}

function extension(id: string, value: Buffer, critical = false): Buffer {
  return der.sequence(der.oid(id), ...(critical ? [der.truth()] : []), der.octets(value));
}

function generalName(host: string): Buffer {
  if (isIP(host) === 4) return der.encode(0x87, Buffer.from(host.split('.').map(Number)));
  return der.encode(0x82, Buffer.from(host, 'latin1'));
}

function spkiOf(key: KeyObject): Buffer {
  return createPublicKey(key).export({ type: 'spki', format: 'der' });
}

const keyIdOf = (publicKeyInfo: Buffer) => createHash('sha1').update(publicKeyInfo).digest();
