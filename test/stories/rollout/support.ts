import type { Device, DeviceStatusRollout } from '../../../operator/api/device.gen.ts';
import type { PolicyRollout } from '../../../operator/api/policyrollout.gen.ts';
import { account, device, group, policy, thingType } from '../../support/fleet.ts';
import { Crash, createFleet, type FleetOptions, type TestFleet } from '../../support/operator.ts';

const ACCOUNT_ID = '123456789012';
const REGION = 'us-east-1';
export const MINUTE = 60_000;
export const ACCOUNT_KEY = `${ACCOUNT_ID}/${REGION}`;
const ARN = `arn:aws:iot:${REGION}:${ACCOUNT_ID}`;

/** May connect under its own name, and publish to these topics. */
export function grants(...topics: readonly string[]): object {
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Action: ['iot:Connect'],
        Resource: [`${ARN}:client/\${iot:Connection.Thing.ThingName}`],
      },
      { Effect: 'Allow', Action: ['iot:Publish'], Resource: topics.map((topic) => `${ARN}:topic/${topic}`) },
    ],
  };
}

export const WIDE = grants('telemetry/*', 'debug/*');
export const NARROW = grants('telemetry/*');

/** Assets are moved although they would lose what they did: what happens then is what these stories are about. */
export const STRATEGY = { type: 'Waves', waves: [{ count: 1, bake: '1m' }], usedActions: 'Judge' };

interface Living {
  readonly silent?: readonly string[];
  /** Ends it early; asked at the end of each minute. */
  readonly until?: () => Promise<boolean>;
  /** Default true; else it has been connected since before. */
  readonly connects?: boolean;
  /** How often in a minute the operator gets to look. Default 6. */
  readonly looks?: number;
}

/** For large fleets: each device stays connected and publishes. */
export const PUBLISHING: Living = { connects: false, looks: 3 };

export interface RolloutFleet extends TestFleet {
  /** Every device is heard of once a minute: connected, and one telemetry message allowed. */
  live(minutes: number, how?: Living): Promise<void>;
  names: string[];
  rollout(): Promise<PolicyRollout>;
  records(): Promise<Readonly<Record<string, string>>>;
  attached(name: string): Promise<readonly string[]>;
  change(document: object, strategy?: object): Promise<void>;
}

/** A settled fleet of `count` devices on a wide policy, all connected. */
export async function rolloutFleet(count: number, options: FleetOptions = {}): Promise<RolloutFleet> {
  const fleet = await createFleet(options);
  const names = Array.from({ length: count }, (_, i) => `press-${i + 1}`);
  await fleet.apply(account(), thingType('press'), group('presses'));
  await fleet.apply(policy('base', { document: WIDE, strategy: STRATEGY }));
  await fleet.apply(...names.map((name) => device(name, { thingTypeRef: { name: 'press' } })));
  await fleet.start();
  // Under AWS's quotas a large fleet takes its time to be made.
  await fleet.settleUntilReady(Math.max(120_000, count * 3_000));
  const more = {
    names,
    async live(minutes: number, { silent = [], until, connects = true, looks = 6 }: Living = {}) {
      const heard = names.filter((name) => !silent.includes(name));
      for (let minute = 0; minute < minutes; minute += 1) {
        for (const name of heard) {
          if (connects) connected(fleet, name);
          publishes(fleet, name, `telemetry/${name}`, true);
        }
        for (let look = 0; look < looks; look += 1) {
          await fleet.clock.advance(MINUTE / looks);
          await fleet.drain();
        }
        if ((await until?.()) === true) return;
      }
    },
    async rollout() {
      const { items } = await fleet.store.list({ kind: 'PolicyRollout' });
      const newest = items.at(-1);
      if (newest === undefined) throw new Error('no PolicyRollout was made');
      return newest as PolicyRollout;
    },
    async records() {
      const { items } = await fleet.store.list({ kind: 'Device' });
      return Object.fromEntries(
        (items as readonly Device[]).map(({ metadata, status }) => [metadata.name, status?.rollout?.state ?? '-']),
      );
    },
    async attached(name: string) {
      const { status } = (await fleet.get('Device', name)) as Device;
      const target = status?.certificates?.[0]?.arn ?? '';
      const found = await fleet.aws.send('ListAttachedPolicies', { target });
      return (found.policies ?? []).map(({ policyName = '' }) => policyName).sort();
    },
    async change(document: object, strategy: object = STRATEGY) {
      await fleet.apply(policy('base', { document, strategy }));
    },
  };
  return Object.defineProperties(fleet, Object.getOwnPropertyDescriptors(more)) as unknown as RolloutFleet;
}

export function hear(fleet: TestFleet, name: string, topic = `telemetry/${name}`): void {
  connected(fleet, name);
  publishes(fleet, name, topic, true);
}

export function refuse(fleet: TestFleet, name: string, topic: string): void {
  publishes(fleet, name, topic, false);
}

/** It says that it goes. */
export function leave(fleet: TestFleet, clientId: string): void {
  fleet.signals.record(ACCOUNT_KEY, {
    kind: 'disconnected',
    reason: 'CLIENT_INITIATED_DISCONNECT',
    at: fleet.clock.now(),
    clientId,
  });
}

function connected(fleet: TestFleet, clientId: string): void {
  fleet.signals.record(ACCOUNT_KEY, { kind: 'connected', at: fleet.clock.now(), clientId });
}

function publishes(fleet: TestFleet, clientId: string, topic: string, allowed: boolean): void {
  const request = { action: 'iot:Publish', resource: `${ARN}:topic/${topic}`, allowed };
  fleet.signals.record(ACCOUNT_KEY, { kind: 'request', at: fleet.clock.now(), clientId, ...request });
}

/** In the order in which they were made. */
export async function rollouts(fleet: TestFleet): Promise<readonly PolicyRollout[]> {
  return (await fleet.store.list({ kind: 'PolicyRollout' })).items as readonly PolicyRollout[];
}

/** Somebody says a verb to a rollout, the newest where none is named. */
export async function say(
  fleet: RolloutFleet,
  verb: string,
  { token = 't1', rollout }: { readonly token?: string; readonly rollout?: PolicyRollout | undefined } = {},
): Promise<void> {
  const { metadata, spec } = rollout ?? (await fleet.rollout());
  const value = `${token}@${spec.revision} by kim@example.com`;
  await annotate(fleet, 'PolicyRollout', metadata.name, { [`rollout.fleetward.dev/${verb}`]: value });
}

/** What is in force under this name in AWS. */
export async function documentOf(fleet: TestFleet, policyName: string): Promise<object> {
  return JSON.parse((await fleet.aws.send('GetPolicy', { policyName })).policyDocument ?? '') as object;
}

/** The same device with other references; everything else stays. */
export async function refer(fleet: TestFleet, name: string, ...policies: readonly string[]): Promise<void> {
  const { metadata, spec } = (await fleet.get('Device', name)) as Device;
  const { certificates, thingTypeRef } = spec;
  const policyRefs = policies.map((each) => ({ name: each }));
  await fleet.apply(device(metadata.name, { certificates, thingTypeRef, policyRefs }));
}

export async function annotate(fleet: TestFleet, kind: string, name: string, annotations: object): Promise<void> {
  const { status: _status, ...object } = await fleet.get(kind, name);
  const { name: objectName, namespace, uid, annotations: before } = object.metadata;
  const metadata = { name: objectName, namespace, uid, annotations: { ...before, ...annotations } };
  await fleet.store.apply({ ...object, metadata } as never, { owner: 'person' });
  await fleet.drain();
}

/** What the operator has written of the way of a Device. */
export async function recordOf(fleet: TestFleet, name: string): Promise<DeviceStatusRollout | undefined> {
  return ((await fleet.get('Device', name)) as Device).status?.rollout;
}

/** While the operator does not run, what it has written of the way of a Device is lost, as by a restore. */
export async function loseRecord(fleet: RolloutFleet, name: string): Promise<void> {
  await fleet.kill();
  const { metadata, status } = (await fleet.get('Device', name)) as Device;
  const { rollout: _lost, ...rest } = status ?? {};
  const key = { kind: 'Device', namespace: 'factory', name, uid: metadata.uid ?? '' };
  await fleet.store.applyStatus(key, rest, { owner: 'fleetward' });
  await fleet.start();
}

/** Kills the operator at its n-th call that attaches or detaches a policy, before or after the effect. */
export function killAt(fleet: TestFleet, n: number, when: 'before' | 'after'): { reached: boolean } {
  const state = { reached: false };
  let count = 0;
  fleet.intercept = async (send, _operation, { method, path }) => {
    if (method === 'GET' || !/^\/target-policies\//.test(path) || /list/i.test(path)) return send();
    count += 1;
    if (count !== n) return send();
    state.reached = true;
    if (when === 'after') await send();
    void fleet.kill();
    throw new Crash(`killed ${when} call ${n}`);
  };
  return state;
}

/** Devices on `base` whose specs ask for `more` beside it, which waits for approval. */
export async function askingForMore(count = 1, document = grants('more/*')): Promise<RolloutFleet> {
  const fleet = await rolloutFleet(count);
  await fleet.apply(policy('more', { document, strategy: STRATEGY }));
  await fleet.settleUntilReady();
  for (const name of fleet.names) await refer(fleet, name, 'base', 'more');
  await fleet.live(3);
  return fleet;
}

/** Devices on both. */
export async function onBaseAndMore(...asked: Parameters<typeof askingForMore>): Promise<RolloutFleet> {
  const fleet = await askingForMore(...asked);
  await say(fleet, 'approve');
  await fleet.live(120, { until: async () => (await fleet.rollout()).status?.phase === 'Succeeded' });
  return fleet;
}
