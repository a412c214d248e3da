import { AcceleratedClock } from '../runtime/accelerated-clock.ts';
import { VirtualClock } from '../runtime/clock.ts';
import { AwsError } from './errors.ts';
import { parseFaults } from './faults.ts';
import type { LedgerFilter } from './ledger.ts';
import { NOTIFICATIONS } from './ops/defender/notifications.ts';
import { REVOCATIONS } from './ops/defender/revocations.ts';
import { clearViolation, raiseViolation } from './ops/defender/violations.ts';
import type { QuotaOptions } from './quotas.ts';
import type { Sandbox } from './sandbox.ts';
import { saveSnapshot } from './snapshot.ts';
import { REGISTRY } from './state/registry.ts';
import type { WireRequest, WireResponse } from './wire/http.ts';

const PREFIX = '/_sandbox/';

export function isControlPath(path: string): boolean {
  return path.startsWith(PREFIX);
}

/** Answers a request to the control endpoint: ledger, faults, quotas, clock. JSON in and out. */
export async function controlRequest(
  sandbox: Sandbox,
  request: WireRequest,
  stateFile?: string,
): Promise<WireResponse> {
  try {
    // A page in somebody's browser can reach loopback; only browsers send an Origin.
    if (request.headers.origin !== undefined) throw new AwsError('Forbidden', 'Not for browsers.', {}, 403);
    const url = new URL(request.path, 'http://sandbox');
    const route = `${request.method} ${url.pathname.slice(PREFIX.length)}`;
    const handler = Object.hasOwn(ROUTES, route) ? ROUTES[route] : undefined;
    if (!handler)
      throw new AwsError(
        'UnknownOperationException',
        `No control operation ${route.slice(0, 100)}. Known: ${Object.keys(ROUTES).join(', ')}.`,
        {},
        404,
      );
    return json(200, await handler(sandbox, { query: url.searchParams, body: parse(request.body), stateFile }));
  } catch (error) {
    const status = error instanceof AwsError ? (error.status ?? 400) : 500;
    return json(status, { message: error instanceof Error ? error.message : 'unknown error' });
  }
}

interface ControlInput {
  readonly query: URLSearchParams;
  readonly body: unknown;
  readonly stateFile: string | undefined;
}

type ControlHandler = (sandbox: Sandbox, input: ControlInput) => unknown;

const ROUTES: Readonly<Record<string, ControlHandler>> = {
  'GET health': (sandbox) => ({
    status: 'ok',
    region: sandbox.region,
    account: sandbox.accountId,
    now: sandbox.clock.now(),
  }),
  'GET ledger': (sandbox, { query }) => {
    const limit = Number(query.get('limit') ?? 1000);
    return {
      total: sandbox.ledger.total,
      counts: sandbox.ledger.counts(),
      entries: sandbox.ledger.entries(ledgerFilter(query)).slice(-limit),
    };
  },
  'DELETE ledger': (sandbox) => {
    sandbox.ledger.clear();
    return {};
  },
  'GET faults': (sandbox) => ({ faults: sandbox.faults.list() }),
  'POST faults': (sandbox, { body }) => ({ ids: parseFaults(body).map((rule) => sandbox.faults.add(rule)) }),
  'DELETE faults': (sandbox, { query }) => {
    const id = query.get('id');
    if (id === null) sandbox.faults.clear();
    else if (!sandbox.faults.remove(Number(id))) throw new AwsError('NotFound', `No fault ${id}.`, {}, 404);
    return {};
  },
  'PUT quotas': (sandbox, { body }) => {
    sandbox.quotas.configure(body === 'off' ? 'off' : quotasFrom(asRecord(body)));
    return {};
  },
  'POST violations': (sandbox, { body }) => ({
    id: raiseViolation(sandbox.world, sandbox.scope(), raisedViolation(asRecord(body))),
  }),
  'DELETE violations': (sandbox, { query }) => {
    const id = query.get('id') ?? '';
    if (clearViolation(sandbox.world, sandbox.scope(), id)) return {};
    throw new AwsError('NotFound', `No active violation ${id.slice(0, 100)}.`, {}, 404);
  },
  'GET notifications': (sandbox) => ({ notifications: sandbox.scope().slice(NOTIFICATIONS) }),
  'PUT revocations': (sandbox, { body }) => {
    const { certificateIds } = asRecord(body);
    const isList = Array.isArray(certificateIds) && certificateIds.every((id) => typeof id === 'string');
    if (!isList) throw new AwsError('Invalid', 'certificateIds must be a list of certificate ids', {}, 400);
    const revoked = sandbox.scope().slice(REVOCATIONS);
    revoked.clear();
    for (const id of certificateIds as string[]) revoked.add(id);
    return {};
  },
  'POST snapshot': async (sandbox, { stateFile }) => {
    if (stateFile === undefined) throw new AwsError('Invalid', 'The sandbox was started without --state.', {}, 409);
    await saveSnapshot(sandbox, stateFile);
    return { file: stateFile };
  },
  'POST devices': (sandbox, { body }) => {
    const { thing } = asRecord(body);
    const standIn = typeof thing === 'string' && sandbox.world.ports.broker?.standIn(sandbox.scope(), thing);
    if (!standIn) throw new AwsError('NotFound', 'No thing of this name with an active certificate.', {}, 404);
    const { mqtt } = sandbox.world.endpoints;
    return { ...standIn, mqttEndpoint: mqtt, authorityPem: sandbox.world.authority.certificatePem };
  },
  'GET devices': (sandbox) => ({
    things: [...sandbox.scope().slice(REGISTRY).things.values()].map(({ name, attributes, typeName }) => ({
      name,
      attributes,
      type: typeName ?? null,
    })),
  }),
  'GET clock': (sandbox) => clockOf(sandbox),
  'POST clock': async (sandbox, { body }) => {
    const { advance, speed } = asRecord(body);
    if (speed === undefined) await advanceBy(sandbox, advance);
    else setSpeed(sandbox, speed);
    return clockOf(sandbox);
  },
};

function clockOf({ clock }: Sandbox) {
  const speed = clock instanceof AcceleratedClock ? clock.rate : 1;
  return { now: clock.now(), virtual: clock instanceof VirtualClock, speed };
}

async function advanceBy({ clock }: Sandbox, ms: unknown): Promise<void> {
  if (typeof ms !== 'number' || ms < 0) {
    throw new AwsError('Invalid', 'advance must be a number of milliseconds', {}, 400);
  }
  if (!(clock instanceof VirtualClock)) {
    throw new AwsError('Invalid', 'The clock is not virtual; start the sandbox with --clock virtual.', {}, 409);
  }
  await clock.advance(ms);
}

function setSpeed({ clock }: Sandbox, speed: unknown): void {
  if (typeof speed !== 'number' || !Number.isFinite(speed) || speed <= 0) {
    throw new AwsError('Invalid', 'speed must be a factor above 0', {}, 400);
  }
  if (!(clock instanceof AcceleratedClock)) {
    throw new AwsError('Invalid', 'This clock has no speed: it is moved by {"advance": milliseconds}.', {}, 409);
  }
  clock.rate = speed;
}

function quotasFrom({ scale, overrides }: Readonly<Record<string, unknown>>): QuotaOptions {
  const isRate = (value: unknown) => typeof value === 'number' && Number.isFinite(value) && value > 0;
  const rates = overrides === undefined ? {} : asRecord(overrides);
  if ((scale !== undefined && !isRate(scale)) || !Object.values(rates).every(isRate)) {
    throw new AwsError('Invalid', 'scale and each of overrides must be a number above 0', {}, 400);
  }
  return { ...(scale !== undefined && { scale: scale as number }), overrides: rates as Record<string, number> };
}

function raisedViolation({ thingName, securityProfileName, behaviorName, metricValue }: Record<string, unknown>) {
  const names = { thingName, securityProfileName, behaviorName };
  for (const [key, value] of Object.entries(names)) {
    if (typeof value !== 'string') throw new AwsError('Invalid', `${key} must be a text`, {}, 400);
  }
  const isGiven = typeof metricValue === 'object' && metricValue !== null;
  return { ...(names as Record<keyof typeof names, string>), ...(isGiven && { metricValue }) };
}

function ledgerFilter(query: URLSearchParams): LedgerFilter {
  const text = (name: string) => query.get(name) ?? undefined;
  const flag = (name: string) => (query.has(name) ? query.get(name) === 'true' : undefined);
  return {
    ...defined({
      operation: text('operation'),
      outcome: text('outcome'),
      accountId: text('account'),
      region: text('region'),
    }),
    ...defined({ mutating: flag('mutating'), changed: flag('changed') }),
    ...(query.has('since') && { since: Number(query.get('since')) }),
  };
}

function defined<T>(record: Readonly<Record<string, T | undefined>>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).filter((e): e is [string, T] => e[1] !== undefined));
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Readonly<Record<string, unknown>>;
  throw new AwsError('Invalid', 'The body must be a JSON object.', {}, 400);
}

function parse(body: Uint8Array): unknown {
  if (body.length === 0) return {};
  try {
    return JSON.parse(Buffer.from(body).toString('utf8'));
  } catch {
    throw new AwsError('Invalid', 'The body is not JSON.', {}, 400);
  }
}

function json(status: number, value: unknown): WireResponse {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) };
}
