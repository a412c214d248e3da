import type { CallContext } from '../../context.ts';
import { alreadyExists, awsError, invalid, notFound } from '../../errors.ts';
import { family } from '../../operations.ts';
import { pageOf } from '../../state/paging.ts';
import { TAGS } from '../../state/tags.ts';
import { compact, tagAtCreate } from '../support.ts';
import { nextRun } from './audit-runs.ts';
import { checkEnabled, defenderOf } from './audits.ts';
import type { ScheduledAudit } from './state.ts';

const MAX_SCHEDULED = 5;
/** AWS chooses the time of day; here it is an hour from the schedule's creation. */
const FIRST_RUN_AFTER = 3_600_000;

const arnOf = (context: CallContext, name: string) => context.arn(`scheduledaudit/${name}`);

function auditNamed(context: CallContext, name: string): ScheduledAudit {
  const audit = defenderOf(context).scheduled.get(name);
  if (!audit) throw notFound(`Scheduled audit ${name} not found`);
  return audit;
}

function checkDays({ frequency, dayOfMonth, dayOfWeek }: Omit<ScheduledAudit, 'nextRun'>): void {
  const isWeekly = frequency === 'WEEKLY' || frequency === 'BIWEEKLY';
  if (isWeekly !== (dayOfWeek !== undefined)) {
    throw invalid('dayOfWeek must be given for the frequencies WEEKLY and BIWEEKLY, and only for them');
  }
  if ((frequency === 'MONTHLY') !== (dayOfMonth !== undefined)) {
    throw invalid('dayOfMonth must be given for the frequency MONTHLY, and only for it');
  }
}

const described = (context: CallContext, { name, frequency, dayOfMonth, dayOfWeek }: ScheduledAudit) =>
  compact({
    scheduledAuditName: name,
    scheduledAuditArn: arnOf(context, name),
    frequency,
    dayOfMonth,
    dayOfWeek,
  });

/** Audits that run by themselves, on the sandbox's clock (API_CreateScheduledAudit). */
export const scheduledAudits = family('iot', {
  CreateScheduledAudit(context, input) {
    const { scheduled } = defenderOf(context);
    const { scheduledAuditName: name, frequency, dayOfMonth, dayOfWeek, targetCheckNames } = input;
    const arn = arnOf(context, name);
    if (scheduled.has(name)) throw alreadyExists(`Scheduled audit ${name} already exists`, name, arn);
    const audit = { name, frequency, dayOfMonth, dayOfWeek, checks: [...new Set(targetCheckNames)] };
    checkDays(audit);
    checkEnabled(context, audit.checks);
    if (scheduled.size >= MAX_SCHEDULED) {
      throw awsError('LimitExceededException', `The account has ${MAX_SCHEDULED} scheduled audits`);
    }
    tagAtCreate(context, arn, input.tags);
    scheduled.set(name, { ...audit, nextRun: nextRun(audit, context.now() + FIRST_RUN_AFTER) });
    context.changed({ kind: 'other', resource: arn });
    return { scheduledAuditArn: arn };
  },

  DescribeScheduledAudit(context, input) {
    const audit = auditNamed(context, input.scheduledAuditName);
    return { ...described(context, audit), targetCheckNames: audit.checks };
  },

  UpdateScheduledAudit(context, input) {
    const audit = auditNamed(context, input.scheduledAuditName);
    const frequency = input.frequency ?? audit.frequency;
    // A day that does not belong to the new frequency goes with the old one.
    const weekly = frequency === 'WEEKLY' || frequency === 'BIWEEKLY';
    const next = {
      name: audit.name,
      frequency,
      dayOfMonth: input.dayOfMonth ?? (frequency === 'MONTHLY' ? audit.dayOfMonth : undefined),
      dayOfWeek: input.dayOfWeek ?? (weekly ? audit.dayOfWeek : undefined),
      checks: input.targetCheckNames ?? audit.checks,
    };
    checkDays(next);
    checkEnabled(context, next.checks);
    Object.assign(audit, next, { nextRun: nextRun(next, context.now() + FIRST_RUN_AFTER) });
    context.changed({ kind: 'other', resource: arnOf(context, audit.name) });
    return { scheduledAuditArn: arnOf(context, audit.name) };
  },

  DeleteScheduledAudit(context, input) {
    const { name } = auditNamed(context, input.scheduledAuditName);
    defenderOf(context).scheduled.delete(name);
    context.slice(TAGS).drop(arnOf(context, name));
    context.changed({ kind: 'other', resource: arnOf(context, name) });
    return {};
  },

  ListScheduledAudits(context, input) {
    const request = { token: input.nextToken, limit: input.maxResults ?? 25 };
    const { scheduled } = defenderOf(context);
    const page = pageOf(scheduled, request, context.world.paging, (audit) => described(context, audit));
    return compact({ scheduledAudits: page.items, nextToken: page.next });
  },
});
