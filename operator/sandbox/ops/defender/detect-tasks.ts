import type {
  DetectMitigationActionsTaskTarget,
  StartDetectMitigationActionsTaskRequest,
  ViolationEventOccurrenceRange,
} from '@aws-sdk/client-iot';
import type { CallContext } from '../../context.ts';
import { AwsError, awsError, invalid, notFound } from '../../errors.ts';
import { family } from '../../operations.ts';
import { pageOf, pageOfList } from '../../state/paging.ts';
import type { Slice } from '../../state/scope.ts';
import { SequencedMap } from '../../state/sequenced.ts';
import { compact } from '../support.ts';
import { defenderOf } from './audits.ts';
import { addThing } from './mitigate.ts';
import { actionTypeOf } from './mitigation-actions.ts';
import type { MitigationAction } from './state.ts';
import { VIOLATIONS, type Violation } from './violation-state.ts';

interface Execution {
  readonly violationId: string;
  readonly actionName: string;
  readonly status: 'SUCCESSFUL' | 'FAILED' | 'SKIPPED';
  readonly errorCode?: string;
  readonly message?: string;
}

interface Task {
  readonly id: string;
  readonly at: number;
  readonly target: DetectMitigationActionsTaskTarget;
  readonly range: { readonly from: number; readonly to: number } | undefined;
  readonly onlyActive: boolean;
  readonly suppressed: boolean;
  readonly actions: readonly MitigationAction[];
  readonly executions: readonly Execution[];
}

const TASKS: Slice<SequencedMap<Task>> = {
  name: 'detect-mitigation',
  create: () => new SequencedMap<Task>(),
  save: (tasks) => [...tasks.values()],
  load(tasks, saved) {
    for (const task of saved as Task[]) tasks.set(task.id, task);
  },
};

/** Alarms of Detect can only move things into groups (dd-mitigation-actions). */
function actionsOf(context: CallContext, names: readonly string[]): MitigationAction[] {
  return names.map((name) => {
    const action = defenderOf(context).actions.get(name);
    if (!action) throw invalid(`Mitigation action ${name} not found`);
    const type = actionTypeOf(action.params);
    if (type !== 'ADD_THINGS_TO_THING_GROUP') throw invalid(`Mitigation action ${name} (${type}) cannot be used here`);
    return { ...action };
  });
}

function rangeOf(range: ViolationEventOccurrenceRange | undefined): Task['range'] {
  if (!range?.startTime || !range.endTime) return undefined;
  return { from: range.startTime.getTime(), to: range.endTime.getTime() };
}

function chosen(context: CallContext, task: Omit<Task, 'executions'>): Violation[] {
  const { violationIds, securityProfileName, behaviorName } = task.target;
  return context.slice(VIOLATIONS).filter((violation) => {
    if (violationIds && !violationIds.includes(violation.id)) return false;
    if (securityProfileName !== undefined && securityProfileName !== violation.profile) return false;
    if (behaviorName !== undefined && behaviorName !== violation.behavior.name) return false;
    if (task.onlyActive && violation.endedAt !== undefined) return false;
    if (!task.suppressed && violation.behavior.suppressAlerts) return false;
    return !task.range || (violation.startedAt >= task.range.from && violation.startedAt <= task.range.to);
  });
}

/** In order on each violation; a failed action skips the rest. */
function executeOn(context: CallContext, actions: readonly MitigationAction[], violation: Violation): Execution[] {
  let failed = false;
  return actions.map((action) => {
    const base = { violationId: violation.id, actionName: action.name };
    if (failed) return { ...base, status: 'SKIPPED' as const };
    try {
      addThing(context, action, violation.thingName);
      return { ...base, status: 'SUCCESSFUL' as const };
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      failed = true;
      return { ...base, status: 'FAILED' as const, errorCode: error.name, message: error.message };
    }
  });
}

const statusOf = ({ executions }: Task) =>
  executions.some(({ status }) => status === 'FAILED') ? ('FAILED' as const) : ('SUCCESSFUL' as const);

function summary(task: Task) {
  const count = (wanted: Execution['status']) => task.executions.filter(({ status }) => status === wanted).length;
  const { range } = task;
  return compact({
    taskId: task.id,
    taskStatus: statusOf(task),
    taskStartTime: new Date(task.at),
    taskEndTime: new Date(task.at),
    target: task.target,
    violationEventOccurrenceRange: range && { startTime: new Date(range.from), endTime: new Date(range.to) },
    onlyActiveViolationsIncluded: task.onlyActive,
    suppressedAlertsIncluded: task.suppressed,
    actionsDefinition: task.actions.map(({ name, id, roleArn, params }) => ({
      name,
      id,
      roleArn,
      actionParams: params,
    })),
    taskStatistics: {
      actionsExecuted: count('SUCCESSFUL'),
      actionsSkipped: count('SKIPPED'),
      actionsFailed: count('FAILED'),
    },
  });
}

function checkTarget({ target }: StartDetectMitigationActionsTaskRequest): void {
  const { violationIds, securityProfileName } = target ?? {};
  if (violationIds === undefined && securityProfileName === undefined) {
    throw invalid('The target must name violations or a security profile');
  }
}

function taskWithId(context: CallContext, id: string): Task {
  const task = context.slice(TASKS).get(id);
  if (!task) throw notFound(`Mitigation task ${id} not found`);
  return task;
}

/** Mitigation of Detect's violations. Tasks are over when they are answered. */
export const detectTasks = family(
  'iot',
  {
    StartDetectMitigationActionsTask(context, input) {
      const tasks = context.slice(TASKS);
      if (tasks.has(input.taskId)) {
        throw awsError('TaskAlreadyExistsException', `Mitigation task ${input.taskId} already exists`);
      }
      checkTarget(input as StartDetectMitigationActionsTaskRequest);
      const task = {
        id: input.taskId,
        at: context.now(),
        target: input.target,
        range: rangeOf(input.violationEventOccurrenceRange),
        onlyActive: input.includeOnlyActiveViolations ?? false,
        suppressed: input.includeSuppressedAlerts ?? false,
        actions: actionsOf(context, input.actions),
      };
      const executions = chosen(context, task).flatMap((violation) => executeOn(context, task.actions, violation));
      tasks.set(task.id, { ...task, executions });
      context.changed({ kind: 'other', resource: `detectmitigationactionstask/${task.id}` });
      return { taskId: task.id };
    },

    DescribeDetectMitigationActionsTask: (context, input) => ({
      taskSummary: summary(taskWithId(context, input.taskId)),
    }),

    CancelDetectMitigationActionsTask(context, input) {
      const { id } = taskWithId(context, input.taskId);
      throw invalid(`Mitigation task ${id} is already completed`);
    },

    ListDetectMitigationActionsTasks(context, input) {
      const [from, to] = [input.startTime.getTime(), input.endTime.getTime()];
      const request = { token: input.nextToken, limit: input.maxResults ?? 25 };
      const page = pageOf(context.slice(TASKS), request, context.world.paging, (task) =>
        task.at >= from && task.at <= to ? summary(task) : undefined,
      );
      return compact({ tasks: page.items, nextToken: page.next });
    },

    ListDetectMitigationActionsExecutions(context, input) {
      const { taskId, violationId, thingName, startTime, endTime } = input;
      if (taskId === undefined && violationId === undefined && thingName === undefined) {
        throw invalid('taskId, violationId or thingName must be given');
      }
      const things = new Map(context.slice(VIOLATIONS).map((violation) => [violation.id, violation.thingName]));
      const tasks = [...context.slice(TASKS).values()]
        .filter(({ id }) => taskId === undefined || taskId === id)
        .filter(({ at }) => !startTime || at >= startTime.getTime())
        .filter(({ at }) => !endTime || at <= endTime.getTime());
      const all = tasks.flatMap(({ id, at, executions }) =>
        executions
          .filter((e) => violationId === undefined || violationId === e.violationId)
          .filter((e) => thingName === undefined || thingName === things.get(e.violationId))
          .map((e) => ({ ...e, taskId: id, executionStartDate: new Date(at), executionEndDate: new Date(at) })),
      );
      const request = { token: input.nextToken, limit: input.maxResults ?? 25 };
      const page = pageOfList(all, request, context.world.paging);
      return compact({ actionsExecutions: page.items, nextToken: page.next });
    },
  },
  [TASKS],
);
