import type { CallContext } from '../../context.ts';
import { alreadyExists, awsError, invalid, notFound } from '../../errors.ts';
import { family, type Input } from '../../operations.ts';
import { pageOf } from '../../state/paging.ts';
import { SequencedMap } from '../../state/sequenced.ts';
import { TAGS } from '../../state/tags.ts';
import { checkNewTags, compact, registryOf, tagAtCreate } from '../support.ts';
import { AGENDA } from './agenda.ts';
import { cancel, settle, settleJobs } from './progress.ts';
import { checkTimeout, scheduleOf } from './schedule.ts';
import { JOBS, type Job, type Jobs, NEVER } from './state.ts';
import { type FromTemplate, fromTemplate } from './templates.ts';

const MAX_TARGETS = 100;
const MAX_DELETING = 10;
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

const isOpen = ({ status }: Job) => status === 'SCHEDULED' || status === 'IN_PROGRESS';

/** What the call says goes before what the template says. */
function settingsOf(input: Input<'iot', 'CreateJob'>, template: FromTemplate | undefined): Job['settings'] {
  const given = template?.settings;
  const windows = input.schedulingConfig?.maintenanceWindows ?? given?.maintenanceWindows;
  const schedulingConfig = windows
    ? { ...input.schedulingConfig, maintenanceWindows: windows }
    : input.schedulingConfig;
  return {
    jobExecutionsRolloutConfig: input.jobExecutionsRolloutConfig ?? given?.jobExecutionsRolloutConfig,
    abortConfig: input.abortConfig ?? given?.abortConfig,
    timeoutConfig: input.timeoutConfig ?? given?.timeoutConfig,
    jobExecutionsRetryConfig: input.jobExecutionsRetryConfig ?? given?.jobExecutionsRetryConfig,
    presignedUrlConfig: input.presignedUrlConfig ?? given?.presignedUrlConfig,
    schedulingConfig,
    description: input.description,
  };
}

/** The next maintenance window of a job that has some. */
function scheduledRollouts(job: Job): { startTime: string }[] | undefined {
  const isWaiting = job.status === 'SCHEDULED' && (job.settings.schedulingConfig?.maintenanceWindows ?? []).length > 0;
  if (!isWaiting || job.nextRelease === NEVER) return undefined;
  return [{ startTime: new Date(job.nextRelease).toISOString().slice(0, 16).replace('T', ' ') }];
}

/** Jobs of the service (jobs-configurations-details): rollout, abort, timeout, retry. */
export const jobs = family('iot', {
  CreateJob(context, input) {
    const table = jobsOf(context);
    const arn = arnOf(context, input.jobId);
    if (table.has(input.jobId)) throw alreadyExists(`Job ${input.jobId} already exists`, input.jobId, arn);
    checkTargets(context, input.targets);
    const { jobTemplateArn, documentParameters } = input;
    const template =
      jobTemplateArn === undefined ? undefined : fromTemplate(context, jobTemplateArn, documentParameters);
    const document = input.document ?? template?.document;
    const documentSource = input.documentSource ?? template?.documentSource;
    if (document === undefined && documentSource === undefined) {
      throw invalid('A document, a documentSource or a jobTemplateArn must be given');
    }
    const settings = settingsOf(input, template);
    checkTimeout(settings.timeoutConfig?.inProgressTimeoutInMinutes);
    checkNewTags(input.tags);
    const now = context.now();
    const { startAt, endsAt } = scheduleOf(context, settings.schedulingConfig);
    tagAtCreate(context, arn, input.tags);
    const { jobExecutionsRolloutConfig, description } = settings;
    const rollout = jobExecutionsRolloutConfig;
    const job: Job = {
      id: input.jobId,
      document: document ?? '',
      documentSource,
      continuous: input.targetSelection === 'CONTINUOUS',
      createdAt: now,
      targets: input.targets,
      settings,
      jobTemplateArn,
      // Starts at once when it is time: then it also knows when its maintenance window ends.
      status: 'SCHEDULED',
      forceCanceled: false,
      reasonCode: undefined,
      comment: undefined,
      updatedAt: now,
      completedAt: undefined,
      rate: Number(rollout?.exponentialRate?.baseRatePerMinute ?? rollout?.maximumPerMinute ?? 0),
      nextRelease: startAt,
      windowEndsAt: undefined,
      deletesAt: undefined,
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
      jobTemplateArn: job.jobTemplateArn,
      scheduledJobRollouts: scheduledRollouts(job),
    };
    return compact({ documentSource, job: compact(told) });
  },

  UpdateJob(context, input) {
    const job = jobWithId(context, input.jobId);
    if (!isOpen(job)) throw invalid(`Job ${job.id} is ${job.status}`);
    checkTimeout(input.timeoutConfig?.inProgressTimeoutInMinutes);
    const { jobId: _, namespaceId: __, ...given } = input;
    job.settings = { ...job.settings, ...compact(given) };
    job.updatedAt = context.now();
    context.slice(AGENDA).unsettle(job).retimeAll();
    changed(context, job.id);
    return {};
  },

  CancelJob(context, input) {
    const job = jobWithId(context, input.jobId);
    if (job.status === 'COMPLETED' || job.status === 'DELETION_IN_PROGRESS') {
      throw invalid(`Job ${job.id} is ${job.status}`);
    }
    cancel(context, job, { force: input.force ?? false, reason: input.reasonCode });
    job.comment = input.comment;
    changed(context, job.id);
    return compact({ jobArn: arnOf(context, job.id), jobId: job.id, description: job.settings.description });
  },

  DeleteJob(context, input) {
    const job = jobWithId(context, input.jobId);
    if (job.status === 'DELETION_IN_PROGRESS') return {};
    const { open } = context.slice(AGENDA).of(job);
    if (!input.force && (open > 0 || job.status === 'IN_PROGRESS' || job.status === 'SCHEDULED')) {
      throw awsError(
        'InvalidStateTransitionException',
        `Job ${job.id} is not in a terminal state; cancel it or use force`,
      );
    }
    const all = [...jobsOf(context).values()];
    if (all.filter(({ status }) => status === 'DELETION_IN_PROGRESS').length >= MAX_DELETING) {
      throw awsError('LimitExceededException', `${MAX_DELETING} jobs are already being deleted`);
    }
    job.status = 'DELETION_IN_PROGRESS';
    job.deletesAt = context.now() + context.world.delays.jobDelete;
    if (job.deletesAt > context.now()) {
      context.scope.announce({ kind: 'job', jobId: job.id, operation: 'deletion_in_progress' });
    }
    settle(context, job);
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
