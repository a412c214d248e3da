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
import { seeded } from '../operator/sandbox/state/ids.ts';
import { ACCOUNT_KEY, NARROW, type RolloutFleet, rolloutFleet, STRATEGY } from '../test/stories/rollout/support.ts';

const IN_FLIGHT = 500;

/** A rollout over a large fleet: one of two assets in a sandbox, the others copies of one of them in the operator's memory. */
export interface LargeRollout extends AsyncDisposable {
  readonly fleet: RolloutFleet;
  readonly name: string;
  readonly deps: RolloutDeps;
  /** Writes to the store. */
  readonly counts: { writes: number };
  /** The operator sees the rollout as it is in the store by now. */
  refresh(): Promise<void>;
  pass(): Promise<void>;
  /** The rollout as the operator sees it from now on, whatever the store says. */
  see(rollout: PolicyRollout): Promise<void>;
}

/** `stateOf` says where each copy stands; undefined has not begun. */
export async function largeRollout(
  assets: number,
  stateOf: (index: number) => 'Succeeded' | 'Observing' | undefined,
): Promise<LargeRollout> {
  const fleet = await rolloutFleet(2);
  await fleet.change(NARROW, { ...STRATEGY, maxInFlight: IN_FLIGHT });
  await fleet.live(40, { until: async () => (await fleet.records())['press-1'] === 'Observing' });
  const rollout = await fleet.rollout();
  const objects = (await Promise.all(KINDS.map((kind) => fleet.store.list({ kind })))).flatMap(({ items }) => items);
  const cache = new ObjectCache();
  addIndexes(cache, [deviceKind, groupKind, typeKind, policyKind]);
  indexRollouts(cache);
  const states = Array.from({ length: assets }, (_, index) => stateOf(index));
  const devices = copiesOf((await fleet.get('Device', 'press-2')) as Device, rollout, states);
  for (const kind of KINDS) {
    const own = objects.filter((object) => object.kind === kind);
    await cache.sink(kind).replace(kind === 'Device' ? [...own, ...inNoOrder(devices)] : own);
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
  let seen = 0;
  const context = { signal: new AbortController().signal, log: silentLogger, reconcileId: 'bench', priority: 0 };
  return {
    fleet,
    name: rollout.metadata.name,
    deps,
    counts,
    refresh: async () => cache.sink('PolicyRollout').replace([await fleet.rollout()]),
    see: async ({ metadata, ...rest }) => {
      seen += 1;
      const resourceVersion = `9${metadata.resourceVersion}${seen}`;
      await cache.sink('PolicyRollout').replace([{ ...rest, metadata: { ...metadata, resourceVersion } }]);
    },
    pass: async () => void (await reconciler.reconcile(objectKey(rollout), context)),
    [Symbol.asyncDispose]: () => fleet[Symbol.asyncDispose](),
  };
}

function copiesOf(
  device: Device,
  { metadata }: PolicyRollout,
  states: readonly ReturnType<Parameters<typeof largeRollout>[1]>[],
): readonly Device[] {
  const record = { name: metadata.name, wave: 1, since: new Date().toISOString(), startedAt: new Date().toISOString() };
  return states.map((state, index) => {
    const name = `copy-${String(index).padStart(6, '0')}`;
    const certificateId = index.toString(16).padStart(64, '0');
    const arn = `arn:aws:iot:us-east-1:123456789012:cert/${certificateId}`;
    const certificates = device.status?.certificates?.map((one) => ({ ...one, certificateId, arn }));
    const times = { attachedAt: record.since, detachedAt: record.since };
    const moved = state === undefined ? {} : { rollout: { ...record, ...times, state, why: 'as it is' } };
    return {
      ...device,
      metadata: { ...device.metadata, name, uid: `uid-${index}` },
      status: { ...device.status, certificates, ...moved },
    } as Device;
  });
}

/** What was written last is the last that the cache finds: after a while a fleet is in the order of its last news. */
function inNoOrder(devices: readonly Device[]): readonly Device[] {
  const random = seeded(1);
  const drawn = devices.map((device) => ({ device, at: random() }));
  return drawn.sort((a, b) => a.at - b.at).map(({ device }) => device);
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
