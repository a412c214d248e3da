import type { CallContext } from '../../context.ts';
import { V2_LOGS } from '../../signals/v2-logs.ts';
import type { Breach, Verdict } from './checks.ts';

const HOUR = 3_600_000;
const LOOK_BACK = 31 * 24 * HOUR;
/** What happened in the last two hours has not reached the audit's data yet. */
const COLLECTION = 2 * HOUR;

interface Seen {
  readonly eventType: string;
  readonly clientId: string;
  readonly principalId: string;
  readonly disconnectReason: unknown;
}

/** Connects and disconnects as the V2 logs have them: what was not logged is not seen here. */
function* seen(context: CallContext): Generator<Seen> {
  const now = context.now();
  for (const { at, fields } of context.slice(V2_LOGS).from(0)) {
    if (at < now - LOOK_BACK || at > now - COLLECTION) continue;
    const { eventType, clientId, principalId, disconnectReason, status } = fields;
    const isRefused = eventType === 'Connect' && status !== 'Success';
    if (typeof eventType !== 'string' || typeof clientId !== 'string' || isRefused) continue;
    yield { eventType, clientId, principalId: typeof principalId === 'string' ? principalId : '', disconnectReason };
  }
}

/** CONFLICTING_CLIENT_IDS_CHECK: a connection that another one with the same client id ended. */
export function duplicateClientIds(context: CallContext): Verdict {
  const all = new Set<string>();
  const conflicting = new Set<string>();
  for (const { clientId, disconnectReason } of seen(context)) {
    all.add(clientId);
    if (disconnectReason === 'DUPLICATE_CLIENTID') conflicting.add(clientId);
  }
  const breaches: Breach[] = [...conflicting].map((clientId) => ({
    resource: { resourceType: 'CLIENT_ID', resourceIdentifier: { clientId } },
    code: 'DUPLICATE_CLIENT_ID_ACROSS_CONNECTIONS',
    reason: 'Connections with this client id ended each other.',
  }));
  return { total: all.size, breaches };
}

/** DEVICE_CERTIFICATE_SHARED_CHECK: one certificate behind connections that lasted at the same time. */
export function sharedCertificates(context: CallContext): Verdict {
  const open = new Map<string, Set<string>>();
  const shared = new Set<string>();
  for (const { eventType, clientId, principalId } of seen(context)) {
    if (principalId === '') continue;
    const clients = open.get(principalId) ?? new Set<string>();
    open.set(principalId, clients);
    if (eventType === 'Connect') clients.add(clientId);
    if (eventType === 'Disconnect') clients.delete(clientId);
    if (clients.size > 1) shared.add(principalId);
  }
  const breaches: Breach[] = [...shared].map((deviceCertificateId) => ({
    resource: { resourceType: 'DEVICE_CERTIFICATE', resourceIdentifier: { deviceCertificateId } },
    code: 'CERTIFICATE_SHARED_BY_MULTIPLE_DEVICES',
    reason: 'Several connections used the certificate at the same time.',
  }));
  return { total: open.size, breaches };
}
