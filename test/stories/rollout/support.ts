import type { Device } from '../../../operator/api/device.gen.ts';
import type { PolicyRollout } from '../../../operator/api/policyrollout.gen.ts';
import { account, device, group, policy, thingType } from '../../support/fleet.ts';
import { createFleet, type FleetOptions, type TestFleet } from '../../support/operator.ts';

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

export interface RolloutFleet extends TestFleet {
  /** Every device is heard of once a minute: connected, and one telemetry message allowed. */
  live(
    minutes: number,
    options?: { readonly silent?: readonly string[]; readonly until?: () => Promise<boolean> },
  ): Promise<void>;
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
  await fleet.settleUntilReady();
  const more = {
    names,
    async live(minutes: number, how: { silent?: readonly string[]; until?: () => Promise<boolean> } = {}) {
      for (let minute = 0; minute < minutes; minute += 1) {
        for (const name of names) if (how.silent?.includes(name) !== true) hear(fleet, name);
        for (let step = 0; step < 6; step += 1) {
          await fleet.clock.advance(MINUTE / 6);
          await fleet.drain();
        }
        if ((await how.until?.()) === true) return;
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
  const at = fleet.clock.now();
  fleet.signals.record(ACCOUNT_KEY, { kind: 'connected', at, clientId: name });
  fleet.signals.record(ACCOUNT_KEY, {
    kind: 'request',
    at,
    clientId: name,
    action: 'iot:Publish',
    resource: `${ARN}:topic/${topic}`,
    allowed: true,
  });
}

export function refuse(fleet: TestFleet, name: string, topic: string): void {
  fleet.signals.record(ACCOUNT_KEY, {
    kind: 'request',
    at: fleet.clock.now(),
    clientId: name,
    action: 'iot:Publish',
    resource: `${ARN}:topic/${topic}`,
    allowed: false,
  });
}

export async function annotate(fleet: TestFleet, kind: string, name: string, annotations: object): Promise<void> {
  const { status: _status, ...object } = await fleet.get(kind, name);
  const { name: objectName, namespace, uid, annotations: before } = object.metadata;
  const metadata = { name: objectName, namespace, uid, annotations: { ...before, ...annotations } };
  await fleet.store.apply({ ...object, metadata } as never, { owner: 'person' });
  await fleet.drain();
}
