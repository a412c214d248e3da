import { X509Certificate } from 'node:crypto';
import type { CallContext } from '../context.ts';
import { alreadyExists, awsError, invalid, notFound } from '../errors.ts';
import { family } from '../operations.ts';
import type { CaCertificate, Certificate, CertificateStatus } from '../state/identity.ts';
import { hexDigits } from '../state/ids.ts';
import { pageOf } from '../state/paging.ts';
import { TAGS } from '../state/tags.ts';
import { certificateArn, certificateIdOf, parsePem, storeCertificate } from './certificates.ts';
import { compact, identityOf, tagAtCreate } from './support.ts';

const MAX_PER_SUBJECT = 10;

const arnOf = (context: CallContext, id: string) => context.arn(`cacert/${id}`);

function caWithId(context: CallContext, id: string): CaCertificate {
  const ca = identityOf(context).caCertificates.get(id);
  if (!ca) throw notFound(`The CA certificate given in the request does not exist. Certificate ID: ${id}`);
  return ca;
}

function registrationCode(context: CallContext): string {
  const identity = identityOf(context);
  identity.registrationCode ??= hexDigits(context.world.random, 64);
  return identity.registrationCode;
}

function invalidCertificate(message: string) {
  return awsError('CertificateValidationException', message);
}

/** In DEFAULT mode the caller proves to hold the CA's key by a certificate whose common name is the registration code. */
function checkOwnership(context: CallContext, ca: X509Certificate, verification: string | undefined): void {
  if (verification === undefined) throw invalid('verificationCertificate is required in certificate mode DEFAULT');
  const proof = parsePem(verification);
  if (!proof.verify(ca.publicKey))
    throw invalidCertificate('The verification certificate is not signed by the CA certificate');
  const names = proof.subject.split('\n');
  if (!names.includes(`CN=${registrationCode(context)}`)) {
    throw awsError(
      'RegistrationCodeValidationException',
      'The common name of the verification certificate is not the registration code',
    );
  }
}

function checkSubject(context: CallContext, subject: string): void {
  let count = 0;
  for (const ca of identityOf(context).caCertificates.values()) if (ca.subject === subject) count++;
  if (count >= MAX_PER_SUBJECT) {
    throw awsError('LimitExceededException', `At most ${MAX_PER_SUBJECT} CA certificates can have one subject`);
  }
}

/** The registered CA that signed this certificate, if any. */
function issuerOf(context: CallContext, certificate: X509Certificate): CaCertificate | undefined {
  for (const ca of identityOf(context).caCertificates.values()) {
    const parsed = new X509Certificate(ca.pem);
    if (certificate.checkIssued(parsed) && certificate.verify(parsed.publicKey)) return ca;
  }
  return undefined;
}

/** Registers a certificate that a registered, active CA signed. */
export function registerUnderCa(context: CallContext, pem: string, status: CertificateStatus): Certificate {
  const ca = issuerOf(context, parsePem(pem));
  if (!ca) throw invalidCertificate('The CA certificate that signed the certificate is not registered');
  if (ca.status !== 'ACTIVE') throw awsError('CertificateStateException', 'The CA certificate is not ACTIVE');
  return storeCertificate(context, { pem, status, mode: 'DEFAULT', caCertificateId: ca.id });
}

const registered = (context: CallContext, { id }: Certificate) => ({
  certificateArn: certificateArn(context, id),
  certificateId: id,
});

function describe(context: CallContext, ca: CaCertificate) {
  return {
    certificateArn: arnOf(context, ca.id),
    certificateId: ca.id,
    status: ca.status,
    certificatePem: ca.pem,
    ownedBy: context.scope.accountId,
    creationDate: new Date(ca.createdAt),
    autoRegistrationStatus: ca.autoRegistration ? ('ENABLE' as const) : ('DISABLE' as const),
    lastModifiedDate: new Date(ca.modifiedAt),
    customerVersion: ca.version,
    generationId: ca.id.slice(0, 32),
    validity: { notBefore: new Date(ca.notBefore), notAfter: new Date(ca.notAfter) },
    certificateMode: ca.mode,
  };
}

export const caCertificates = family('iot', {
  GetRegistrationCode: (context) => ({ registrationCode: registrationCode(context) }),

  RegisterCACertificate(context, input) {
    const parsed = parsePem(input.caCertificate);
    if (!parsed.ca) throw invalidCertificate('The certificate is not a CA certificate');
    const mode = input.certificateMode ?? 'DEFAULT';
    if (mode === 'DEFAULT') checkOwnership(context, parsed, input.verificationCertificate);
    const id = certificateIdOf(parsed.raw);
    const { caCertificates: table } = identityOf(context);
    if (table.has(id)) throw alreadyExists('The CA certificate is already registered', id, arnOf(context, id));
    checkSubject(context, parsed.subject);
    tagAtCreate(context, arnOf(context, id), input.tags);
    const now = context.now();
    table.set(id, {
      id,
      pem: input.caCertificate,
      subject: parsed.subject,
      createdAt: now,
      modifiedAt: now,
      notBefore: Date.parse(parsed.validFrom),
      notAfter: Date.parse(parsed.validTo),
      mode,
      status: input.setAsActive ? 'ACTIVE' : 'INACTIVE',
      autoRegistration: input.allowAutoRegistration ?? false,
      registrationConfig: input.registrationConfig as Record<string, unknown> | undefined,
      version: 1,
    });
    context.changed({ kind: 'ca-certificate', operation: 'CREATED', certificateId: id });
    return { certificateArn: arnOf(context, id), certificateId: id };
  },

  DescribeCACertificate(context, input) {
    const ca = caWithId(context, input.certificateId);
    return compact({ certificateDescription: describe(context, ca), registrationConfig: ca.registrationConfig });
  },

  UpdateCACertificate(context, input) {
    const ca = caWithId(context, input.certificateId);
    if (input.newStatus) ca.status = input.newStatus;
    if (input.newAutoRegistrationStatus) ca.autoRegistration = input.newAutoRegistrationStatus === 'ENABLE';
    if (input.registrationConfig) ca.registrationConfig = input.registrationConfig as Record<string, unknown>;
    if (input.removeAutoRegistration) ca.registrationConfig = undefined;
    ca.modifiedAt = context.now();
    ca.version++;
    context.changed({ kind: 'ca-certificate', operation: 'UPDATED', certificateId: ca.id });
    return {};
  },

  DeleteCACertificate(context, input) {
    const ca = caWithId(context, input.certificateId);
    if (ca.status === 'ACTIVE') {
      throw awsError('CertificateStateException', 'The CA certificate must be INACTIVE before it can be deleted');
    }
    identityOf(context).caCertificates.delete(ca.id);
    context.slice(TAGS).drop(arnOf(context, ca.id));
    context.changed({ kind: 'ca-certificate', operation: 'DELETED', certificateId: ca.id });
    return {};
  },

  ListCACertificates(context, input) {
    const page = pageOf(
      identityOf(context).caCertificates,
      { token: input.marker, limit: input.pageSize ?? 25, descending: !input.ascendingOrder },
      context.world.paging,
      (ca) => ({
        certificateArn: arnOf(context, ca.id),
        certificateId: ca.id,
        status: ca.status,
        creationDate: new Date(ca.createdAt),
      }),
    );
    return compact({ certificates: page.items, nextMarker: page.next });
  },

  RegisterCertificate(context, input) {
    const status = input.status ?? (input.setAsActive ? 'ACTIVE' : 'INACTIVE');
    return registered(context, registerUnderCa(context, input.certificatePem, status));
  },

  RegisterCertificateWithoutCA(context, input) {
    const status = input.status ?? 'INACTIVE';
    const given = { pem: input.certificatePem, status, mode: 'SNI_ONLY', caCertificateId: undefined } as const;
    return registered(context, storeCertificate(context, given));
  },
});
