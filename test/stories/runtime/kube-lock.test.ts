import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../operator/runtime/clock.ts';
import { KubeLeaseLock } from '../../../operator/runtime/lease/kube-lock.ts';
import { LeaderElector } from '../../../operator/runtime/lease.ts';
import { silentLogger } from '../../../operator/runtime/log.ts';
import { StoreError } from '../../../operator/runtime/store.ts';
import { type Handler, sendJson, status, TlsServer } from '../../support/tls-server.ts';

const PATH = '/apis/coordination.k8s.io/v1/namespaces/fleet/leases';
const MICRO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;

interface Lease {
  readonly metadata: Record<string, unknown>;
  readonly spec: Record<string, unknown>;
}

/** Leases as an API server keeps them: versions, conflicts, and no mercy for times without six digits. */
function leases(first?: Lease): { handler: Handler; current: () => Lease | undefined; bodies: Lease[] } {
  let current = first;
  let version = 7;
  const bodies: Lease[] = [];
  const handler: Handler = (request, response) => {
    if (request.method === 'GET') {
      if (current) sendJson(response, 200, current);
      else sendJson(response, 404, status(404, 'NotFound', 'leases "op" not found', { name: 'op' }));
      return;
    }
    const body = JSON.parse(request.body) as Lease;
    bodies.push(body);
    for (const time of [body.spec.acquireTime, body.spec.renewTime]) {
      if (!MICRO.test(String(time))) {
        sendJson(response, 400, status(400, 'BadRequest', `parsing time ${String(time)}: cannot parse as ".000000"`));
        return;
      }
    }
    const existing = current?.metadata.resourceVersion;
    if (request.method === 'POST' ? current !== undefined : body.metadata.resourceVersion !== existing) {
      const reason = request.method === 'POST' ? 'AlreadyExists' : 'Conflict';
      sendJson(response, 409, status(409, reason, 'changed', { name: 'op' }));
      return;
    }
    version += 1;
    current = { ...body, metadata: { ...body.metadata, resourceVersion: String(version) } };
    sendJson(response, request.method === 'POST' ? 201 : 200, current);
  };
  return { handler, current: () => current, bodies };
}

const NEVER = new AbortController().signal;
const record = { holder: 'a', leaseDurationMs: 15_000, acquiredAt: 1_000, renewedAt: 2_950, transitions: 3 };
const code = (thrown: unknown) => (thrown instanceof StoreError ? thrown.code : thrown);
const lockOn = (server: TlsServer) => new KubeLeaseLock({ client: server.client(), namespace: 'fleet', name: 'op' });

describe('a Lease on the API server', () => {
  it('is created, read and updated, with times of six digits', async () => {
    const { handler, current, bodies } = leases();
    await using server = await TlsServer.start(handler);
    const lock = lockOn(server);
    expect(lock.name).toBe('fleet/op');
    expect(await lock.get(NEVER)).toBeUndefined();
    const made = await lock.create(record, NEVER);
    expect(made).toEqual({ record, version: '8' });
    await lock.update({ ...record, renewedAt: 4_000 }, made.version, NEVER);
    expect(await lock.get(NEVER)).toEqual({ record: { ...record, renewedAt: 4_000 }, version: '9' });
    expect(current()?.spec).toEqual({
      holderIdentity: 'a',
      leaseDurationSeconds: 15,
      acquireTime: '1970-01-01T00:00:01.000000Z',
      renewTime: '1970-01-01T00:00:04.000000Z',
      leaseTransitions: 3,
    });
    expect(bodies[0]?.metadata).not.toHaveProperty('resourceVersion');
    expect(server.requests.map((r) => `${r.method} ${r.path}`)).toEqual([
      `GET ${PATH}/op`,
      `POST ${PATH}`,
      `PUT ${PATH}/op`,
      `GET ${PATH}/op`,
    ]);
  });

  it('keeps what others wrote on it', async () => {
    const { handler, current } = leases({
      metadata: { name: 'op', namespace: 'fleet', resourceVersion: '7', labels: { team: 'a' }, uid: 'u' },
      spec: { holderIdentity: 'b', strategy: 'OldestEmulationVersion', leaseDurationSeconds: 15 },
    });
    await using server = await TlsServer.start(handler);
    const lock = lockOn(server);
    const found = await lock.get(NEVER);
    await lock.update(record, found?.version ?? '', NEVER);
    expect(current()?.metadata).toMatchObject({ labels: { team: 'a' }, uid: 'u' });
    expect(current()?.spec).toMatchObject({ strategy: 'OldestEmulationVersion', holderIdentity: 'a' });
  });

  it('answers a conflict to the second of two writers, on create and on update', async () => {
    const { handler } = leases();
    await using server = await TlsServer.start(handler);
    const [one, two] = [lockOn(server), lockOn(server)];
    const made = await one.create(record, NEVER);
    expect(code(await two.create(record, NEVER).catch((e: unknown) => e))).toBe('conflict');
    await one.update(record, made.version, NEVER);
    // Also for the writer that has seen the newer version: what counts is the one it names.
    for (const lock of [one, two]) {
      expect(code(await lock.update(record, made.version, NEVER).catch((e: unknown) => e))).toBe('conflict');
    }
  });

  it('reads an empty Lease, as somebody may have made it by hand, as free', async () => {
    const { handler } = leases({ metadata: { name: 'op', resourceVersion: '7' }, spec: {} });
    await using server = await TlsServer.start(handler);
    expect((await lockOn(server).get(NEVER))?.record).toEqual({
      holder: '',
      leaseDurationMs: 0,
      acquiredAt: 0,
      renewedAt: 0,
      transitions: 0,
    });
  });

  it.each([
    ['something that is no Lease', 200, {}],
    ['a refusal', 403, status(403, 'Forbidden', 'no', { name: 'op' })],
    ['a failure', 500, status(500, 'InternalError', 'etcd')],
  ])('does not take %s for an answer', async (_, code, body) => {
    await using server = await TlsServer.start((_request, response) => sendJson(response, code, body));
    await expect(lockOn(server).update(record, '7', NEVER)).rejects.toBeInstanceOf(StoreError);
  });

  it('gives up a request whose signal aborts', async () => {
    await using server = await TlsServer.start(() => new Promise(() => undefined));
    const abort = new AbortController();
    const asked = lockOn(server).get(abort.signal);
    const outcome = expect(asked).rejects.toThrow();
    abort.abort(new Error('too late'));
    await outcome;
  });
});

it('an elector leads, renews by updates alone and gives the Lease back', async () => {
  const { handler, current, bodies } = leases();
  await using server = await TlsServer.start(handler);
  const clock = new VirtualClock();
  const lock = lockOn(server);
  const elector = new LeaderElector({ lock, identity: 'pod-1', clock, random: () => 0, log: silentLogger });
  const stop = new AbortController();
  const ended = elector.run(stop.signal);
  await elector.whenLeading();
  for (const renewals of [2, 3]) {
    await clock.advance(2_000);
    // The request travels in real time while the clock stands still.
    await expect.poll(() => bodies.length).toBe(renewals);
  }
  expect(elector.isLeader()).toBe(true);
  expect(server.requests.filter((request) => request.method === 'GET')).toHaveLength(1);
  stop.abort();
  await ended;
  expect(current()?.spec).toMatchObject({ holderIdentity: '', leaseDurationSeconds: 1, leaseTransitions: 0 });
});
