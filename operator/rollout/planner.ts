import { type Strategy, windowOpensAt } from './strategy.ts';
import { type AssetState, type Classified, inFlight } from './types.ts';
import type { VerbState } from './verbs.ts';

/** What the planner needs to know of one asset: kept by the controller, never listed in a status. */
export interface AssetSummary {
  readonly id: string;
  readonly wave: number;
  readonly state: AssetState;
  /** Site or gateway, for budgets. */
  readonly group: string | undefined;
  /** Things in the unit: a shared certificate counts for each of them. */
  readonly things: number;
  /** A security act or a person keeps this asset where it is. */
  readonly held: boolean;
  /** Deferred assets: would their contact allow them to move now? */
  readonly reachable: boolean;
  readonly failure: 'none' | 'failed' | 'lifeline';
}

export interface RolloutInput {
  readonly revision: string;
  readonly strategy: Strategy;
  readonly classified: Classified;
  readonly assets: readonly AssetSummary[];
  /** In flight in other rollouts of the account, in things. */
  readonly inFlightElsewhere: number;
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

export function planRollout(input: RolloutInput): RolloutDecision {
  const tally = count(input);
  return (
    mitigationHold(input) ??
    abort(input, tally) ??
    supersede(input, tally) ??
    guards(input, tally) ??
    approval(input) ??
    progress(input, tally)
  );
}

interface Tally {
  readonly byState: ReadonlyMap<AssetState, number>;
  readonly inFlightThings: number;
  readonly groups: ReadonlyMap<string, number>;
  readonly failed: number;
  readonly lifeline: boolean;
  /** First wave with an asset that has neither a verdict nor a place among the stragglers. */
  readonly wave: number;
  readonly succeededByWave: readonly number[];
}

const SETTLED: ReadonlySet<AssetState> = new Set([
  'Succeeded',
  'RolledBack',
  'Deferred',
  'Held',
  'Excluded',
  'Unrecovered',
]);

/** One pass over all assets: 100,000 of them are a few milliseconds. */
function count(input: RolloutInput): Tally {
  const byState = new Map<AssetState, number>();
  const groups = new Map<string, number>();
  const waves = input.strategy.waves.length;
  const succeededByWave = new Array<number>(waves).fill(0);
  let inFlightThings = 0;
  let failed = 0;
  let lifeline = false;
  let wave = waves;
  for (const asset of input.assets) {
    byState.set(asset.state, (byState.get(asset.state) ?? 0) + 1);
    if (inFlight(asset.state)) {
      inFlightThings += asset.things;
      if (asset.group !== undefined) groups.set(asset.group, (groups.get(asset.group) ?? 0) + asset.things);
    }
    if (asset.failure !== 'none') failed += 1;
    if (asset.failure === 'lifeline') lifeline = true;
    if (!SETTLED.has(asset.state) && asset.wave < wave) wave = asset.wave;
    if (asset.state === 'Succeeded') succeededByWave[asset.wave] = (succeededByWave[asset.wave] ?? 0) + 1;
  }
  return { byState, inFlightThings, groups, failed, lifeline, wave, succeededByWave };
}

/** A security act wins over everything, an abort included: a brake would copy the blanked state or undo it. */
function mitigationHold(input: RolloutInput): RolloutDecision | undefined {
  const act = input.mitigations[0];
  if (act === undefined) return undefined;
  return wait('Paused', 'DefenderMitigation', `${act}: nothing moves until a person acknowledges it`);
}

function abort(input: RolloutInput, tally: Tally): RolloutDecision | undefined {
  const cause = abortCause(input, tally);
  if (!cause) return undefined;
  const switched = input.assets.filter(
    (a) => a.state === 'Succeeded' || (inFlight(a.state) && a.state !== 'Preflight'),
  );
  if (switched.length > 0 && input.brake === 'released' && input.brakeRefused === undefined) {
    return {
      kind: 'brake',
      phase: 'Aborting',
      reason: cause.reason,
      why: `${cause.why}: one call per policy gives every switched asset its baseline rights`,
    };
  }
  const forward = input.assets.filter(
    (a) => !a.held && a.state !== 'RollingBack' && (a.state === 'Succeeded' || inFlight(a.state)),
  );
  if (forward.length > 0) {
    return {
      kind: 'sendBack',
      phase: 'Aborting',
      assets: forward.map((a) => a.id),
      reason: cause.reason,
      why: `${cause.why}: assets return to their baseline`,
    };
  }
  const returning = tally.byState.get('RollingBack') ?? 0;
  if (returning > 0) return wait('Aborting', cause.reason, `${returning} assets are on their way back`);
  const unrecovered = tally.byState.get('Unrecovered') ?? 0;
  if (unrecovered > 0)
    return wait(
      'Aborting',
      'RecoveryFailed',
      `${unrecovered} assets made no contact after they were restored: go and look`,
    );
  return {
    kind: 'finish',
    phase: 'Aborted',
    reason: cause.reason,
    why: `${cause.why}; the revision is not tried again by itself`,
  };
}

function abortCause(input: RolloutInput, tally: Tally): { readonly reason: string; readonly why: string } | undefined {
  if (input.verbs.abortedBy !== undefined)
    return { reason: 'AbortRequested', why: `aborted by ${input.verbs.abortedBy}` };
  if (input.verbs.deniedBy !== undefined) return { reason: 'Denied', why: `denied by ${input.verbs.deniedBy}` };
  if (input.brake === 'applied') return { reason: 'EmergencyBrakeApplied', why: 'the emergency brake is applied' };
  // The user asked to look first: nothing goes back by itself but the failed asset.
  if (input.strategy.onFailure === 'Pause') return undefined;
  if (tally.lifeline) return { reason: 'LifelineDenied', why: 'a lifeline action was denied' };
  if (tally.failed >= input.strategy.failureThreshold)
    return { reason: 'FailureThreshold', why: `${tally.failed} assets failed` };
  if (input.connectStorm) return { reason: 'ConnectStorm', why: 'devices reconnect in a storm' };
  return undefined;
}

/** A newer revision: what has not started takes it, what is under way goes back or finishes, nothing new begins. */
function supersede(input: RolloutInput, tally: Tally): RolloutDecision | undefined {
  if (!input.superseded) return undefined;
  const expanded = input.assets.filter(
    (a) => a.state === 'Expanding' || a.state === 'Verifying' || a.state === 'Preflight',
  );
  if (expanded.length > 0) {
    return {
      kind: 'sendBack',
      phase: 'Progressing',
      assets: expanded.map((a) => a.id),
      reason: 'Superseded',
      why: 'a newer revision came: assets that lost nothing yet go back',
    };
  }
  if (tally.inFlightThings > 0)
    return wait('Progressing', 'Superseded', 'a newer revision waits until the assets under way have a verdict');
  return { kind: 'finish', phase: 'Superseded', reason: 'Superseded', why: 'a newer revision takes over' };
}

function guards(input: RolloutInput, tally: Tally): RolloutDecision | undefined {
  const unrecovered = tally.byState.get('Unrecovered') ?? 0;
  if (unrecovered > 0)
    return wait(
      'Paused',
      'RecoveryFailed',
      `${unrecovered} assets made no contact after they were restored: everything stops`,
    );
  if (input.suspended)
    return wait('Paused', 'SuspendedBySpec', 'suspended in its spec; assets under way are brought to a verdict');
  if (input.verbs.pausedBy !== undefined)
    return wait(
      'Paused',
      'UserRequested',
      `paused by ${input.verbs.pausedBy}; assets under way are brought to a verdict`,
    );
  if (tally.lifeline || input.connectStorm || tally.failed > 0) {
    // One failed asset has gone back alone; somebody looks before the next one moves.
    const acknowledged = input.verbs.promotedFully || input.verbs.promotedThrough >= tally.wave;
    if (!acknowledged || tally.lifeline || input.connectStorm) {
      return wait(
        'Paused',
        'AssetFailed',
        `${tally.failed} of ${input.assets.length} assets failed and went back; promote to go on, abort to bring all back`,
      );
    }
  }
  return undefined;
}

function approval(input: RolloutInput): RolloutDecision | undefined {
  if (input.analysis.kind === 'failed') return wait('Pending', input.analysis.reason, input.analysis.why);
  const { classified, strategy } = input;
  const widens = classified.class === 'widens' || classified.class === 'mixed' || classified.uncertain;
  const needed = strategy.approval === 'Always' || (strategy.approval === 'Widening' && widens);
  if (!needed || input.verbs.approvedBy !== undefined) return undefined;
  const what = classified.uncertain
    ? 'the comparison is not certain'
    : widens
      ? 'it allows more than before'
      : 'the strategy asks for it';
  return wait('AwaitingApproval', 'WaitingForApproval', `${what}: approve revision ${input.revision} or deny it`);
}

function progress(input: RolloutInput, tally: Tally): RolloutDecision {
  if (tally.wave >= input.strategy.waves.length) return complete(input, tally);
  const baking = bake(input, tally);
  if (baking) return baking;
  const opens = windowOpensAt(input.strategy.windows, input.now);
  if (opens > input.now) return wait('Progressing', 'WaitingForWindow', 'the next window is not open yet', opens);
  const next = choose(input, tally);
  const step = tally.wave === 0 ? 'CanaryStep' : 'WaveStep';
  if (next.length > 0) {
    return {
      kind: 'start',
      phase: 'Progressing',
      assets: next,
      reason: step,
      why: `wave ${tally.wave + 1} of ${input.strategy.waves.length}`,
    };
  }
  if (tally.inFlightThings > 0) {
    return wait(
      'Progressing',
      step,
      `${tally.inFlightThings} in flight of at most ${input.strategy.maxInFlight}`,
      input.lastProgressAt + input.strategy.progressDeadlineMs,
    );
  }
  if (input.inFlightElsewhere >= input.strategy.maxInFlight) {
    return wait(
      'Progressing',
      'BudgetInUse',
      `another rollout of the account has ${input.inFlightElsewhere} in flight`,
    );
  }
  return wait(
    'Progressing',
    'WaitingForDevices',
    'no asset of this wave may move now: held, over budget or larger than maxInFlight',
  );
}

/** The wave before must have baked, with the evidence it owes. */
function bake(input: RolloutInput, tally: Tally): RolloutDecision | undefined {
  const before = tally.wave - 1;
  const wave = input.strategy.waves[before];
  if (!wave || tally.inFlightThings > 0) return undefined;
  if (input.verbs.promotedFully || input.verbs.promotedThrough >= before) return undefined;
  const evidence = tally.succeededByWave[before] ?? 0;
  const size = input.assets.reduce((sum, asset) => sum + (asset.wave === before ? 1 : 0), 0);
  if (evidence < Math.min(wave.minEvidence, size)) {
    return wait(
      'Paused',
      'InconclusiveEvidence',
      `wave ${before + 1} has ${evidence} of ${wave.minEvidence} verdicts with evidence; promote to go on without`,
    );
  }
  if (wave.pause) return wait('Paused', 'PauseStep', `wave ${before + 1} is done: promote to go on`);
  const until = (input.waveDoneAt[before] ?? input.now) + wave.bakeMs;
  if (input.now < until) return wait('Baking', 'Baking', `wave ${before + 1} is baking`, until);
  return undefined;
}

/** Queued assets of the wave that fit into every budget, in order. */
function choose(input: RolloutInput, tally: Tally): readonly string[] {
  let room = input.strategy.maxInFlight - tally.inFlightThings - input.inFlightElsewhere;
  const groups = new Map(tally.groups);
  const chosen: string[] = [];
  for (const asset of input.assets) {
    if (room <= 0) break;
    const queued = asset.wave === tally.wave && asset.state === 'Queued';
    if (!queued || asset.held || asset.things > room) continue;
    if (asset.group !== undefined && input.strategy.maxInFlightPerGroup !== undefined) {
      const inGroup = (groups.get(asset.group) ?? 0) + asset.things;
      if (inGroup > input.strategy.maxInFlightPerGroup) continue;
      groups.set(asset.group, inGroup);
    }
    chosen.push(asset.id);
    room -= asset.things;
  }
  return chosen;
}

/** Every wave is through: what is left are assets that could not be watched. */
function complete(input: RolloutInput, tally: Tally): RolloutDecision {
  if (tally.inFlightThings > 0) return wait('Progressing', 'WaveStep', `${tally.inFlightThings} still in flight`);
  const deferred = tally.byState.get('Deferred') ?? 0;
  const held = tally.byState.get('Held') ?? 0;
  if (deferred + held === 0) {
    return {
      kind: 'finish',
      phase: 'Succeeded',
      reason: 'Completed',
      why: `${tally.byState.get('Succeeded') ?? 0} assets are on the new policy`,
    };
  }
  const reachable = reachableDeferred(input, tally);
  if (reachable.length > 0) {
    return {
      kind: 'start',
      phase: 'Progressing',
      assets: reachable,
      reason: 'WaveStep',
      why: 'deferred assets that are in contact again',
    };
  }
  const deadline = input.lastProgressAt + input.strategy.stragglersAfterMs;
  if (input.now < deadline)
    return wait(
      'Progressing',
      'WaitingForDevices',
      `${deferred} deferred and ${held} held assets keep their policy until they can be watched`,
      deadline,
    );
  if (input.strategy.completion === 'CompleteWithStragglers') {
    return {
      kind: 'finish',
      phase: 'Succeeded',
      reason: 'CompletedWithStragglers',
      why: `${deferred} deferred and ${held} held assets keep the policy of before`,
    };
  }
  return wait(
    'Paused',
    'ProgressDeadlineExceeded',
    `${deferred} deferred and ${held} held assets did not become watchable; skip them or wait`,
  );
}

function reachableDeferred(input: RolloutInput, tally: Tally): readonly string[] {
  const room = input.strategy.maxInFlight - tally.inFlightThings - input.inFlightElsewhere;
  if (room <= 0) return [];
  return input.assets
    .filter((a) => a.state === 'Deferred' && a.reachable && !a.held && a.things <= room)
    .slice(0, room)
    .map((a) => a.id);
}

function wait(phase: RolloutPhase, reason: string, why: string, until?: number): RolloutDecision {
  return { kind: 'wait', phase, reason, why, until };
}
