import type { Strategy } from './strategy.ts';
import type { AssetState, Classified } from './types.ts';
import type { VerbState } from './verbs.ts';

/** What the planner needs to know of one asset: kept by the controller, never listed in a status. */
export interface AssetSummary {
  readonly id: string;
  readonly wave: number;
  /** Among the waves of the strategy, which members of thing groups go through twice; `wave` counts them on. */
  readonly ownWave?: number;
  readonly state: AssetState;
  /** Site, gateway and the like, one for each budget of the strategy; undefined counts against none. */
  readonly groups: readonly (string | undefined)[];
  /** Things in the unit: a shared certificate counts for each of them. */
  readonly things: number;
  /** Only where things share certificates: all of them, and of the others than `id` the groups. */
  readonly unit?: {
    readonly members: readonly string[];
    readonly groups: readonly AssetSummary['groups'][];
  };
  /** A security act or a person keeps this asset where it is. */
  readonly held: boolean;
  /** Why its own Device does not get as far as its change. Queued, it stands aside until it does. */
  readonly unable?: string;
  /** Deferred assets: would their contact allow them to move now? */
  readonly reachable: boolean;
  /** Deferred only because its contacts are too short to be watched, and in contact now. */
  readonly armable?: boolean;
  /** Contracted, or being contracted, in one contact to be judged at the next: counts against `maxArmed` alone. */
  readonly armed?: boolean;
  readonly failure: 'none' | 'failed' | 'lifeline';
  /** Another policy still allows what this one loses: that it fares well proves nothing. */
  readonly masked?: boolean;
  /** It was found with all that the rollout leads to: nothing was done to it, and it proves nothing. */
  readonly idle?: boolean;
  /** Expanded and judged; the next part begins when its thing group has been handed over. */
  readonly parked?: boolean;
}

export interface RolloutInput {
  readonly revision: string;
  readonly strategy: Strategy;
  readonly classified: Classified;
  readonly assets: readonly AssetSummary[];
  /** In flight in other rollouts of the account, by name, with what people have to know of it: its state, and whether it is suspended there. */
  readonly inFlightElsewhere: ReadonlyMap<string, string>;
  readonly analysis:
    | { readonly kind: 'passed' }
    | { readonly kind: 'failed'; readonly reason: string; readonly why: string };
  readonly verbs: VerbState;
  /** Unacknowledged security acts on baseline or candidate; each says what and who can lift it. */
  readonly mitigations: readonly string[];
  /**
   * Why the brake must not be pulled, so that assets go back by attachment instead: it would undo a quarantine, or the
   * rollout moves rights between policies, whose flips AWS may make visible one after the other.
   */
  readonly brakeRefused: string | undefined;
  readonly brake: 'released' | 'applied';
  readonly connectStorm: boolean;
  readonly suspended: boolean;
  /** When each wave had its last verdict, by index; undefined while it runs. */
  readonly waveDoneAt: readonly (number | undefined)[];
  readonly startedAt: number;
  readonly lastProgressAt: number;
  readonly superseded: boolean;
  /** Nobody carries what was before any more, and AWS tells that what all carry was proven: only the way home is left. */
  readonly provenBefore?: boolean;
  /** Only where thing groups carry policies of the rollout. */
  readonly groups?: {
    /** They carry the new policies alone, and that has settled. */
    readonly handedOver: boolean;
    /** Some carry a new policy. */
    readonly moved: boolean;
  };
  /** Git asks for what was permitted before: everybody goes back, whatever `abortScope` says. */
  readonly reverted?: boolean;
  readonly now: number;
}

export type RolloutPhase =
  | 'Pending'
  | 'AwaitingApproval'
  | 'Progressing'
  | 'Paused'
  | 'Baking'
  | 'Aborting'
  | 'Succeeded'
  | 'Aborted'
  | 'Superseded';

/** The next thing to do with the rollout as a whole, and why, in words. */
export type RolloutDecision =
  | { readonly kind: 'brake'; readonly phase: RolloutPhase; readonly reason: string; readonly why: string }
  | {
      readonly kind: 'sendBack';
      readonly phase: RolloutPhase;
      readonly assets: readonly string[];
      readonly reason: string;
      readonly why: string;
    }
  | {
      readonly kind: 'start';
      readonly phase: RolloutPhase;
      /** They are contracted in the contact of now and judged at the next. */
      readonly arming?: true;
      readonly assets: readonly string[];
      readonly reason: string;
      readonly why: string;
    }
  | {
      readonly kind: 'wait';
      readonly phase: RolloutPhase;
      readonly until: number | undefined;
      readonly reason: string;
      readonly why: string;
    }
  | {
      readonly kind: 'finish';
      readonly phase: 'Succeeded' | 'Aborted' | 'Superseded';
      readonly reason: string;
      readonly why: string;
    };

export function wait(phase: RolloutPhase, reason: string, why: string, until?: number): RolloutDecision {
  return { kind: 'wait', phase, reason, why, until };
}

/** How many of its things count against the budget at this position, by group. */
export function thingsByGroup({ groups, things, unit }: AssetSummary, index: number): ReadonlyMap<string, number> {
  const counted = new Map<string, number>();
  const add = (group: string | undefined, count: number): void => {
    if (group !== undefined) counted.set(group, (counted.get(group) ?? 0) + count);
  };
  if (unit === undefined) add(groups[index], things);
  else for (const each of [groups, ...unit.groups]) add(each[index], 1);
  return counted;
}

/** Names of all Devices that move with this asset, its own first. */
export function membersOf({ id, unit }: Pick<AssetSummary, 'id' | 'unit'>): readonly string[] {
  return unit?.members ?? [id];
}
