import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { operations } from '../operator/aws/operations.ts';
import { systemClock } from '../operator/runtime/clock.ts';
import { KubeClient } from '../operator/runtime/kube/client.ts';
import { loadKubeConfig } from '../operator/runtime/kube/config.ts';
import { pathOf } from '../operator/runtime/kube/resources.ts';
import { createSandbox, type Sandbox } from '../operator/sandbox/index.ts';
import { execute, must, until } from '../test/cluster/support/cluster.ts';
import { type ControlPlane, startControlPlane } from '../test/cluster/support/control-plane.ts';
import { launchOperator, type OperatorProcess, untilReady } from '../test/cluster/support/operator.ts';
import { findParts } from '../test/cluster/support/parts.ts';
import { freePort } from '../test/support/ports.ts';
import { writeTree } from './fleet-tree.ts';
import type { BenchResult } from './types.ts';

/** What a person applies at once. */
const APPLIED = 1_000;
/** Checks that are queued when the operator starts on a fleet that exists. */
const FLEET = 5_000;
/** Devices that are applied while the checks are worked off, one every so often: the pass takes seconds only. */
const SAMPLES = 60;
const SAMPLE_EVERY_MS = 150;
const ROUNDS = 8;
const ROOT = join(import.meta.dirname, '..');

/** A fleet in a real cluster: kube-apiserver, etcd, kubectl and the operator's bundle, with the sandbox for AWS. */
export async function run(): Promise<readonly BenchResult[]> {
  const found = await findParts((line) => console.error(line));
  if (found.kind === 'missing') {
    console.error(`bench cluster: left out, ${found.why}`);
    return [];
  }
  const folder = await mkdtemp(join(tmpdir(), 'fleetward-bench-'));
  const plane = await startControlPlane(found.parts, folder);
  const sandbox = createSandbox({ quotas: 'off', ledgerLimit: 50_000 });
  try {
    return await measure({ plane, sandbox, endpoint: (await sandbox.listen()).url });
  } finally {
    await sandbox.close();
    await plane.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

interface Bench {
  readonly plane: ControlPlane;
  readonly sandbox: Sandbox;
  readonly endpoint: string;
}

async function measure(bench: Bench): Promise<readonly BenchResult[]> {
  const { plane } = bench;
  const kubectl = (...args: readonly string[]) =>
    must(execute(plane.parts.kubectl, args, { env: { KUBECONFIG: plane.kubeconfig, HOME: '/nonexistent' } }));
  const crds = join(ROOT, 'crds');
  await kubectl('apply', '-f', crds);
  await kubectl('wait', '--for=condition=Established', '-f', crds);
  await must(execute(process.execPath, ['scripts/build.ts'], { cwd: ROOT }));
  const start = await launcher(bench);
  const tree = join(plane.folder, 'tree');
  await mkdir(tree);
  writeTree(tree, FLEET);

  const first = await start('first');
  const etcdBefore = await etcdBytes(plane);
  const began = performance.now();
  await kubectl('apply', '--server-side', '-f', join(tree, 'shared.yaml'));
  await kubectl('apply', '--server-side', '-f', await samplePolicies(tree));
  // The sandbox has no call rates here, and the operator has to know: what is measured is the way through the cluster.
  const quotaOverrides = Object.fromEntries(Object.keys(operations).map((name) => [name, 10_000]));
  const spec = JSON.stringify({ spec: { quotaShare: 1, quotaOverrides } });
  await kubectl('patch', 'awsaccount', 'default', '--type=merge', '-p', spec);
  for (const file of ['devices-000']) await kubectl('apply', '--server-side', '-f', join(tree, `${file}.yaml`));
  await untilReadyDevices(first, APPLIED);
  const seconds = (performance.now() - began) / 1000;
  const writes = await writesOf(plane, 'devices');
  const etcdAfter = await etcdBytes(plane);

  for (let file = 1; file < FLEET / 1_000; file++) {
    await kubectl('apply', '--server-side', '-f', join(tree, `devices-00${file}.yaml`));
  }
  await untilReadyDevices(first, FLEET);
  const memory = await first.metric('process_resident_memory_bytes');
  await first.stop();

  const before = await writesOf(plane, 'devices');
  const latencies: Sample[] = [];
  // A pass over unchanged devices takes seconds, so each start of the operator gives a dozen samples.
  for (let round = 1; round <= ROUNDS && latencies.length < SAMPLES; round++) {
    const operator = await start(`round-${round}`);
    latencies.push(...(await attachTimes(bench, operator, latencies.length)));
    await until(
      async () => (await operator.metric('workqueue_depth', 'controller="device"')) === 0 || undefined,
      'a pass',
      600_000,
    );
    await operator.stop();
  }
  if (latencies.length < SAMPLES) console.error(`bench cluster: ${latencies.length} samples in ${ROUNDS} passes`);
  const samples = new Set(latencies.map(({ name }) => name));
  const unchanged = (await writesOf(plane, 'devices', samples)) - before;
  const times = latencies.map(({ ms }) => ms).sort((a, b) => a - b);
  const p99 = times[Math.ceil(times.length * 0.99) - 1] ?? Number.NaN;
  return [
    figure(`${APPLIED} devices from kubectl apply to Ready`, seconds, 's'),
    goal('API-server writes of a new device', writes / APPLIED, 'writes', 4),
    goal(`API-server writes of ${FLEET} unchanged devices, looked at once or more often`, unchanged, 'writes', 0),
    figure(`memory of the operator with ${FLEET} devices`, memory / 1_048_576, 'MiB'),
    figure('etcd for one device, history included', (etcdAfter - etcdBefore) / APPLIED / 1_024, 'KiB'),
    goal(`kubectl apply of one device to its attachment, ${FLEET} checks queued (99 %)`, p99, 'ms', 1_000),
    figure(
      `kubectl apply of one device to its attachment, ${FLEET} checks queued (median)`,
      times[times.length >> 1] ?? 0,
      'ms',
    ),
  ];
}

const figure = (name: string, value: number, unit: string): BenchResult => ({
  name,
  value: Math.round(value * 100) / 100,
  unit,
  better: 'lower',
});
const goal = (name: string, value: number, unit: string, most: number): BenchResult => ({
  ...figure(name, value, unit),
  baseline: { name: 'goal', value: most },
});

async function launcher({ plane, endpoint }: Bench): Promise<(name: string) => Promise<OperatorProcess>> {
  const port = await freePort();
  const config = join(plane.folder, 'config.yaml');
  await writeFile(config, `endpoint: ${endpoint}\ninstallation: bench\ncreationsPerSecond: 0\nlog: {level: warn}\n`);
  return async (name) => {
    const operator = launchOperator({
      name,
      folder: plane.folder,
      port,
      bundle: join(ROOT, 'dist/fleetward.mjs'),
      args: ['run', `--config=${config}`, `--listen=127.0.0.1:${port}`],
      env: { KUBECONFIG: plane.kubeconfig, POD_NAME: name, POD_NAMESPACE: 'default' },
    });
    await untilReady(operator);
    return operator;
  };
}

/** Until this many devices are Ready, by the operator's own count. */
function untilReadyDevices(operator: OperatorProcess, devices: number): Promise<true> {
  return until(
    async () => {
      if (operator.child.exited()) throw new Error(`the operator ended:\n${operator.child.tail()}`);
      const ready = await operator.metric(
        'operator_status_condition_count',
        'kind="Device"',
        'type="Ready"',
        'status="True"',
      );
      return ready >= devices || undefined;
    },
    `${devices} Ready devices`,
    900_000,
  );
}

/** Writes of the operator to a resource and its status, but for the named objects. */
async function writesOf(
  plane: ControlPlane,
  resource: string,
  except: ReadonlySet<string> = new Set(),
): Promise<number> {
  let count = 0;
  for (const line of (await readFile(plane.auditLog, 'utf8')).split('\n')) {
    if (!line.includes('"userAgent":"fleetward"') || !line.includes(`"resource":"${resource}"`)) continue;
    const { verb, objectRef } = JSON.parse(line) as { verb: string; objectRef: { name?: string } };
    if (['patch', 'create', 'update', 'delete'].includes(verb) && !except.has(objectRef.name ?? '')) count += 1;
  }
  return count;
}

async function etcdBytes({ etcdEndpoint }: ControlPlane): Promise<number> {
  const text = await (await fetch(`${etcdEndpoint}/metrics`)).text();
  return Number(/^etcd_mvcc_db_total_size_in_use_in_bytes (\S+)$/m.exec(text)?.[1] ?? Number.NaN);
}

const sampleName = (index: number): string => `sample-${index}`;

/** Each sample has a policy of its own, by which the ledger tells whose attachment it was. */
async function samplePolicies(tree: string): Promise<string> {
  const shared = (await readFile(join(tree, 'shared.yaml'), 'utf8')).split('\n---\n');
  const base = shared.find((text) => text.includes('kind: IoTPolicy')) ?? '';
  const file = join(tree, 'samples.yaml');
  const all = Array.from({ length: SAMPLES }, (_, index) => base.replace('name: base', `name: ${sampleName(index)}`));
  await writeFile(file, all.join('\n---\n'));
  return file;
}

interface Sample {
  readonly name: string;
  /** From the request to the attachment. */
  readonly ms: number;
}

/** One device after the other is applied while the operator works through its first pass. */
async function attachTimes(
  { plane, sandbox }: Bench,
  operator: OperatorProcess,
  first: number,
): Promise<readonly Sample[]> {
  const folder = await mkdtemp(join(tmpdir(), 'fleetward-bench-one-'));
  writeTree(folder, SAMPLES);
  const documents = (await readFile(join(folder, 'devices-000.yaml'), 'utf8')).split('\n---\n');
  await rm(folder, { recursive: true, force: true });
  const attachedAt = new Map<string, number>();
  const stop = sandbox.ledger.subscribe(({ operation, changed, resource }) => {
    if (operation === 'AttachPolicy' && changed) attachedAt.set(resource, performance.now());
  });
  const config = loadKubeConfig({ file: plane.kubeconfig });
  const client = new KubeClient({ config, clock: systemClock, random: Math.random });
  const began = new Map<string, number>();
  for (const [index, text] of [...documents.entries()].slice(first)) {
    if (operator.child.exited()) throw new Error(`the operator ended:\n${operator.child.tail()}`);
    if ((await operator.metric('workqueue_depth', 'controller="device"')) === 0) break;
    const name = sampleName(index);
    const body = parse(text.replace(/press-\d+/g, name).replace('name: base', `name: ${name}`)) as unknown;
    began.set(name, performance.now());
    const query = { fieldManager: 'kubectl', force: 'true' };
    const contentType = 'application/apply-patch+yaml';
    const path = pathOf('Device', { namespace: 'default', name });
    await client.json({ method: 'PATCH', path, query, body, contentType, what: 'Applying one device' });
    await new Promise((resolve) => setTimeout(resolve, SAMPLE_EVERY_MS));
  }
  await until(() => attachedAt.size >= began.size || undefined, 'the attachments of all samples');
  stop();
  await client.close();
  return [...began].map(([name, at]) => ({ name, ms: (attachedAt.get(name) ?? Number.NaN) - at }));
}
