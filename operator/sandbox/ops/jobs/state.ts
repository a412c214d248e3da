import type { CreateJobRequest } from '@aws-sdk/client-iot';
import type { Slice } from '../../state/scope.ts';
import { SequencedMap } from '../../state/sequenced.ts';

export type ExecutionStatus =
  | 'QUEUED'
  | 'IN_PROGRESS'
  | 'SUCCEEDED'
  | 'FAILED'
  | 'TIMED_OUT'
  | 'REJECTED'
  | 'REMOVED'
  | 'CANCELED';

export interface Execution {
  readonly jobId: string;
  readonly thingName: string;
  status: ExecutionStatus;
  number: number;
  version: number;
  details: Record<string, string>;
  forceCanceled: boolean;
  retries: number;
  /** Retries by the failure that made them. */
  retriedFor: Record<string, number>;
  queuedAt: number;
  startedAt: number | undefined;
  /** End of the device's own step timer. */
  stepEndsAt: number | undefined;
  updatedAt: number;
}

const ENDED: readonly ExecutionStatus[] = ['SUCCEEDED', 'FAILED', 'TIMED_OUT', 'REJECTED', 'REMOVED', 'CANCELED'];

export const isTerminal = (status: ExecutionStatus): boolean => ENDED.includes(status);

/** The last moment that a date can name; as JSON keeps it, unlike infinity. */
export const NEVER = 8_640_000_000_000_000;

type Kept =
  | 'jobExecutionsRolloutConfig'
  | 'abortConfig'
  | 'timeoutConfig'
  | 'jobExecutionsRetryConfig'
  | 'schedulingConfig'
  | 'presignedUrlConfig'
  | 'description';

export interface Job {
  readonly id: string;
  readonly document: string;
  readonly documentSource: string | undefined;
  readonly jobTemplateArn: string | undefined;
  readonly continuous: boolean;
  readonly createdAt: number;
  targets: readonly string[];
  settings: Pick<CreateJobRequest, Kept>;
  status: 'SCHEDULED' | 'IN_PROGRESS' | 'COMPLETED' | 'CANCELED' | 'DELETION_IN_PROGRESS';
  forceCanceled: boolean;
  reasonCode: string | undefined;
  comment: string | undefined;
  updatedAt: number;
  completedAt: number | undefined;
  /** Executions per minute as the exponential rate has it by now. */
  rate: number;
  /** When the next things are told. */
  nextRelease: number;
  /** End of the maintenance window that is open; undefined for a job without windows, and between them. */
  windowEndsAt: number | undefined;
  /** When its deletion is through. */
  deletesAt: number | undefined;
  /** End of the schedule: no thing is told after it. */
  readonly endsAt: number | undefined;
  readonly executions: SequencedMap<Execution>;
}

/** The jobs of one account and region. */
export type Jobs = SequencedMap<Job>;

type Saved = readonly (readonly [Omit<Job, 'executions'>, readonly Execution[]])[];

export const JOBS: Slice<Jobs> = {
  name: 'jobs',
  create: () => new SequencedMap<Job>(),
  save: (jobs): Saved => [...jobs.values()].map(({ executions, ...job }) => [job, [...executions.values()]]),
  load(jobs, saved) {
    for (const [fields, executions] of saved as Saved) {
      const job: Job = { ...fields, executions: new SequencedMap() };
      for (const execution of executions) job.executions.set(execution.thingName, execution);
      jobs.set(job.id, job);
    }
  },
};
