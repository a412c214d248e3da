import type { CallContext } from '../../context.ts';
import { AGENDA, type Track } from './agenda.ts';
import { type Execution, type ExecutionStatus, isTerminal, JOBS, type Job, NEVER } from './state.ts';
import { nextOpening, openUntil, parseWindows } from './windows.ts';

const MINUTE = 60_000;
/** Of all failures of one device together. */
const MAX_RETRIES = 10;
const EXECUTED: readonly ExecutionStatus[] = ['SUCCEEDED', 'FAILED', 'TIMED_OUT', 'REJECTED'];

/**
 * Executions of a thing that are not over, as devices are told of them: those in progress first, then by the time they
 * were queued (jobs-comm-notifications).
 */
export function pendingOf(context: CallContext, thingName: string): Execution[] {
  const open = context
    .slice(AGENDA)
    .onThing(thingName)
    .flatMap(({ job }) => {
      const execution = job.executions.get(thingName);
      const isOpen = execution && !isTerminal(execution.status) && job.status !== 'DELETION_IN_PROGRESS';
      return isOpen ? [execution] : [];
    });
  const rank = ({ status }: Execution) => (status === 'IN_PROGRESS' ? 0 : 1);
  return open.sort((a, b) => rank(a) - rank(b) || a.queuedAt - b.queuedAt);
}

/** Brings every job to where it is by now; called before anything is read or changed. */
export function settleJobs(context: CallContext): void {
  for (const { job } of context.slice(AGENDA).due(context.now())) settle(context, job);
}

export function settle(context: CallContext, job: Job): void {
  const agenda = context.slice(AGENDA);
  const track = agenda.of(job);
  advance(context, track);
  if (context.slice(JOBS).has(job.id)) agenda.settled(track, context.now());
}

function advance(context: CallContext, track: Track): void {
  const { job } = track;
  if (job.status === 'DELETION_IN_PROGRESS') removeDeleted(context, job);
  keepWindow(context, job);
  if (isRunning(job)) endSchedule(context, job);
  if (isRunning(job)) expire(context, track);
  // A failure may have aborted the job.
  if (!isRunning(job)) return;
  follow(context, track);
  if (job.status === 'IN_PROGRESS' && !isOver(context, job)) release(context, track);
  const held = !isOver(context, job) && track.waiting.size > 0;
  if (!job.continuous && !held && track.open === 0) complete(context, job);
}

const windowsOf = (job: Job) => job.settings.schedulingConfig?.maintenanceWindows ?? [];

/** Between its maintenance windows a job is SCHEDULED again, but what things are told of runs on. */
const isRunning = (job: Job): boolean =>
  job.status === 'IN_PROGRESS' || (job.status === 'SCHEDULED' && windowsOf(job).length > 0);

/** Starts what is due, and lets a job with maintenance windows wait for the next of them when one has ended. */
function keepWindow(context: CallContext, job: Job): void {
  const now = context.now();
  if (job.status === 'SCHEDULED' && now >= job.nextRelease) {
    job.status = 'IN_PROGRESS';
    if (windowsOf(job).length > 0) job.windowEndsAt = openUntil(parseWindows(windowsOf(job)), job.nextRelease);
  }
  if (job.status !== 'IN_PROGRESS' || job.windowEndsAt === undefined || now < job.windowEndsAt) return;
  job.status = 'SCHEDULED';
  job.windowEndsAt = undefined;
  job.nextRelease = nextOpening(parseWindows(windowsOf(job)), now) ?? NEVER;
  keepWindow(context, job);
}

/** A deletion takes a while; the job is there until it is through. */
export function removeDeleted(context: CallContext, job: Job): void {
  if (job.deletesAt === undefined || context.now() < job.deletesAt) return;
  context.slice(AGENDA).drop(job);
  context.slice(JOBS).delete(job.id);
  context.scope.announce({ kind: 'job', jobId: job.id, operation: 'deleted' });
  for (const { thingName } of job.executions.values()) {
    context.scope.announce({ kind: 'job-execution', jobId: job.id, thingName, status: 'DELETED' });
  }
}

/** Things that the targets name since the last time wait to be told; those that left a continuous job are removed from it. */
function follow(context: CallContext, track: Track): void {
  const { job, waiting } = track;
  const agenda = context.slice(AGENDA);
  const touched = track.takeTouched();
  const targeted = touched === 'all' ? agenda.targeted(job) : undefined;
  if (targeted) waiting.clear();
  const looked = targeted ? new Set([...targeted, ...(job.continuous ? job.executions.keys() : [])]) : touched;
  for (const thingName of looked as ReadonlySet<string>) {
    const isTargeted = targeted ? targeted.has(thingName) : agenda.targets(job, thingName);
    const execution = job.executions.get(thingName);
    // A thing that comes back to a continuous job is told again.
    if (isTargeted && (!execution || execution.status === 'REMOVED')) waiting.add(thingName);
    else waiting.delete(thingName);
    const isLeft = job.continuous && !isTargeted && execution && !isTerminal(execution.status);
    if (isLeft) setStatus(context, execution, 'REMOVED');
  }
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

function expire(context: CallContext, { job, timeouts }: Track): void {
  for (let late = timeouts.take(context.now()); late; late = timeouts.take(context.now())) {
    finish(context, job, late, 'TIMED_OUT');
  }
}

/** Tells as many things as the rollout rate allows. */
function release(context: CallContext, track: Track): void {
  const { job, waiting } = track;
  const rollout = job.settings.jobExecutionsRolloutConfig;
  const limit = rollout?.maximumPerMinute;
  const growth = rollout?.exponentialRate;
  let told = 0;
  if (limit === undefined && growth === undefined) told = waiting.size;
  while (job.nextRelease <= context.now() && told < waiting.size) {
    told += Math.min(Math.floor(job.rate), limit ?? Number.POSITIVE_INFINITY);
    job.nextRelease += MINUTE;
    const criteria = growth?.rateIncreaseCriteria;
    const reached = criteria?.numberOfNotifiedThings ? job.executions.size + told : track.count('SUCCEEDED');
    const step = criteria?.numberOfNotifiedThings ?? criteria?.numberOfSucceededThings ?? 0;
    const grown = Math.floor(reached / Math.max(step, 1));
    if (growth) job.rate = Number(growth.baseRatePerMinute) * Number(growth.incrementFactor) ** (step > 0 ? grown : 0);
  }
  for (const thingName of waiting) {
    if (told-- <= 0) return;
    queue(context, job, thingName);
  }
}

function queue(context: CallContext, job: Job, thingName: string): void {
  const known = job.executions.get(thingName);
  if (known) {
    context.slice(AGENDA).of(job).waiting.delete(thingName);
    Object.assign(known, { retries: 0, retriedFor: {} });
    again(context, known);
    return;
  }
  const now = context.now();
  const execution: Execution = {
    jobId: job.id,
    thingName,
    status: 'QUEUED',
    number: 1,
    version: 1,
    details: {},
    forceCanceled: false,
    retries: 0,
    retriedFor: {},
    queuedAt: now,
    startedAt: undefined,
    stepEndsAt: undefined,
    updatedAt: now,
  };
  job.executions.set(thingName, execution);
  context.slice(AGENDA).queued(execution);
  context.scope.announce({ kind: 'job-execution', jobId: job.id, thingName, status: 'QUEUED' });
}

/** Queues an execution once more, under the next number. */
function again(context: CallContext, execution: Execution): void {
  execution.number++;
  execution.queuedAt = context.now();
  execution.startedAt = undefined;
  setStatus(context, execution, 'QUEUED');
}

export function setStatus(context: CallContext, execution: Execution, status: ExecutionStatus): void {
  const before = execution.status;
  execution.status = status;
  execution.version++;
  execution.updatedAt = context.now();
  context.slice(AGENDA).moved(execution, before);
  const { jobId, thingName } = execution;
  context.scope.announce({ kind: 'job-execution', jobId, thingName, status });
}

/** Ends an execution; a failure may queue it again or abort the job. */
export function finish(context: CallContext, job: Job, execution: Execution, status: ExecutionStatus): void {
  execution.stepEndsAt = undefined;
  const retry = job.settings.jobExecutionsRetryConfig?.criteriaList?.find(
    ({ failureType }) => failureType === status || (failureType === 'ALL' && ['FAILED', 'TIMED_OUT'].includes(status)),
  );
  const type = retry?.failureType ?? '';
  const retried = execution.retriedFor[type] ?? 0;
  if (retry && retried < Number(retry.numberOfRetries) && execution.retries < MAX_RETRIES) {
    execution.retries++;
    execution.retriedFor = { ...execution.retriedFor, [type]: retried + 1 };
    again(context, execution);
    return;
  }
  setStatus(context, execution, status);
  if (aborts(context.slice(AGENDA).of(job))) cancel(context, job, { force: false, reason: 'ABORT_CRITERIA_MET' });
}

function aborts(track: Track): boolean {
  const executed = track.count(...EXECUTED);
  return (track.job.settings.abortConfig?.criteriaList ?? []).some((criterion) => {
    const { failureType, thresholdPercentage, minNumberOfExecutedThings } = criterion;
    const failed =
      failureType === 'ALL' ? executed - track.count('SUCCEEDED') : track.count(failureType as ExecutionStatus);
    const enough = executed >= Number(minNumberOfExecutedThings);
    return enough && failed > 0 && (failed / executed) * 100 >= Number(thresholdPercentage);
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
  context.slice(AGENDA).unsettle(job);
  context.scope.announce({ kind: 'job', jobId: job.id, operation: 'canceled' });
}
