import type {
  AuditCheckConfiguration,
  AuditFinding,
  AuditMitigationActionExecutionMetadata,
  AuditNotificationTarget,
  MitigationActionParams,
  ResourceIdentifier,
  StartAuditMitigationActionsTaskRequest,
} from '@aws-sdk/client-iot';
import type { Slice } from '../../state/scope.ts';
import { SequencedMap } from '../../state/sequenced.ts';

export interface CustomMetric {
  readonly name: string;
  readonly type: 'string-list' | 'ip-address-list' | 'number-list' | 'number';
  readonly token: string;
  readonly createdAt: number;
  displayName: string | undefined;
  modifiedAt: number;
}

export interface Dimension {
  readonly name: string;
  readonly type: 'TOPIC_FILTER';
  readonly createdAt: number;
  values: string[];
  modifiedAt: number;
}

export interface MitigationAction {
  readonly name: string;
  readonly id: string;
  readonly createdAt: number;
  roleArn: string;
  params: MitigationActionParams;
  modifiedAt: number;
}

export interface AuditConfiguration {
  roleArn: string | undefined;
  notifications: Partial<Record<'SNS', AuditNotificationTarget>> | undefined;
  checks: Record<string, AuditCheckConfiguration>;
}

export interface ScheduledAudit {
  readonly name: string;
  frequency: 'DAILY' | 'WEEKLY' | 'BIWEEKLY' | 'MONTHLY';
  dayOfMonth: string | undefined;
  dayOfWeek: 'SUN' | 'MON' | 'TUE' | 'WED' | 'THU' | 'FRI' | 'SAT' | undefined;
  checks: string[];
  previousRun?: number;
  /** Start of the next run, which AWS chooses within the day. */
  nextRun: number;
}

export interface CheckRun {
  readonly total: number;
  readonly nonCompliant: number;
  readonly suppressed: number;
}

export interface AuditTask {
  readonly id: string;
  readonly scheduledAudit: string | undefined;
  readonly startedAt: number;
  /** Results are evaluated at the start and told from this time on. */
  readonly endsAt: number;
  canceled: boolean;
  readonly checks: Record<string, CheckRun>;
}

/** A finding without the dates and the flag that are worked out when it is told. */
export interface Finding {
  readonly id: string;
  readonly taskId: string;
  readonly at: number;
  readonly told: Pick<
    AuditFinding,
    | 'checkName'
    | 'severity'
    | 'nonCompliantResource'
    | 'relatedResources'
    | 'reasonForNonCompliance'
    | 'reasonForNonComplianceCode'
  >;
  readonly suppressed: boolean;
}

export interface Suppression {
  readonly check: string;
  readonly resource: ResourceIdentifier;
  expiresAt: number | undefined;
  indefinite: boolean;
  description: string | undefined;
}

type Execution = Omit<AuditMitigationActionExecutionMetadata, 'startTime' | 'endTime'> & { readonly at: number };

export interface MitigationTask {
  readonly id: string;
  readonly startedAt: number;
  readonly target: NonNullable<StartAuditMitigationActionsTaskRequest['target']>;
  readonly mapping: Record<string, string[]>;
  readonly actions: readonly MitigationAction[];
  readonly executions: readonly Execution[];
  readonly findingsPerCheck: Record<string, readonly ('COMPLETED' | 'FAILED' | 'SKIPPED')[]>;
}

const TABLES = [
  'metrics',
  'dimensions',
  'actions',
  'scheduled',
  'tasks',
  'findings',
  'suppressions',
  'mitigations',
] as const;

/** What Device Defender keeps in one account and region, besides security profiles. */
export class Defender {
  readonly metrics = new SequencedMap<CustomMetric>();
  readonly dimensions = new SequencedMap<Dimension>();
  readonly actions = new SequencedMap<MitigationAction>();
  readonly scheduled = new SequencedMap<ScheduledAudit>();
  readonly tasks = new SequencedMap<AuditTask>();
  readonly findings = new SequencedMap<Finding>();
  readonly suppressions = new SequencedMap<Suppression>();
  readonly mitigations = new SequencedMap<MitigationTask>();
  audit: AuditConfiguration | undefined;
}

interface Saved {
  readonly tables: Readonly<Record<string, readonly (readonly [string, unknown])[]>>;
  readonly audit: AuditConfiguration | null;
}

export const DEFENDER: Slice<Defender> = {
  name: 'defender',
  create: () => new Defender(),
  save: (defender): Saved => ({
    tables: Object.fromEntries(TABLES.map((name) => [name, [...defender[name].entries()]])),
    audit: defender.audit ?? null,
  }),
  load(defender, saved) {
    const from = saved as Saved;
    for (const name of TABLES) {
      const table: SequencedMap<unknown> = defender[name];
      for (const [key, value] of from.tables[name] ?? []) table.set(key, value);
    }
    defender.audit = from.audit ?? undefined;
  },
};

/** One text per resource, whatever the order in which its identifier was written. */
export function resourceKey(check: string, resource: ResourceIdentifier): string {
  return JSON.stringify([check, resource], (_key, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => a.localeCompare(b)))
      : value,
  );
}
