/**
 * The sandbox's broker: connects and publishes per second with policy decisions on, in memory and over TLS.
 * `npm run bench mqtt` prints the figures as JSON.
 */

import { IoT } from '@aws-sdk/client-iot';
import mqtt from 'mqtt';
import { createSandbox, type Sandbox } from '../operator/sandbox/index.ts';
import { type Broker, createBroker } from '../operator/sandbox/mqtt/broker.ts';
import type { MemoryDevice } from '../operator/sandbox/mqtt/memory-device.ts';
import { newKeyAndRequest } from '../test/stories/sandbox-mqtt/csr.ts';
import type { BenchResult } from './types.ts';

const DEVICES = 500;
const PUBLISHES = 40;
const TLS_CONNECTS = 200;

const statement = (action: string, resource: string) => ({
  Effect: 'Allow',
  Action: [`iot:${action}`],
  Resource: [resource],
});
const ARN = 'arn:aws:iot:us-east-1:123456789012:';
const POLICY = JSON.stringify({
  Version: '2012-10-17',
  Statement: [
    statement('Connect', `${ARN}client/\${iot:Connection.Thing.ThingName}`),
    statement('Publish', `${ARN}topic/dt/\${iot:Connection.Thing.ThingName}/*`),
    statement('Subscribe', `${ARN}topicfilter/cmd/\${iot:Connection.Thing.ThingName}/*`),
    statement('Receive', `${ARN}topic/cmd/\${iot:Connection.Thing.ThingName}/*`),
  ],
});

interface Identity {
  readonly name: string;
  readonly certificateId: string;
  readonly cert: string;
  readonly key: string;
}

async function register(sandbox: Sandbox, count: number): Promise<Identity[]> {
  const iot = new IoT({
    region: 'us-east-1',
    credentials: { accessKeyId: 'AKIABENCH', secretAccessKey: 'bench' },
    requestHandler: sandbox.requestHandler() as never,
  });
  await iot.createPolicy({ policyName: 'bench', policyDocument: POLICY });
  const identities: Identity[] = [];
  for (let i = 0; i < count; i++) {
    const name = `device-${i}`;
    const { key, csr } = newKeyAndRequest(name);
    const made = await iot.createCertificateFromCsr({ certificateSigningRequest: csr, setAsActive: true });
    const principal = made.certificateArn ?? '';
    await iot.createThing({ thingName: name });
    await iot.attachPolicy({ policyName: 'bench', target: principal });
    await iot.attachThingPrincipal({ thingName: name, principal });
    identities.push({
      name,
      certificateId: made.certificateId ?? '',
      cert: made.certificatePem ?? '',
      key,
    });
  }
  return identities;
}

async function perSecond(count: number, work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return count / ((performance.now() - start) / 1000);
}

async function inMemory(broker: Broker, identities: readonly Identity[]) {
  let devices: MemoryDevice[] = [];
  const connects = await perSecond(identities.length, async () => {
    devices = identities.map(({ name, certificateId }) => broker.device({ certificateId, clientId: name }));
    await broker.settle();
  });
  if (devices.some((d) => !d.connected)) throw new Error('a device was refused');
  const publishes = await perSecond(devices.length * PUBLISHES, async () => {
    for (let i = 0; i < PUBLISHES; i++) {
      for (const device of devices) device.publish(`dt/${device.clientId}/t`, 'x');
      await broker.settle();
    }
  });
  if (devices.some((d) => d.acknowledged.size !== PUBLISHES)) throw new Error('a message was not acknowledged');
  for (const device of devices) device.disconnect();
  await broker.settle();
  return { connects, publishes };
}

async function overTls(sandbox: Sandbox, broker: Broker, identities: readonly Identity[]): Promise<number> {
  const { port } = await broker.listen();
  const ca = sandbox.world.authority.certificatePem;
  const options = { protocol: 'mqtts', host: 'localhost', port, ca, reconnectPeriod: 0 } as const;
  let clients: mqtt.MqttClient[] = [];
  const rate = await perSecond(identities.length, async () => {
    clients = await Promise.all(
      identities.map(({ name, cert, key }) => mqtt.connectAsync({ ...options, clientId: name, cert, key })),
    );
  });
  await Promise.all(clients.map((client) => client.endAsync()));
  return rate;
}

export async function run(): Promise<readonly BenchResult[]> {
  const sandbox = createSandbox({ quotas: 'off' });
  const broker = createBroker(sandbox);
  const identities = await register(sandbox, DEVICES);
  // Once to warm up: a broker that has just started compiles its policies and its own code.
  await inMemory(broker, identities);
  const { connects, publishes } = await inMemory(broker, identities);
  const tls = await overTls(sandbox, broker, identities.slice(0, TLS_CONNECTS));
  await broker.close();
  const result = (name: string, value: number): BenchResult => ({
    name,
    value: Math.round(value),
    unit: '1/s',
    better: 'higher',
  });
  return [
    result('MQTT connects in memory, policies decided', connects),
    result('MQTT publishes with QoS 1 in memory, policies decided', publishes),
    result('MQTT connects over mutual TLS, client and broker in one process', tls),
  ];
}
