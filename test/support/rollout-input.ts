import type { AssetSummary, RolloutInput } from '../../operator/rollout/rollout.ts';
import type { AssetState } from '../../operator/rollout/types.ts';
import { NO_VERBS } from '../../operator/rollout/verbs.ts';

/** A Wednesday at noon. */
export const NOW = Date.UTC(2026, 0, 7, 12, 0);
export const HOUR = 3_600_000;

/** One asset as the planner sees it, with which nothing is wrong. */
export function asset(id: string, wave: number, state: AssetState, more: Partial<AssetSummary> = {}): AssetSummary {
  return { id, wave, state, groups: [], things: 1, held: false, reachable: false, failure: 'none', ...more };
}

/** A tightening under way, with which nothing is wrong. */
export function rolloutInput(
  assets: readonly AssetSummary[],
  more: Partial<RolloutInput> & Pick<RolloutInput, 'strategy'>,
): RolloutInput {
  return {
    revision: 'r1',
    classified: { class: 'tightens', addsDeny: false, uncertain: false, masked: false },
    assets,
    inFlightElsewhere: new Map(),
    analysis: { kind: 'passed' },
    verbs: NO_VERBS,
    mitigations: [],
    brakeRefused: undefined,
    brake: 'released',
    connectStorm: false,
    suspended: false,
    waveDoneAt: [],
    startedAt: NOW - HOUR,
    lastProgressAt: NOW,
    superseded: false,
    now: NOW,
    ...more,
  };
}
