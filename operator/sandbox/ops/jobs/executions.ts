import type { CallContext } from '../../context.ts';
import { awsError, notFound } from '../../errors.ts';
import { family } from '../../operations.ts';
import { pageOf, pageOfList } from '../../state/paging.ts';
import { checkVersion, compact } from '../support.ts';
import { thingArn, thingNamed } from '../things.ts';
import { AGENDA } from './agenda.ts';
import { jobsOf, jobWithId } from './jobs.ts';
import { setStatus, settle } from './progress.ts';
import { type Execution, isTerminal } from './state.ts';

export function executionOf(context: CallContext, jobId: string, thingName: string): Execution {
  const execution = jobWithId(context, jobId).executions.get(thingName);
  if (!execution) throw notFound(`Job execution of ${jobId} on ${thingName} cannot be found`);
  return execution;
}

const dates = ({ queuedAt, startedAt, updatedAt }: Execution) => ({
  queuedAt: new Date(queuedAt),
  startedAt: startedAt === undefined ? undefined : new Date(startedAt),
  lastUpdatedAt: new Date(updatedAt),
});

const summary = (execution: Execution) =>
  compact({
    status: execution.status,
    ...dates(execution),
    executionNumber: execution.number,
    retryAttempt: execution.retries,
  });

const refused = (message: string) => awsError('InvalidStateTransitionException', message);

/** Executions as the fleet's owner sees them; devices have the jobs data plane. */
export const jobExecutions = family('iot', {
  DescribeJobExecution(context, input) {
    const execution = executionOf(context, input.jobId, input.thingName);
    return {
      execution: compact({
        jobId: execution.jobId,
        status: execution.status,
        forceCanceled: execution.forceCanceled,
        statusDetails: { detailsMap: execution.details },
        thingArn: thingArn(context, execution.thingName),
        ...dates(execution),
        executionNumber: execution.number,
        versionNumber: execution.version,
      }),
    };
  },

  CancelJobExecution(context, input) {
    const execution = executionOf(context, input.jobId, input.thingName);
    checkVersion(input.expectedVersion, execution.version, `job execution ${input.jobId}`);
    const allowed = execution.status === 'QUEUED' || (input.force === true && execution.status === 'IN_PROGRESS');
    if (!allowed) throw refused(`The job execution is ${execution.status}`);
    execution.forceCanceled = input.force ?? false;
    execution.details = { ...execution.details, ...input.statusDetails };
    setStatus(context, execution, 'CANCELED');
    settle(context, jobWithId(context, input.jobId));
    context.changed({ kind: 'other', resource: context.arn(`job/${input.jobId}`) });
    return {};
  },

  DeleteJobExecution(context, input) {
    const execution = executionOf(context, input.jobId, input.thingName);
    if (!isTerminal(execution.status) && !input.force) throw refused(`The job execution is ${execution.status}`);
    if (execution.number !== Number(input.executionNumber)) throw notFound('No execution of this number');
    jobWithId(context, input.jobId).executions.delete(input.thingName);
    context.slice(AGENDA).removed(execution);
    const { jobId, thingName } = execution;
    context.scope.announce({ kind: 'job-execution', jobId, thingName, status: 'DELETED' });
    context.changed({ kind: 'other', resource: context.arn(`job/${input.jobId}`) });
    return {};
  },

  ListJobExecutionsForJob(context, input) {
    const { executions } = jobWithId(context, input.jobId);
    const request = { token: input.nextToken, limit: input.maxResults ?? 25 };
    const page = pageOf(executions, request, context.world.paging, (execution) =>
      input.status === undefined || input.status === execution.status
        ? { thingArn: thingArn(context, execution.thingName), jobExecutionSummary: summary(execution) }
        : undefined,
    );
    return compact({ executionSummaries: page.items, nextToken: page.next });
  },

  ListJobExecutionsForThing(context, input) {
    thingNamed(context, input.thingName);
    jobsOf(context);
    const tracks = context.slice(AGENDA).onThing(input.thingName);
    const all = tracks.flatMap(({ job }) => {
      const execution = job.executions.get(input.thingName);
      const isWanted = input.status === undefined || input.status === execution?.status;
      if (!execution || !isWanted || (input.jobId !== undefined && input.jobId !== job.id)) return [];
      return [{ jobId: job.id, jobExecutionSummary: summary(execution) }];
    });
    const request = { token: input.nextToken, limit: input.maxResults ?? 25 };
    const page = pageOfList(all, request, context.world.paging);
    return compact({ executionSummaries: page.items, nextToken: page.next });
  },
});
