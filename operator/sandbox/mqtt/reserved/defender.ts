import type { ReservedContext } from './index.ts';

const TOPIC = /^\$aws\/things\/([^/]+)\/defender\/metrics\/(json|cbor)$/;

/**
 * Device Defender's metric reports (detect-device-side-metrics). The report's header is checked, its metrics are not
 * evaluated. CBOR reports are refused: AWS takes them, this sandbox reads JSON only.
 */
export function serveDefender(context: ReservedContext): boolean {
  const match = TOPIC.exec(context.topic);
  if (!match) return false;
  const [, thing = '', format] = match;
  const base = { thingName: thing, timestamp: context.now() };
  const report = format === 'json' ? parse(context.payload) : undefined;
  const id = report?.header?.report_id;
  if (typeof id === 'number' && typeof report?.header?.version === 'string' && report.metrics !== undefined) {
    context.say(`${context.topic}/accepted`, { ...base, reportId: id, status: 'ACCEPTED' });
    return true;
  }
  const statusDetails = { ErrorCode: 'InvalidPayload', ErrorMessage: 'The report has no valid header and metrics' };
  context.say(`${context.topic}/rejected`, { ...base, reportId: id ?? null, status: 'REJECTED', statusDetails });
  return true;
}

interface Report {
  readonly header?: { readonly report_id?: unknown; readonly version?: unknown };
  readonly metrics?: unknown;
}

function parse(payload: Buffer): Report | undefined {
  try {
    const value: unknown = JSON.parse(payload.toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Report) : undefined;
  } catch {
    return undefined;
  }
}
