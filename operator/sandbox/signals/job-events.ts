import { JOBS } from '../ops/jobs/state.ts';
import type { Change } from '../state/changes.ts';
import type { Scope } from '../state/scope.ts';
import type { Described } from './registry-events.ts';

const seconds = (ms: number) => Math.floor(ms / 1000);

/** Event of a job that ended or went (events-jobs). Its times are in seconds. */
export function jobEvent(scope: Scope, { jobId, operation }: Change & { kind: 'job' }, now: number): Described {
  const job = scope.slice(JOBS).get(jobId);
  const told = job && {
    status: job.status,
    targetSelection: job.continuous ? 'CONTINUOUS' : 'SNAPSHOT',
    targets: job.targets,
    description: job.settings.description,
    createdAt: seconds(job.createdAt),
    lastUpdatedAt: seconds(job.updatedAt),
    ...(job.completedAt !== undefined && { completedAt: seconds(job.completedAt) }),
  };
  return {
    type: 'JOB',
    topic: `job/${jobId}/${operation}`,
    payload: { eventType: 'JOB', timestamp: seconds(now), operation, jobId, ...told },
  };
}

const ENDINGS = ['SUCCEEDED', 'FAILED', 'REJECTED', 'CANCELED', 'REMOVED', 'DELETED', 'TIMED_OUT'];

/** Event of an execution that ended; AWS tells of no other. */
export function executionEvent(
  scope: Scope,
  { jobId, thingName, status }: Change & { kind: 'job-execution' },
  now: number,
): Described | undefined {
  if (!ENDINGS.includes(status)) return undefined;
  const operation = status.toLowerCase();
  const details = scope.slice(JOBS).get(jobId)?.executions.get(thingName)?.details;
  return {
    type: 'JOB_EXECUTION',
    topic: `jobExecution/${jobId}/${operation}`,
    payload: {
      eventType: 'JOB_EXECUTION',
      timestamp: seconds(now),
      operation,
      jobId,
      thingArn: scope.arn(`thing/${thingName}`),
      status,
      statusDetails: details ?? {},
    },
  };
}
