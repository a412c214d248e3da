import { sleep } from '../runtime/clock.ts';
import type { Caller } from './accounts.ts';
import { callContext } from './call.ts';
import type { CallContext } from './context.ts';
import type { Core } from './core.ts';
import { AwsError } from './errors.ts';
import type { FaultEffect } from './faults.ts';
import type { LedgerEntry } from './ledger.ts';
import { type Answer, answer, errorAnswer } from './wire/answer.ts';
import type { WireRequest, WireResponse } from './wire/http.ts';
import type { Resolved } from './wire/resolve.ts';

const READS = /^(Describe|List|Get|Search|Test|Validate|Filter|Receive|AssumeRole)/;

/** Whether an operation of this name writes, going by the verbs that AWS's names begin with. */
export function isMutating(operation: string): boolean {
  return !READS.test(operation);
}

interface Call {
  readonly request: WireRequest;
  readonly resolved: Resolved;
  readonly caller: Caller;
  readonly region: string;
  readonly requestId: string;
  input: Record<string, unknown>;
  changed: boolean;
}

/** Runs one resolved call: quota, faults, validation, handler, ledger. Never throws: every outcome is an answer. */
export async function runCall(core: Core, call: Call): Promise<WireResponse> {
  let outcome: Answer;
  let effects: FaultEffect[] = [];
  try {
    const { operation } = call.resolved;
    call.input = call.resolved.parse();
    effects = core.faults.strike({ ...place(call), operation: operation.name, input: call.input });
    outcome = await execute(core, call, effects);
  } catch (error) {
    outcome = errorAnswer(call.resolved.service, call.requestId, error);
  }
  const response = distort(outcome, effects);
  record(core, call, response.lost ? 'ConnectionReset' : outcome.outcome, outcome.response.status);
  return response.response;
}

const place = (call: Call) => ({ accountId: call.caller.accountId, region: call.region });

async function execute(core: Core, call: Call, effects: readonly FaultEffect[]): Promise<Answer> {
  const { service, operation } = call.resolved;
  for (const effect of effects) await before(core, effect);
  if (effects.some((e) => e.kind === 'reset' && e.when !== 'after')) {
    return errorAnswer(service, call.requestId, new AwsError('ConnectionReset', 'reset', {}, 500));
  }
  const metered = { ...place(call), service: service.name, operation: operation.name, input: call.input };
  if (!core.quotas.take(metered)) throw throttled();
  const handler = core.handler(service.name, operation.name);
  if (!handler) {
    const message = `The sandbox does not implement ${operation.name}.`;
    throw new AwsError('NotImplementedException', message, {}, 501);
  }
  core.validator(service.name).check(operation.name, operation.input, call.input);
  const stale = staleAnswer(core, call, effects);
  if (stale) return stale;
  const context = contextOf(core, call);
  const output = (await handler(context, call.input as never)) as Readonly<Record<string, unknown>>;
  for (const effect of effects) if (effect.kind === 'error' && effect.when === 'after') throw errorOf(effect);
  const done = answer(service, operation, output ?? {}, call.requestId);
  if (effects.some((e) => e.kind === 'stale')) core.staleReads.remember(staleKey(call), core.clock.now(), done);
  return done;
}

async function before(core: Core, effect: FaultEffect): Promise<void> {
  if (effect.kind === 'latency') await sleep(core.clock, effect.ms);
  else if (effect.kind === 'throttle') throw throttled();
  else if (effect.kind === 'error' && effect.when !== 'after') throw errorOf(effect);
}

function throttled(): AwsError {
  return new AwsError('ThrottlingException', 'Rate exceeded');
}

function errorOf(effect: FaultEffect & { kind: 'error' }): AwsError {
  return new AwsError(effect.name, effect.message ?? `Injected ${effect.name}.`, {}, effect.status);
}

const staleKey = (call: Call) =>
  `${call.caller.accountId}/${call.region}/${call.resolved.operation.name}/${JSON.stringify(call.input)}`;

function staleAnswer(core: Core, call: Call, effects: readonly FaultEffect[]): Answer | undefined {
  const stale = effects.find((e) => e.kind === 'stale');
  if (!stale || isMutating(call.resolved.operation.name)) return undefined;
  return core.staleReads.recall(staleKey(call), core.clock.now() - stale.ms);
}

function contextOf({ world }: Core, call: Call): CallContext {
  const scope = world.scope(call.caller.accountId, call.region);
  const { caller, requestId } = call;
  return callContext(world, scope, { caller, operation: call.resolved.operation.name, requestId }, () => {
    call.changed = true;
  });
}

/** Applies what faults do to the answer on its way out. */
function distort(done: Answer, effects: readonly FaultEffect[]): { response: WireResponse; lost: boolean } {
  let response = done.response;
  for (const effect of effects) {
    if (effect.kind === 'reset') return { response: { ...response, transport: 'reset' }, lost: true };
    if (effect.kind === 'truncate') response = { ...response, transport: 'truncate' };
    if (effect.kind === 'content-type') {
      response = {
        status: effect.status ?? response.status,
        headers: { ...response.headers, 'content-type': effect.type },
        body: effect.body ?? response.body,
      };
    }
  }
  return { response, lost: false };
}

const RESOURCE_MEMBERS = [
  'thingName',
  'policyName',
  'certificateId',
  'thingGroupName',
  'thingTypeName',
  'jobId',
  'resourceArn',
  'target',
];

function record(core: Core, call: Call, outcome: string, status: number): void {
  const { service, operation } = call.resolved;
  const member = RESOURCE_MEMBERS.find((m) => typeof call.input[m] === 'string');
  const named = member && call.input[member];
  const entry: LedgerEntry = {
    at: core.clock.now(),
    service: service.name,
    operation: operation.name,
    accountId: call.caller.accountId,
    region: call.region,
    accessKeyId: call.caller.accessKeyId,
    sessionName: call.caller.sessionName,
    outcome,
    status,
    mutating: isMutating(operation.name),
    changed: call.changed,
    resource: typeof named === 'string' ? named : '',
  };
  core.ledger.record(entry);
  core.world.ports.audit?.({ entry, caller: call.caller, input: call.input, requestId: call.requestId });
}
