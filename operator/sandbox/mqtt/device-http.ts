import { randomBytes } from 'node:crypto';
import { deviceCall } from '../call.ts';
import type { World } from '../context.ts';
import { AwsError } from '../errors.ts';
import type { AnyHandler } from '../operations.ts';
import { dataPlane } from '../ops/data-plane.ts';
import { uuid } from '../state/ids.ts';
import type { Scope } from '../state/scope.ts';
import { SETTINGS } from '../state/settings.ts';
import type { Authorizer, Subject } from './authorizer.ts';
import type { Peer } from './connection.ts';

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
  readonly peer: Peer;
}

/** A call by its path: what the policies have to allow, and what then happens. */
interface Route {
  readonly method: string;
  readonly path: RegExp;
  readonly plan: (match: readonly string[], query: URLSearchParams, body: Buffer) => Plan;
}

interface Plan {
  readonly operation: string;
  /** Pairs of action and resource; all of them have to be allowed. */
  readonly needs: readonly (readonly [string, string])[];
  readonly input: Readonly<Record<string, unknown>>;
}

const shadowPlan =
  (operation: string) =>
  ([thingName = '']: readonly string[], query: URLSearchParams, body: Buffer): Plan => {
    const shadowName = query.get('name') ?? undefined;
    const resource = shadowName === undefined ? `thing/${thingName}` : `thing/${thingName}/${shadowName}`;
    return { operation, needs: [[`iot:${operation}`, resource]], input: { thingName, shadowName, payload: body } };
  };

const ROUTES: readonly Route[] = [
  {
    method: 'POST',
    path: /^\/topics\/(.+)$/,
    plan([topic = ''], query, payload) {
      const retain = query.get('retain') === 'true';
      const actions = ['iot:Publish', ...(retain ? ['iot:RetainPublish'] : [])];
      const needs = actions.map((action) => [action, `topic/${topic}`] as const);
      return { operation: 'Publish', needs, input: { topic, payload, retain, qos: query.get('qos') === '1' ? 1 : 0 } };
    },
  },
  { method: 'GET', path: /^\/things\/([^/]+)\/shadow$/, plan: shadowPlan('GetThingShadow') },
  { method: 'POST', path: /^\/things\/([^/]+)\/shadow$/, plan: shadowPlan('UpdateThingShadow') },
  { method: 'DELETE', path: /^\/things\/([^/]+)\/shadow$/, plan: shadowPlan('DeleteThingShadow') },
  {
    method: 'GET',
    path: /^\/retainedMessage\/(.+)$/,
    plan: ([topic = '']) => ({
      operation: 'GetRetainedMessage',
      needs: [['iot:GetRetainedMessage', `topic/${topic}`]],
      input: { topic },
    }),
  },
  {
    method: 'GET',
    path: /^\/role-aliases\/([^/]+)\/credentials$/,
    plan: ([alias = '']) => ({
      operation: 'AssumeRoleWithCertificate',
      needs: [['iot:AssumeRoleWithCertificate', `rolealias/${alias}`]],
      input: { alias },
    }),
  },
];

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

function planOf({ method, path, body }: DeviceRequest): Plan {
  const url = new URL(path, 'https://sandbox');
  for (const route of ROUTES) {
    const match = route.method === method ? route.path.exec(url.pathname) : null;
    if (match) return route.plan(match.slice(1).map(decoded), url.searchParams, body);
  }
  throw new AwsError('ResourceNotFoundException', 'There is no such resource', {}, 404);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new AwsError('InvalidRequestException', 'The path is not well encoded', {}, 400);
  }
}

async function perform({ world, scope, peer }: DeviceHttpContext, plan: Plan, requestId: string): Promise<Uint8Array> {
  if (plan.operation === 'AssumeRoleWithCertificate') return credentials(world, scope, peer, String(plan.input.alias));
  const handler = dataPlane.handlers[plan.operation] as AnyHandler;
  const call = { ...deviceCall(world, scope, peer.certificateId, plan.operation), requestId };
  const output = (await handler(call, plan.input as never)) as { readonly payload?: Uint8Array };
  if (plan.operation === 'Publish') return encode({ message: 'OK', traceId: requestId });
  return plan.operation.endsWith('Shadow') ? (output.payload ?? new Uint8Array()) : encode(retained(output));
}

const retained = (output: { readonly payload?: Uint8Array }) => ({
  ...output,
  payload: Buffer.from(output.payload ?? []).toString('base64'),
});

/** The credential provider (authorizing-direct-aws): temporary keys of the alias' role, for as long as the alias says. */
function credentials(world: World, scope: Scope, peer: Peer, name: string): Uint8Array {
  const alias = scope.slice(SETTINGS).roleAliases.get(name);
  if (!alias) throw new AwsError('ResourceNotFoundException', `Role alias ${name} does not exist`, {}, 404);
  const [, , , , accountId = scope.accountId] = alias.roleArn.split(':');
  const role = { accountId, name: alias.roleArn.slice(alias.roleArn.lastIndexOf('/') + 1) };
  const expires = world.clock.now() + alias.seconds * 1000;
  const session = world.accounts.assume(role, peer.certificateId, expires, randomBytes(32).toString('hex'));
  const { accessKeyId, secretAccessKey, sessionToken } = session;
  const expiration = `${new Date(expires).toISOString().slice(0, 19)}Z`;
  return encode({ credentials: { accessKeyId, secretAccessKey, sessionToken, expiration } });
}
