import { createHash, generateKeyPair, X509Certificate } from 'node:crypto';
import { promisify } from 'node:util';
import type { CallContext } from '../context.ts';
import { alreadyExists, awsError, invalid, notFound } from '../errors.ts';
import { family } from '../operations.ts';
import { type Certificate, type CertificateStatus, pemOf } from '../state/identity.ts';
import { flat } from '../state/ids.ts';
import { pageOf } from '../state/paging.ts';
import { ISSUED_NOT_AFTER } from '../x509/authority.ts';
import { CsrError, readCsr } from '../x509/csr.ts';
import { pem } from '../x509/der.ts';
import { compact, identityOf } from './support.ts';

/** AWS derives the id from the certificate: SHA-256 of its DER, in hex. */
export const certificateIdOf = (der: Uint8Array): string => createHash('sha256').update(der).digest('hex');

export const certificateArn = (context: CallContext, id: string): string => context.arn(`cert/${id}`);

export function certificateWithId(context: CallContext, id: string): Certificate {
  const certificate = identityOf(context).certificates.get(id);
  if (!certificate) throw notFound(`The certificate given in the request does not exist. Certificate ID: ${id}`);
  return certificate;
}

type NewCertificate = Pick<Certificate, 'status' | 'mode' | 'caCertificateId'> & { readonly pem: string };

/** Puts a certificate into the account; the same certificate twice is refused. */
export function storeCertificate(context: CallContext, given: NewCertificate): Certificate {
  const parsed = parsePem(given.pem);
  const id = certificateIdOf(parsed.raw);
  const { certificates } = identityOf(context);
  if (certificates.has(id)) {
    throw alreadyExists('The certificate is already registered', id, certificateArn(context, id));
  }
  const now = context.now();
  // Written out: an object built by spreading takes half as much memory again.
  const certificate: Certificate = {
    id,
    arn: flat(certificateArn(context, id)),
    der: parsed.raw.toString('latin1'),
    createdAt: now,
    notBefore: Date.parse(parsed.validFrom),
    notAfter: Date.parse(parsed.validTo),
    caCertificateId: given.caCertificateId,
    mode: given.mode,
    status: given.status,
    modifiedAt: now,
    version: 1,
  };
  certificates.set(id, certificate);
  context.changed({ kind: 'certificate', operation: 'CREATED', certificateId: id, status: given.status });
  return certificate;
}

export function parsePem(text: string): X509Certificate {
  try {
    return new X509Certificate(text);
  } catch {
    throw awsError('CertificateValidationException', 'The certificate is not valid PEM of an X.509 certificate');
  }
}

/** Signs a request's key as AWS IoT would; the subject is the request's. */
export function certifyRequest(context: CallContext, csrPem: string, status: CertificateStatus): Certificate {
  try {
    const { subject, publicKeyInfo } = readCsr(csrPem);
    return issue(context, { subject, publicKeyInfo }, status);
  } catch (error) {
    if (error instanceof CsrError) throw invalid(error.message);
    throw error;
  }
}

type Subject = Parameters<CallContext['world']['authority']['issue']>[0]['subject'];

interface Holder {
  readonly subject: Subject;
  readonly publicKeyInfo: Buffer;
}

/** Signs a certificate without registering it. */
export function signed(context: CallContext, to: Holder): { readonly id: string; readonly pem: string } {
  // AWS dates certificates back a little, so that devices with a slow clock accept them.
  const validity = { notBefore: context.now() - 120_000, notAfter: ISSUED_NOT_AFTER };
  const der = context.world.authority.issue({ ...to, ...validity });
  return { id: certificateIdOf(der), pem: pem('CERTIFICATE', der) };
}

export function issue(context: CallContext, to: Holder, status: CertificateStatus): Certificate {
  const { pem: text } = signed(context, to);
  return storeCertificate(context, { pem: text, status, mode: 'DEFAULT', caCertificateId: undefined });
}

const makeKeyPair = promisify(generateKeyPair);

/** A new RSA key as AWS makes them. The private key leaves in an answer and is kept nowhere. */
export async function createKeys() {
  const { publicKey, privateKey } = await makeKeyPair('rsa', { modulusLength: 2048 });
  const keyPair = {
    PublicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    PrivateKey: privateKey.export({ type: 'pkcs1', format: 'pem' }).toString(),
  };
  return { keyPair, publicKeyInfo: publicKey.export({ type: 'spki', format: 'der' }) };
}

/** Deletes a certificate that is still pending and that nothing was attached to. */
export function dropUnused(context: CallContext, id: string): void {
  const identity = identityOf(context);
  const certificate = identity.certificates.get(id);
  const { things, policies } = identity.links(certificateArn(context, id));
  if (certificate?.status !== 'PENDING_ACTIVATION' || things.length > 0 || policies.length > 0) return;
  identity.certificates.delete(id);
  context.changed({ kind: 'certificate', operation: 'DELETED', certificateId: id, status: certificate.status });
}

/** After a restore: nobody has the ownership tokens any more, which are in no snapshot. */
export function dropUnclaimed(context: CallContext): void {
  for (const id of [...identityOf(context).certificates.keys()]) dropUnused(context, id);
}

const SETTABLE: readonly string[] = ['ACTIVE', 'INACTIVE', 'REVOKED'];

export function setCertificateStatus(context: CallContext, certificate: Certificate, status: CertificateStatus): void {
  if (certificate.status === status) return;
  if (certificate.status === 'REVOKED' && context.world.switches.revokedIsFinal) {
    throw awsError('CertificateStateException', 'A revoked certificate cannot be activated again');
  }
  certificate.status = status;
  certificate.modifiedAt = context.now();
  certificate.version++;
  context.changed({ kind: 'certificate', operation: 'UPDATED', certificateId: certificate.id, status });
}

function deleteCertificate(context: CallContext, id: string, force: boolean): void {
  const identity = identityOf(context);
  const certificate = certificateWithId(context, id);
  if (certificate.status === 'ACTIVE') {
    const message = `Certificate must be deactivated (not ACTIVE) before deletion. Certificate ID: ${id}`;
    throw awsError('CertificateStateException', message);
  }
  const arn = certificateArn(context, id);
  const { things, policies } = identity.links(arn);
  if (things.length > 0) {
    throw awsError('DeleteConflictException', `Things must be detached before deletion (arn: ${arn})`);
  }
  if (policies.length > 0 && !force) {
    throw awsError('DeleteConflictException', `Certificate policies must be detached before deletion (arn: ${arn})`);
  }
  for (const name of policies) identity.policies.get(name)?.targets.delete(arn);
  identity.setPolicies(arn, []);
  identity.certificates.delete(id);
  context.changed({ kind: 'certificate', operation: 'DELETED', certificateId: id, status: certificate.status });
}

export function summary(context: CallContext, certificate: Certificate) {
  return {
    certificateArn: certificateArn(context, certificate.id),
    certificateId: certificate.id,
    status: certificate.status,
    certificateMode: certificate.mode,
    creationDate: new Date(certificate.createdAt),
  };
}

const identifiers = (certificate: Certificate) => ({
  certificateArn: certificate.arn,
  certificateId: certificate.id,
  certificatePem: pemOf(certificate),
});

export const certificates = family('iot', {
  async CreateKeysAndCertificate(context, input) {
    const { keyPair, publicKeyInfo } = await createKeys();
    const status = input.setAsActive ? 'ACTIVE' : 'INACTIVE';
    const subject = { commonName: 'AWS IoT Certificate' };
    const certificate = issue(context, { subject, publicKeyInfo }, status);
    return { ...identifiers(certificate), keyPair };
  },

  CreateCertificateFromCsr(context, input) {
    const status = input.setAsActive ? 'ACTIVE' : 'INACTIVE';
    return identifiers(certifyRequest(context, input.certificateSigningRequest, status));
  },

  DescribeCertificate(context, input) {
    const certificate = certificateWithId(context, input.certificateId);
    return {
      certificateDescription: compact({
        ...summary(context, certificate),
        caCertificateId: certificate.caCertificateId,
        certificatePem: pemOf(certificate),
        ownedBy: context.scope.accountId,
        lastModifiedDate: new Date(certificate.modifiedAt),
        customerVersion: certificate.version,
        generationId: certificate.id.slice(0, 32),
        validity: { notBefore: new Date(certificate.notBefore), notAfter: new Date(certificate.notAfter) },
      }),
    };
  },

  UpdateCertificate(context, input) {
    const certificate = certificateWithId(context, input.certificateId);
    if (!SETTABLE.includes(input.newStatus)) {
      throw invalid(`The status ${input.newStatus} is set by AWS IoT itself and cannot be requested`);
    }
    setCertificateStatus(context, certificate, input.newStatus);
    return {};
  },

  DeleteCertificate(context, input) {
    deleteCertificate(context, input.certificateId, input.forceDelete ?? false);
    return {};
  },

  ListCertificates(context, input) {
    const page = pageOf(
      identityOf(context).certificates,
      { token: input.marker, limit: input.pageSize ?? 25, descending: !input.ascendingOrder },
      context.world.paging,
      (certificate) => summary(context, certificate),
    );
    return compact({ certificates: page.items, nextMarker: page.next });
  },

  ListCertificatesByCA(context, input) {
    const page = pageOf(
      identityOf(context).certificates,
      { token: input.marker, limit: input.pageSize ?? 25, descending: !input.ascendingOrder },
      context.world.paging,
      (c) => (c.caCertificateId === input.caCertificateId ? summary(context, c) : undefined),
    );
    return compact({ certificates: page.items, nextMarker: page.next });
  },
});
