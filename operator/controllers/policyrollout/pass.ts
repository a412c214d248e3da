import type { Device } from '../../api/device.gen.ts';
import type { Family } from '../../rollout/family.ts';
import type { AssetSummary, RolloutInput } from '../../rollout/rollout.ts';
import type { Strategy } from '../../rollout/strategy.ts';
import type { Tally } from '../../rollout/tally.ts';
import type { CandidateDefault } from '../../rollout/types.ts';
import type { Analysis } from './analysis.ts';
import type { GroupsView } from './groups/targets.ts';
import type { SecurityAct } from './people/acts.ts';
import type { VerbReading } from './people/verb-state.ts';
import type { Candidates } from './policies/candidates.ts';
import type { Start } from './start.ts';

/** Everything one pass over a rollout knows. */
export interface Pass extends Start {
  readonly candidates: Candidates;
  readonly families: readonly Family[];
  readonly devices: readonly Device[];
  readonly strategy: Strategy;
  readonly assets: readonly AssetSummary[];
  readonly analysis: Analysis;
  /** Why these are left where they are as long as they have not begun, by name. */
  readonly aside: ReadonlyMap<string, string>;
  readonly groups: GroupsView;
  readonly defaults: ReadonlyMap<string, CandidateDefault>;
  readonly verbs: VerbReading;
  /** Security acts that nobody has acknowledged yet. */
  readonly acts: readonly SecurityAct[];
  readonly input: RolloutInput;
  readonly tally: Tally;
  readonly reverted: boolean;
  readonly now: number;
}
