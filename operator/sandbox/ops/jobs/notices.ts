import type { Timer } from '../../../runtime/clock.ts';
import { ownCall } from '../../call.ts';
import type { CallContext } from '../../context.ts';
import type { Sandbox } from '../../sandbox.ts';
import type { Change } from '../../state/changes.ts';
import type { Scope } from '../../state/scope.ts';
import { AGENDA } from './agenda.ts';
import { described, summary } from './device-plane.ts';
import { pendingOf, settleJobs } from './progress.ts';
import { type Execution, JOBS } from './state.ts';

const MAX_LISTED = 15;

/** Keeps the jobs of one scope going by themselves, and tells things what is pending for them. */
class Notices {
  readonly #sandbox: Sandbox;
  readonly #context: CallContext;
  readonly #touched = new Set<string>();
  /** The execution that a thing was last told is next. */
  readonly #next = new Map<string, string>();
  #timer: Timer | undefined;
  #planned = false;

  constructor(sandbox: Sandbox, scope: Scope) {
    this.#sandbox = sandbox;
    this.#context = ownCall(sandbox.world, scope, 'Jobs');
  }

  /** After the change at hand is through; several changes of one call make one notice. */
  plan(thingName?: string): void {
    if (thingName !== undefined) this.#touched.add(thingName);
    if (this.#planned) return;
    this.#planned = true;
    queueMicrotask(() => {
      this.#planned = false;
      this.#run();
    });
  }

  #run(): void {
    settleJobs(this.#context);
    const touched = [...this.#touched];
    this.#touched.clear();
    for (const thingName of touched) this.#tell(thingName);
    this.#arm();
  }

  #arm(): void {
    this.#timer?.cancel();
    const next = this.#context.slice(AGENDA).next();
    this.#timer =
      next === undefined ? undefined : this.#sandbox.world.clock.after(next - this.#context.now(), () => this.plan());
  }

  /** The list whenever it changed; what is next only when that is another one than before (jobs-comm-notifications). */
  #tell(thingName: string): void {
    const pending = pendingOf(this.#context, thingName);
    const timestamp = Math.floor(this.#context.now() / 1000);
    this.#say(thingName, 'notify', { timestamp, jobs: listed(pending) });
    const [next] = pending;
    const key = next === undefined ? '' : `${next.jobId}/${next.number}`;
    if ((this.#next.get(thingName) ?? '') === key) return;
    if (key === '') this.#next.delete(thingName);
    else this.#next.set(thingName, key);
    const execution = next && asMessage(described(this.#context, next, true));
    this.#say(thingName, 'notify-next', { timestamp, ...(execution && { execution }) });
  }

  #say(thingName: string, topic: string, body: unknown): void {
    const payload = Buffer.from(JSON.stringify(body));
    const message = { topic: `$aws/things/${thingName}/jobs/${topic}`, payload, qos: 1, retain: false } as const;
    this.#sandbox.world.ports.broker?.publish(this.#context.scope, message);
  }
}

function listed(pending: readonly Execution[]) {
  const groups: Record<string, unknown[]> = {};
  for (const execution of pending.slice(0, MAX_LISTED)) {
    groups[execution.status] = [...(groups[execution.status] ?? []), summary(execution)];
  }
  return groups;
}

/** Over MQTT a job document that is JSON comes as JSON, not as text. */
export function asMessage<T extends { readonly jobDocument?: string | undefined }>(execution: T) {
  if (execution.jobDocument === undefined) return execution;
  try {
    return { ...execution, jobDocument: JSON.parse(execution.jobDocument) as unknown };
  } catch {
    return execution;
  }
}

/** Rolls jobs out, times executions out and notifies things while time passes. Returns how to stop. */
export function startJobs(sandbox: Sandbox): () => void {
  const notices = new WeakMap<Scope, Notices>();
  return sandbox.onChange((change, scope) => {
    if (scope.has(AGENDA.name)) scope.slice(AGENDA).observe(change);
    const isOurs = change.kind === 'job-execution' || change.kind === 'job';
    if (!isOurs && (!scope.has(JOBS.name) || scope.slice(JOBS).size === 0)) return;
    const known = notices.get(scope) ?? new Notices(sandbox, scope);
    notices.set(scope, known);
    if (change.kind === 'job-execution') known.plan(change.thingName);
    else if (isOurs || change.kind === 'restored' || change.kind === 'membership' || isJob(change)) known.plan();
  });
}

/** A call made or changed a job. */
const isJob = (change: Change) => change.kind === 'other' && change.resource.includes(':job/');
