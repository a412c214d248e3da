import type { CallContext } from '../../context.ts';
import { AwsError, awsError, invalid, notFound } from '../../errors.ts';
import { family } from '../../operations.ts';
import { compact } from '../support.ts';
import { thingNamed } from '../things.ts';
import { AGENDA } from './agenda.ts';
import { executionOf } from './executions.ts';
import { jobsOf, jobWithId } from './jobs.ts';
import { finish, pendingOf, setStatus, settle } from './progress.ts';
import { checkTimeout } from './schedule.ts';
import { type Execution, type ExecutionStatus, isTerminal } from './state.ts';

const SETTABLE: readonly string[] = ['IN_PROGRESS', 'SUCCEEDED', 'FAILED', 'REJECTED'];

const MAX_LISTED = 15;

/** The caller expected another version of the execution. Over MQTT this has an error code of its own. */
export class VersionMismatch extends AwsError {
  constructor(expected: unknown, { version }: Execution) {
    super('InvalidRequestException', `The expected version ${String(expected)} is not ${version}`);
  }
}

function openOf(context: CallContext, thingName: string): Execution[] {
  thingNamed(context, thingName);
  jobsOf(context);
  return pendingOf(context, thingName);
}

// The data plane tells seconds, as numbers.
const seconds = (at: number) => Math.floor(at / 1000);

export const summary = (execution: Execution) =>
  compact({
    jobId: execution.jobId,
    queuedAt: seconds(execution.queuedAt),
    startedAt: execution.startedAt === undefined ? undefined : seconds(execution.startedAt),
    lastUpdatedAt: seconds(execution.updatedAt),
    versionNumber: execution.version,
    executionNumber: execution.number,
  });

export const described = (context: CallContext, execution: Execution, withDocument: boolean) =>
  compact({
    ...summary(execution),
    thingName: execution.thingName,
    status: execution.status,
    statusDetails: execution.details,
    jobDocument: withDocument ? jobWithId(context, execution.jobId).document : undefined,
  });

/** The device's own timer (jobs-configurations-details): -1 ends it, a new figure starts it anew. */
function setStepTimer(context: CallContext, execution: Execution, minutes: bigint | number | undefined): void {
  if (minutes === undefined) return;
  if (Number(minutes) !== -1) checkTimeout(minutes);
  execution.stepEndsAt = Number(minutes) === -1 ? undefined : context.now() + Number(minutes) * 60_000;
  context.slice(AGENDA).unsettle({ id: execution.jobId }).retime(execution);
}

function ofNumber(execution: Execution, number: bigint | number | undefined): Execution {
  if (number === undefined || Number(number) === execution.number) return execution;
  throw notFound(`Job execution ${execution.jobId} has no number ${number}`);
}

function start(context: CallContext, execution: Execution): void {
  if (execution.status === 'IN_PROGRESS') return;
  execution.startedAt = context.now();
  setStatus(context, execution, 'IN_PROGRESS');
}

export const stateOf = ({ status, details, version }: Execution) => ({
  status,
  statusDetails: details,
  versionNumber: version,
});

/** What devices ask and report over HTTPS (iot-jobs-data). */
export const jobsDataPlane = family('iot-jobs-data', {
  GetPendingJobExecutions(context, input) {
    const open = openOf(context, input.thingName);
    const listed = (wanted: ExecutionStatus) =>
      open
        .filter(({ status }) => status === wanted)
        .slice(0, MAX_LISTED)
        .map(summary);
    return { inProgressJobs: listed('IN_PROGRESS'), queuedJobs: listed('QUEUED') };
  },

  StartNextPendingJobExecution(context, input) {
    const [next] = openOf(context, input.thingName);
    if (!next) return {};
    start(context, next);
    setStepTimer(context, next, input.stepTimeoutInMinutes);
    next.details = { ...next.details, ...input.statusDetails };
    context.changed({ kind: 'other', resource: context.arn(`job/${next.jobId}`) });
    return { execution: described(context, next, true) };
  },

  DescribeJobExecution(context, input) {
    const [next] = input.jobId === '$next' ? openOf(context, input.thingName) : [];
    if (input.jobId === '$next' && !next) return {};
    const execution = ofNumber(next ?? executionOf(context, input.jobId, input.thingName), input.executionNumber);
    if (isTerminal(execution.status))
      throw awsError('TerminalStateException', `The job execution is ${execution.status}`);
    return { execution: described(context, execution, input.includeJobDocument ?? true) };
  },

  UpdateJobExecution(context, input) {
    const execution = ofNumber(executionOf(context, input.jobId, input.thingName), input.executionNumber);
    const { status, expectedVersion } = input;
    if (expectedVersion !== undefined && Number(expectedVersion) !== execution.version) {
      throw new VersionMismatch(expectedVersion, execution);
    }
    if (!SETTABLE.includes(status)) throw invalid(`A device cannot set the status ${status}`);
    if (isTerminal(execution.status)) {
      throw awsError('InvalidStateTransitionException', `The job execution is already ${execution.status}`);
    }
    const job = jobWithId(context, input.jobId);
    setStepTimer(context, execution, input.stepTimeoutInMinutes);
    execution.details = { ...execution.details, ...input.statusDetails };
    if (status !== 'IN_PROGRESS') finish(context, job, execution, status as ExecutionStatus);
    else if (execution.status === 'QUEUED') start(context, execution);
    else setStatus(context, execution, 'IN_PROGRESS');
    settle(context, job);
    context.changed({ kind: 'other', resource: context.arn(`job/${job.id}`) });
    return compact({
      executionState: input.includeJobExecutionState ? stateOf(execution) : undefined,
      jobDocument: input.includeJobDocument ? job.document : undefined,
    });
  },
});
