import { AwsError } from '../errors.ts';
import type { DeviceRequest } from './device-http.ts';
import { checkJobTypes } from './reserved/job-members.ts';
import { objectOf } from './reserved/payload.ts';

/** A call by its path: what the policies have to allow, and what then happens. */
interface Route {
  readonly method: string;
  readonly path: RegExp;
  readonly plan: (match: readonly string[], query: URLSearchParams, body: Buffer) => Plan;
}

export interface Plan {
  readonly operation: string;
  /** Whose operation it is; default the data plane. */
  readonly service?: 'jobs';
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

/** Jobs over HTTPS: actions of their own name space. */
const jobPlan =
  (operation: string) =>
  ([thingName = '', jobId]: readonly string[], query: URLSearchParams, body: Buffer): Plan => {
    const given = body.length === 0 ? {} : objectOf(body);
    if (!given) throw new AwsError('InvalidRequestException', 'The body is not a JSON object', {}, 400);
    const withDocument = query.get('includeJobDocument');
    const number = query.get('executionNumber');
    const input = {
      ...given,
      ...(withDocument !== null && { includeJobDocument: withDocument === 'true' }),
      ...(number !== null && { executionNumber: Number(number) }),
      thingName,
      ...(jobId !== undefined && { jobId }),
    };
    checkJobTypes(operation, input);
    return { operation, service: 'jobs', needs: [[`iotjobsdata:${operation}`, `thing/${thingName}`]], input };
  };

const pageInput = (query: URLSearchParams, size: string) => ({
  nextToken: query.get('nextToken') ?? undefined,
  [size]: query.has(size) ? Number(query.get(size)) || undefined : undefined,
});

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
    path: /^\/api\/things\/shadow\/ListNamedShadowsForThing\/([^/]+)$/,
    plan: ([thingName = ''], query) => ({
      operation: 'ListNamedShadowsForThing',
      needs: [['iot:ListNamedShadowsForThing', '*']],
      input: { thingName, ...pageInput(query, 'pageSize') },
    }),
  },
  { method: 'GET', path: /^\/things\/([^/]+)\/jobs$/, plan: jobPlan('GetPendingJobExecutions') },
  {
    method: 'PUT',
    path: /^\/things\/([^/]+)\/jobs\/\$next$/,
    plan: ([thingName = ''], query, body) => jobPlan('StartNextPendingJobExecution')([thingName], query, body),
  },
  { method: 'GET', path: /^\/things\/([^/]+)\/jobs\/([^/]+)$/, plan: jobPlan('DescribeJobExecution') },
  { method: 'POST', path: /^\/things\/([^/]+)\/jobs\/([^/]+)$/, plan: jobPlan('UpdateJobExecution') },
  {
    method: 'GET',
    path: /^\/retainedMessage$/,
    plan: (_match, query) => ({
      operation: 'ListRetainedMessages',
      needs: [['iot:ListRetainedMessages', '*']],
      input: pageInput(query, 'maxResults'),
    }),
  },
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

export function planOf({ method, path, body }: DeviceRequest): Plan {
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
