import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { AcceleratedClock } from '../../runtime/accelerated-clock.ts';
import { type Clock, VirtualClock } from '../../runtime/clock.ts';
import { parseFaults } from '../../sandbox/faults.ts';
import { type Broker, createBroker } from '../../sandbox/mqtt/broker.ts';
import type { MqttServed } from '../../sandbox/mqtt/tls.ts';
import { createSandbox, type Sandbox } from '../../sandbox/sandbox.ts';
import type { Served } from '../../sandbox/server.ts';
import { loadSnapshot, saveSnapshot } from '../../sandbox/snapshot.ts';
import { type AuthorityMaterial, createAuthorityMaterial } from '../../sandbox/x509/authority.ts';
import { numberFrom, type Parsed, parseArguments } from '../args/parse.ts';
import { CommandError, Exit, UsageError } from '../exit.ts';
import type { CliIo } from '../io.ts';
import { sandboxSpec } from './sandbox-spec.ts';

/** What a program needs to use a running sandbox; one line of JSON with `--output json`. */
export interface SandboxInfo {
  readonly endpoint: string;
  /** Host and port for devices, MQTT over mutual TLS. */
  readonly mqttEndpoint: string;
  readonly region: string;
  readonly account: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly controlEndpoint: string;
  readonly caFile: string;
}

/** `fleetward sandbox`: serves until a signal asks it to end, then saves its state when it was given a file. */
export async function sandboxCommand(argv: readonly string[], io: CliIo): Promise<number> {
  if (argv[0] === 'devices') return (await import('./sandbox-devices.ts')).sandboxDevicesCommand(argv.slice(1), io);
  const args = parseArguments(sandboxSpec, argv);
  if (args.positionals.length > 0) throw new UsageError(`sandbox takes no ${args.positionals[0]}`);
  const stateFile = pathOf(args, 'state', io);
  const folder = await mkdtemp(join(tmpdir(), 'fleetward-sandbox-'));
  // Registered first: a signal during the start must end it as well.
  const interrupted = untilSignal();
  try {
    const key = newKey(args.text('account') ?? '123456789012');
    const authority = await loadAuthority(stateFile);
    const sandbox = createSandbox(optionsFrom(args, key, authority));
    // Before the state is loaded: sessions of devices count their hour from then on.
    const broker = createBroker(sandbox);
    await prepare(sandbox, args, stateFile, io);
    const served = await listen(sandbox, args, stateFile);
    const mqtt = await listenForDevices(broker, args);
    const caFile = join(folder, 'ca.pem');
    await writeFile(caFile, authority.certificatePem);
    const info: SandboxInfo = {
      ...infoOf(sandbox, served),
      mqttEndpoint: `${mqtt.host}:${mqtt.port}`,
      ...keyOf(key),
      caFile,
    };
    io.stdout(args.text('output') === 'json' ? `${JSON.stringify(info)}\n` : textOf(info, args));
    await interrupted;
    await broker.close();
    await sandbox.close();
    if (stateFile !== undefined) await saveSnapshot(sandbox, stateFile);
    return Exit.ok;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function pathOf(args: Parsed, flag: string, io: CliIo): string | undefined {
  const text = args.text(flag);
  return text === undefined ? undefined : resolve(io.cwd, text);
}

function newKey(accountId: string) {
  if (!/^\d{12}$/.test(accountId)) throw new UsageError(`--account takes twelve digits, not "${accountId}"`);
  const accessKeyId = `AKIA${randomBytes(8).toString('hex').toUpperCase()}`;
  return { accessKeyId, secretAccessKey: randomBytes(20).toString('hex'), accountId, userName: 'sandbox' };
}

type Key = ReturnType<typeof newKey>;

const keyOf = ({ accessKeyId, secretAccessKey }: Key) => ({ accessKeyId, secretAccessKey });

function optionsFrom(args: Parsed, key: Key, authority: AuthorityMaterial) {
  const quotas = args.text('quotas');
  return {
    clock: clockFrom(args),
    accountId: key.accountId,
    region: args.text('region') ?? 'us-east-1',
    seed: numberFrom('seed', args.text('seed') ?? '1', { min: 0, max: 4_294_967_295 }),
    delays: args.text('delays') === 'realistic' ? 'realistic' : 'instant',
    quotas: quotas === 'off' ? 'off' : { scale: scaleFrom(quotas ?? '1') },
    paging: args.text('pages') === 'adversarial' ? 'adversarial' : 'full',
    authority,
    ...(!args.has('insecure') && { credentials: [key] }),
  } as const;
}

/** The clock that runs can be made faster later too, through the control endpoint. */
function clockFrom(args: Parsed): Clock {
  const speed = args.text('speed');
  if (args.text('clock') !== 'virtual') return new AcceleratedClock(speedFrom(speed ?? '1'));
  if (speed !== undefined) throw new UsageError('--speed is for a clock that runs; --clock virtual stands still');
  return new VirtualClock(Date.now());
}

function speedFrom(text: string): number {
  const speed = Number(text);
  if (Number.isFinite(speed) && speed > 0) return speed;
  throw new UsageError(`--speed takes a factor above 0, not "${text}"`);
}

function scaleFrom(text: string): number {
  const scale = Number(text);
  if (Number.isFinite(scale) && scale > 0) return scale;
  throw new UsageError(`--quotas takes off or a factor above 0, not "${text}"`);
}

/** The authority's key stays beside the state, readable by its owner only, so that devices go on trusting it. */
async function loadAuthority(stateFile: string | undefined): Promise<AuthorityMaterial> {
  if (stateFile === undefined) return createAuthorityMaterial(Date.now());
  const path = `${stateFile}.ca.pem`;
  if (existsSync(path)) {
    const text = await readFile(path, 'utf8');
    const at = text.indexOf('-----BEGIN CERTIFICATE-----');
    if (at < 0) throw new CommandError(`${path} holds no certificate; delete it and ${stateFile} to start anew`);
    return { keyPem: text.slice(0, at), certificatePem: text.slice(at) };
  }
  const material = createAuthorityMaterial(Date.now());
  await writeFile(path, material.keyPem + material.certificatePem, { mode: 0o600, flag: 'wx' });
  return material;
}

async function prepare(sandbox: Sandbox, args: Parsed, stateFile: string | undefined, io: CliIo): Promise<void> {
  if (stateFile !== undefined && existsSync(stateFile)) {
    await loadSnapshot(sandbox, stateFile).catch((error: unknown) => {
      throw new CommandError(error instanceof Error ? error.message : String(error), Exit.failed, error);
    });
  }
  const faultFile = pathOf(args, 'faults', io);
  if (faultFile === undefined) return;
  try {
    for (const rule of parseFaults(JSON.parse(await readFile(faultFile, 'utf8')))) sandbox.faults.add(rule);
  } catch (error) {
    throw new UsageError(`${faultFile}: ${error instanceof Error ? error.message : 'not readable'}`);
  }
}

async function listenForDevices(broker: Broker, args: Parsed): Promise<MqttServed> {
  const port = numberFrom('mqtt-port', args.text('mqtt-port') ?? '0', { min: 0, max: 65_535 });
  try {
    return await broker.listen({ port, host: args.text('host') ?? '127.0.0.1' });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CommandError(`The broker cannot listen: ${reason}. Choose another --mqtt-port.`, Exit.failed, error);
  }
}

async function listen(sandbox: Sandbox, args: Parsed, stateFile: string | undefined): Promise<Served> {
  const port = numberFrom('port', args.text('port') ?? '0', { min: 0, max: 65_535 });
  try {
    const host = args.text('host') ?? '127.0.0.1';
    return await sandbox.listen({ port, host, tls: args.has('tls'), ...(stateFile !== undefined && { stateFile }) });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CommandError(
      `The sandbox cannot listen: ${reason}. Choose another --port or --host.`,
      Exit.failed,
      error,
    );
  }
}

const infoOf = (sandbox: Sandbox, served: Served) => ({
  endpoint: served.url,
  region: sandbox.region,
  account: sandbox.accountId,
  controlEndpoint: `${served.url}/_sandbox/`,
});

function textOf(info: SandboxInfo, args: Parsed): string {
  const exports = [
    `export AWS_ENDPOINT_URL=${info.endpoint}`,
    `export AWS_REGION=${info.region}`,
    `export AWS_ACCESS_KEY_ID=${info.accessKeyId}`,
    `export AWS_SECRET_ACCESS_KEY=${info.secretAccessKey}`,
    ...(args.has('tls') ? [`export AWS_CA_BUNDLE=${info.caFile} NODE_EXTRA_CA_CERTS=${info.caFile}`] : []),
  ];
  return [
    `# AWS IoT sandbox, account ${info.account}, region ${info.region}. Paste into another terminal:`,
    ...exports,
    `# Devices connect by MQTT over TLS to ${info.mqttEndpoint}; fleetward sandbox devices FILE simulates them.`,
    `# Control endpoint: ${info.controlEndpoint}  Authority of device certificates: ${info.caFile}`,
    '# Ctrl-C ends it.',
    '',
  ].join('\n');
}

function untilSignal(): Promise<void> {
  return new Promise((done) => {
    const stop = () => {
      process.off('SIGINT', stop);
      process.off('SIGTERM', stop);
      done();
    };
    process.on('SIGINT', stop);
    process.on('SIGTERM', stop);
  });
}
