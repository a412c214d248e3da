import type { PolicyRollout } from '../operator/api/policyrollout.gen.ts';
import { DEFAULT_STRATEGY } from '../operator/rollout/strategy.ts';
import {
  ACCOUNT_KEY,
  hear,
  MINUTE,
  NARROW,
  type RolloutFleet,
  rolloutFleet,
  STRATEGY,
} from '../test/stories/rollout/support.ts';
import type { BenchResult } from './types.ts';

/** Assets of the rollout and how many move at once. The whole one: `FLEETWARD_BENCH_PACE=1000,50`. */
const [ASSETS = 200, IN_FLIGHT = 50] = (process.env.FLEETWARD_BENCH_PACE ?? '200,50').split(',').map(Number);
const BAKE_MINUTES = 10;
/** Looks at the fleet in each minute of its clock. */
const STEPS = 3;
const GOAL = 1.05;

/**
 * How long a rollout takes on the clock of the fleet, under AWS's default quotas, against what its strategy asks for: two settle
 * times and the observation of each asset, as many at once as may be, and the bakes between waves.
 */
export async function run(): Promise<readonly BenchResult[]> {
  await using fleet = await rolloutFleet(ASSETS, { limited: true });
  for (const name of fleet.names) hear(fleet, name);
  const first = fleet.sandbox.ledger.total;
  const strategy = {
    ...STRATEGY,
    waves: [{ count: IN_FLIGHT, bake: `${BAKE_MINUTES}m` }],
    maxInFlight: IN_FLIGHT,
  };
  await fleet.change(NARROW, strategy);
  const began = fleet.clock.now();
  let rollout: PolicyRollout | undefined;
  const { settleMs, observeMs } = DEFAULT_STRATEGY;
  const perAsset = (2 * settleMs + observeMs) / MINUTE;
  const bound = Math.ceil(ASSETS / IN_FLIGHT) * perAsset + BAKE_MINUTES;
  for (let minute = 0; minute < 3 * bound; minute += 1) {
    for (const name of fleet.names) publishes(fleet, name);
    for (let step = 0; step < STEPS; step += 1) {
      await fleet.clock.advance(MINUTE / STEPS);
      await fleet.drain();
    }
    rollout = await fleet.rollout().catch(() => undefined);
    if (rollout?.status?.counters?.succeeded === ASSETS) break;
  }
  const took = (fleet.clock.now() - began) / MINUTE;
  if (rollout?.status?.counters?.succeeded !== ASSETS) {
    throw new Error(
      `after ${took} minutes of its clock: ${JSON.stringify(rollout?.status?.counters)} ${JSON.stringify(rollout?.status?.conditions?.map(({ reason, message }) => `${reason}: ${message}`))}`,
    );
  }
  const goal = { name: `bound of settle, observation and bake times (goal ${GOAL})`, value: bound };
  return [
    {
      name: `rollout of ${ASSETS} assets, ${IN_FLIGHT} at once, on the clock of the fleet`,
      value: took,
      unit: 'minutes',
      better: 'lower',
      baseline: goal,
      ratio: took / bound,
    },
    {
      name: 'AWS calls of it for each asset',
      value: (fleet.sandbox.ledger.total - first) / ASSETS,
      unit: 'calls',
      better: 'lower',
    },
  ];
}

/** Connected since before, and heard of once a minute. */
function publishes(fleet: RolloutFleet, name: string): void {
  const resource = `arn:aws:iot:us-east-1:123456789012:topic/telemetry/${name}`;
  const request = { kind: 'request', action: 'iot:Publish', resource, allowed: true } as const;
  fleet.signals.record(ACCOUNT_KEY, { ...request, at: fleet.clock.now(), clientId: name });
}
