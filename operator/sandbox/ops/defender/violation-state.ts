import type { Behavior, MetricValue, VerificationState } from '@aws-sdk/client-iot';
import type { Slice } from '../../state/scope.ts';

/** Events are told for thirty days (GR iot_device_defender). */
export const VIOLATION_RETENTION = 30 * 86_400_000;

export interface Violation {
  readonly id: string;
  /** The thing, or the client id of a device that is not registered. */
  readonly thingName: string;
  readonly profile: string;
  readonly behavior: Behavior;
  readonly startedAt: number;
  /** The value that was seen last while it lasted, and when. */
  value: MetricValue | undefined;
  lastAt: number;
  /** Value with which it was cleared. */
  endValue: MetricValue | undefined;
  endedAt: number | undefined;
  /** `alarm-invalidated`: the device stopped reporting, or is not watched any more. */
  ending: 'alarm-cleared' | 'alarm-invalidated' | undefined;
  verification: VerificationState;
  description: string | undefined;
}

/** Violations in order of their start. */
export const VIOLATIONS: Slice<Violation[]> = {
  name: 'violations',
  create: () => [],
  save: (violations) => violations,
  load: (violations, saved) => void violations.push(...(saved as Violation[])),
};
