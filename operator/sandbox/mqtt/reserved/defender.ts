import { type Report, readReport } from '../../ops/defender/detect/report.ts';
import type { ReservedContext } from './index.ts';
import { type Format, objectOf } from './payload.ts';

const TOPIC = /^\$aws\/things\/([^/]+)\/defender\/metrics\/(json|cbor)$/;

/** Device Defender's metric reports (detect-device-side-metrics), answered in the format that they came in. */
export function serveDefender(context: ReservedContext): boolean {
  const match = TOPIC.exec(context.topic);
  if (!match) return false;
  const [, thingName = '', given = 'json'] = match;
  const format = given as Format;
  const base = { thingName, timestamp: context.now() };
  const reject = (reportId: number | null, ErrorCode: string, ErrorMessage: string) =>
    context.say(
      `${context.topic}/rejected`,
      { ...base, reportId, status: 'REJECTED', statusDetails: { ErrorCode, ErrorMessage } },
      format,
    );
  let report: Report;
  try {
    report = readReport(objectOf(context.payload, format));
  } catch (error) {
    reject(null, 'InvalidPayload', error instanceof Error ? error.message : 'The report cannot be read');
    return true;
  }
  const { detect } = context.world.ports;
  if (detect && !detect.report(context.scope, thingName, report.values)) {
    reject(report.id, 'Throttled', 'A device reports its metrics every five minutes at most');
  } else {
    context.say(`${context.topic}/accepted`, { ...base, reportId: report.id, status: 'ACCEPTED' }, format);
  }
  return true;
}
