import type { PolicyRollout } from '../operator/api/policyrollout.gen.ts';
import { DEFAULT_STRATEGY } from '../operator/rollout/strategy.ts';
import {
  hear,
  MINUTE,
  NARROW,
  PUBLISHING,
  type RolloutFleet,
  rolloutFleet,
  STRATEGY,
} from '../test/stories/rollout/support.ts';
import type { BenchResult } from './types.ts';

/** Assets of the rollout and how many move at once. The whole one: `FLEETWARD_BENCH_PACE=1000,50`. */
const [ASSETS = 200, IN_FLIGHT = 50] = (process.env.FLEETWARD_BENCH_PACE ?? '200,50').split(',').map(Number);
const BAKE_MINUTES = 10;
const GOAL = 1.05;
/** Of its own, for each asset; more means that something asks again what it knows. */
const CALLS_GOAL = 30;
/** Operations below this share are summed up. */
const LEAST_CALLS = 0.05;

/**
 * How long a rollout takes on the clock of the fleet, under AWS's default quotas, against what its strategy asks for: two settle
 * times and the observation of each asset, as many at once as may be, and the bakes between waves. And what it takes meanwhile.
 */
export async function run(): Promise<readonly BenchResult[]> {
  await using fleet = await rolloutFleet(ASSETS, { limited: true });
  for (const name of fleet.names) hear(fleet, name);
  const before = spent(fleet);
  const strategy = {
    ...STRATEGY,
    waves: [{ count: IN_FLIGHT, bake: `${BAKE_MINUTES}m` }],
    maxInFlight: IN_FLIGHT,
  };
  await fleet.change(NARROW, strategy);
  const began = fleet.clock.now();
  const { settleMs, observeMs } = DEFAULT_STRATEGY;
  const perAsset = (2 * settleMs + observeMs) / MINUTE;
  const bound = Math.ceil(ASSETS / IN_FLIGHT) * perAsset + BAKE_MINUTES;
  let rollout: PolicyRollout | undefined;
  const until = async () => {
    rollout = await fleet.rollout().catch(() => undefined);
    return rollout?.status?.counters?.succeeded === ASSETS;
  };
  await fleet.live(3 * bound, { ...PUBLISHING, until });
  const took = (fleet.clock.now() - began) / MINUTE;
  if (rollout?.status?.counters?.succeeded !== ASSETS) {
    throw new Error(
      `after ${took} minutes of its clock: ${JSON.stringify(rollout?.status?.counters)} ${JSON.stringify(rollout?.status?.conditions?.map(({ reason, message }) => `${reason}: ${message}`))}`,
    );
  }
  const after = spent(fleet);
  const calls = more(before.calls, after.calls);
  const writes = more(before.writes, after.writes);
  const lower = (name: string, value: number, unit: string, goal?: { readonly name: string; readonly value: number }) =>
    ({
      name,
      value,
      unit,
      better: 'lower',
      ...(goal === undefined ? {} : { baseline: goal, ratio: value / goal.value }),
    }) as const;
  const bounded = { name: `bound of settle, observation and bake times (goal ${GOAL})`, value: bound };
  return [
    lower(`rollout of ${ASSETS} assets, ${IN_FLIGHT} at once, on the clock of the fleet`, took, 'minutes', bounded),
    lower('AWS calls of it for each asset', total(calls) / ASSETS, 'calls', { name: 'goal', value: CALLS_GOAL }),
    ...perAssetOf(calls).map(([name, value]) => lower(`  of which ${name}`, value, 'calls')),
    lower('writes to the store for each asset', total(writes) / ASSETS, 'writes'),
    ...perAssetOf(writes).map(([name, value]) => lower(`  of which ${name}`, value, 'writes')),
    lower('CPU time for each asset, sandbox and devices included', after.cpuMs / ASSETS - before.cpuMs / ASSETS, 'ms'),
    lower('memory of the process at its peak, sandbox included', after.peakMiB, 'MiB'),
  ];
}

interface Spent {
  readonly calls: Readonly<Record<string, number>>;
  readonly writes: Readonly<Record<string, number>>;
  readonly cpuMs: number;
  readonly peakMiB: number;
}

function spent({ sandbox, writes }: RolloutFleet): Spent {
  const { user, system } = process.cpuUsage();
  const byKind = Object.groupBy(writes, (line) => line.split('/')[0] ?? '');
  return {
    calls: sandbox.ledger.counts(),
    writes: Object.fromEntries(Object.entries(byKind).map(([kind, lines = []]) => [kind, lines.length])),
    cpuMs: (user + system) / 1_000,
    peakMiB: process.resourceUsage().maxRSS / 1_024,
  };
}

function more(before: Spent['calls'], after: Spent['calls']): Spent['calls'] {
  return Object.fromEntries(Object.entries(after).map(([name, count]) => [name, count - (before[name] ?? 0)]));
}

function total(counts: Spent['calls']): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

/** For each asset, the largest first. */
function perAssetOf(counts: Spent['calls']): readonly (readonly [string, number])[] {
  const each = Object.entries(counts).map(([name, count]) => [name, count / ASSETS] as const);
  const large = each.filter(([, share]) => share >= LEAST_CALLS).sort(([, a], [, b]) => b - a);
  const rest = each.filter(([, share]) => share < LEAST_CALLS).reduce((sum, [, share]) => sum + share, 0);
  return rest === 0 ? large : [...large, ['the others', rest]];
}
