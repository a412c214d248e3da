import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { Device, DeviceStatusRollout } from '../../../operator/api/device.gen.ts';
import type { PolicyRollout } from '../../../operator/api/policyrollout.gen.ts';
import { createBroker } from '../../../operator/sandbox/mqtt/broker.ts';
import type { MemoryDevice, MemoryDeviceOptions } from '../../../operator/sandbox/mqtt/memory-device.ts';
import { account, device, group, policy, thingType } from '../../support/fleet.ts';
import { createFleet, type FleetOptions } from '../../support/operator.ts';
import { MINUTE, WIDE } from './support.ts';

const QUEUE = 'fleet-events';
const ROLE = 'arn:aws:iam::123456789012:role/logs';

export interface GatesOptions extends FleetOptions {
  readonly devices?: number;
  readonly strategy?: object;
  readonly signals?: object;
  readonly logging?: string | undefined;
  readonly document?: object;
}

/** What a device does once a minute; `undefined` keeps it silent. */
export type Habit = (device: MemoryDevice, name: string) => void;

export const telemetry: Habit = (one, name) => void one.publish(`telemetry/${name}`, 'x');

/**
 * A fleet whose devices speak MQTT to the sandbox's broker, and an operator that hears of them only as it would on AWS:
 * from the queue and the logs, through the SDK and sockets.
 */
export async function gatesWorld(options: GatesOptions = {}) {
  const { devices: count = 2, strategy = {}, signals = {}, logging = 'INFO', document = WIDE } = options;
  const fleet = await createFleet({ overHttp: true, sandbox: { delays: 'instant' }, ...options });
  const { sandbox } = fleet;
  const broker = createBroker(sandbox);
  const names = Array.from({ length: count }, (_, i) => `press-${i + 1}`);
  const given = { type: 'Waves', waves: [{ count: 1, bake: '1m' }], settleTime: '8m', observeTime: '2m', ...strategy };
  const sqs = new SQSClient({
    region: sandbox.region,
    credentials: { accessKeyId: 'AKIDPERSON', secretAccessKey: 'test' },
    requestHandler: sandbox.requestHandler() as never,
  });
  await sqs.send(new CreateQueueCommand({ QueueName: QUEUE }));
  if (logging !== '') await fleet.iot.setV2LoggingOptions({ roleArn: ROLE, defaultLogLevel: logging as 'INFO' });
  await fleet.apply(account({ signals: { queueName: QUEUE, logGroup: 'AWSIotLogsV2', ...signals } }));
  await fleet.apply(thingType('press'), group('presses'), policy('base', { document, strategy: given }));
  await fleet.apply(...names.map((name) => device(name, { thingTypeRef: { name: 'press' } })));
  await fleet.start();
  await fleet.settleUntilReady();

  const live = new Map<string, MemoryDevice>();
  const habits = new Map<string, Habit | undefined>();
  async function certificateOf(name: string): Promise<string> {
    const { status } = (await fleet.get('Device', name)) as Device;
    return status?.certificates?.[0]?.certificateId ?? '';
  }
  async function connect(name: string, more: Partial<MemoryDeviceOptions> = {}): Promise<MemoryDevice> {
    const one = broker.device({ certificateId: await certificateOf(name), clientId: name, ...more });
    await broker.settle();
    return one;
  }
  async function step(ms: number): Promise<void> {
    await broker.settle();
    await fleet.clock.advance(ms);
    await broker.settle();
    await fleet.drain();
  }
  const world = {
    ...{ step },
    ...{ fleet, sandbox, broker, names, live, connect, certificateOf },
    does: (name: string, habit: Habit | undefined) => void habits.set(name, habit),
    /** So many minutes of everybody's life. */
    async pass(minutes: number, until?: () => Promise<boolean>): Promise<void> {
      for (let minute = 0; minute < minutes; minute += 1) {
        for (const name of names) {
          const habit = habits.has(name) ? habits.get(name) : telemetry;
          if (habit === undefined) continue;
          let one = live.get(name);
          if (one?.connected !== true) {
            one = await connect(name);
            live.set(name, one);
          }
          habit(one, name);
        }
        for (let i = 0; i < 2; i += 1) await step(MINUTE / 2);
        if ((await until?.()) === true) return;
      }
    },
    async change(next: object, more: object = {}): Promise<void> {
      await fleet.apply(policy('base', { document: next, strategy: { ...given, ...more } }));
    },
    async record(name: string): Promise<Partial<DeviceStatusRollout>> {
      return ((await fleet.get('Device', name)) as Device).status?.rollout ?? {};
    },
    async states(): Promise<Readonly<Record<string, string>>> {
      const found = await Promise.all(
        names.map(async (name) => [name, (await world.record(name)).state ?? '-'] as const),
      );
      return Object.fromEntries(found);
    },
    async rollout(): Promise<PolicyRollout> {
      const { items } = await fleet.store.list({ kind: 'PolicyRollout' });
      const newest = items.at(-1);
      if (newest === undefined) throw new Error('no PolicyRollout was made');
      return newest as PolicyRollout;
    },
    is:
      (name: string, ...states: readonly string[]) =>
      async (): Promise<boolean> =>
        states.includes((await world.record(name)).state ?? '-'),
    calls: (operation: string) => sandbox.ledger.count({ operation, outcome: 'ok' }),
    async [Symbol.asyncDispose](): Promise<void> {
      await fleet.kill();
      await broker.close();
      await fleet[Symbol.asyncDispose]();
    },
  };
  // An hour in which everybody does what it does: without it nobody knows what a device uses.
  await world.pass(1);
  for (let i = 0; i < 3; i += 1) await step(20 * MINUTE);
  await world.pass(1);
  return world;
}
