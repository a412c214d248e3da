/**
 * Loaded into the operator's process before its own code (`node --import`): measures from inside what /proc cannot show,
 * and writes it to the file named by FLEETWARD_BENCH_PROBE when the process ends.
 */
import { writeFileSync } from 'node:fs';
import { createHistogram, monitorEventLoopDelay } from 'node:perf_hooks';

export interface ProbeFigures {
  /** User and system time of the whole process, garbage collection and compiling included. */
  readonly cpuSeconds: number;
  /** How much later than due the event loop came round, by the wall clock: includes waiting for a core. */
  readonly lateP99Ms: number;
  /** Longest run of the main thread's own work between two turns, by its CPU clock: the same on a busy machine. */
  readonly heldP99Ms: number;
  readonly heldMaxMs: number;
}

const TICK_MS = 10;
const file = process.env.FLEETWARD_BENCH_PROBE;

if (file !== undefined) {
  const late = monitorEventLoopDelay({ resolution: TICK_MS });
  const held = createHistogram();
  const threadMicros = () => {
    const { user, system } = process.threadCpuUsage();
    return user + system;
  };
  let before = threadMicros();
  // A free loop fires every tick, so what a tick's worth of CPU is exceeded by was one turn that did not end.
  setInterval(() => {
    const now = threadMicros();
    held.record(Math.max(1, Math.round(now - before)));
    before = now;
  }, TICK_MS).unref();
  late.enable();
  process.on('exit', () => {
    const { user, system } = process.cpuUsage();
    const overTick = (ms: number) => Math.max(0, ms - TICK_MS);
    const figures: ProbeFigures = {
      cpuSeconds: (user + system) / 1e6,
      lateP99Ms: overTick(late.percentile(99) / 1e6),
      heldP99Ms: overTick(held.percentile(99) / 1e3),
      heldMaxMs: overTick(held.max / 1e3),
    };
    writeFileSync(file, JSON.stringify(figures));
  });
}
