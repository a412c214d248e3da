import { X509Certificate } from 'node:crypto';
import { deviceCall } from '../call.ts';
import type { CallContext } from '../context.ts';
import { AwsError } from '../errors.ts';
import { storeCertificate } from '../ops/certificates.ts';
import { provision } from '../ops/register-thing.ts';
import { defaultBody, templateNamed } from '../ops/templates.ts';
import type { Sandbox } from '../sandbox.ts';
import { type CaCertificate, IDENTITY } from '../state/identity.ts';
import type { Scope } from '../state/scope.ts';
import { pem } from '../x509/der.ts';
import type { Peer } from './connection.ts';

export interface TakenIn {
  readonly scope: Scope;
  readonly event: { readonly topic: string; readonly payload: Readonly<Record<string, unknown>> };
  /** How the CA's template went; undefined when it has none. */
  readonly provisioned: { readonly ok: boolean; readonly details: string } | undefined;
}

/**
 * A certificate that nobody registered but whose CA is registered with auto-registration: it becomes known as
 * PENDING_ACTIVATION (auto-register-device-cert), and when the CA has a template it is provisioned by that
 * (jit-provisioning). Undefined when no CA stands for it.
 */
export function takeIn(sandbox: Sandbox, peer: Peer): TakenIn | undefined {
  if (peer.certificate === undefined) return undefined;
  const certificate = readable(peer.certificate);
  const found = certificate && caOf(sandbox, certificate);
  if (!certificate || !found) return undefined;
  const { scope, ca } = found;
  const call = deviceCall(sandbox.world, scope, peer.certificateId, 'RegisterCertificate');
  const text = pem('CERTIFICATE', certificate.raw);
  storeCertificate(call, { pem: text, status: 'PENDING_ACTIVATION', mode: 'DEFAULT', caCertificateId: ca.id });
  const event = {
    topic: `$aws/events/certificates/registered/${ca.id}`,
    payload: {
      certificateId: peer.certificateId,
      caCertificateId: ca.id,
      timestamp: call.now(),
      certificateStatus: 'PENDING_ACTIVATION',
      awsAccountId: scope.accountId,
      certificateRegistrationTimestamp: String(call.now()),
    },
  };
  return { scope, event, provisioned: runTemplate(call, ca, certificate, peer.certificateId) };
}

function readable(der: Buffer): X509Certificate | undefined {
  try {
    return new X509Certificate(der);
  } catch {
    return undefined;
  }
}

function caOf(sandbox: Sandbox, certificate: X509Certificate): { scope: Scope; ca: CaCertificate } | undefined {
  for (const scope of sandbox.scopes()) {
    for (const ca of scope.slice(IDENTITY).caCertificates.values()) {
      if (!ca.autoRegistration || ca.status !== 'ACTIVE') continue;
      const parsed = new X509Certificate(ca.pem);
      if (certificate.checkIssued(parsed) && certificate.verify(parsed.publicKey)) return { scope, ca };
    }
  }
  return undefined;
}

/** Subject attributes that a template may refer to, as node:crypto spells them. */
const PARAMETERS: Readonly<Record<string, string>> = {
  C: 'Country',
  O: 'Organization',
  OU: 'OrganizationalUnit',
  dnQualifier: 'DistinguishedNameQualifier',
  ST: 'StateName',
  CN: 'CommonName',
  serialNumber: 'SerialNumber',
};

function parametersOf(certificate: X509Certificate, id: string): Record<string, string> {
  const parameters: Record<string, string> = { 'AWS::IoT::Certificate::Id': id };
  for (const line of certificate.subject.split('\n')) {
    const at = line.indexOf('=');
    const name = PARAMETERS[line.slice(0, at)];
    if (name !== undefined) parameters[`AWS::IoT::Certificate::${name}`] = line.slice(at + 1);
  }
  return parameters;
}

function runTemplate(call: CallContext, ca: CaCertificate, certificate: X509Certificate, id: string) {
  const { templateBody, templateName } = ca.registrationConfig ?? {};
  if (typeof templateBody !== 'string' && typeof templateName !== 'string') return undefined;
  try {
    const body =
      typeof templateBody === 'string' ? templateBody : defaultBody(templateNamed(call, String(templateName)));
    provision(call, body, parametersOf(certificate, id));
    return { ok: true, details: '' };
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    return { ok: false, details: error.message };
  }
}
