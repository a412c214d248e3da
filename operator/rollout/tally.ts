import { type RolloutInput, thingsByGroup } from './rollout.ts';
import { type AssetState, inFlight, underWay } from './types.ts';

export interface Tally {
  readonly byState: ReadonlyMap<AssetState, number>;
  readonly inFlightThings: number;
  /** Things armed: in no other budget. */
  readonly armedThings: number;
  /** In flight by group, for each budget. */
  readonly groups: readonly ReadonlyMap<string, number>[];
  readonly failed: number;
  readonly lifeline: boolean;
  /** First wave with an asset that has neither a verdict nor a place among the stragglers. */
  readonly wave: number;
  readonly succeededByWave: readonly number[];
}

const SETTLED: ReadonlySet<AssetState> = new Set([
  'Succeeded',
  'RolledBack',
  'Armed',
  'Deferred',
  'Held',
  'Excluded',
  'Unrecovered',
]);

export function isAside({ held, state, unable }: RolloutInput['assets'][number]): boolean {
  return state === 'Queued' && (held || unable !== undefined);
}

/** One pass over all assets: 100,000 of them are a few milliseconds. */
export function count(input: RolloutInput): Tally {
  const byState = new Map<AssetState, number>();
  const groups = input.strategy.budgets.map(() => new Map<string, number>());
  const waves = input.strategy.waves.length;
  const succeededByWave = new Array<number>(waves).fill(0);
  let inFlightThings = 0;
  let armedThings = 0;
  let failed = 0;
  let lifeline = false;
  let wave = waves;
  for (const asset of input.assets) {
    // Whoever is held or cannot begin stands aside: its wave goes on without it, and it counts as a straggler.
    const aside = isAside(asset);
    const state = aside ? 'Held' : asset.state;
    byState.set(state, (byState.get(state) ?? 0) + 1);
    if (asset.armed === true && underWay(asset.state)) {
      armedThings += asset.things;
    } else if (inFlight(asset.state)) {
      inFlightThings += asset.things;
      for (const [index, inGroup] of groups.entries()) {
        for (const [group, things] of thingsByGroup(asset, index))
          inGroup.set(group, (inGroup.get(group) ?? 0) + things);
      }
    }
    if (asset.failure !== 'none') failed += 1;
    if (asset.failure === 'lifeline') lifeline = true;
    const settled = SETTLED.has(asset.state) || asset.armed === true;
    if (!aside && !settled && asset.wave < wave) wave = asset.wave;
    if ((asset.state === 'Succeeded' && asset.masked !== true) || asset.parked === true)
      succeededByWave[asset.wave] = (succeededByWave[asset.wave] ?? 0) + 1;
  }
  return { byState, inFlightThings, armedThings, groups, failed, lifeline, wave, succeededByWave };
}
