import type { SchedulingConfig } from '@aws-sdk/client-iot';
import type { CallContext } from '../../context.ts';
import { invalid } from '../../errors.ts';
import { nextOpening, parseWindows } from './windows.ts';

const MINUTE = 60_000;
const YEAR = 366 * 24 * 60 * MINUTE;

/** Start and end of a job's rollout (jobs-configurations-details): 30 minutes to a year ahead, for two years at most. */
export function scheduleOf(
  context: CallContext,
  config: SchedulingConfig | undefined,
): { readonly startAt: number; readonly endsAt: number | undefined } {
  const now = context.now();
  const startAt = timeOf('startTime', config?.startTime);
  const endsAt = timeOf('endTime', config?.endTime);
  if (startAt !== undefined && (startAt < now + 30 * MINUTE || startAt > now + YEAR)) {
    throw invalid('startTime must be between 30 minutes and a year ahead');
  }
  if (endsAt !== undefined && (endsAt < (startAt ?? now) + 30 * MINUTE || endsAt > now + 2 * YEAR)) {
    throw invalid('endTime must be at least 30 minutes after the start and within two years');
  }
  if (config?.endBehavior !== undefined && endsAt === undefined) throw invalid('endBehavior needs an endTime');
  const windows = parseWindows(config?.maintenanceWindows ?? []);
  const first = windows.length === 0 ? undefined : nextOpening(windows, startAt ?? now);
  if (windows.length > 0 && first === undefined) throw invalid('No maintenance window opens within two years');
  return { startAt: first ?? startAt ?? now, endsAt };
}

const MAX_TIMEOUT_MINUTES = 10_080;

/** Timers of a job and of a device's step run for a week at most (GR iot_device_management). */
export function checkTimeout(minutes: bigint | number | undefined): void {
  if (minutes === undefined || (Number(minutes) >= 1 && Number(minutes) <= MAX_TIMEOUT_MINUTES)) return;
  throw invalid(`A timeout must be from 1 to ${MAX_TIMEOUT_MINUTES} minutes`);
}

function timeOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const local = text.replace(' ', 'T');
  const time = Date.parse(/(Z|[+-]\d\d:?\d\d)$/.test(local) ? local : `${local}Z`);
  if (Number.isNaN(time)) throw invalid(`${name} is not a time such as 2026-01-31T23:30`);
  return time;
}
