import type { Behavior, MetricValue } from '@aws-sdk/client-iot';
import type { World } from '../../context.ts';
import { uuid } from '../../state/ids.ts';
import type { Scope } from '../../state/scope.ts';
import { SETTINGS } from '../../state/settings.ts';
import { notify } from './notifications.ts';
import { VIOLATIONS, type Violation } from './violation-state.ts';

interface Opening {
  readonly thingName: string;
  readonly profile: string;
  readonly behavior: Behavior;
  readonly value: MetricValue | undefined;
}

/** Starts an alarm: it is listed from now on, and told to the profile's alert target. */
export function openViolation(world: World, scope: Scope, opening: Opening): Violation {
  const now = world.clock.now();
  const violation: Violation = {
    id: uuid(world.random),
    ...opening,
    startedAt: now,
    lastAt: now,
    endValue: undefined,
    endedAt: undefined,
    ending: undefined,
    verification: 'UNKNOWN',
    description: undefined,
  };
  scope.slice(VIOLATIONS).push(violation);
  tell(world, scope, violation, 'in-alarm');
  return violation;
}

interface Closing {
  readonly ending: NonNullable<Violation['ending']>;
  readonly value: MetricValue | undefined;
}

/** Ends an alarm; a cleared one is told, an invalidated one is only listed. */
export function endViolation(world: World, scope: Scope, violation: Violation, { ending, value }: Closing): void {
  violation.endedAt = world.clock.now();
  violation.ending = ending;
  violation.endValue = value;
  tell(world, scope, violation, ending);
}

function tell(world: World, scope: Scope, violation: Violation, type: string): void {
  scope.announce({ kind: 'other', resource: `violation/${violation.id}` });
  scope.announce({ kind: 'other', resource: `thing/${violation.thingName}` });
  const target = scope.slice(SETTINGS).securityProfiles.get(violation.profile)?.alertTargets?.SNS?.alertTargetArn;
  if (target === undefined || violation.behavior.suppressAlerts || type === 'alarm-invalidated') return;
  notify(world, scope, target, {
    violationEventTime: world.clock.now(),
    thingName: violation.thingName,
    behavior: violation.behavior,
    violationEventType: type,
    metricValue: type === 'in-alarm' ? violation.value : violation.endValue,
    violationId: violation.id,
    securityProfileName: violation.profile,
  });
}
