import type { Device } from '../operator/api/device.gen.ts';
import type { PolicyRollout } from '../operator/api/policyrollout.gen.ts';
import type { Pass } from '../operator/controllers/policyrollout/pass.ts';
import { readVerbs } from '../operator/controllers/policyrollout/people/verb-state.ts';
import { statusAfter } from '../operator/controllers/policyrollout/status.ts';
import { planRollout } from '../operator/rollout/planner.ts';
import type { AssetSummary, RolloutInput } from '../operator/rollout/rollout.ts';
import { DEFAULT_STRATEGY, type Strategy } from '../operator/rollout/strategy.ts';
import { count } from '../operator/rollout/tally.ts';
import type { AssetState } from '../operator/rollout/types.ts';
import { NO_VERBS } from '../operator/rollout/verbs.ts';
import { planWaves, waveOf } from '../operator/rollout/waves.ts';
import { ObjectCache } from '../operator/runtime/cache/object-cache.ts';
import { systemClock } from '../operator/runtime/clock.ts';
import { createPauser } from '../operator/runtime/pauser.ts';
import { asset, NOW, rolloutInput } from '../test/support/rollout-input.ts';
import type { BenchResult } from './types.ts';

const ASSETS = 100_000;
const COHORTS = 50;
const IN_FLIGHT = 500;
const RUNS = 21;
const DAY = 86_400_000;
const GOAL = { name: 'goal', value: 50 };

const strategy: Strategy = { ...DEFAULT_STRATEGY, maxInFlight: IN_FLIGHT };

const idsOf = (size: number) => Array.from({ length: size }, (_, index) => `press-${String(index).padStart(6, '0')}`);
const orderablesOf = (size: number) =>
  idsOf(size).map((id, index) => ({ id, cohort: `firmware-${index % COHORTS}`, criticality: index % 4 }));

/** A fleet of which half has moved. */
function assetsOf(size: number): readonly AssetSummary[] {
  const plan = planWaves(orderablesOf(size), strategy);
  return plan.order.map((id, index) => {
    const state: AssetState = index < size / 2 ? 'Succeeded' : index < size / 2 + size * 0.004 ? 'Observing' : 'Queued';
    return asset(id, waveOf(plan, index), state, { groups: strategy.budgets.map(() => undefined) });
  });
}

function inputOf(fleet: readonly AssetSummary[], more: Partial<RolloutInput> = {}): RolloutInput {
  const waveDoneAt = strategy.waves.map(() => NOW - DAY);
  return rolloutInput(fleet, { strategy, waveDoneAt, startedAt: NOW - DAY, ...more });
}

/** By the CPU clock of the thread: others may be at work on the machine. */
function median(run: () => unknown): number {
  const cpu = () => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1_000;
  };
  const times = Array.from({ length: RUNS }, () => {
    const began = cpu();
    run();
    return cpu() - began;
  });
  return times.sort((a, b) => a - b)[Math.floor(RUNS / 2)] ?? 0;
}

const ROLLOUT: PolicyRollout = {
  apiVersion: 'fleetward.dev/v1alpha1',
  kind: 'PolicyRollout',
  metadata: { name: 'base-5f2c9a1e', namespace: 'factory', uid: 'u', generation: 1 },
  spec: { accountRef: { name: 'default' }, revision: '5f2c9a1e', attempt: 1, policies: [] },
};

/** The record of the rollout that a pass over a fleet of this size writes: of the fleet it keeps numbers and samples. */
async function recordOf(size: number): Promise<string> {
  const assets = assetsOf(size);
  const input = inputOf(assets);
  const devices = assets.map(({ id, state }) => ({
    metadata: { name: id },
    spec: {},
    status: { rollout: { name: ROLLOUT.metadata.name, state, why: 'waiting for positive evidence', since: 'x' } },
  }));
  const head = () => ({ count: size * 9, hash: 'f'.repeat(64) });
  const pass = {
    deps: { cache: new ObjectCache(), rollouts: { teller: { head } } },
    rollout: ROLLOUT,
    devices: devices as unknown as readonly Device[],
    strategy,
    assets,
    analysis: {
      classification: { ...input.classified, gained: [], lost: [], assumptions: [] },
      brakeProblem: undefined,
      aside: new Map(),
    },
    aside: new Map(),
    defaults: new Map([['base@5f2c9a1e', 'new']]),
    verbs: readVerbs(ROLLOUT, NOW, true),
    acts: [],
    input,
    tally: count(input),
    reverted: false,
    now: NOW,
  } as unknown as Pass;
  const pauser = createPauser(systemClock, undefined);
  return JSON.stringify(
    await statusAfter(pass, planRollout(input), { flippedAt: undefined, groups: undefined, pauser }),
  );
}

/** What the planner takes for a large fleet: the next decision, an abort, and who is in which wave; and what a record takes. */
export async function run(): Promise<readonly BenchResult[]> {
  const fleet = assetsOf(ASSETS);
  const orderables = orderablesOf(ASSETS);
  const aborting = inputOf(fleet, { verbs: { ...NO_VERBS, abortedBy: 'ann' } });
  const next = planRollout(inputOf(fleet));
  if (next.kind !== 'start') throw new Error(`the fleet of the benchmark should go on, but: ${next.why}`);
  const brake = planRollout(aborting);
  if (brake.kind !== 'brake') throw new Error(`an abort should pull the brake, but: ${brake.why}`);
  const result = (name: string, value: number): BenchResult => ({
    name,
    value,
    unit: 'ms',
    better: 'lower',
    baseline: GOAL,
    ratio: value / GOAL.value,
  });
  const sizes = [100, 10_000, ASSETS];
  const bytes = await Promise.all(sizes.map(async (size) => ({ size, bytes: (await recordOf(size)).length })));
  const small = bytes[0]?.bytes ?? 1;
  return [
    result(
      `next decision for ${ASSETS} assets, median`,
      median(() => planRollout(inputOf(fleet))),
    ),
    result(
      `abort with ${ASSETS / 2} moved assets, median`,
      median(() => planRollout(aborting)),
    ),
    result(
      `waves of ${ASSETS} assets, median`,
      median(() => planWaves(orderables, strategy)),
    ),
    ...bytes.map(
      ({ size, bytes: value }): BenchResult => ({
        name: `record of a rollout of ${size} assets`,
        value,
        unit: 'bytes',
        better: 'lower',
        baseline: { name: 'of 100 assets', value: small },
        ratio: value / small,
      }),
    ),
  ];
}
