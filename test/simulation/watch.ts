import type { Clock } from '../../operator/runtime/clock.ts';
import type { Asset, Assets } from './assets.ts';
import type { AwsView } from './aws-view.ts';
import type { Owed } from './owed.ts';
import type { Answers } from './rights.ts';
import type { SimConfig, SimPolicy } from './types.ts';

export interface OracleWorld {
  readonly clock: Clock;
  readonly config: SimConfig;
  readonly view: AwsView;
  readonly answers: Answers;
  /** Known to the broker as connected right now. */
  readonly connected: (device: string) => boolean;
  /** Its last word to the operator was that it connected: that it left was told to nobody. */
  readonly leftUnheard: (device: string) => boolean;
  /** Policies that the objects declare for a device, its groups included. */
  readonly declared: (device: string) => readonly string[];
  /** The documents that Git asks for now, those of groups included. */
  readonly grants: () => readonly SimPolicy[];
  readonly tell: (text: string) => void;
}

/** What the parts of the oracle share. */
export interface Watch extends OracleWorld {
  readonly assets: Assets;
  /** Those that are in force now. */
  readonly acts: readonly SecurityAct[];
  readonly owed: Owed;
  /** How long the strategy has a change settle. */
  readonly settleMs: number;
  /** An invariant is violated. */
  readonly say: (invariant: number, text: string) => void;
}

export interface SecurityAct {
  readonly kind: 'quarantine' | 'blank' | 'inactive';
  readonly on: string;
  readonly at: number;
}

/** Whether a security act holds the asset. */
export function concerns(act: SecurityAct, { name, targets }: Asset): boolean {
  if (act.kind === 'quarantine') return act.on === name;
  if (act.kind === 'inactive') return targets.some((target) => target.endsWith(act.on));
  return true;
}
