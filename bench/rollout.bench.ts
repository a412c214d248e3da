import { planRollout } from '../operator/rollout/planner.ts';
import type { AssetSummary, RolloutInput } from '../operator/rollout/rollout.ts';
import { DEFAULT_STRATEGY, type Strategy } from '../operator/rollout/strategy.ts';
import type { AssetState } from '../operator/rollout/types.ts';
import { NO_VERBS } from '../operator/rollout/verbs.ts';
import { planWaves, waveOf } from '../operator/rollout/waves.ts';
import type { BenchResult } from './types.ts';

const ASSETS = 100_000;
const COHORTS = 50;
const IN_FLIGHT = 500;
const RUNS = 21;
const NOW = Date.UTC(2026, 0, 7, 12);
const GOAL = { name: 'goal', value: 50 };

const strategy: Strategy = { ...DEFAULT_STRATEGY, maxInFlight: IN_FLIGHT };
const ids = Array.from({ length: ASSETS }, (_, index) => `press-${String(index).padStart(6, '0')}`);

/** A fleet of which half has moved. */
function assets(): readonly AssetSummary[] {
  const orderables = ids.map((id, index) => ({ id, cohort: `firmware-${index % COHORTS}`, criticality: index % 4 }));
  const plan = planWaves(orderables, strategy);
  return plan.order.map((id, index): AssetSummary => {
    const state: AssetState = index < ASSETS / 2 ? 'Succeeded' : index < ASSETS / 2 + 400 ? 'Observing' : 'Queued';
    const groups = strategy.budgets.map(() => undefined);
    return { id, wave: waveOf(plan, index), state, groups, things: 1, held: false, reachable: false, failure: 'none' };
  });
}

function inputOf(fleet: readonly AssetSummary[], more: Partial<RolloutInput> = {}): RolloutInput {
  return {
    revision: 'r1',
    strategy,
    classified: { class: 'tightens', addsDeny: false, uncertain: false, masked: false },
    assets: fleet,
    inFlightElsewhere: 0,
    analysis: { kind: 'passed' },
    verbs: NO_VERBS,
    mitigations: [],
    brakeRefused: undefined,
    brake: 'released',
    connectStorm: false,
    suspended: false,
    waveDoneAt: strategy.waves.map(() => NOW - 86_400_000),
    startedAt: NOW - 86_400_000,
    lastProgressAt: NOW,
    superseded: false,
    now: NOW,
    ...more,
  };
}

function median(run: () => unknown): number {
  const times = Array.from({ length: RUNS }, () => {
    const began = performance.now();
    run();
    return performance.now() - began;
  });
  return times.sort((a, b) => a - b)[Math.floor(RUNS / 2)] ?? 0;
}

/** What the planner takes for a large fleet: the next decision, an abort, and who is in which wave. */
export async function run(): Promise<readonly BenchResult[]> {
  const fleet = assets();
  const orderables = ids.map((id, index) => ({ id, cohort: `firmware-${index % COHORTS}`, criticality: index % 4 }));
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
  ];
}
