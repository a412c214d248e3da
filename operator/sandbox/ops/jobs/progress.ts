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

/**
 * Executions of a thing that are not over, as devices are told of them: those in progress first, then by the time they
 * were queued (jobs-comm-notifications).
 */
export function pendingOf(context: CallContext, thingName: string): Execution[] {
  const open = [...context.slice(JOBS).values()].flatMap((job) => {
    const execution = job.executions.get(thingName);
    return execution && !isTerminal(execution.status) ? [execution] : [];
  });
  const rank = ({ status }: Execution) => (status === 'IN_PROGRESS' ? 0 : 1);
  return open.sort((a, b) => rank(a) - rank(b) || a.queuedAt - b.queuedAt);
}

/** When something next happens to a settled job by itself; undefined when it waits for calls only. */
export function nextStep(context: CallContext, job: Job): number | undefined {
  if (job.status === 'SCHEDULED') return job.nextRelease;
  if (job.status !== 'IN_PROGRESS') return undefined;
  const isHeld = job.rate > 0 && targeted(context, job).some((name) => !job.executions.has(name));
  const timeouts = [...job.executions.values()].map((execution) => timeoutOf(job, execution));
  const times = [job.endsAt, isHeld ? job.nextRelease : undefined, ...timeouts];
  const ahead = times.filter((time) => time !== undefined && time > context.now());
  return ahead.reduce((a, b) => (a === undefined || b === undefined ? (a ?? b) : Math.min(a, b)), undefined);
}

/** Brings every job to where it is by now; called before anything is read or changed. */
export function settleJobs(context: CallContext): void {
  for (const job of context.slice(JOBS).values()) settle(context, job);
}

export function settle(context: CallContext, job: Job): void {
  if (job.status === 'SCHEDULED' && context.now() >= job.nextRelease) job.status = 'IN_PROGRESS';
  if (job.status === 'IN_PROGRESS') endSchedule(context, job);
  if (job.status !== 'IN_PROGRESS') return;
  for (const execution of job.executions.values()) expire(context, job, execution);
  const names = targeted(context, job);
  if (job.continuous) remove(context, job, new Set(names));
  const waiting = isOver(context, job) ? [] : names.filter((name) => !job.executions.has(name));
  const held = release(context, job, waiting);
  const open = [...job.executions.values()].some(({ status }) => !isTerminal(status));
  if (!job.continuous && !held && !open) complete(context, job);
}

const isOver = (context: CallContext, job: Job): boolean => job.endsAt !== undefined && context.now() >= job.endsAt;

/** What the schedule says about executions that are not over at its end; STOP_ROLLOUT lets them run on. */
function endSchedule(context: CallContext, job: Job): void {
  const behavior = job.settings.schedulingConfig?.endBehavior ?? 'STOP_ROLLOUT';
  if (!isOver(context, job) || behavior === 'STOP_ROLLOUT') return;
  cancel(context, job, { force: behavior === 'FORCE_CANCEL', reason: undefined });
}

function complete(context: CallContext, job: Job): void {
  job.status = 'COMPLETED';
  job.completedAt = context.now();
  job.updatedAt = context.now();
  context.scope.announce({ kind: 'job', jobId: job.id, operation: 'completed' });
}

/** When the execution times out, by the job's timer or by the device's own. */
export function timeoutOf(job: Job, { status, startedAt, stepEndsAt }: Execution): number | undefined {
  if (status !== 'IN_PROGRESS' || startedAt === undefined) return undefined;
  const minutes = job.settings.timeoutConfig?.inProgressTimeoutInMinutes;
  const ends = [stepEndsAt, minutes === undefined ? undefined : startedAt + Number(minutes) * MINUTE];
  return ends.reduce((a, b) => (a === undefined ? b : Math.min(a, b ?? a)), undefined);
}

function expire(context: CallContext, job: Job, execution: Execution): void {
  const end = timeoutOf(job, execution);
  if (end !== undefined && context.now() >= end) finish(context, job, execution, 'TIMED_OUT');
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
    stepEndsAt: undefined,
    updatedAt: now,
  });
  context.scope.announce({ kind: 'job-execution', jobId: job.id, thingName, status: 'QUEUED' });
}

export function setStatus(context: CallContext, execution: Execution, status: ExecutionStatus): void {
  execution.status = status;
  execution.version++;
  execution.updatedAt = context.now();
  const { jobId, thingName } = execution;
  context.scope.announce({ kind: 'job-execution', jobId, thingName, status });
}

/** Ends an execution; a failure may queue it again or abort the job. */
export function finish(context: CallContext, job: Job, execution: Execution, status: ExecutionStatus): void {
  execution.stepEndsAt = undefined;
  const retry = job.settings.jobExecutionsRetryConfig?.criteriaList?.find(
    ({ failureType }) => failureType === status || (failureType === 'ALL' && ['FAILED', 'TIMED_OUT'].includes(status)),
  );
  if (retry && execution.retries < Number(retry.numberOfRetries)) {
    execution.retries++;
    execution.number++;
    execution.queuedAt = context.now();
    execution.startedAt = undefined;
    setStatus(context, execution, 'QUEUED');
    return;
  }
  setStatus(context, execution, status);
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
  context.scope.announce({ kind: 'job', jobId: job.id, operation: 'canceled' });
}
