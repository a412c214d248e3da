import type { CallContext } from '../../context.ts';
import { uuid } from '../../state/ids.ts';
import { CHECKS } from './checks.ts';
import { type Period, periodOf } from './connections.ts';
import { notify } from './notifications.ts';
import { type AuditTask, DEFENDER, type Finding, resourceKey, type ScheduledAudit } from './state.ts';

const DAY = 86_400_000;
const RETENTION = 90 * DAY;
const WEEKDAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

export function taskStatus(context: CallContext, task: AuditTask): 'CANCELED' | 'IN_PROGRESS' | 'COMPLETED' {
  if (task.canceled) return 'CANCELED';
  return context.now() < task.endsAt ? 'IN_PROGRESS' : 'COMPLETED';
}

/** Evaluates the account as it is now; the results are told once the task has ended. */
export function runAudit(context: CallContext, checks: readonly string[], scheduled?: ScheduledAudit): AuditTask {
  const defender = context.slice(DEFENDER);
  const startedAt = scheduled?.nextRun ?? context.now();
  const task: AuditTask = {
    id: uuid(context.world.random).replaceAll('-', ''),
    scheduledAudit: scheduled?.name,
    startedAt,
    endsAt: startedAt + context.world.delays.build,
    canceled: false,
    checks: Object.fromEntries(checks.map((check) => [check, { total: 0, nonCompliant: 0, suppressed: 0 }])),
  };
  const period = periodOf(startedAt, scheduled?.previousRun);
  for (const check of checks) runCheck(context, task, check, period);
  defender.tasks.set(task.id, task);
  announceEnd(context, task);
  return task;
}

/** Tells the audit's SNS target when it has ended, if the account has one. */
function announceEnd(context: CallContext, task: AuditTask): void {
  const { world, scope } = context;
  const target = scope.slice(DEFENDER).audit?.notifications?.SNS;
  if (!target?.enabled || target.targetArn === undefined) return;
  const topicArn = target.targetArn;
  const tell = () => {
    if (!task.canceled) notify(world, scope, topicArn, endMessage(scope.accountId, task));
  };
  const wait = task.endsAt - context.now();
  if (wait <= 0) tell();
  else world.clock.after(wait, tell);
}

function endMessage(accountId: string, task: AuditTask): Readonly<Record<string, unknown>> {
  const auditDetails = Object.entries(task.checks).map(([checkName, run]) => ({
    checkName,
    checkRunStatus: run.nonCompliant === run.suppressed ? 'COMPLETED_COMPLIANT' : 'COMPLETED_NON_COMPLIANT',
    totalResourcesCount: run.total,
    nonCompliantResourcesCount: run.nonCompliant,
    suppressedNonCompliantResourcesCount: run.suppressed,
  }));
  const count = (status: string) => auditDetails.filter(({ checkRunStatus }) => checkRunStatus === status).length;
  return {
    accountId,
    taskId: task.id,
    taskStatus: 'COMPLETED',
    taskType: task.scheduledAudit === undefined ? 'ON_DEMAND_AUDIT_TASK' : 'SCHEDULED_AUDIT_TASK',
    ...(task.scheduledAudit !== undefined && { scheduledAuditName: task.scheduledAudit }),
    taskStartTime: task.startedAt,
    totalChecksCount: auditDetails.length,
    compliantChecksCount: count('COMPLETED_COMPLIANT'),
    nonCompliantChecksCount: count('COMPLETED_NON_COMPLIANT'),
    failedChecksCount: 0,
    canceledChecksCount: 0,
    auditDetails,
  };
}

function runCheck(context: CallContext, task: AuditTask, name: string, period: Period): void {
  const defender = context.slice(DEFENDER);
  const check = CHECKS[name];
  if (!check) return;
  const { total, breaches } = check.run(context, defender.audit?.checks[name] ?? {}, period);
  let suppressed = 0;
  for (const breach of breaches) {
    const finding: Finding = {
      id: uuid(context.world.random),
      taskId: task.id,
      at: task.endsAt,
      suppressed: isSuppressed(context, name, breach.resource.resourceIdentifier ?? {}),
      told: {
        checkName: name,
        severity: check.severity,
        nonCompliantResource: breach.resource,
        reasonForNonCompliance: breach.reason,
        reasonForNonComplianceCode: breach.code,
        ...(breach.related && { relatedResources: breach.related }),
      },
    };
    if (finding.suppressed) suppressed++;
    defender.findings.set(finding.id, finding);
  }
  task.checks[name] = { total, nonCompliant: breaches.length, suppressed };
}

function isSuppressed(context: CallContext, check: string, resource: object): boolean {
  const { suppressions } = context.slice(DEFENDER);
  for (const { check: of, resource: named, expiresAt, indefinite } of suppressions.values()) {
    if (of !== check || !(indefinite || (expiresAt ?? 0) > context.now())) continue;
    if (covers(named, resource)) return true;
  }
  return false;
}

/** A suppression names a certificate by its id or its ARN; a finding carries both. */
function covers(named: object, resource: object): boolean {
  const found = new Map(Object.entries(resource));
  const given = Object.entries(named).filter(([, value]) => value !== undefined);
  return (
    given.length > 0 &&
    given.every(([key, value]) => resourceKey('', { [key]: value }) === resourceKey('', { [key]: found.get(key) }))
  );
}

/** First start at or after `from` on a day that the schedule names. */
export function nextRun(audit: Omit<ScheduledAudit, 'nextRun'>, from: number): number {
  for (let at = from; ; at += DAY) if (isDay(audit, new Date(at))) return at;
}

function isDay({ frequency, dayOfWeek, dayOfMonth }: Omit<ScheduledAudit, 'nextRun'>, day: Date): boolean {
  if (frequency === 'DAILY') return true;
  if (frequency !== 'MONTHLY') return WEEKDAYS[day.getUTCDay()] === dayOfWeek;
  const last = new Date(Date.UTC(day.getUTCFullYear(), day.getUTCMonth() + 1, 0)).getUTCDate();
  // A month without that day is audited on its last.
  return day.getUTCDate() === (dayOfMonth === 'LAST' ? last : Math.min(Number(dayOfMonth), last));
}

/** Catches up with the schedule and forgets what AWS keeps no longer; called before anything is read. */
export function settleAudits(context: CallContext): void {
  const defender = context.slice(DEFENDER);
  const oldest = context.now() - RETENTION;
  for (const audit of defender.scheduled.values()) {
    while (audit.nextRun <= context.now()) {
      if (audit.nextRun >= oldest) runAudit(context, audit.checks, audit);
      audit.previousRun = audit.nextRun;
      const step = audit.frequency === 'BIWEEKLY' ? 14 * DAY : DAY;
      audit.nextRun = nextRun(audit, audit.nextRun + step);
    }
  }
  for (const [id, { startedAt }] of defender.tasks.entries()) if (startedAt < oldest) defender.tasks.delete(id);
  for (const [id, { taskId }] of defender.findings.entries()) {
    if (!defender.tasks.has(taskId)) defender.findings.delete(id);
  }
}
