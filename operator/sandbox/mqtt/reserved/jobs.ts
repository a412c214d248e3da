import { deviceCall } from '../../call.ts';
import { AwsError } from '../../errors.ts';
import type { AnyHandler } from '../../operations.ts';
import { jobsDataPlane, stateOf, VersionMismatch } from '../../ops/jobs/device-plane.ts';
import { asMessage } from '../../ops/jobs/notices.ts';
import { JOBS } from '../../ops/jobs/state.ts';
import type { ReservedContext } from './index.ts';
import { checkJobTypes } from './job-members.ts';
import { objectOf } from './payload.ts';

const TOPIC = /^\$aws\/things\/([^/]+)\/jobs\/(.+)$/;
const OF_JOB = /^([^/]+)\/(get|update)$/;
/** What the service itself publishes. */
const ANSWERS = /(^notify(-next)?|\/(accepted|rejected))$/;

const CODES: Readonly<Record<string, string>> = {
  InvalidRequestException: 'InvalidRequest',
  ValidationException: 'InvalidRequest',
  ResourceNotFoundException: 'ResourceNotFound',
  InvalidStateTransitionException: 'InvalidStateTransition',
  TerminalStateException: 'TerminalStateReached',
};

interface Call {
  readonly operation:
    | 'GetPendingJobExecutions'
    | 'StartNextPendingJobExecution'
    | 'DescribeJobExecution'
    | 'UpdateJobExecution';
  /** As the V2 log names it. */
  readonly eventType: string;
  readonly jobId: string | undefined;
}

function callOf(path: string): Call | undefined {
  if (path === 'get') {
    return { operation: 'GetPendingJobExecutions', eventType: 'GetPendingJobExecution', jobId: undefined };
  }
  if (path === 'start-next') {
    const operation = 'StartNextPendingJobExecution';
    return { operation, eventType: operation, jobId: undefined };
  }
  const [, jobId, verb] = OF_JOB.exec(path) ?? [];
  if (jobId === undefined) return undefined;
  const operation = verb === 'get' ? 'DescribeJobExecution' : 'UpdateJobExecution';
  return { operation, eventType: operation, jobId };
}

/** Jobs over MQTT (jobs-mqtt-api). Answers go straight to the sender, whether or not it subscribed. */
export function serveJobs(context: ReservedContext): boolean {
  const [, thingName, path] = TOPIC.exec(context.topic) ?? [];
  if (thingName === undefined || path === undefined) return false;
  if (ANSWERS.test(path)) return true;
  const call = callOf(path);
  const request = objectOf(context.payload);
  const token = request?.clientToken === undefined ? {} : { clientToken: request.clientToken };
  const base = { timestamp: Math.floor(context.now() / 1000), ...token };
  const reject = (code: string, message: string, more = {}) =>
    context.reply(`${context.topic}/rejected`, { code, message, ...base, ...more });
  if (!call) reject('InvalidTopic', 'The topic is none of the jobs service');
  else if (!request) reject('InvalidJson', 'The payload is not a JSON object');
  else answer(context, { call, thingName, request, base, reject });
  return true;
}

interface Asked {
  readonly call: Call;
  readonly thingName: string;
  readonly request: Readonly<Record<string, unknown>>;
  readonly base: Readonly<Record<string, unknown>>;
  readonly reject: (code: string, message: string, more?: object) => void;
}

function answer(context: ReservedContext, { call, thingName, request, base, reject }: Asked): void {
  const { world, scope, connection, topic } = context;
  const { operation, eventType, jobId } = call;
  const { clientToken: _, ...input } = request;
  const log = (ok: boolean) => context.log(eventType, ok, { topicName: topic, ...(jobId !== undefined && { jobId }) });
  try {
    const full = { ...input, thingName, ...(jobId !== undefined && { jobId }) };
    checkJobTypes(operation, full);
    const handler = jobsDataPlane.handlers[operation] as AnyHandler;
    const output = handler(deviceCall(world, scope, connection.certificateId, operation), full as never);
    context.reply(`${topic}/accepted`, { ...base, ...told(output as Output) });
    log(true);
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    const code = error instanceof VersionMismatch ? 'VersionMismatch' : (CODES[error.name] ?? 'InternalError');
    const execution = scope
      .slice(JOBS)
      .get(jobId ?? '')
      ?.executions.get(thingName);
    const shown = ['VersionMismatch', 'InvalidStateTransition'].includes(code) && execution;
    reject(code, error.message, shown ? { executionState: stateOf(execution) } : {});
    log(false);
  }
}

interface Output {
  readonly execution?: { readonly jobDocument?: string };
  readonly jobDocument?: string;
}

const told = (output: Output) => ({
  ...asMessage(output),
  ...(output.execution && { execution: asMessage(output.execution) }),
});
