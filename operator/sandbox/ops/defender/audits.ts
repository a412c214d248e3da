import type { AuditCheckDetails } from '@aws-sdk/client-iot';
import type { CallContext } from '../../context.ts';
import { awsError, invalid, notFound } from '../../errors.ts';
import { family } from '../../operations.ts';
import { pageOf, pageOfList } from '../../state/paging.ts';
import { compact } from '../support.ts';
import { runAudit, settleAudits, taskStatus } from './audit-runs.ts';
import { CHECKS } from './checks.ts';
import {
  type AuditConfiguration,
  type AuditTask,
  DEFENDER,
  type Defender,
  type Finding,
  resourceKey,
} from './state.ts';

const MAX_RUNNING = 10;
const CERT_AGE = { least: 30, most: 3652 };

/** The state after catching up with the schedule. */
export function defenderOf(context: CallContext): Defender {
  settleAudits(context);
  return context.slice(DEFENDER);
}

/** Refuses names that are no checks or are not switched on. */
export function checkEnabled(context: CallContext, names: readonly string[]): void {
  const configured = context.slice(DEFENDER).audit?.checks ?? {};
  for (const name of names) {
    if (!Object.hasOwn(CHECKS, name)) throw invalid(`Unknown audit check ${name.slice(0, 100)}`);
    if (!configured[name]?.enabled) throw invalid(`Audit check ${name} is not enabled`);
  }
}

function checkConfiguration(given: AuditConfiguration['checks']): void {
  for (const [name, { configuration }] of Object.entries(given)) {
    if (!Object.hasOwn(CHECKS, name)) throw invalid(`Unknown audit check ${name.slice(0, 100)}`);
    const age = configuration?.CERT_AGE_THRESHOLD_IN_DAYS;
    if (age === undefined) continue;
    const days = Number(age);
    if (!Number.isInteger(days) || days < CERT_AGE.least || days > CERT_AGE.most) {
      throw invalid(`CERT_AGE_THRESHOLD_IN_DAYS must be from ${CERT_AGE.least} to ${CERT_AGE.most}`);
    }
  }
}

function taskWithId(context: CallContext, id: string): AuditTask {
  const task = defenderOf(context).tasks.get(id);
  if (!task) throw notFound(`Audit task ${id} not found`);
  return task;
}

type Details = Required<Pick<AuditCheckDetails, 'checkRunStatus'>> & AuditCheckDetails;

function checkDetails(context: CallContext, task: AuditTask, name: string): Details {
  const status = taskStatus(context, task);
  if (status !== 'COMPLETED') return { checkRunStatus: status };
  const run = task.checks[name] ?? { total: 0, nonCompliant: 0, suppressed: 0 };
  // Suppressed findings do not count as non-compliant (audit-finding-suppressions).
  const compliant = run.nonCompliant === run.suppressed;
  return {
    checkRunStatus: compliant ? 'COMPLETED_COMPLIANT' : 'COMPLETED_NON_COMPLIANT',
    checkCompliant: compliant,
    totalResourcesCount: run.total,
    nonCompliantResourcesCount: run.nonCompliant,
    suppressedNonCompliantResourcesCount: run.suppressed,
  };
}

/** Findings of tasks that ended are all that may be told. */
export function toldFindings(context: CallContext): Finding[] {
  const { findings, tasks } = defenderOf(context);
  return [...findings.values()].filter(({ taskId }) => {
    const task = tasks.get(taskId);
    return task !== undefined && taskStatus(context, task) === 'COMPLETED';
  });
}

function describeFinding(context: CallContext, finding: Finding) {
  const task = context.slice(DEFENDER).tasks.get(finding.taskId);
  return {
    findingId: finding.id,
    taskId: finding.taskId,
    ...finding.told,
    taskStartTime: new Date(task?.startedAt ?? finding.at),
    findingTime: new Date(finding.at),
    isSuppressed: finding.suppressed,
  };
}

function findingWithId(context: CallContext, id: string): Finding {
  const finding = toldFindings(context).find((f) => f.id === id);
  if (!finding) throw notFound(`Audit finding ${id} not found`);
  return finding;
}

const typeOf = (task: AuditTask) =>
  task.scheduledAudit === undefined ? ('ON_DEMAND_AUDIT_TASK' as const) : ('SCHEDULED_AUDIT_TASK' as const);

/** The audit's configuration, its runs and what they found (device-defender-audit). */
export const audits = family('iot', {
  DescribeAccountAuditConfiguration(context) {
    const { audit } = defenderOf(context);
    const checks = Object.keys(CHECKS).map((name) => [name, audit?.checks[name] ?? { enabled: false }] as const);
    return compact({
      roleArn: audit?.roleArn,
      auditNotificationTargetConfigurations: audit?.notifications ?? {},
      auditCheckConfigurations: Object.fromEntries(checks),
    });
  },

  UpdateAccountAuditConfiguration(context, input) {
    const defender = defenderOf(context);
    const given = input.auditCheckConfigurations ?? {};
    checkConfiguration(given);
    const enables = Object.values(given).some((check) => check.enabled);
    if (!defender.audit && !(enables && input.roleArn !== undefined)) {
      throw invalid('The first configuration must give roleArn and enable at least one check');
    }
    const off = Object.keys(given).filter((name) => given[name]?.enabled === false);
    for (const audit of defender.scheduled.values()) {
      const used = audit.checks.find((name) => off.includes(name));
      if (used !== undefined) throw invalid(`Check ${used} is used by scheduled audit ${audit.name}`);
    }
    defender.audit = {
      roleArn: input.roleArn ?? defender.audit?.roleArn,
      notifications: input.auditNotificationTargetConfigurations ?? defender.audit?.notifications,
      checks: { ...defender.audit?.checks, ...given },
    };
    context.changed({ kind: 'other', resource: 'accountauditconfiguration' });
    return {};
  },

  DeleteAccountAuditConfiguration(context, input) {
    const defender = defenderOf(context);
    if (!defender.audit) throw notFound('The account has no audit configuration');
    const scheduled = [...defender.scheduled.keys()];
    if (scheduled.length > 0 && !input.deleteScheduledAudits) {
      throw invalid(`The account has scheduled audits: ${scheduled.join(', ')}`);
    }
    for (const name of scheduled) defender.scheduled.delete(name);
    defender.audit = undefined;
    context.changed({ kind: 'other', resource: 'accountauditconfiguration' });
    return {};
  },

  StartOnDemandAuditTask(context, input) {
    const { tasks } = defenderOf(context);
    checkEnabled(context, input.targetCheckNames);
    const running = [...tasks.values()].filter(
      (task) => task.scheduledAudit === undefined && taskStatus(context, task) === 'IN_PROGRESS',
    );
    if (running.length >= MAX_RUNNING) {
      throw awsError('LimitExceededException', `${MAX_RUNNING} on-demand audits are already in progress`);
    }
    const task = runAudit(context, [...new Set(input.targetCheckNames)]);
    context.changed({ kind: 'other', resource: `audittask/${task.id}` });
    return { taskId: task.id };
  },

  DescribeAuditTask(context, input) {
    const task = taskWithId(context, input.taskId);
    const details = Object.fromEntries(Object.keys(task.checks).map((c) => [c, checkDetails(context, task, c)]));
    const count = (status: string) => Object.values(details).filter((d) => d.checkRunStatus === status).length;
    return compact({
      taskStatus: taskStatus(context, task),
      taskType: typeOf(task),
      taskStartTime: new Date(task.startedAt),
      taskStatistics: {
        totalChecks: Object.keys(details).length,
        inProgressChecks: count('IN_PROGRESS'),
        waitingForDataCollectionChecks: 0,
        compliantChecks: count('COMPLETED_COMPLIANT'),
        nonCompliantChecks: count('COMPLETED_NON_COMPLIANT'),
        failedChecks: 0,
        canceledChecks: count('CANCELED'),
      },
      scheduledAuditName: task.scheduledAudit,
      auditDetails: details,
    });
  },

  CancelAuditTask(context, input) {
    const task = taskWithId(context, input.taskId);
    if (taskStatus(context, task) !== 'IN_PROGRESS') throw invalid(`Audit task ${task.id} is not in progress`);
    task.canceled = true;
    context.changed({ kind: 'other', resource: `audittask/${task.id}` });
    return {};
  },

  ListAuditTasks(context, input) {
    const [from, to] = [input.startTime.getTime(), input.endTime.getTime()];
    const request = { token: input.nextToken, limit: input.maxResults ?? 25 };
    const page = pageOf(defenderOf(context).tasks, request, context.world.paging, (task) => {
      const told = { taskId: task.id, taskStatus: taskStatus(context, task), taskType: typeOf(task) };
      if (task.startedAt < from || task.startedAt > to) return undefined;
      if (input.taskStatus !== undefined && input.taskStatus !== told.taskStatus) return undefined;
      return input.taskType === undefined || input.taskType === told.taskType ? told : undefined;
    });
    return compact({ tasks: page.items, nextToken: page.next });
  },

  ListAuditFindings(context, input) {
    const { taskId, startTime, endTime } = input;
    const inTime = startTime !== undefined && endTime !== undefined;
    if ((taskId !== undefined) === inTime || (taskId !== undefined && (startTime ?? endTime) !== undefined)) {
      throw invalid('Give either taskId, or startTime and endTime');
    }
    const wanted = input.resourceIdentifier && resourceKey('', input.resourceIdentifier);
    const found = toldFindings(context).filter((finding) => {
      const { checkName, nonCompliantResource } = finding.told;
      if (taskId !== undefined && finding.taskId !== taskId) return false;
      if (inTime && (finding.at < startTime.getTime() || finding.at > endTime.getTime())) return false;
      if (input.checkName !== undefined && input.checkName !== checkName) return false;
      if (input.listSuppressedFindings !== undefined && input.listSuppressedFindings !== finding.suppressed)
        return false;
      return wanted === undefined || wanted === resourceKey('', nonCompliantResource?.resourceIdentifier ?? {});
    });
    const page = pageOfList(found, { token: input.nextToken, limit: input.maxResults ?? 25 }, context.world.paging);
    return compact({ findings: page.items.map((f) => describeFinding(context, f)), nextToken: page.next });
  },

  DescribeAuditFinding: (context, input) => ({
    finding: describeFinding(context, findingWithId(context, input.findingId)),
  }),

  ListRelatedResourcesForAuditFinding(context, input) {
    const related = findingWithId(context, input.findingId).told.relatedResources ?? [];
    const request = { token: input.nextToken, limit: input.maxResults ?? 25 };
    const page = pageOfList(related, request, context.world.paging);
    return compact({ relatedResources: page.items, nextToken: page.next });
  },
});
