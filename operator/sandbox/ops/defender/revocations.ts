import { X509Certificate } from 'node:crypto';
import type { CallContext } from '../../context.ts';
import type { Slice } from '../../state/scope.ts';
import { identityOf } from '../support.ts';
import type { Breach, Verdict } from './checks.ts';

/**
 * Ids of certificates that their issuer has revoked. On AWS audits read it from revocation lists in the Internet; here the
 * control endpoint says it.
 */
export const REVOCATIONS: Slice<Set<string>> = {
  name: 'revocations',
  create: () => new Set<string>(),
  save: (revoked) => [...revoked],
  load(revoked, saved) {
    for (const id of saved as string[]) revoked.add(id);
  },
};

const CODE = 'CERTIFICATE_REVOKED_BY_ISSUER';

/** REVOKED_DEVICE_CERTIFICATE_STILL_ACTIVE_CHECK. */
export function revokedDevices(context: CallContext): Verdict {
  const revoked = context.slice(REVOCATIONS);
  const active = [...identityOf(context).certificates.values()].filter(({ status }) => status === 'ACTIVE');
  const breaches = active
    .filter(({ id }) => revoked.has(id))
    .map(({ id, arn }): Breach => {
      const resourceIdentifier = { deviceCertificateId: id, deviceCertificateArn: arn };
      const resource = { resourceType: 'DEVICE_CERTIFICATE' as const, resourceIdentifier };
      return { resource, code: CODE, reason: 'The issuer has revoked the certificate, and it is ACTIVE.' };
    });
  return { total: active.length, breaches };
}

/** REVOKED_CA_CERTIFICATE_STILL_ACTIVE_CHECK. */
export function revokedCas(context: CallContext): Verdict {
  const revoked = context.slice(REVOCATIONS);
  const active = [...identityOf(context).caCertificates.values()].filter(({ status }) => status === 'ACTIVE');
  const breaches = active
    .filter(({ id }) => revoked.has(id))
    .map(({ id }): Breach => {
      const resource = { resourceType: 'CA_CERTIFICATE' as const, resourceIdentifier: { caCertificateId: id } };
      return { resource, code: CODE, reason: 'The issuer has revoked the CA certificate, and it is ACTIVE.' };
    });
  return { total: active.length, breaches };
}

/** INTERMEDIATE_CA_REVOKED_FOR_ACTIVE_DEVICE_CERTIFICATES_CHECK: the devices are told as related resources only. */
export function revokedIssuers(context: CallContext): Verdict {
  const revoked = context.slice(REVOCATIONS);
  const { certificates, caCertificates } = identityOf(context);
  const byCa = new Map<string, string[]>();
  for (const { id, status, caCertificateId: ca } of certificates.values()) {
    if (status === 'ACTIVE' && ca !== undefined) byCa.set(ca, [...(byCa.get(ca) ?? []), id]);
  }
  const breaches = [...byCa].flatMap(([caId, ids]): Breach[] => {
    const ca = caCertificates.get(caId);
    if (!ca || !revoked.has(caId)) return [];
    const { serialNumber } = new X509Certificate(ca.pem);
    const issuerCertificateIdentifier = {
      issuerCertificateSubject: ca.subject,
      issuerId: caId,
      issuerCertificateSerialNumber: serialNumber,
    };
    const resource = {
      resourceType: 'ISSUER_CERTIFICATE' as const,
      resourceIdentifier: { issuerCertificateIdentifier },
    };
    const related = ids.map((deviceCertificateId) => ({
      resourceType: 'DEVICE_CERTIFICATE' as const,
      resourceIdentifier: { deviceCertificateId },
    }));
    const reason = 'The issuer of active device certificates is revoked.';
    return [{ resource, code: 'INTERMEDIATE_CA_REVOKED_BY_ISSUER', reason, related }];
  });
  return { total: byCa.size, breaches };
}
