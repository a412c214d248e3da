import type { Device } from '../operator/api/device.gen.ts';
import { KINDS } from '../operator/api/kinds.gen.ts';
import type { PolicyRollout } from '../operator/api/policyrollout.gen.ts';
import { createAwsClient, type Transport } from '../operator/aws/client.ts';
import { createAccounts } from '../operator/controllers/awsaccount/accounts.ts';
import { deviceKind } from '../operator/controllers/device/kind.ts';
import { addIndexes } from '../operator/controllers/indexes.ts';
import { policyKind } from '../operator/controllers/iotpolicy/kind.ts';
import { createSignalBook } from '../operator/controllers/policyrollout/gates/signals.ts';
import { createRolloutReconciler } from '../operator/controllers/policyrollout/reconciler.ts';
import { createRollouts } from '../operator/controllers/policyrollout/service.ts';
import { indexRollouts } from '../operator/controllers/policyrollout/setup.ts';
import type { RolloutDeps } from '../operator/controllers/policyrollout/start.ts';
import { groupKind } from '../operator/controllers/thinggroup/kind.ts';
import { typeKind } from '../operator/controllers/thingtype/kind.ts';
import { ObjectCache } from '../operator/runtime/cache/object-cache.ts';
import { systemClock } from '../operator/runtime/clock.ts';
import { objectKey } from '../operator/runtime/controller/keys.ts';
import { silentLogger } from '../operator/runtime/log.ts';
import { ACCOUNT_KEY, NARROW, type RolloutFleet, rolloutFleet, STRATEGY } from '../test/stories/rollout/support.ts';
import type { BenchResult } from './types.ts';

const ASSETS = Number(process.env.FLEETWARD_BENCH_DEVICES ?? 100_000);
const IN_FLIGHT = 500;
const GOAL_MS = 50;
const PASSES = 5;
const TICK_MS = 2;

/**
 * A pass of the controller over a rollout of a large fleet of which half has moved: from the objects, the account's lists and
 * what was heard to the next decision and the orders for each asset. The rollout was made by a real one of two assets; the
 * others are copies of one of them.
 */
export async function run(): Promise<readonly BenchResult[]> {
  await using fleet = await rolloutFleet(2);
  await fleet.change(NARROW, { ...STRATEGY, maxInFlight: IN_FLIGHT });
  await fleet.live(40, { until: async () => (await fleet.records())['press-1'] === 'Observing' });
  const rollout = await fleet.rollout();
  const objects = (await Promise.all(KINDS.map((kind) => fleet.store.list({ kind })))).flatMap(({ items }) => items);
  const cache = new ObjectCache();
  addIndexes(cache, [deviceKind, groupKind, typeKind, policyKind]);
  indexRollouts(cache);
  const devices = copiesOf((await fleet.get('Device', 'press-2')) as Device, rollout);
  for (const kind of KINDS) {
    const own = objects.filter((object) => object.kind === kind);
    await cache.sink(kind).replace(kind === 'Device' ? [...own, ...devices] : own);
  }
  const { deps, counts } = await depsOf(fleet, cache);
  const { snapshot } = await deps.accounts.session('factory', 'default', {});
  await snapshot.load();
  const { candidateName = '', policyName = '' } = rollout.spec.policies[0] ?? {};
  for (const { metadata, status } of devices) {
    const on = status?.rollout === undefined ? policyName : candidateName;
    for (const { certificateId = '' } of status?.certificates ?? []) snapshot.targets.saw(certificateId, [on]);
    snapshot.members.saw(metadata.name, ['presses']);
    deps.rollouts.signals.record(ACCOUNT_KEY, { kind: 'connected', at: Date.now(), clientId: metadata.name });
  }
  const reconciler = createRolloutReconciler(deps);
  const context = { signal: new AbortController().signal, log: silentLogger, reconcileId: 'bench', priority: 0 };
  const pass = () => measured(async () => void (await reconciler.reconcile(objectKey(rollout), context)));
  const heap = heapMiB();
  const first = await pass();
  const kept = heapMiB() - heap;
  const firstWrites = counts.writes;
  await cache.sink('PolicyRollout').replace([await fleet.rollout()]);
  await pass();
  await cache.sink('PolicyRollout').replace([await fleet.rollout()]);
  const writesBefore = counts.writes;
  const later: Pass[] = [];
  for (let i = 0; i < PASSES; i += 1) later.push(await pass());
  const { status } = await fleet.rollout();
  if (status?.counters?.total !== ASSETS + 2 || (status.counters.inFlight ?? 0) < IN_FLIGHT)
    throw new Error(`the rollout of the benchmark should be under way: ${JSON.stringify(status?.counters)}`);
  const worst = (of: (one: Pass) => number) => Math.max(...later.map(of));
  const lower = (name: string, value: number, unit: string, goal?: number): BenchResult => ({
    name,
    value,
    unit,
    better: 'lower',
    ...(goal === undefined ? {} : { baseline: { name: 'goal', value: goal }, ratio: value / goal }),
  });
  return [
    lower(`first pass over ${ASSETS} assets, CPU`, first.cpuMs, 'ms'),
    lower('  event loop held by it at most', first.heldMs, 'ms', GOAL_MS),
    lower(
      `a later pass, CPU, worst of ${PASSES}`,
      worst(({ cpuMs }) => cpuMs),
      'ms',
    ),
    lower(
      '  by the clock',
      worst(({ wallMs }) => wallMs),
      'ms',
    ),
    lower(
      '  event loop held by it at most',
      worst(({ heldMs }) => heldMs),
      'ms',
      GOAL_MS,
    ),
    lower('memory that the passes keep', kept, 'MiB'),
    lower('writes to the store of the first pass', firstWrites, 'writes'),
    lower(
      `writes to the store of ${PASSES} passes in which nothing changes`,
      counts.writes - writesBefore,
      'writes',
      1,
    ),
  ];
}

/** Half of them proven, some under observation, the others not begun. */
function copiesOf(device: Device, { metadata }: PolicyRollout): readonly Device[] {
  const record = { name: metadata.name, wave: 1, since: new Date().toISOString(), startedAt: new Date().toISOString() };
  return Array.from({ length: ASSETS }, (_, index) => {
    const name = `copy-${String(index).padStart(6, '0')}`;
    const certificateId = index.toString(16).padStart(64, '0');
    const arn = `arn:aws:iot:us-east-1:123456789012:cert/${certificateId}`;
    const certificates = device.status?.certificates?.map((one) => ({ ...one, certificateId, arn }));
    const state = index < ASSETS / 2 ? 'Succeeded' : index < ASSETS / 2 + IN_FLIGHT ? 'Observing' : undefined;
    const times = { attachedAt: record.since, detachedAt: record.since };
    const moved = state === undefined ? {} : { rollout: { ...record, ...times, state, why: 'as it is' } };
    return {
      ...device,
      metadata: { ...device.metadata, name, uid: `uid-${index}` },
      status: { ...device.status, certificates, ...moved },
    } as Device;
  });
}

async function depsOf(fleet: RolloutFleet, cache: ObjectCache) {
  const counts = { writes: 0 };
  const accounts = createAccounts({
    cache,
    clock: systemClock,
    random: Math.random,
    connect: ({ spec }) =>
      createAwsClient({
        region: spec.region,
        endpoint: 'http://sandbox.invalid',
        credentials: { accessKeyId: 'AKIDTEST', secretAccessKey: 'test' },
        fence: () => undefined,
        transport: fleet.sandbox.requestHandler() as unknown as Transport,
      }),
    endpointGiven: true,
    unlimited: true,
  });
  const store = new Proxy(fleet.store, {
    get: (target, name) => {
      if (name === 'applyStatus' || name === 'apply') counts.writes += 1;
      const value = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  const rollouts = createRollouts(createSignalBook(systemClock));
  const deps = {
    cache,
    store,
    accounts,
    clock: systemClock,
    events: { record: () => undefined },
    installation: 'test',
    log: silentLogger,
    rollouts,
    usersPinned: true,
    enqueue: () => undefined,
  };
  return { deps: deps as unknown as RolloutDeps, counts };
}

interface Pass {
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly heldMs: number;
}

/** How long it takes, and the longest that it keeps the event loop to itself, by the CPU clock of the main thread. */
async function measured(work: () => Promise<void>): Promise<Pass> {
  const cpu = () => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1_000;
  };
  let held = 0;
  let turn = cpu();
  const tick = () => {
    const now = cpu();
    held = Math.max(held, now - turn);
    turn = now;
  };
  const timer = setInterval(tick, TICK_MS);
  const [began, beganCpu] = [performance.now(), cpu()];
  await work();
  tick();
  clearInterval(timer);
  return { wallMs: performance.now() - began, cpuMs: cpu() - beganCpu, heldMs: held };
}

function heapMiB(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed / 1_048_576;
}
