import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { writeTree } from './fleet-tree.ts';
import type { BenchResult } from './types.ts';

const ROOT = join(import.meta.dirname, '..');
const ROUNDS = 7;
const GOAL_S = 0.5;
/** Of the clock in which Linux counts the CPU time of a process. */
const TICKS_PER_SECOND = 100;

interface Start {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly mib: number;
}

/** From the start of the built bundle, standalone, to `/readyz`: without AWS, which a start does not wait for. */
export async function run(): Promise<BenchResult[]> {
  const folder = mkdtempSync(join(tmpdir(), 'fleetward-start-'));
  try {
    await promisify(execFile)(process.execPath, [join(ROOT, 'scripts/build.ts'), join(folder, 'dist')], { cwd: ROOT });
    writeTree(join(folder, 'tree'), 10);
    const starts: Start[] = [];
    for (let round = 0; round < ROUNDS; round += 1) starts.push(await startOnce(folder, round));
    const median = (of: (start: Start) => number) =>
      round3(starts.map(of).sort((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? 0);
    const seconds = median((start) => start.seconds);
    const baseline = { name: 'goal', value: GOAL_S };
    return [
      {
        name: 'bundle to ready',
        value: seconds,
        unit: 's',
        better: 'lower',
        baseline,
        ratio: round3(seconds / GOAL_S),
      },
      { name: 'CPU of it', value: median((start) => start.cpuSeconds), unit: 's', better: 'lower' },
      { name: 'memory when ready', value: median((start) => start.mib), unit: 'MiB', better: 'lower' },
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function startOnce(folder: string, round: number): Promise<Start> {
  const port = await freePort();
  const source = ['--source', join(folder, 'tree'), '--state', join(folder, `state-${round}`)];
  const how = ['--endpoint', 'http://127.0.0.1:9', '--listen', `127.0.0.1:${port}`, '--log-level', 'error'];
  const credentials = { AWS_ACCESS_KEY_ID: 'AKIDBENCH', AWS_SECRET_ACCESS_KEY: 'bench' };
  const began = performance.now();
  const bundle = join(folder, 'dist', 'fleetward.mjs');
  const child = spawn(process.execPath, [bundle, 'run', '--standalone', ...source, ...how], {
    env: { ...process.env, ...credentials },
    stdio: 'ignore',
  });
  const ended = new Promise<void>((resolve) => child.on('exit', () => resolve()));
  try {
    while (!(await isReady(port))) {
      if (child.exitCode !== null) throw new Error(`the bundle ended with ${child.exitCode}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return { seconds: (performance.now() - began) / 1000, ...usage(child.pid ?? 0) };
  } finally {
    child.kill('SIGKILL');
    await ended;
  }
}

async function isReady(port: number): Promise<boolean> {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/readyz`);
    await answer.arrayBuffer();
    return answer.ok;
  } catch {
    return false;
  }
}

function usage(pid: number): Omit<Start, 'seconds'> {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  const resident = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  const [user, system] = [Number(fields[11] ?? 0), Number(fields[12] ?? 0)];
  return { cpuSeconds: (user + system) / TICKS_PER_SECOND, mib: round3(Number(resident ?? 0) / 1024) };
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

const round3 = (value: number) => Math.round(value * 1000) / 1000;
