import type { CallContext } from '../../context.ts';
import type { Breach, Verdict } from './checks.ts';
import { EVIDENCE } from './evidence.ts';

const HOUR = 3_600_000;
const LOOK_BACK = 31 * 24 * HOUR;
/** What happened in the last two hours has not reached the audit's data yet. */
const COLLECTION = 2 * HOUR;

/** The time that an audit looks at: since its schedule ran last, or 31 days; both end two hours ago. */
export interface Period {
  readonly from: number;
  readonly to: number;
}

export function periodOf(now: number, previousRun: number | undefined): Period {
  return { from: (previousRun ?? now - LOOK_BACK + COLLECTION) - COLLECTION, to: now - COLLECTION };
}

function faulty(
  all: ReadonlyMap<string, { readonly at: number; readonly faults: readonly number[] }>,
  { from, to }: Period,
): { readonly total: number; readonly names: string[] } {
  const seen = [...all].filter(([, { at }]) => at >= from);
  const names = seen.filter(([, { faults }]) => faults.some((at) => at >= from && at <= to)).map(([name]) => name);
  return { total: seen.length, names };
}

/** CONFLICTING_CLIENT_IDS_CHECK: a connection that another one with the same client id ended. */
export function duplicateClientIds(context: CallContext, period: Period): Verdict {
  const { total, names } = faulty(context.slice(EVIDENCE).clients, period);
  const breaches: Breach[] = names.map((clientId) => ({
    resource: { resourceType: 'CLIENT_ID', resourceIdentifier: { clientId } },
    code: 'DUPLICATE_CLIENT_ID_ACROSS_CONNECTIONS',
    reason: 'Connections with this client id ended each other.',
  }));
  return { total, breaches };
}

/** DEVICE_CERTIFICATE_SHARED_CHECK: one certificate behind connections that lasted at the same time. */
export function sharedCertificates(context: CallContext, period: Period): Verdict {
  const { total, names } = faulty(context.slice(EVIDENCE).certificates, period);
  const breaches: Breach[] = names.map((deviceCertificateId) => ({
    resource: { resourceType: 'DEVICE_CERTIFICATE', resourceIdentifier: { deviceCertificateId } },
    code: 'CERTIFICATE_SHARED_BY_MULTIPLE_DEVICES',
    reason: 'Several connections used the certificate at the same time.',
  }));
  return { total, breaches };
}
