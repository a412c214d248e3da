import type { Change } from '../../state/changes.ts';
import { Schedule } from '../../state/heap.ts';
import { REGISTRY } from '../../state/registry.ts';
import type { Scope, Slice } from '../../state/scope.ts';
import { type Execution, type ExecutionStatus, JOBS, type Job, NEVER } from './state.ts';

const MINUTE = 60_000;

/** When the execution times out, by the job's timer or by the device's own. */
function timeoutOf(job: Job, { status, startedAt, stepEndsAt }: Execution): number | undefined {
  if (status !== 'IN_PROGRESS' || startedAt === undefined) return undefined;
  const minutes = job.settings.timeoutConfig?.inProgressTimeoutInMinutes;
  const ends = [stepEndsAt, minutes === undefined ? undefined : startedAt + Number(minutes) * MINUTE];
  return ends.reduce((a, b) => (a === undefined ? b : Math.min(a, b ?? a)), undefined);
}

/** What follows from a job's executions and targets, kept so that nothing has to be counted again. */
export class Track {
  readonly job: Job;
  /** Jobs in order of their creation. */
  readonly order: number;
  /** Things that the targets name and that are not told of the job yet. */
  readonly waiting = new Set<string>();
  readonly timeouts = new Schedule<Execution>();
  readonly #counts = new Map<ExecutionStatus, number>();
  /** Things to look at again: whether the targets name them may have changed. */
  #touched: Set<string> | 'all' = 'all';

  constructor(job: Job, order: number) {
    this.job = job;
    this.order = order;
    for (const execution of job.executions.values()) this.#count(execution.status, 1);
    this.retimeAll();
  }

  count(...statuses: readonly ExecutionStatus[]): number {
    return statuses.reduce((sum, status) => sum + (this.#counts.get(status) ?? 0), 0);
  }

  /** Executions that are not over. */
  get open(): number {
    return this.count('QUEUED', 'IN_PROGRESS');
  }

  touch(thingName: string): void {
    if (this.#touched !== 'all') this.#touched.add(thingName);
  }

  touchAll(): void {
    this.#touched = 'all';
  }

  takeTouched(): ReadonlySet<string> | 'all' {
    const touched = this.#touched;
    this.#touched = new Set();
    return touched;
  }

  added(execution: Execution): void {
    this.#count(execution.status, 1);
    this.waiting.delete(execution.thingName);
  }

  removed(execution: Execution): void {
    this.#count(execution.status, -1);
    this.timeouts.set(execution, undefined);
    this.touch(execution.thingName);
  }

  moved(execution: Execution, before: ExecutionStatus): void {
    this.#count(before, -1);
    this.#count(execution.status, 1);
    this.retime(execution);
  }

  retime(execution: Execution): void {
    this.timeouts.set(execution, timeoutOf(this.job, execution));
  }

  retimeAll(): void {
    for (const execution of this.job.executions.values()) this.retime(execution);
  }

  /** When something next happens to the settled job by itself; undefined when it waits for calls only. */
  nextStep(now: number): number | undefined {
    const { status, nextRelease, rate, endsAt, windowEndsAt, deletesAt } = this.job;
    if (status === 'DELETION_IN_PROGRESS') return deletesAt;
    if (status !== 'IN_PROGRESS' && status !== 'SCHEDULED') return undefined;
    const isHeld = rate > 0 && this.waiting.size > 0 && (endsAt === undefined || endsAt > now);
    const release = isHeld || status === 'SCHEDULED' ? nextRelease : undefined;
    const times = [endsAt, release, windowEndsAt, this.timeouts.next()];
    return times.reduce((a, b) => (b === undefined || b <= now || b === NEVER ? a : Math.min(a ?? b, b)), undefined);
  }

  #count(status: ExecutionStatus, by: number): void {
    this.#counts.set(status, (this.#counts.get(status) ?? 0) + by);
  }
}

/**
 * Which jobs there is something to do for, so that a call costs what is due and not what there is: jobs by the time of
 * their next step, by their targets and by the things they run on. All of it follows from the jobs and is not saved.
 */
export class Agenda {
  readonly #scope: Scope;
  readonly #tracks = new Map<string, Track>();
  readonly #byTarget = new Map<string, Set<Track>>();
  readonly #byThing = new Map<string, readonly Track[]>();
  readonly #due = new Schedule<Track>();
  readonly #unsettled = new Set<Track>();
  #order = 0;

  constructor(scope: Scope) {
    this.#scope = scope;
    this.reload();
  }

  /** Reads the jobs anew, as after a restore. */
  reload(): void {
    for (const table of [this.#tracks, this.#byTarget, this.#byThing, this.#unsettled, this.#due]) table.clear();
    for (const job of this.#scope.slice(JOBS).values()) this.add(job);
  }

  add(job: Job): void {
    const track = new Track(job, this.#order++);
    this.#tracks.set(job.id, track);
    this.#indexTargets(track);
    for (const { thingName } of job.executions.values()) this.#indexThing(thingName, track);
    this.#unsettled.add(track);
  }

  drop(job: Job): void {
    const track = this.of(job);
    this.#tracks.delete(job.id);
    this.#unsettled.delete(track);
    this.#due.set(track, undefined);
    this.#forgetTargets(track);
    for (const { thingName } of job.executions.values()) this.#forgetThing(thingName, track);
  }

  of(job: Pick<Job, 'id'>): Track {
    const track = this.#tracks.get(job.id);
    if (!track) throw new Error(`job ${job.id} is not on the agenda`);
    return track;
  }

  /** Jobs that have or had an execution on the thing, the oldest first. */
  onThing(thingName: string): readonly Track[] {
    return [...(this.#byThing.get(thingName) ?? [])].sort((a, b) => a.order - b.order);
  }

  /** Jobs that something happened to, or is due for by now; each once until `settled`. */
  due(now: number): readonly Track[] {
    for (let track = this.#due.take(now); track; track = this.#due.take(now)) this.#unsettled.add(track);
    return this.#unsettled.size === 0 ? [] : [...this.#unsettled].sort((a, b) => a.order - b.order);
  }

  settled(track: Track, now: number): void {
    this.#unsettled.delete(track);
    this.#due.set(track, track.nextStep(now));
    const { status } = track.job;
    if (status === 'SCHEDULED' || status === 'IN_PROGRESS') return;
    // Nobody joins it any more.
    track.waiting.clear();
    this.#forgetTargets(track);
  }

  /** When something next happens by itself. */
  next(): number | undefined {
    return this.#due.next();
  }

  unsettle(job: Pick<Job, 'id'>): Track {
    const track = this.of(job);
    this.#unsettled.add(track);
    return track;
  }

  queued(execution: Execution): void {
    const track = this.of({ id: execution.jobId });
    track.added(execution);
    this.#indexThing(execution.thingName, track);
  }

  moved(execution: Execution, before: ExecutionStatus): void {
    this.unsettle({ id: execution.jobId }).moved(execution, before);
  }

  removed(execution: Execution): void {
    const track = this.unsettle({ id: execution.jobId });
    track.removed(execution);
    this.#forgetThing(execution.thingName, track);
  }

  /** The job has other targets. */
  retarget(job: Job): void {
    const track = this.unsettle(job);
    this.#indexTargets(track);
    track.touchAll();
  }

  /** The registry changed: jobs whose targets may name other things now are looked at again. */
  observe(change: Change): void {
    if (change.kind === 'restored') this.reload();
    else if (change.kind === 'membership') this.#touch(`thinggroup/${change.groupName}`, change.thingName);
    else if (change.kind === 'thing') this.#touch(`thing/${change.thingName}`, change.thingName);
    else if (change.kind === 'thing-group') this.#touch(`thinggroup/${change.groupName}`, undefined);
  }

  /** Whether the job's targets name the thing now. */
  targets(job: Job, thingName: string): boolean {
    const { things, groups } = this.#scope.slice(REGISTRY);
    return job.targets.some((target) => {
      const { isThing, name } = this.#read(target);
      return isThing ? name === thingName && things.has(name) : groups.get(name)?.things.has(thingName) === true;
    });
  }

  /** All things that the job's targets name now. */
  targeted(job: Job): ReadonlySet<string> {
    const { things, groups } = this.#scope.slice(REGISTRY);
    const names = new Set<string>();
    for (const target of job.targets) {
      const { isThing, name } = this.#read(target);
      if (!isThing) for (const member of groups.get(name)?.things.keys() ?? []) names.add(member);
      else if (things.has(name)) names.add(name);
    }
    return names;
  }

  #read(target: string): { readonly isThing: boolean; readonly name: string } {
    const resource = this.#scope.resourceOf(target) ?? '';
    return { isThing: resource.startsWith('thing/'), name: resource.slice(resource.indexOf('/') + 1) };
  }

  #touch(resource: string, thingName: string | undefined): void {
    for (const track of this.#byTarget.get(this.#scope.arn(resource)) ?? []) {
      if (thingName === undefined) track.touchAll();
      else track.touch(thingName);
      this.#unsettled.add(track);
    }
  }

  #indexTargets(track: Track): void {
    for (const target of track.job.targets) {
      const known = this.#byTarget.get(target) ?? new Set();
      this.#byTarget.set(target, known.add(track));
    }
  }

  #forgetTargets(track: Track): void {
    for (const target of track.job.targets) {
      const known = this.#byTarget.get(target);
      known?.delete(track);
      if (known?.size === 0) this.#byTarget.delete(target);
    }
  }

  #indexThing(thingName: string, track: Track): void {
    const known = this.#byThing.get(thingName) ?? [];
    if (!known.includes(track)) this.#byThing.set(thingName, [...known, track]);
  }

  #forgetThing(thingName: string, track: Track): void {
    const left = (this.#byThing.get(thingName) ?? []).filter((known) => known !== track);
    if (left.length > 0) this.#byThing.set(thingName, left);
    else this.#byThing.delete(thingName);
  }
}

/** Made from the jobs when it is first asked for. */
export const AGENDA: Slice<Agenda> = {
  name: 'jobs-agenda',
  create: (scope) => new Agenda(scope),
  save: () => null,
  load: () => {},
};
