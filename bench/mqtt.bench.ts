/**
 * The sandbox's broker with policy decisions on, beside the bare broker that it is built on (aedes without hooks, which
 * lets everybody do everything): connects and publishes per second without sockets, connects over mutual TLS, and memory
 * per connection. `npm run bench mqtt` prints the figures as JSON.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { IoT } from '@aws-sdk/client-iot';
import { Aedes } from 'aedes';
import mqtt from 'mqtt';
import { createSandbox, type Sandbox } from '../operator/sandbox/index.ts';
import { type Broker, createBroker } from '../operator/sandbox/mqtt/broker.ts';
import { MemoryDevice } from '../operator/sandbox/mqtt/memory-device.ts';
import { memoryPipe } from '../operator/sandbox/mqtt/memory-pipe.ts';
import { Rest } from '../operator/sandbox/mqtt/rest.ts';
import { listenTls } from '../operator/sandbox/mqtt/tls.ts';
import { newKeyAndRequest } from '../test/stories/sandbox-mqtt/csr.ts';
import type { BenchResult } from './types.ts';

const SELF = fileURLToPath(import.meta.url);
const DEVICES = 500;
const PUBLISHES = 40;
/** Connections that are only held, for the memory of one. */
const HELD = 4000;
/** Connections over TLS of each certificate: resident memory is only told in large pieces. */
const TLS_EACH = 4;

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
    // For connections beside the thing's own, which have no thing.
    statement('Connect', `${ARN}client/device-*.*`),
    statement('Subscribe', `${ARN}topicfilter/cmd/device-*.*/*`),
    statement('Publish', `${ARN}topic/cmd/device-*`),
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

/** A broker under test: the sandbox's, or bare aedes. */
interface Target {
  readonly device: (identity: Identity, clientId?: string) => MemoryDevice;
  readonly settle: () => Promise<void>;
  /** Port of MQTT over mutual TLS. */
  readonly port: () => Promise<number>;
  readonly close: () => Promise<void>;
}

function sandboxTarget(broker: Broker): Target {
  return {
    device: ({ certificateId, name }, clientId = name) => broker.device({ certificateId, clientId }),
    settle: () => broker.settle(),
    port: async () => (await broker.listen()).port,
    close: () => broker.close(),
  };
}

async function bareTarget({ world }: Sandbox): Promise<Target> {
  const aedes = new Aedes();
  await aedes.listen();
  const rest = new Rest();
  const pipe = (): Duplex => {
    const [ours, theirs] = memoryPipe(() => rest.touch());
    aedes.handle(ours);
    return theirs;
  };
  const served: { close(): Promise<void> }[] = [];
  return {
    device: ({ certificateId, name }, clientId = name) => new MemoryDevice(pipe(), { certificateId, clientId }),
    settle: () => rest.reached(),
    async port() {
      const server = await listenTls(world.authority, {}, (socket) => aedes.handle(socket));
      served.push(server);
      return server.port;
    },
    async close() {
      await new Promise<void>((resolve) => aedes.close(() => resolve()));
      await Promise.all(served.map((server) => server.close()));
    },
  };
}

interface Rate {
  readonly perSecond: number;
  /** CPU time of this process per act; without sockets that is broker and clients together. */
  readonly cpuMs: number;
}

async function rateOf(count: number, work: () => Promise<void>): Promise<Rate> {
  const cpu = process.cpuUsage();
  const start = performance.now();
  await work();
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  return { perSecond: count / seconds, cpuMs: (user + system) / 1000 / count };
}

async function inMemory(target: Target, identities: readonly Identity[]) {
  let devices: MemoryDevice[] = [];
  const connects = await rateOf(identities.length, async () => {
    devices = identities.map((identity) => target.device(identity));
    await target.settle();
  });
  if (devices.some((d) => !d.connected)) throw new Error('a device was refused');
  const publishes = await rateOf(devices.length * PUBLISHES, async () => {
    for (let i = 0; i < PUBLISHES; i++) {
      for (const device of devices) device.publish(`dt/${device.clientId}/t`, 'x');
      await target.settle();
    }
  });
  if (devices.some((d) => d.acknowledged.size !== PUBLISHES)) throw new Error('a message was not acknowledged');
  for (const device of devices) device.disconnect();
  await target.settle();
  return { connects, publishes };
}

/** Each device with a topic of its own and one that hears it: what is published is also delivered. */
async function delivered(target: Target, identities: readonly Identity[]): Promise<Rate> {
  const devices = identities.map((identity) => target.device(identity));
  await target.settle();
  for (const device of devices) device.subscribe(`cmd/${device.clientId}/+`);
  await target.settle();
  const sender = devices[0];
  const rate = await rateOf(devices.length * PUBLISHES, async () => {
    for (let i = 0; i < PUBLISHES; i++) {
      for (const { clientId } of devices) sender?.publish(`cmd/${clientId}/x`, 'x');
      await target.settle();
    }
  });
  if (devices.some((d) => d.received.length !== PUBLISHES)) throw new Error('a message was not delivered');
  for (const device of devices) device.disconnect();
  await target.settle();
  return rate;
}

function collected(): number {
  const collect = globalThis.gc as ((options: object) => void) | undefined;
  collect?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Heap and buffers of one idle connection with one subscription, its client's end included. */
async function memoryOf(target: Target, identities: readonly Identity[]): Promise<number> {
  const before = collected();
  const held: MemoryDevice[] = [];
  for (let i = 0; i < HELD; i++) {
    const identity = identities[i % identities.length];
    if (identity) held.push(target.device(identity, `${identity.name}.${i}`));
    if (i % 500 === 0) await target.settle();
  }
  await target.settle();
  for (const device of held) device.subscribe(`cmd/${device.clientId}/+`);
  await target.settle();
  if (held.some((d) => !d.connected)) throw new Error('a device was refused');
  const after = collected();
  for (const device of held) device.disconnect();
  await target.settle();
  return (after - before) / HELD;
}

interface TlsFigures {
  readonly connects: Rate;
  /** Resident memory of one idle connection, its TLS state included. */
  readonly bytes: number;
}

/** The clients are a process of their own, so that the CPU time is the broker's. */
async function overTls(target: Target, ca: string, identities: readonly Identity[]): Promise<TlsFigures> {
  const child = spawn(process.execPath, [SELF, 'clients'], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.write(`${JSON.stringify({ port: await target.port(), ca, identities })}\n`);
  const said = async () => String((await once(child.stdout, 'data'))[0]).trim();
  // The first half warms both sides up.
  if ((await said()) !== 'warm') throw new Error('the clients could not connect');
  collected();
  const before = process.memoryUsage().rss;
  const count = (identities.length / 2) * TLS_EACH;
  const connects = await rateOf(count, async () => {
    child.stdin.write('go\n');
    if ((await said()) !== 'connected') throw new Error('the clients could not connect');
  });
  collected();
  const bytes = (process.memoryUsage().rss - before) / count;
  child.kill();
  await once(child, 'exit');
  return { connects, bytes };
}

async function clients(): Promise<void> {
  let text = '';
  process.stdin.on('data', (chunk: Buffer) => {
    text += chunk.toString();
    process.stdin.emit('lines');
  });
  const line = async (): Promise<string> => {
    while (!text.includes('\n')) await once(process.stdin, 'lines');
    const at = text.indexOf('\n');
    const first = text.slice(0, at);
    text = text.slice(at + 1);
    return first;
  };
  const { port, ca, identities } = JSON.parse(await line()) as {
    readonly port: number;
    readonly ca: string;
    readonly identities: readonly Identity[];
  };
  const options = { protocol: 'mqtts', host: 'localhost', port, ca, reconnectPeriod: 0 } as const;
  const half = identities.length / 2;
  const connect = (some: readonly Identity[], suffix = '') =>
    Promise.all(
      some.map(({ name, cert, key }) => mqtt.connectAsync({ ...options, clientId: name + suffix, cert, key })),
    );
  await connect(identities.slice(0, half));
  process.stdout.write('warm\n');
  await line();
  for (let i = 0; i < TLS_EACH; i++) await connect(identities.slice(half), `.${i}`);
  process.stdout.write('connected\n');
}

async function measure(target: Target, ca: string, identities: readonly Identity[]) {
  // Once to warm up: a broker that has just started compiles its policies and its own code.
  await inMemory(target, identities);
  const memory = await inMemory(target, identities);
  await delivered(target, identities);
  return {
    ...memory,
    deliveries: await delivered(target, identities),
    tls: await overTls(target, ca, identities),
    bytes: await memoryOf(target, identities),
  };
}

const BARE = 'bare aedes';

function higher(name: string, ours: Rate, bare: Rate): BenchResult[] {
  return [
    {
      name: `MQTT ${name}`,
      value: Math.round(ours.perSecond),
      unit: '1/s',
      better: 'higher',
      baseline: { name: BARE, value: Math.round(bare.perSecond) },
      ratio: ours.perSecond / bare.perSecond,
    },
    {
      name: `MQTT ${name}: CPU of the process for each`,
      value: ours.cpuMs,
      unit: 'ms',
      better: 'lower',
      baseline: { name: BARE, value: bare.cpuMs },
      ratio: bare.cpuMs / ours.cpuMs,
    },
  ];
}

const lower = (name: string, ours: number, bare: number): BenchResult => ({
  name: `MQTT ${name}`,
  value: Math.round(ours),
  unit: 'bytes',
  better: 'lower',
  baseline: { name: BARE, value: Math.round(bare) },
  ratio: bare / ours,
});

type Figures = Awaited<ReturnType<typeof measure>>;

/** Each broker in a process of its own: what one left in the heap would count for the other. */
async function measureAlone(which: 'sandbox' | 'bare'): Promise<Figures> {
  const child = spawn(process.execPath, ['--expose-gc', SELF, which], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`the measurement of ${which} ended with ${code}`);
  return JSON.parse(text) as Figures;
}

async function measureHere(which: 'sandbox' | 'bare'): Promise<Figures> {
  const sandbox = createSandbox({ quotas: 'off' });
  const broker = createBroker(sandbox);
  const identities = await register(sandbox, DEVICES);
  const ca = sandbox.world.authority.certificatePem;
  const target = which === 'sandbox' ? sandboxTarget(broker) : await bareTarget(sandbox);
  const figures = await measure(target, ca, identities);
  await target.close();
  return figures;
}

export async function run(): Promise<readonly BenchResult[]> {
  const ours = await measureAlone('sandbox');
  const bare = await measureAlone('bare');
  return [
    ...higher('connects in memory', ours.connects, bare.connects),
    ...higher('publishes with QoS 1 in memory', ours.publishes, bare.publishes),
    ...higher('publishes with QoS 1 in memory, each delivered to one', ours.deliveries, bare.deliveries),
    ...higher('connects over mutual TLS', ours.tls.connects, bare.tls.connects),
    lower('memory of a connection without a socket', ours.bytes, bare.bytes),
    lower('resident memory of a TLS connection', ours.tls.bytes, bare.tls.bytes),
  ];
}

if (process.argv[1] === SELF) {
  const mode = process.argv[2];
  if (mode === 'clients') await clients();
  else if (mode === 'sandbox' || mode === 'bare') process.stdout.write(JSON.stringify(await measureHere(mode)));
  else process.stdout.write(`${JSON.stringify(await run(), null, 2)}\n`);
}
