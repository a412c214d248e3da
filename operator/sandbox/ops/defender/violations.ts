import type { Behavior, MetricValue } from '@aws-sdk/client-iot';
import type { World } from '../../context.ts';
import { AwsError, invalid } from '../../errors.ts';
import { family } from '../../operations.ts';
import { pageOfList } from '../../state/paging.ts';
import { REGISTRY } from '../../state/registry.ts';
import type { Scope } from '../../state/scope.ts';
import { SETTINGS } from '../../state/settings.ts';
import { compact } from '../support.ts';
import { endViolation, openViolation } from './alarms.ts';
import { VIOLATION_RETENTION, VIOLATIONS, type Violation } from './violation-state.ts';

export interface RaisedViolation {
  readonly thingName: string;
  readonly securityProfileName: string;
  readonly behaviorName: string;
  readonly metricValue?: MetricValue;
}

/** Raises a violation by hand, without any metric. Returns its id. */
export function raiseViolation(world: World, scope: Scope, raised: RaisedViolation): string {
  const { thingName, securityProfileName: profile, behaviorName } = raised;
  const behaviors = scope.slice(SETTINGS).securityProfiles.get(profile)?.behaviors ?? [];
  const behavior = behaviors.find(({ name }) => name === behaviorName);
  if (!behavior || !scope.slice(REGISTRY).things.has(thingName)) {
    throw new AwsError('NotFound', `No thing ${thingName}, or no behavior ${behaviorName} in ${profile}.`, {}, 404);
  }
  return openViolation(world, scope, { thingName, profile, behavior, value: raised.metricValue }).id;
}

/** Ends an alarm; false when there is no such active violation. */
export function clearViolation(world: World, scope: Scope, id: string): boolean {
  const violation = scope.slice(VIOLATIONS).find((v) => v.id === id && v.endedAt === undefined);
  if (violation) endViolation(world, scope, violation, { ending: 'alarm-cleared', value: undefined });
  return violation !== undefined;
}

interface Filter {
  readonly thingName?: string | undefined;
  readonly securityProfileName?: string | undefined;
  readonly behaviorCriteriaType?: string | undefined;
  readonly listSuppressedAlerts?: boolean | undefined;
  readonly verificationState?: string | undefined;
}

function criteriaType({ criteria }: Behavior): string {
  if (criteria?.mlDetectionConfig) return 'MACHINE_LEARNING';
  return criteria?.statisticalThreshold ? 'STATISTICAL' : 'STATIC';
}

function selects(filter: Filter, violation: Violation): boolean {
  const { thingName, profile, behavior, verification } = violation;
  const pairs: readonly (readonly [unknown, unknown])[] = [
    [filter.thingName, thingName],
    [filter.securityProfileName, profile],
    [filter.behaviorCriteriaType, criteriaType(behavior)],
    [filter.listSuppressedAlerts, behavior.suppressAlerts ?? false],
    [filter.verificationState, verification],
  ];
  return pairs.every(([wanted, actual]) => wanted === undefined || wanted === actual);
}

const common = (violation: Violation) => ({
  violationId: violation.id,
  thingName: violation.thingName,
  securityProfileName: violation.profile,
  behavior: violation.behavior,
  verificationState: violation.verification,
  verificationStateDescription: violation.description,
});

/** Violations as they are read and judged; the control endpoint raises them. */
export const violations = family(
  'iot',
  {
    ListActiveViolations(context, input) {
      const active = context
        .slice(VIOLATIONS)
        .filter((violation) => violation.endedAt === undefined && selects(input, violation))
        .map((violation) =>
          compact({
            ...common(violation),
            lastViolationValue: violation.value,
            lastViolationTime: new Date(violation.lastAt),
            violationStartTime: new Date(violation.startedAt),
          }),
        );
      const request = { token: input.nextToken, limit: input.maxResults ?? 25 };
      const page = pageOfList(active, request, context.world.paging);
      return compact({ activeViolations: page.items, nextToken: page.next });
    },

    ListViolationEvents(context, input) {
      const from = Math.max(input.startTime.getTime(), context.now() - VIOLATION_RETENTION);
      const told = context.slice(VIOLATIONS).flatMap((violation) => {
        if (!selects(input, violation)) return [];
        const began = { ...common(violation), metricValue: violation.value, at: violation.startedAt };
        const inAlarm = { ...began, violationEventType: 'in-alarm' as const };
        const { endedAt, ending, endValue } = violation;
        if (endedAt === undefined || ending === undefined) return [inAlarm];
        return [inAlarm, { ...began, metricValue: endValue, violationEventType: ending, at: endedAt }];
      });
      const events = told
        .filter(({ at }) => at >= from && at <= input.endTime.getTime())
        .map(({ at, ...event }) => compact({ ...event, violationEventTime: new Date(at) }));
      const request = { token: input.nextToken, limit: input.maxResults ?? 25 };
      const page = pageOfList(events, request, context.world.paging);
      return compact({ violationEvents: page.items, nextToken: page.next });
    },

    PutVerificationStateOnViolation(context, input) {
      const violation = context.slice(VIOLATIONS).find(({ id }) => id === input.violationId);
      if (!violation) throw invalid(`Violation ${input.violationId} not found`);
      violation.verification = input.verificationState;
      violation.description = input.verificationStateDescription;
      context.changed({ kind: 'other', resource: `violation/${violation.id}` });
      return {};
    },
  },
  [VIOLATIONS],
);
