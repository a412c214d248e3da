import type { CallContext } from '../../context.ts';
import { alreadyExists, awsError, invalid, notFound } from '../../errors.ts';
import { family } from '../../operations.ts';
import { pageOf } from '../../state/paging.ts';
import { SequencedMap } from '../../state/sequenced.ts';
import { TAGS } from '../../state/tags.ts';
import { compact, registryOf, tagAtCreate } from '../support.ts';
import { AGENDA } from './agenda.ts';
import { cancel, settle, settleJobs } from './progress.ts';
import { scheduleOf } from './schedule.ts';
import { JOBS, type Job, type Jobs } from './state.ts';

const MAX_TARGETS = 100;
const COUNTED = {
  numberOfCanceledThings: 'CANCELED',
  numberOfSucceededThings: 'SUCCEEDED',
  numberOfFailedThings: 'FAILED',
  numberOfRejectedThings: 'REJECTED',
  numberOfQueuedThings: 'QUEUED',
  numberOfInProgressThings: 'IN_PROGRESS',
  numberOfRemovedThings: 'REMOVED',
  numberOfTimedOutThings: 'TIMED_OUT',
} as const;

export function jobsOf(context: CallContext): Jobs {
  settleJobs(context);
  return context.slice(JOBS);
}

export function jobWithId(context: CallContext, id: string): Job {
  const job = jobsOf(context).get(id);
  if (!job) throw notFound(`Job ${id} cannot be found`);
  return job;
}

const arnOf = (context: CallContext, id: string) => context.arn(`job/${id}`);
const changed = (context: CallContext, id: string) => context.changed({ kind: 'other', resource: arnOf(context, id) });

function checkTargets(context: CallContext, targets: readonly string[]): void {
  const registry = registryOf(context);
  if (targets.length > MAX_TARGETS) throw invalid(`A job can have at most ${MAX_TARGETS} targets`);
  for (const target of targets) {
    const resource = context.scope.resourceOf(target) ?? '';
    const name = resource.slice(resource.indexOf('/') + 1);
    const known = resource.startsWith('thing/') ? registry.things.has(name) : registry.groups.has(name);
    if (!/^(thing|thinggroup)\//.test(resource)) throw invalid(`${target.slice(0, 200)} is not a thing or thing group`);
    if (!known) throw notFound(`Target ${target.slice(0, 200)} not found`);
  }
}

function processDetails(context: CallContext, job: Job) {
  const track = context.slice(AGENDA).of(job);
  return {
    processingTargets: job.status === 'IN_PROGRESS' ? [...job.targets] : [],
    ...(Object.fromEntries(Object.entries(COUNTED).map(([key, status]) => [key, track.count(status)])) as Record<
      keyof typeof COUNTED,
      number
    >),
  };
}

const summary = (context: CallContext, job: Job) =>
  compact({
    jobArn: arnOf(context, job.id),
    jobId: job.id,
    targetSelection: job.continuous ? ('CONTINUOUS' as const) : ('SNAPSHOT' as const),
    status: job.status,
    createdAt: new Date(job.createdAt),
    lastUpdatedAt: new Date(job.updatedAt),
    completedAt: job.completedAt === undefined ? undefined : new Date(job.completedAt),
  });

/** Jobs of the service (jobs-configurations-details): rollout, abort, timeout, retry. */
export const jobs = family('iot', {
  CreateJob(context, input) {
    const table = jobsOf(context);
    const arn = arnOf(context, input.jobId);
    if (table.has(input.jobId)) throw alreadyExists(`Job ${input.jobId} already exists`, input.jobId, arn);
    checkTargets(context, input.targets);
    if (input.document === undefined && input.documentSource === undefined) {
      throw invalid('A document or a documentSource must be given');
    }
    tagAtCreate(context, arn, input.tags);
    const now = context.now();
    const { startAt, endsAt } = scheduleOf(context, input.schedulingConfig);
    const { jobExecutionsRolloutConfig, abortConfig, timeoutConfig, jobExecutionsRetryConfig } = input;
    const { schedulingConfig, presignedUrlConfig, description } = input;
    const settings = { jobExecutionsRolloutConfig, abortConfig, timeoutConfig, jobExecutionsRetryConfig };
    const rollout = jobExecutionsRolloutConfig;
    const job: Job = {
      id: input.jobId,
      document: input.document ?? '',
      documentSource: input.documentSource,
      continuous: input.targetSelection === 'CONTINUOUS',
      createdAt: now,
      targets: input.targets,
      settings: { ...settings, schedulingConfig, presignedUrlConfig, description },
      status: startAt > now ? 'SCHEDULED' : 'IN_PROGRESS',
      forceCanceled: false,
      reasonCode: undefined,
      comment: undefined,
      updatedAt: now,
      completedAt: undefined,
      rate: Number(rollout?.exponentialRate?.baseRatePerMinute ?? rollout?.maximumPerMinute ?? 0),
      nextRelease: startAt,
      endsAt,
      executions: new SequencedMap(),
    };
    table.set(job.id, job);
    context.slice(AGENDA).add(job);
    settle(context, job);
    changed(context, job.id);
    return compact({ jobArn: arn, jobId: job.id, description });
  },

  DescribeJob(context, input) {
    const job = jobWithId(context, input.jobId);
    const { reasonCode, comment, documentSource, targets } = job;
    const told = {
      ...summary(context, job),
      ...job.settings,
      targets: [...targets],
      forceCanceled: job.forceCanceled,
      reasonCode,
      comment,
      jobProcessDetails: processDetails(context, job),
    };
    return compact({ documentSource, job: compact(told) });
  },

  UpdateJob(context, input) {
    const job = jobWithId(context, input.jobId);
    if (job.status === 'COMPLETED' || job.status === 'CANCELED') throw invalid(`Job ${job.id} is ${job.status}`);
    const { jobId: _, namespaceId: __, ...given } = input;
    job.settings = { ...job.settings, ...compact(given) };
    job.updatedAt = context.now();
    context.slice(AGENDA).unsettle(job).retimeAll();
    changed(context, job.id);
    return {};
  },

  CancelJob(context, input) {
    const job = jobWithId(context, input.jobId);
    if (job.status === 'COMPLETED') throw invalid(`Job ${job.id} is already completed`);
    cancel(context, job, { force: input.force ?? false, reason: input.reasonCode });
    job.comment = input.comment;
    changed(context, job.id);
    return compact({ jobArn: arnOf(context, job.id), jobId: job.id, description: job.settings.description });
  },

  DeleteJob(context, input) {
    const job = jobWithId(context, input.jobId);
    const { open } = context.slice(AGENDA).of(job);
    if (!input.force && (open > 0 || job.status === 'IN_PROGRESS' || job.status === 'SCHEDULED')) {
      throw awsError(
        'InvalidStateTransitionException',
        `Job ${job.id} is not in a terminal state; cancel it or use force`,
      );
    }
    context.slice(AGENDA).drop(job);
    context.slice(JOBS).delete(job.id);
    context.scope.announce({ kind: 'job', jobId: job.id, operation: 'deleted' });
    for (const { thingName } of job.executions.values()) {
      context.scope.announce({ kind: 'job-execution', jobId: job.id, thingName, status: 'DELETED' });
    }
    context.slice(TAGS).drop(arnOf(context, job.id));
    changed(context, job.id);
    return {};
  },

  GetJobDocument: (context, input) => ({ document: jobWithId(context, input.jobId).document }),

  AssociateTargetsWithJob(context, input) {
    const job = jobWithId(context, input.jobId);
    if (!job.continuous || job.status !== 'IN_PROGRESS') {
      throw invalid(`Job ${job.id} must be CONTINUOUS and IN_PROGRESS to take further targets`);
    }
    checkTargets(context, input.targets);
    job.targets = [...new Set([...job.targets, ...input.targets])];
    context.slice(AGENDA).retarget(job);
    settle(context, job);
    changed(context, job.id);
    return compact({ jobArn: arnOf(context, job.id), jobId: job.id, description: job.settings.description });
  },

  ListJobs(context, input) {
    const page = pageOf(
      jobsOf(context),
      { token: input.nextToken, limit: input.maxResults ?? 25 },
      context.world.paging,
      (job) => {
        const told = summary(context, job);
        if (input.status !== undefined && input.status !== told.status) return undefined;
        const isSelected = input.targetSelection === undefined || input.targetSelection === told.targetSelection;
        if (!isSelected) return undefined;
        const group = input.thingGroupName && context.arn(`thinggroup/${input.thingGroupName}`);
        return group === undefined || job.targets.includes(group) ? told : undefined;
      },
    );
    return compact({ jobs: page.items, nextToken: page.next });
  },
});
