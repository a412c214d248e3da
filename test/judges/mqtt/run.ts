/**
 * AWS's own device SDK against the broker. `node test/judges/mqtt/run.ts` prints `N passed, N failed, N skipped`.
 * The SDK is native and large, so it is not a dependency of the project: it is installed into JUDGE_MQTT_FOLDER (default: a
 * temporary folder), and where that cannot be done the judge counts as skipped.
 */
import { execFile } from 'node:child_process';
import { copyFile, mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { documentOf, type Registered, startBed } from '../../stories/sandbox-mqtt/bed.ts';

interface SdkConnection {
  connect(): Promise<boolean>;
  disconnect(): Promise<void>;
  publish(topic: string, payload: string, qos: number): Promise<unknown>;
  subscribe(
    topic: string,
    qos: number,
    heard: (topic: string, payload: ArrayBuffer) => void,
  ): Promise<{ readonly error_code?: number }>;
  on(event: 'interrupt' | 'error', listener: () => void): void;
}

interface ConfigBuilder {
  with_certificate_authority(pem: string): this;
  with_endpoint(host: string): this;
  with_port(port: number): this;
  with_client_id(id: string): this;
  with_clean_session(clean: boolean): this;
  build(): unknown;
}

interface Sdk {
  readonly iot: {
    readonly AwsIotMqttConnectionConfigBuilder: { new_mtls_builder(cert: string, key: string): ConfigBuilder };
  };
  readonly mqtt: { readonly MqttClient: new () => { new_connection(config: unknown): SdkConnection } };
}

const INSTALL_MS = 180_000;
const CHECK_MS = 20_000;

async function loadSdk(): Promise<Sdk | undefined> {
  const folder = process.env.JUDGE_MQTT_FOLDER ?? join(tmpdir(), 'fleetward-judge-mqtt');
  try {
    await mkdir(folder, { recursive: true });
    await copyFile(join(import.meta.dirname, 'package.json'), join(folder, 'package.json'));
    const options = { cwd: folder, timeout: INSTALL_MS };
    await promisify(execFile)('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error'], options);
    return createRequire(join(folder, 'package.json'))('aws-iot-device-sdk-v2') as Sdk;
  } catch (error) {
    console.error(`aws-iot-device-sdk-v2 cannot be installed: ${error instanceof Error ? error.message : 'unknown'}`);
    return undefined;
  }
}

interface World {
  connection(device: Registered, clientId?: string): SdkConnection;
  device(name: string, document?: string): Promise<Registered>;
}

const CHECKS: Readonly<Record<string, (world: World) => Promise<boolean>>> = {
  async 'connects, subscribes and hears its own message'({ connection, device }) {
    const link = connection(await device('echo'));
    await link.connect();
    const heard = Promise.withResolvers<string>();
    await link.subscribe('echo/t', 1, (_topic, payload) => heard.resolve(Buffer.from(payload).toString()));
    await link.publish('echo/t', 'hello', 1);
    const text = await heard.promise;
    await link.disconnect();
    return text === 'hello';
  },
  async 'is not let in under a client id that its policy does not allow'({ connection, device }) {
    const link = connection(
      await device('strict', documentOf({ Action: 'Connect', Resource: 'client/strict' })),
      'other',
    );
    link.on('error', () => {});
    return link.connect().then(
      () => false,
      () => true,
    );
  },
  async 'loses its connection by an unauthorised publish'({ connection, device }) {
    const link = connection(await device('mute', documentOf({ Action: 'Connect', Resource: 'client/mute' })));
    link.on('error', () => {});
    await link.connect();
    const interrupted = new Promise<boolean>((resolve) => link.on('interrupt', () => resolve(true)));
    link.publish('t', 'x', 1).catch(() => {});
    const lost = await interrupted;
    await link.disconnect().catch(() => {});
    return lost;
  },
  async 'reads and writes its shadow'({ connection, device }) {
    const link = connection(await device('shadowed'));
    await link.connect();
    const accepted = Promise.withResolvers<string>();
    const prefix = '$aws/things/shadowed/shadow';
    await link.subscribe(`${prefix}/update/accepted`, 1, (_t, payload) =>
      accepted.resolve(Buffer.from(payload).toString()),
    );
    await link.publish(`${prefix}/update`, JSON.stringify({ state: { reported: { on: true } } }), 1);
    const answer = JSON.parse(await accepted.promise) as { readonly version?: number };
    await link.disconnect();
    return answer.version === 1;
  },
};

async function judge(sdk: Sdk): Promise<{ passed: number; failed: number }> {
  const bed = startBed();
  const served = await bed.broker.listen();
  const client = new sdk.mqtt.MqttClient();
  const world: World = {
    device: (name, document) => bed.device(name, document),
    connection: ({ cert, key, name }, clientId = name) =>
      client.new_connection(
        sdk.iot.AwsIotMqttConnectionConfigBuilder.new_mtls_builder(cert, key)
          .with_certificate_authority(bed.sandbox.world.authority.certificatePem)
          .with_endpoint('localhost')
          .with_port(served.port)
          .with_client_id(clientId)
          .with_clean_session(true)
          .build(),
      ),
  };
  let passed = 0;
  for (const [name, check] of Object.entries(CHECKS)) {
    const late = new Promise<boolean>((resolve) => setTimeout(() => resolve(false), CHECK_MS).unref());
    const ok = await Promise.race([check(world).catch(() => false), late]);
    console.error(`${ok ? 'ok  ' : 'FAIL'} ${name}`);
    if (ok) passed++;
  }
  await bed.broker.close();
  return { passed, failed: Object.keys(CHECKS).length - passed };
}

const sdk = await loadSdk();
const { passed, failed } = sdk ? await judge(sdk) : { passed: 0, failed: 0 };
const skipped = sdk ? 0 : Object.keys(CHECKS).length;
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
// The native event loops of the SDK keep a process alive.
process.exit(failed > 0 ? 1 : 0);
