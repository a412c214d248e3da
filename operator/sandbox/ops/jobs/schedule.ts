import type { SchedulingConfig } from '@aws-sdk/client-iot';
import type { CallContext } from '../../context.ts';
import { AwsError, invalid } from '../../errors.ts';

const MINUTE = 60_000;
const YEAR = 366 * 24 * 60 * MINUTE;

/** Start and end of a job's rollout (jobs-configurations-details): 30 minutes to a year ahead, for two years at most. */
export function scheduleOf(
  context: CallContext,
  config: SchedulingConfig | undefined,
): { readonly startAt: number; readonly endsAt: number | undefined } {
  const now = context.now();
  if ((config?.maintenanceWindows ?? []).length > 0) {
    throw new AwsError('NotImplementedException', 'The sandbox does not implement maintenance windows.', {}, 501);
  }
  const startAt = timeOf('startTime', config?.startTime);
  const endsAt = timeOf('endTime', config?.endTime);
  if (startAt !== undefined && (startAt < now + 30 * MINUTE || startAt > now + YEAR)) {
    throw invalid('startTime must be between 30 minutes and a year ahead');
  }
  if (endsAt !== undefined && (endsAt < (startAt ?? now) + 30 * MINUTE || endsAt > now + 2 * YEAR)) {
    throw invalid('endTime must be at least 30 minutes after the start and within two years');
  }
  if (config?.endBehavior !== undefined && endsAt === undefined) throw invalid('endBehavior needs an endTime');
  return { startAt: startAt ?? now, endsAt };
}

function timeOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const local = text.replace(' ', 'T');
  const time = Date.parse(/(Z|[+-]\d\d:?\d\d)$/.test(local) ? local : `${local}Z`);
  if (Number.isNaN(time)) throw invalid(`${name} is not a time such as 2026-01-31T23:30`);
  return time;
}
