import type { ObjectKey } from '../../../api/meta.ts';
import {
  type Check,
  type CheckQuestion,
  checkVerdict,
  checkWaits,
  fillCheck,
  type Measurement,
  NO_MEASUREMENTS,
  tallied,
} from '../../../rollout/checks.ts';
import type { Evidence } from '../../../rollout/verdict.ts';
import type { Clock } from '../../../runtime/clock.ts';
import { keyText } from '../../../runtime/controller/keys.ts';

export interface CheckQuery {
  readonly namespace: string;
  readonly rollout: string;
  /** From 0. */
  readonly wave: number;
  readonly checks: readonly Check[];
  readonly device: ObjectKey;
  readonly thing: string;
  /** When the change of the asset had settled: nothing measured before counts. */
  readonly since: number;
}

/** Measures what users ask for, as long as somebody waits for it, and says what it has come to. */
export interface CheckRunner {
  results(query: CheckQuery): Evidence['checks'];
}

/** Where nobody measures nothing passes. */
export const NO_CHECKS: CheckRunner = {
  results: ({ checks, wave }) =>
    checks
      .filter((check) => counts(check, wave))
      .map(({ name }) => ({ name, result: 'inconclusive', why: 'nobody here makes checks' })),
};

export interface CheckRunnerOptions {
  readonly clock: Clock;
  readonly measure: (question: CheckQuestion, signal: AbortSignal) => Promise<Measurement>;
  /** A device whose check has a new result. */
  readonly wake: (device: ObjectKey) => void;
  /** Each measurement, for metrics. */
  readonly onMeasured?: (check: Check, measured: Measurement) => void;
  readonly stop: AbortSignal;
}

interface Series {
  readonly check: Check;
  readonly question: CheckQuestion;
  readonly measurements: { readonly at: number; readonly measured: Measurement }[];
  /** When somebody last wanted to know. */
  askedAt: number;
  startedAt: number | undefined;
  running: boolean;
  readonly devices: Map<string, ObjectKey>;
}

/** Enough for the highest limits that a check may have. */
const KEPT = 256;
/** Nobody asked for so long: nobody waits any more. */
const FORGOTTEN_MS = 10 * 60_000;
const AT_ONCE = 16;

export function createCheckRunner(options: CheckRunnerOptions): CheckRunner {
  const { clock } = options;
  const series = new Map<string, Series>();
  let running = 0;

  async function run(one: Series): Promise<void> {
    one.running = true;
    one.startedAt = clock.now();
    running += 1;
    const measured = await options
      .measure(one.question, options.stop)
      .catch((): Measurement => ({ outcome: 'error', why: 'the measurement failed' }))
      .finally(() => {
        one.running = false;
        running -= 1;
      });
    if (options.stop.aborted) return;
    // It says something about the time at which it was begun.
    one.measurements.push({ at: one.startedAt, measured });
    if (one.measurements.length > KEPT) one.measurements.shift();
    options.onMeasured?.(one.check, measured);
    for (const device of one.devices.values()) options.wake(device);
    clock.after(one.check.intervalMs, () => due(one));
  }

  function due(one: Series): void {
    const now = clock.now();
    if (options.stop.aborted || one.running || now - one.askedAt > FORGOTTEN_MS) return;
    if (one.startedAt !== undefined && now - one.startedAt < one.check.intervalMs) return;
    if (running >= AT_ONCE) {
      clock.after(1_000, () => due(one));
      return;
    }
    void run(one);
  }

  function seriesFor(query: CheckQuery, check: Check): Series {
    const question = fillCheck(check.question, { thing: query.thing, device: query.device.name });
    const place = `${query.namespace}/${query.rollout} ${check.name} ${JSON.stringify(question)}`;
    const known = series.get(place);
    if (known !== undefined) return known;
    forget(series, clock.now());
    const made: Series = {
      check,
      question,
      measurements: [],
      askedAt: clock.now(),
      startedAt: undefined,
      running: false,
      devices: new Map(),
    };
    series.set(place, made);
    return made;
  }

  return {
    results(query) {
      const now = clock.now();
      return query.checks.flatMap((check) => {
        const from = query.since + check.initialDelayMs;
        if (query.wave < check.fromWave) return [];
        if (now < from)
          return check.dryRun ? [] : [{ name: check.name, result: 'inconclusive', why: 'is not due yet' }];
        const one = seriesFor(query, check);
        one.askedAt = now;
        one.devices.set(keyText(query.device), query.device);
        due(one);
        const tally = one.measurements
          .filter(({ at }) => at >= from)
          .reduce((sum, { measured }) => tallied(sum, measured), NO_MEASUREMENTS);
        if (check.dryRun) return [];
        const result = checkVerdict(check, tally);
        const why = result === 'inconclusive' ? checkWaits(check, tally) : (tally.why ?? 'passed');
        return [{ name: check.name, result, why }];
      });
    },
  };
}

function counts(check: Check, wave: number): boolean {
  return !check.dryRun && wave >= check.fromWave;
}

function forget(series: Map<string, Series>, now: number): void {
  for (const [place, { askedAt, running }] of series) {
    if (!running && now - askedAt > FORGOTTEN_MS) series.delete(place);
  }
}
