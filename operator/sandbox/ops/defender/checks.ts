import { X509Certificate } from 'node:crypto';
import type { AuditCheckConfiguration, RelatedResource } from '@aws-sdk/client-iot';
import { parsePolicy } from '../../../policy/index.ts';
import { lint } from '../../../policy/lint/index.ts';
import type { CallContext } from '../../context.ts';
import { pemOf } from '../../state/identity.ts';
import { partitionOf } from '../../state/scope.ts';
import { SETTINGS } from '../../state/settings.ts';
import { defaultDocument } from '../policies.ts';
import { identityOf } from '../support.ts';
import { duplicateClientIds, type Period, sharedCertificates } from './connections.ts';
import { revokedCas, revokedDevices, revokedIssuers } from './revocations.ts';
import { isRocaModulus } from './roca.ts';
import type { Finding } from './state.ts';

type Told = Finding['told'];
type Resource = NonNullable<Told['nonCompliantResource']>;

/** One resource that breaks a rule. */
export interface Breach {
  readonly resource: Resource;
  readonly code: string;
  readonly reason: string;
  readonly related?: RelatedResource[];
}

export interface Verdict {
  readonly total: number;
  readonly breaches: readonly Breach[];
}

interface Check {
  readonly severity: 'CRITICAL' | 'HIGH' | 'MEDIUM' | 'LOW';
  run(context: CallContext, configuration: AuditCheckConfiguration, period: Period): Verdict;
}

const DAY = 86_400_000;
const EXPIRING = 30 * DAY;

/** Without IAM and Cognito in the sandbox there is nothing that these checks could object to. */
const nothingToCheck = (): Verdict => ({ total: 0, breaches: [] });

type PolicyRule = (verdicts: ReturnType<typeof lint>['deviceDefender']) => readonly string[];

/** AWS checks the default version of every policy, attached or not. */
function policies(context: CallContext, rule: PolicyRule): Verdict {
  const { accountId: account, region } = context.scope;
  const breaches: Breach[] = [];
  const all = identityOf(context).policies;
  for (const policy of all.values()) {
    const { document } = parsePolicy(defaultDocument(policy));
    if (!document) continue;
    const { deviceDefender } = lint(document, { account, region, partition: partitionOf(region) });
    const policyVersionIdentifier = { policyName: policy.name, policyVersionId: policy.defaultVersionId };
    for (const code of rule(deviceDefender)) {
      breaches.push({
        resource: { resourceType: 'IOT_POLICY', resourceIdentifier: { policyVersionIdentifier } },
        code,
        reason: `Policy ${policy.name}: ${code.toLowerCase().replaceAll('_', ' ')}`,
      });
    }
  }
  return { total: all.size, breaches };
}

interface Dated {
  readonly id: string;
  readonly status: string;
  readonly notAfter: number;
  readonly createdAt: number;
  readonly pem: () => string;
  readonly resource: Resource;
}

function deviceCertificates(context: CallContext): Dated[] {
  return [...identityOf(context).certificates.values()].map((certificate) => ({
    ...certificate,
    pem: () => pemOf(certificate),
    resource: {
      resourceType: 'DEVICE_CERTIFICATE' as const,
      resourceIdentifier: { deviceCertificateId: certificate.id, deviceCertificateArn: certificate.arn },
    },
  }));
}

function caCertificates(context: CallContext): Dated[] {
  return [...identityOf(context).caCertificates.values()].map((ca) => ({
    ...ca,
    pem: () => ca.pem,
    resource: { resourceType: 'CA_CERTIFICATE' as const, resourceIdentifier: { caCertificateId: ca.id } },
  }));
}

type CertificateRule = (certificate: Dated) => { readonly code: string; readonly reason: string } | undefined;

/** Certificates that are switched off cannot do harm and are left out. */
function certificatesBy(all: readonly Dated[], rule: CertificateRule): Verdict {
  const live = all.filter(({ status }) => status === 'ACTIVE' || status === 'PENDING_TRANSFER');
  const breaches = live.flatMap((certificate) => {
    const broken = rule(certificate);
    return broken ? [{ ...broken, resource: certificate.resource }] : [];
  });
  return { total: live.length, breaches };
}

function expiring(now: number): CertificateRule {
  return ({ notAfter }) => {
    if (notAfter > now + EXPIRING) return undefined;
    if (notAfter <= now) return { code: 'CERTIFICATE_PAST_EXPIRATION', reason: 'The certificate has expired.' };
    return { code: 'CERTIFICATE_APPROACHING_EXPIRATION', reason: 'The certificate expires within 30 days.' };
  };
}

function older(now: number, configuration: AuditCheckConfiguration): CertificateRule {
  const days = Number(configuration.configuration?.CERT_AGE_THRESHOLD_IN_DAYS ?? 365);
  return ({ createdAt }) =>
    now - createdAt >= days * DAY
      ? { code: 'CERTIFICATE_PAST_AGE_THRESHOLD', reason: `The certificate is in use for ${days} days or more.` }
      : undefined;
}

function weakKey({ pem }: Dated): ReturnType<CertificateRule> {
  const jwk = new X509Certificate(pem()).publicKey.export({ format: 'jwk' });
  if (jwk.kty !== 'RSA' || jwk.n === undefined) return undefined;
  const modulus = BigInt(`0x${Buffer.from(jwk.n, 'base64url').toString('hex')}`);
  if (!isRocaModulus(modulus)) return undefined;
  return { code: 'CERTIFICATE_KEY_VULNERABILITY_CVE-2017-15361', reason: 'The key is of the weak form called ROCA.' };
}

function logging(context: CallContext): Verdict {
  const { logging: v2, v1Logging: v1 } = context.slice(SETTINGS);
  const isOn =
    (v2 && !v2.disableAllLogs && v2.defaultLogLevel !== 'DISABLED') || (v1 && v1.logLevel !== 'DISABLED') || false;
  const resource: Resource = {
    resourceType: 'ACCOUNT_SETTINGS',
    resourceIdentifier: { account: context.scope.accountId },
  };
  const breach = { resource, code: 'LOGGING_DISABLED', reason: 'Neither V1 nor V2 logging is on.' };
  return { total: 1, breaches: isOn ? [] : [breach] };
}

const nothing = (severity: Check['severity']): Check => ({ severity, run: nothingToCheck });

/** The checks of Device Defender (device-defender-audit-checks), by the names that the API takes. */
export const CHECKS: Readonly<Record<string, Check>> = {
  IOT_POLICY_OVERLY_PERMISSIVE_CHECK: {
    severity: 'CRITICAL',
    run: (context) =>
      policies(context, (verdicts) =>
        verdicts.IOT_POLICY_OVERLY_PERMISSIVE_CHECK === 'noncompliant'
          ? ['ALLOWS_BROAD_ACCESS_TO_IOT_DATA_PLANE_ACTIONS']
          : [],
      ),
  },
  IOT_POLICY_POTENTIAL_MISCONFIGURATION_CHECK: {
    severity: 'MEDIUM',
    run: (context) =>
      policies(context, (verdicts) =>
        verdicts.IOT_POLICY_POTENTIAL_MISCONFIGURATION_CHECK.filter((code) => code !== 'undocumented'),
      ),
  },
  DEVICE_CERTIFICATE_SHARED_CHECK: {
    severity: 'CRITICAL',
    run: (context, _, period) => sharedCertificates(context, period),
  },
  CONFLICTING_CLIENT_IDS_CHECK: { severity: 'HIGH', run: (context, _, period) => duplicateClientIds(context, period) },
  DEVICE_CERTIFICATE_EXPIRING_CHECK: {
    severity: 'MEDIUM',
    run: (context) => certificatesBy(deviceCertificates(context), expiring(context.now())),
  },
  CA_CERTIFICATE_EXPIRING_CHECK: {
    severity: 'MEDIUM',
    run: (context) => certificatesBy(caCertificates(context), expiring(context.now())),
  },
  DEVICE_CERTIFICATE_AGE_CHECK: {
    severity: 'LOW',
    run: (context, configuration) => certificatesBy(deviceCertificates(context), older(context.now(), configuration)),
  },
  DEVICE_CERTIFICATE_KEY_QUALITY_CHECK: {
    severity: 'CRITICAL',
    run: (context) => certificatesBy(deviceCertificates(context), weakKey),
  },
  CA_CERTIFICATE_KEY_QUALITY_CHECK: {
    severity: 'CRITICAL',
    run: (context) => certificatesBy(caCertificates(context), weakKey),
  },
  LOGGING_DISABLED_CHECK: { severity: 'LOW', run: logging },
  UNAUTHENTICATED_COGNITO_ROLE_OVERLY_PERMISSIVE_CHECK: nothing('CRITICAL'),
  AUTHENTICATED_COGNITO_ROLE_OVERLY_PERMISSIVE_CHECK: nothing('CRITICAL'),
  IOT_ROLE_ALIAS_OVERLY_PERMISSIVE_CHECK: nothing('CRITICAL'),
  IOT_ROLE_ALIAS_ALLOWS_ACCESS_TO_UNUSED_SERVICES_CHECK: nothing('MEDIUM'),
  REVOKED_DEVICE_CERTIFICATE_STILL_ACTIVE_CHECK: { severity: 'MEDIUM', run: revokedDevices },
  REVOKED_CA_CERTIFICATE_STILL_ACTIVE_CHECK: { severity: 'CRITICAL', run: revokedCas },
  INTERMEDIATE_CA_REVOKED_FOR_ACTIVE_DEVICE_CERTIFICATES_CHECK: { severity: 'CRITICAL', run: revokedIssuers },
};
