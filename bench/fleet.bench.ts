import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import type { Readable } from 'node:stream';
import type { ProbeFigures } from './fleet-probe.ts';
import { writeTree } from './fleet-tree.ts';
import type { BenchResult } from './types.ts';

/** Devices per run. `FLEETWARD_BENCH_DEVICES=100000` adds the large one, which takes minutes. */
const SIZES = (process.env.FLEETWARD_BENCH_DEVICES ?? '1000,10000').split(',').map(Number);
const STALL_GOAL_MS = 100;
const GOALS: Readonly<Record<number, { readonly seconds?: number; readonly mib: number }>> = {
  10000: { seconds: 90, mib: 600 },
  100000: { mib: 1024 },
};
const MAIN = join(import.meta.dirname, '..', 'operator', 'cli', 'main.ts');
const PROBE = join(import.meta.dirname, 'fleet-probe.ts');
/** Asked thing by thing, at their own slow pace, and therefore counted apart. */
const PRINCIPAL_READS = ['ListThingPrincipals', 'ListThingPrincipalsV2'];
const READ = /^(Describe|List|Get)/;

interface Pass {
  readonly seconds: number;
  readonly peakMib: number;
  readonly inside: ProbeFigures;
  readonly calls: Readonly<Record<string, number>>;
}

interface Place {
  readonly folder: string;
  readonly endpoint: string;
}

/** Time, memory and calls from a folder of manifests to Ready, and again with nothing to do. */
export async function run(): Promise<BenchResult[]> {
  const results: BenchResult[] = [];
  for (const devices of SIZES) results.push(...(await measure(devices)));
  return results;
}

async function measure(devices: number): Promise<BenchResult[]> {
  const folder = mkdtempSync(join(tmpdir(), 'fleetward-bench-'));
  const sandbox = spawn(process.execPath, [MAIN, 'sandbox', '--quotas', 'off', '--insecure', '--output', 'json'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  try {
    const place = { folder, endpoint: await endpointOf(sandbox.stdout) };
    writeTree(join(folder, 'tree'), devices);
    const first = await pass(place);
    const version = storeVersion(folder);
    const second = await pass(place);
    return figures(devices, { first, second, storeWrites: storeVersion(folder) - version });
  } finally {
    sandbox.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The sandbox says on its first line where it is; its memory is not ours to count, so it has its own process. */
async function endpointOf(output: Readable): Promise<string> {
  for await (const line of createInterface(output)) return (JSON.parse(line) as { readonly endpoint: string }).endpoint;
  throw new Error('the sandbox ended without saying where it is');
}

/** The operator alone in a process of its own, watched through /proc. */
async function pass({ folder, endpoint }: Place): Promise<Pass> {
  await fetch(`${endpoint}/_sandbox/ledger`, { method: 'DELETE' });
  const started = performance.now();
  const source = ['--source', join(folder, 'tree'), '--state', join(folder, 'state')];
  const how = ['--endpoint', endpoint, '--no-quotas', '--timeout', '30m', '--log-level', 'error'];
  const figures = join(folder, 'probe.json');
  const credentials = { AWS_ACCESS_KEY_ID: 'AKIDBENCH', AWS_SECRET_ACCESS_KEY: 'bench' };
  const env = { ...process.env, ...credentials, FLEETWARD_BENCH_PROBE: figures };
  const command = ['--import', PROBE, MAIN, 'run', '--standalone', '--once', ...source, ...how];
  const child = spawn(process.execPath, command, { env, stdio: 'ignore' });
  let peakMib = 0;
  const sampler = setInterval(() => {
    peakMib = Math.max(peakMib, peakOf(child.pid));
  }, 200);
  const exit = await new Promise<number | null>((resolve) => child.on('exit', resolve));
  clearInterval(sampler);
  if (exit !== 0) throw new Error(`the operator ended with ${exit}`);
  const seconds = (performance.now() - started) / 1000;
  const ledger = (await (await fetch(`${endpoint}/_sandbox/ledger?limit=1`)).json()) as {
    readonly counts: Pass['calls'];
  };
  const inside = JSON.parse(readFileSync(figures, 'utf8')) as ProbeFigures;
  return { seconds, peakMib, inside, calls: ledger.counts };
}

function peakOf(pid: number | undefined): number {
  try {
    const kib = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return Number(kib ?? 0) / 1024;
  } catch {
    return 0;
  }
}

/** Rises with every write to the store. */
function storeVersion(folder: string): number {
  const database = new DatabaseSync(join(folder, 'state', 'objects.db'), { readOnly: true });
  try {
    return Number(database.prepare("SELECT value FROM counters WHERE name = 'resourceVersion'").get()?.value ?? 0);
  } finally {
    database.close();
  }
}

interface Measured {
  readonly first: Pass;
  readonly second: Pass;
  readonly storeWrites: number;
}

function figures(devices: number, { first, second, storeWrites }: Measured): BenchResult[] {
  const total = (calls: Pass['calls'], wanted: (name: string) => boolean) =>
    Object.entries(calls).reduce((sum, [name, count]) => sum + (wanted(name) ? count : 0), 0);
  const bulk = (name: string) => !PRINCIPAL_READS.includes(name);
  const write = (name: string) => !READ.test(name);
  const size = `${devices} devices`;
  const goal = GOALS[devices];
  const lower = { better: 'lower' } as const;
  return [
    {
      name: `${size}: manifests to Ready`,
      value: round(first.seconds),
      unit: 's',
      ...lower,
      ...against(first.seconds, goal?.seconds),
    },
    {
      name: `${size}: peak memory`,
      value: round(first.peakMib),
      unit: 'MiB',
      ...lower,
      ...against(first.peakMib, goal?.mib),
    },
    ...insideFigures(size, first.inside),
    {
      name: `${size}: calls per device on create`,
      value: round(total(first.calls, bulk) / devices),
      unit: 'calls',
      ...lower,
    },
    { name: `${size}: unchanged pass`, value: round(second.seconds), unit: 's', ...lower },
    { name: `${size}: peak memory on it`, value: round(second.peakMib), unit: 'MiB', ...lower },
    { name: `${size}: calls on an unchanged pass`, value: total(second.calls, bulk), unit: 'calls', ...lower },
    {
      name: `${size}: thing-principal reads on it`,
      value: total(second.calls, (n) => !bulk(n)),
      unit: 'calls',
      ...lower,
    },
    { name: `${size}: writes to AWS on it`, value: total(second.calls, write), unit: 'calls', ...lower },
    { name: `${size}: writes to the store on it`, value: storeWrites, unit: 'writes', ...lower },
  ];
}

/** The goal for stalls is held against the loop's own work: on a machine with other load, lateness is theirs. */
function insideFigures(size: string, inside: ProbeFigures): BenchResult[] {
  const { cpuSeconds, lateP99Ms, heldP99Ms, heldMaxMs } = inside;
  const ms = (name: string, value: number): BenchResult => ({
    name: `${size}: ${name}`,
    value: round(value),
    unit: 'ms',
    better: 'lower',
  });
  return [
    { name: `${size}: CPU of the operator`, value: round(cpuSeconds), unit: 's', better: 'lower' },
    { ...ms('event loop held by own work, p99', heldP99Ms), ...against(heldP99Ms, STALL_GOAL_MS) },
    ms('event loop held by own work, longest', heldMaxMs),
    ms('event loop late, p99', lateP99Ms),
  ];
}

function against(value: number, goal: number | undefined): Partial<BenchResult> {
  return goal === undefined ? {} : { baseline: { name: 'goal', value: goal }, ratio: round(value / goal) };
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
