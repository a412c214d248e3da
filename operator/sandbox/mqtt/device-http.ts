import { randomBytes } from 'node:crypto';
import { deviceCall } from '../call.ts';
import type { World } from '../context.ts';
import { AwsError } from '../errors.ts';
import type { AnyHandler } from '../operations.ts';
import { dataPlane } from '../ops/data-plane.ts';
import { jobsDataPlane } from '../ops/jobs/device-plane.ts';
import { EVENT_TYPES, fieldsOf } from '../signals/call-log.ts';
import { uuid } from '../state/ids.ts';
import type { Scope } from '../state/scope.ts';
import { SETTINGS } from '../state/settings.ts';
import type { Authorizer, Subject } from './authorizer.ts';
import type { Peer } from './connection.ts';
import { type Plan, planOf } from './device-routes.ts';
import { DENIED, type Telemetry } from './telemetry.ts';

export interface DeviceRequest {
  readonly method: string;
  /** Still encoded, with its query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Buffer;
}

export interface DeviceAnswer {
  readonly status: number;
  readonly body: Uint8Array;
}

export interface DeviceHttpContext {
  readonly world: World;
  readonly scope: Scope;
  readonly authorizer: Authorizer;
  readonly telemetry: Telemetry;
  readonly peer: Peer;
}

/** Answers an HTTPS request that a device makes with its certificate; the cached policies decide, as over MQTT. */
export async function answerDevice(context: DeviceHttpContext, request: DeviceRequest): Promise<DeviceAnswer> {
  const traceId = uuid(context.world.random);
  try {
    const plan = planOf(request);
    const principal = context.scope.arn(`cert/${context.peer.certificateId}`);
    const subject: Subject = {
      principal,
      clientId: undefined,
      sourceIp: context.peer.sourceIp,
      things: context.authorizer.thingsOf(principal),
    };
    if (!plan.needs.every(([action, resource]) => context.authorizer.allows(subject, action, resource))) {
      const eventType = EVENT_TYPES[plan.operation] ?? plan.operation;
      context.telemetry.requestedByHttp(context.peer, eventType, fieldsOf(plan.input), DENIED);
      throw new AwsError('ForbiddenException', 'Forbidden', {}, 403);
    }
    return { status: 200, body: await perform(context, plan, traceId) };
  } catch (error) {
    const known =
      error instanceof AwsError ? error : new AwsError('InternalFailureException', 'The sandbox failed', {}, 500);
    return { status: known.status ?? STATUS[known.name] ?? 400, body: encode({ message: known.message, traceId }) };
  }
}

const STATUS: Readonly<Record<string, number>> = { ResourceNotFoundException: 404, ConflictException: 409 };
const encode = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));

async function perform(context: DeviceHttpContext, plan: Plan, requestId: string): Promise<Uint8Array> {
  const { world, scope, peer } = context;
  if (plan.operation === 'AssumeRoleWithCertificate') return credentials(context, String(plan.input.alias));
  const { handlers } = plan.service === 'jobs' ? jobsDataPlane : dataPlane;
  const handler = handlers[plan.operation] as AnyHandler;
  const call = { ...deviceCall(world, scope, peer.certificateId, plan.operation), requestId };
  const output = (await handler(call, plan.input as never)) as { readonly payload?: Uint8Array };
  if (plan.operation === 'Publish') return encode({ message: 'OK', traceId: requestId });
  if (plan.operation.endsWith('Shadow')) return output.payload ?? new Uint8Array();
  return encode(plan.operation === 'GetRetainedMessage' ? retained(output) : output);
}

const retained = (output: { readonly payload?: Uint8Array }) => ({
  ...output,
  payload: Buffer.from(output.payload ?? []).toString('base64'),
});

/** The credential provider (authorizing-direct-aws): temporary keys of the alias' role, for as long as the alias says. */
function credentials({ world, scope, peer, telemetry }: DeviceHttpContext, name: string): Uint8Array {
  const alias = scope.slice(SETTINGS).roleAliases.get(name);
  const problem = alias ? undefined : { reason: 'ResourceNotFoundException' };
  telemetry.requestedByHttp(peer, 'GetDeviceCredentials', { roleAlias: name }, problem);
  if (!alias) throw new AwsError('ResourceNotFoundException', `Role alias ${name} does not exist`, {}, 404);
  const [, , , , accountId = scope.accountId] = alias.roleArn.split(':');
  const role = { accountId, name: alias.roleArn.slice(alias.roleArn.lastIndexOf('/') + 1) };
  const expires = world.clock.now() + alias.seconds * 1000;
  const session = world.accounts.assume(role, peer.certificateId, expires, randomBytes(32).toString('hex'));
  const { accessKeyId, secretAccessKey, sessionToken } = session;
  const expiration = `${new Date(expires).toISOString().slice(0, 19)}Z`;
  return encode({ credentials: { accessKeyId, secretAccessKey, sessionToken, expiration } });
}
