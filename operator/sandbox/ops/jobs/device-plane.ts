import type { CallContext } from '../../context.ts';
import { awsError, invalid } from '../../errors.ts';
import { family } from '../../operations.ts';
import { compact } from '../support.ts';
import { thingNamed } from '../things.ts';
import { executionOf } from './executions.ts';
import { jobsOf, jobWithId } from './jobs.ts';
import { finish, isTerminal, setStatus, settle } from './progress.ts';
import type { Execution, ExecutionStatus } from './state.ts';

const SETTABLE: readonly string[] = ['IN_PROGRESS', 'SUCCEEDED', 'FAILED', 'REJECTED'];

function openOf(context: CallContext, thingName: string): Execution[] {
  thingNamed(context, thingName);
  return [...jobsOf(context).values()].flatMap((job) => {
    const execution = job.executions.get(thingName);
    return execution && !isTerminal(execution.status) ? [execution] : [];
  });
}

// The data plane tells seconds, as numbers.
const seconds = (at: number) => Math.floor(at / 1000);

const summary = (execution: Execution) =>
  compact({
    jobId: execution.jobId,
    queuedAt: seconds(execution.queuedAt),
    startedAt: execution.startedAt === undefined ? undefined : seconds(execution.startedAt),
    lastUpdatedAt: seconds(execution.updatedAt),
    versionNumber: execution.version,
    executionNumber: execution.number,
  });

const described = (context: CallContext, execution: Execution, withDocument: boolean) =>
  compact({
    ...summary(execution),
    thingName: execution.thingName,
    status: execution.status,
    statusDetails: execution.details,
    jobDocument: withDocument ? jobWithId(context, execution.jobId).document : undefined,
  });

function start(context: CallContext, execution: Execution): void {
  if (execution.status === 'IN_PROGRESS') return;
  execution.startedAt = context.now();
  setStatus(context, execution, 'IN_PROGRESS');
}

/** What devices ask and report over HTTPS (iot-jobs-data). */
export const jobsDataPlane = family('iot-jobs-data', {
  GetPendingJobExecutions(context, input) {
    const open = openOf(context, input.thingName);
    const inProgress = open.filter(({ status }) => status === 'IN_PROGRESS');
    const queued = open.filter(({ status }) => status === 'QUEUED');
    return { inProgressJobs: inProgress.map(summary), queuedJobs: queued.map(summary) };
  },

  StartNextPendingJobExecution(context, input) {
    const open = openOf(context, input.thingName);
    const next = open.find(({ status }) => status === 'IN_PROGRESS') ?? open[0];
    if (!next) return {};
    start(context, next);
    next.details = { ...next.details, ...input.statusDetails };
    context.changed({ kind: 'other', resource: context.arn(`job/${next.jobId}`) });
    return { execution: described(context, next, true) };
  },

  DescribeJobExecution(context, input) {
    const [next] = input.jobId === '$next' ? openOf(context, input.thingName) : [];
    if (input.jobId === '$next' && !next) return {};
    const execution = next ?? executionOf(context, input.jobId, input.thingName);
    if (isTerminal(execution.status))
      throw awsError('TerminalStateException', `The job execution is ${execution.status}`);
    return { execution: described(context, execution, input.includeJobDocument ?? true) };
  },

  UpdateJobExecution(context, input) {
    const execution = executionOf(context, input.jobId, input.thingName);
    const { status, expectedVersion } = input;
    if (expectedVersion !== undefined && Number(expectedVersion) !== execution.version) {
      throw invalid(`The expected version ${expectedVersion} is not ${execution.version}`);
    }
    if (!SETTABLE.includes(status)) throw invalid(`A device cannot set the status ${status}`);
    if (isTerminal(execution.status)) {
      throw awsError('InvalidStateTransitionException', `The job execution is already ${execution.status}`);
    }
    const job = jobWithId(context, input.jobId);
    execution.details = { ...execution.details, ...input.statusDetails };
    if (status !== 'IN_PROGRESS') finish(context, job, execution, status as ExecutionStatus);
    else if (execution.status === 'QUEUED') start(context, execution);
    else setStatus(context, execution, 'IN_PROGRESS');
    settle(context, job);
    context.changed({ kind: 'other', resource: context.arn(`job/${job.id}`) });
    return compact({
      executionState: input.includeJobExecutionState
        ? { status: execution.status, statusDetails: execution.details, versionNumber: execution.version }
        : undefined,
      jobDocument: input.includeJobDocument ? job.document : undefined,
    });
  },
});
