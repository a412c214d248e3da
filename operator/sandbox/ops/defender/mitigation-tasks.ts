import type { CallContext } from '../../context.ts';
import { awsError, invalid, notFound } from '../../errors.ts';
import { family } from '../../operations.ts';
import { pageOf, pageOfList } from '../../state/paging.ts';
import { compact } from '../support.ts';
import { defenderOf, toldFindings } from './audits.ts';
import { CHECKS } from './checks.ts';
import { fits, tryAction } from './mitigate.ts';
import { actionTypeOf } from './mitigation-actions.ts';
import type { Finding, MitigationAction, MitigationTask } from './state.ts';

type Target = MitigationTask['target'];
type Executions = MitigationTask['executions'];
type Outcome = MitigationTask['findingsPerCheck'][string][number];

function taskWithId(context: CallContext, id: string): MitigationTask {
  const task = defenderOf(context).mitigations.get(id);
  if (!task) throw notFound(`Mitigation task ${id} not found`);
  return task;
}

/** The actions that a task names, as they are now: a later change of an action does not change the task. */
function actionsOf(context: CallContext, mapping: Readonly<Record<string, string[]>>): MitigationAction[] {
  const found = new Map<string, MitigationAction>();
  for (const [check, names] of Object.entries(mapping)) {
    if (!Object.hasOwn(CHECKS, check)) throw invalid(`Unknown audit check ${check.slice(0, 100)}`);
    for (const name of names) {
      const action = defenderOf(context).actions.get(name);
      if (!action) throw invalid(`Mitigation action ${name} not found`);
      const type = actionTypeOf(action.params);
      if (!fits(check, type)) throw invalid(`Mitigation action ${name} (${type}) cannot be used for ${check}`);
      found.set(name, { ...action });
    }
  }
  return [...found.values()];
}

function findingsOf(context: CallContext, target: Target): Finding[] {
  const { auditTaskId, findingIds, auditCheckToReasonCodeFilter: codes } = target;
  if (auditTaskId === undefined && findingIds === undefined && codes === undefined) {
    throw invalid('The target must name an audit task, findings or checks');
  }
  return toldFindings(context).filter(({ id, taskId, told }) => {
    const allowed = codes?.[told.checkName ?? ''];
    if (findingIds && !findingIds.includes(id)) return false;
    if (auditTaskId !== undefined && auditTaskId !== taskId) return false;
    return !codes || allowed?.length === 0 || allowed?.includes(told.reasonForNonComplianceCode ?? '') === true;
  });
}

interface Run {
  readonly taskId: string;
  readonly actions: readonly MitigationAction[];
}

/** The actions run in order; a failed one skips the rest for its finding. */
function mitigate(context: CallContext, run: Run, finding: Finding): { outcome: Outcome; executions: Executions } {
  if (finding.suppressed) return { outcome: 'SKIPPED', executions: [] };
  let outcome: Outcome = 'COMPLETED';
  const executions = run.actions.map((action) => {
    const base = {
      taskId: run.taskId,
      findingId: finding.id,
      actionName: action.name,
      actionId: action.id,
      at: context.now(),
    };
    if (outcome === 'FAILED') return { ...base, status: 'SKIPPED' as const };
    const error = tryAction(context, action, finding);
    if (!error) return { ...base, status: 'COMPLETED' as const };
    outcome = 'FAILED';
    return { ...base, status: 'FAILED' as const, errorCode: error.name, message: error.message };
  });
  return { outcome, executions };
}

/** Mitigation of audit findings (dd-mitigation-actions). Tasks are over when they are answered. */
export const mitigationTasks = family('iot', {
  StartAuditMitigationActionsTask(context, input) {
    const { mitigations } = defenderOf(context);
    const { taskId: id, target, auditCheckToActionsMapping: mapping } = input;
    if (mitigations.has(id)) throw awsError('TaskAlreadyExistsException', `Mitigation task ${id} already exists`);
    const actions = actionsOf(context, mapping);
    const executions: Executions[number][] = [];
    const findingsPerCheck: Record<string, Outcome[]> = {};
    for (const finding of findingsOf(context, target)) {
      const check = finding.told.checkName ?? '';
      const names = mapping[check];
      if (!names) continue;
      const ordered = names.flatMap((name) => actions.filter((action) => action.name === name));
      const done = mitigate(context, { taskId: id, actions: ordered }, finding);
      executions.push(...done.executions);
      findingsPerCheck[check] = [...(findingsPerCheck[check] ?? []), done.outcome];
    }
    mitigations.set(id, { id, startedAt: context.now(), target, mapping, actions, executions, findingsPerCheck });
    context.changed({ kind: 'other', resource: `auditmitigationactionstask/${id}` });
    return { taskId: id };
  },

  DescribeAuditMitigationActionsTask(context, input) {
    const task = taskWithId(context, input.taskId);
    const statistics = Object.entries(task.findingsPerCheck).map(([check, outcomes]) => {
      const count = (outcome: Outcome) => outcomes.filter((o) => o === outcome).length;
      const told = {
        totalFindingsCount: outcomes.length,
        failedFindingsCount: count('FAILED'),
        succeededFindingsCount: count('COMPLETED'),
        skippedFindingsCount: count('SKIPPED'),
        canceledFindingsCount: 0,
      };
      return [check, told] as const;
    });
    return {
      taskStatus: 'COMPLETED' as const,
      startTime: new Date(task.startedAt),
      endTime: new Date(task.startedAt),
      taskStatistics: Object.fromEntries(statistics),
      target: task.target,
      auditCheckToActionsMapping: task.mapping,
      actionsDefinition: task.actions.map(({ name, id, roleArn, params }) => ({
        name,
        id,
        roleArn,
        actionParams: params,
      })),
    };
  },

  CancelAuditMitigationActionsTask(context, input) {
    const { id } = taskWithId(context, input.taskId);
    throw invalid(`Mitigation task ${id} is already completed`);
  },

  ListAuditMitigationActionsTasks(context, input) {
    const [from, to] = [input.startTime.getTime(), input.endTime.getTime()];
    const page = pageOf(
      defenderOf(context).mitigations,
      { token: input.nextToken, limit: input.maxResults ?? 25 },
      context.world.paging,
      (task) => {
        if (task.startedAt < from || task.startedAt > to) return undefined;
        if (input.taskStatus !== undefined && input.taskStatus !== 'COMPLETED') return undefined;
        if (input.auditTaskId !== undefined && task.target.auditTaskId !== input.auditTaskId) return undefined;
        const touched = task.executions.some(({ findingId }) => findingId === input.findingId);
        if (input.findingId !== undefined && !touched) return undefined;
        return { taskId: task.id, startTime: new Date(task.startedAt), taskStatus: 'COMPLETED' as const };
      },
    );
    return compact({ tasks: page.items, nextToken: page.next });
  },

  ListAuditMitigationActionsExecutions(context, input) {
    const all = (defenderOf(context).mitigations.get(input.taskId)?.executions ?? [])
      .filter(({ findingId }) => findingId === input.findingId)
      .filter(({ status }) => input.actionStatus === undefined || input.actionStatus === status)
      .map(({ at, ...told }) => ({ ...told, startTime: new Date(at), endTime: new Date(at) }));
    const request = { token: input.nextToken, limit: input.maxResults ?? 25 };
    const page = pageOfList(all, request, context.world.paging);
    return compact({ actionsExecutions: page.items, nextToken: page.next });
  },
});
