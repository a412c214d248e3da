import type { CallContext } from '../../context.ts';
import { registryOf } from '../support.ts';
import { type Execution, type ExecutionStatus, JOBS, type Job } from './state.ts';

const MINUTE = 60_000;
const ENDED: readonly ExecutionStatus[] = ['SUCCEEDED', 'FAILED', 'TIMED_OUT', 'REJECTED', 'REMOVED', 'CANCELED'];
const EXECUTED: readonly ExecutionStatus[] = ['SUCCEEDED', 'FAILED', 'TIMED_OUT', 'REJECTED'];

export const isTerminal = (status: ExecutionStatus): boolean => ENDED.includes(status);

/** The things that a job's targets name now. */
function targeted(context: CallContext, job: Job): string[] {
  const registry = registryOf(context);
  const names = job.targets.flatMap((target) => {
    const resource = context.scope.resourceOf(target) ?? '';
    const name = resource.slice(resource.indexOf('/') + 1);
    if (resource.startsWith('thing/')) return registry.things.has(name) ? [name] : [];
    return [...(registry.groups.get(name)?.things.keys() ?? [])];
  });
  return [...new Set(names)];
}

/** Brings every job to where it is by now; called before anything is read or changed. */
export function settleJobs(context: CallContext): void {
  for (const job of context.slice(JOBS).values()) settle(context, job);
}

export function settle(context: CallContext, job: Job): void {
  if (job.status === 'SCHEDULED' && context.now() >= job.nextRelease) job.status = 'IN_PROGRESS';
  if (job.status !== 'IN_PROGRESS') return;
  for (const execution of job.executions.values()) expire(context, job, execution);
  const names = targeted(context, job);
  if (job.continuous) remove(context, job, new Set(names));
  const waiting = names.filter((name) => !job.executions.has(name));
  const held = release(context, job, waiting);
  const open = [...job.executions.values()].some(({ status }) => !isTerminal(status));
  if (!job.continuous && !held && !open) complete(context, job);
}

function complete(context: CallContext, job: Job): void {
  job.status = 'COMPLETED';
  job.completedAt = context.now();
  job.updatedAt = context.now();
}

function expire(context: CallContext, job: Job, execution: Execution): void {
  const minutes = job.settings.timeoutConfig?.inProgressTimeoutInMinutes;
  if (minutes === undefined || execution.status !== 'IN_PROGRESS' || execution.startedAt === undefined) return;
  if (context.now() >= execution.startedAt + Number(minutes) * MINUTE) finish(context, job, execution, 'TIMED_OUT');
}

/** Things that left the targets of a continuous job are removed from it. */
function remove(context: CallContext, job: Job, names: ReadonlySet<string>): void {
  for (const execution of job.executions.values()) {
    if (names.has(execution.thingName) || isTerminal(execution.status)) continue;
    setStatus(context, execution, 'REMOVED');
  }
}

/** Tells as many things as the rollout rate allows; true while some are left. */
function release(context: CallContext, job: Job, waiting: readonly string[]): boolean {
  const rollout = job.settings.jobExecutionsRolloutConfig;
  const limit = rollout?.maximumPerMinute;
  const growth = rollout?.exponentialRate;
  let told = 0;
  if (limit === undefined && growth === undefined) told = waiting.length;
  while (job.nextRelease <= context.now() && told < waiting.length) {
    told += Math.min(Math.floor(job.rate), limit ?? Number.POSITIVE_INFINITY);
    job.nextRelease += MINUTE;
    const criteria = growth?.rateIncreaseCriteria;
    const reached = criteria?.numberOfNotifiedThings
      ? job.executions.size + told
      : [...job.executions.values()].filter(({ status }) => status === 'SUCCEEDED').length;
    const step = criteria?.numberOfNotifiedThings ?? criteria?.numberOfSucceededThings ?? 0;
    const grown = Math.floor(reached / Math.max(step, 1));
    if (growth) job.rate = Number(growth.baseRatePerMinute) * Number(growth.incrementFactor) ** (step > 0 ? grown : 0);
  }
  for (const thingName of waiting.slice(0, told)) queue(context, job, thingName);
  return told < waiting.length;
}

function queue(context: CallContext, job: Job, thingName: string): void {
  const now = context.now();
  job.executions.set(thingName, {
    jobId: job.id,
    thingName,
    status: 'QUEUED',
    number: 1,
    version: 1,
    details: {},
    forceCanceled: false,
    retries: 0,
    queuedAt: now,
    startedAt: undefined,
    updatedAt: now,
  });
}

export function setStatus(context: CallContext, execution: Execution, status: ExecutionStatus): void {
  execution.status = status;
  execution.version++;
  execution.updatedAt = context.now();
}

/** Ends an execution; a failure may queue it again or abort the job. */
export function finish(context: CallContext, job: Job, execution: Execution, status: ExecutionStatus): void {
  setStatus(context, execution, status);
  const retry = job.settings.jobExecutionsRetryConfig?.criteriaList?.find(
    ({ failureType }) => failureType === status || (failureType === 'ALL' && ['FAILED', 'TIMED_OUT'].includes(status)),
  );
  if (retry && execution.retries < Number(retry.numberOfRetries)) {
    execution.retries++;
    execution.number++;
    execution.status = 'QUEUED';
    execution.queuedAt = context.now();
    execution.startedAt = undefined;
    return;
  }
  if (aborts(job)) cancel(context, job, { force: false, reason: 'ABORT_CRITERIA_MET' });
}

function aborts(job: Job): boolean {
  const executed = [...job.executions.values()].filter(({ status }) => EXECUTED.includes(status));
  return (job.settings.abortConfig?.criteriaList ?? []).some((criterion) => {
    const { failureType, thresholdPercentage, minNumberOfExecutedThings } = criterion;
    const failed = executed.filter(({ status }) =>
      failureType === 'ALL' ? status !== 'SUCCEEDED' : status === failureType,
    );
    const enough = executed.length >= Number(minNumberOfExecutedThings);
    return enough && failed.length > 0 && (failed.length / executed.length) * 100 >= Number(thresholdPercentage);
  });
}

/** Cancels what is queued; what is in progress runs on unless forced. */
export function cancel(
  context: CallContext,
  job: Job,
  how: { readonly force: boolean; readonly reason: string | undefined },
): void {
  for (const execution of job.executions.values()) {
    if (execution.status === 'QUEUED' || (how.force && execution.status === 'IN_PROGRESS')) {
      execution.forceCanceled = how.force;
      setStatus(context, execution, 'CANCELED');
    }
  }
  job.status = 'CANCELED';
  job.forceCanceled = how.force;
  job.reasonCode = how.reason;
  job.updatedAt = context.now();
  job.completedAt = context.now();
}
