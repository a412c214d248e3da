import type { Behavior, MetricValue, VerificationState } from '@aws-sdk/client-iot';
import type { World } from '../../context.ts';
import { AwsError, invalid } from '../../errors.ts';
import { family } from '../../operations.ts';
import { uuid } from '../../state/ids.ts';
import { pageOfList } from '../../state/paging.ts';
import { REGISTRY } from '../../state/registry.ts';
import type { Scope, Slice } from '../../state/scope.ts';
import { SETTINGS } from '../../state/settings.ts';
import { compact } from '../support.ts';

const RETENTION = 30 * 86_400_000;

export interface Violation {
  readonly id: string;
  readonly thingName: string;
  readonly profile: string;
  readonly behavior: Behavior;
  readonly value: MetricValue | undefined;
  readonly startedAt: number;
  clearedAt: number | undefined;
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

export interface RaisedViolation {
  readonly thingName: string;
  readonly securityProfileName: string;
  readonly behaviorName: string;
  readonly metricValue?: MetricValue;
}

/** Raises what Detect would raise: nothing here watches the metrics. Returns the violation's id. */
export function raiseViolation(world: World, scope: Scope, raised: RaisedViolation): string {
  const { thingName, securityProfileName: profile, behaviorName } = raised;
  const behaviors = scope.slice(SETTINGS).securityProfiles.get(profile)?.behaviors ?? [];
  const behavior = behaviors.find(({ name }) => name === behaviorName);
  if (!behavior || !scope.slice(REGISTRY).things.has(thingName)) {
    throw new AwsError('NotFound', `No thing ${thingName}, or no behavior ${behaviorName} in ${profile}.`, {}, 404);
  }
  const id = uuid(world.random);
  const verification = { verification: 'UNKNOWN' as const, description: undefined };
  const times = { startedAt: world.clock.now(), clearedAt: undefined };
  scope
    .slice(VIOLATIONS)
    .push({ id, thingName, profile, behavior, value: raised.metricValue, ...times, ...verification });
  return id;
}

/** Ends an alarm; false when there is no such active violation. */
export function clearViolation(world: World, scope: Scope, id: string): boolean {
  const violation = scope.slice(VIOLATIONS).find((v) => v.id === id && v.clearedAt === undefined);
  if (violation) violation.clearedAt = world.clock.now();
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
        .filter((violation) => violation.clearedAt === undefined && selects(input, violation))
        .map((violation) =>
          compact({
            ...common(violation),
            lastViolationValue: violation.value,
            lastViolationTime: new Date(violation.startedAt),
            violationStartTime: new Date(violation.startedAt),
          }),
        );
      const request = { token: input.nextToken, limit: input.maxResults ?? 25 };
      const page = pageOfList(active, request, context.world.paging);
      return compact({ activeViolations: page.items, nextToken: page.next });
    },

    ListViolationEvents(context, input) {
      const from = Math.max(input.startTime.getTime(), context.now() - RETENTION);
      const told = context.slice(VIOLATIONS).flatMap((violation) => {
        if (!selects(input, violation)) return [];
        const base = { ...common(violation), metricValue: violation.value };
        const began = { ...base, violationEventType: 'in-alarm' as const, at: violation.startedAt };
        const ended = violation.clearedAt;
        return ended === undefined
          ? [began]
          : [began, { ...base, violationEventType: 'alarm-cleared' as const, at: ended }];
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
