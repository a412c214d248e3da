import { PerformanceObserver } from 'node:perf_hooks';
import { setImmediate } from 'node:timers/promises';
import { type LargeRollout, largeRollout } from './large-rollout.ts';
import type { BenchResult } from './types.ts';

const ASSETS = Number(process.env.FLEETWARD_BENCH_DEVICES ?? 100_000);
const IN_FLIGHT = 500;
const GOAL_MS = 50;
const PASSES = 5;
const AFTER = 3;
const TICK_MS = 2;

/**
 * A pass of the controller over a rollout of a large fleet of which half has moved: from the objects, the account's lists and
 * what was heard to the next decision and the orders for each asset. The rollout was made by a real one of two assets; the
 * others are copies of one of them.
 */
export async function run(): Promise<readonly BenchResult[]> {
  const half = ASSETS / 2;
  await using large = await largeRollout(ASSETS, (index) =>
    index < half ? 'Succeeded' : index < half + IN_FLIGHT ? 'Observing' : undefined,
  );
  const { fleet, counts } = large;
  const pass = () => measured(() => large.pass());
  const heap = heapMiB();
  const first = await pass();
  const kept = heapMiB() - heap;
  const firstWrites = counts.writes;
  await large.refresh();
  await pass();
  await large.refresh();
  const writesBefore = counts.writes;
  const later: Pass[] = [];
  for (let i = 0; i < PASSES; i += 1) later.push(await pass());
  const writesOfLater = counts.writes - writesBefore;
  const { status } = await fleet.rollout();
  if (status?.counters?.total !== ASSETS + 2 || (status.counters.inFlight ?? 0) < IN_FLIGHT)
    throw new Error(`the rollout of the benchmark should be under way: ${JSON.stringify(status?.counters)}`);
  const ended = await passesAfterTheEnd(large, pass);
  const worst = (of: (one: Pass) => number) => Math.max(...later.map(of));
  const lower = (name: string, value: number, unit: string, goal?: number): BenchResult => ({
    name,
    value,
    unit,
    better: 'lower',
    ...(goal === undefined ? {} : { baseline: { name: 'goal', value: goal }, ratio: value / goal }),
  });
  return [
    lower(`first pass over ${ASSETS} assets, CPU`, first.cpuMs, 'ms'),
    lower('  event loop held by it at most', first.heldMs, 'ms', GOAL_MS),
    lower(
      `a later pass, CPU, worst of ${PASSES}`,
      worst(({ cpuMs }) => cpuMs),
      'ms',
    ),
    lower(
      '  by the clock',
      worst(({ wallMs }) => wallMs),
      'ms',
    ),
    lower(
      '  event loop held by it at most',
      worst(({ heldMs }) => heldMs),
      'ms',
      GOAL_MS,
    ),
    lower(
      '  longest collection of garbage in it, by the clock',
      worst(({ gcMs }) => gcMs),
      'ms',
    ),
    lower('memory that the passes keep', kept, 'MiB'),
    lower('writes to the store of the first pass', firstWrites, 'writes'),
    lower(`writes to the store of ${PASSES} passes in which nothing changes`, writesOfLater, 'writes', 1),
    ...ended.flatMap(({ name, cpuMs, heldMs }) => [
      lower(`a pass after ${name}, CPU, worst of ${AFTER}`, cpuMs, 'ms'),
      lower('  event loop held by it at most', heldMs, 'ms', GOAL_MS),
    ]),
  ];
}

/** As it was aborted, all go back, or those in flight alone: what leads them there looks at everybody again. */
async function passesAfterTheEnd(
  { fleet, see }: LargeRollout,
  pass: () => Promise<Pass>,
): Promise<readonly (Pick<Pass, 'cpuMs' | 'heldMs'> & { readonly name: string })[]> {
  const rollout = await fleet.rollout();
  const status = { ...rollout.status, phase: 'Aborted', reason: 'AbortRequested' } as const;
  const ends = [
    { name: 'an abort of those in flight', abortScope: 'InFlight' },
    { name: 'an abort of all', abortScope: 'All' },
  ] as const;
  const found: (Pick<Pass, 'cpuMs' | 'heldMs'> & { readonly name: string })[] = [];
  for (const { name, abortScope } of ends) {
    const strategy = { type: 'Waves', ...rollout.spec.strategy, abortScope } as const;
    await see({ ...rollout, spec: { ...rollout.spec, strategy }, status });
    const passes: Pass[] = [];
    for (let i = 0; i < AFTER; i += 1) passes.push(await pass());
    const worst = (of: (one: Pass) => number) => Math.max(...passes.map(of));
    found.push({ name, cpuMs: worst(({ cpuMs }) => cpuMs), heldMs: worst(({ heldMs }) => heldMs) });
  }
  return found;
}

interface Pass {
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly heldMs: number;
  /** The longest collection of garbage, by the clock: it holds the loop as well. */
  readonly gcMs: number;
}

/** How long it takes, and the longest that it keeps the event loop to itself, by the CPU clock of the main thread. */
async function measured(work: () => Promise<void>): Promise<Pass> {
  const cpu = () => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1_000;
  };
  let held = 0;
  let turn = cpu();
  const tick = () => {
    const now = cpu();
    held = Math.max(held, now - turn);
    turn = now;
  };
  let gcMs = 0;
  const collections = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) gcMs = Math.max(gcMs, duration);
  });
  collections.observe({ entryTypes: ['gc'] });
  const timer = setInterval(tick, TICK_MS);
  const [began, beganCpu] = [performance.now(), cpu()];
  await work();
  tick();
  clearInterval(timer);
  // What was observed is told in a later turn of the loop.
  await setImmediate();
  collections.disconnect();
  return { wallMs: performance.now() - began, cpuMs: cpu() - beganCpu, heldMs: held, gcMs };
}

function heapMiB(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed / 1_048_576;
}
