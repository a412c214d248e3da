import { type RolloutDecision, type RolloutInput, wait } from './rollout.ts';
import type { Tally } from './tally.ts';
import { type AssetState, underWay } from './types.ts';

/** A person, or an acknowledgement, said so; the commit that takes a change back has a reason of its own. */
export const ABORT_REQUESTED = 'AbortRequested';

export function abort(input: RolloutInput, tally: Tally): RolloutDecision | undefined {
  const cause = abortCause(input, tally);
  if (!cause) return undefined;
  const keepsProven = isOfInFlight(input, cause);
  const switched = input.assets.filter(
    (a) => a.state === 'Succeeded' || (underWay(a.state) && a.state !== 'Preflight'),
  );
  const moved = switched.length > 0 || input.groups?.moved === true;
  if (!keepsProven && moved && input.brake === 'released' && input.brakeRefused === undefined) {
    return {
      kind: 'brake',
      phase: 'Aborting',
      reason: cause.reason,
      why: `${cause.why}: one call per policy gives every switched asset its baseline rights`,
    };
  }
  const stays = (a: RolloutInput['assets'][number]) => keepsProven && a.state === 'Succeeded';
  const forward = input.assets.filter((a) => !a.held && leftBehind(a.state) && !stays(a));
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
  if (input.groups?.moved === true)
    return wait('Aborting', cause.reason, `${cause.why}: thing groups return to the policy of before`);
  return {
    kind: 'finish',
    phase: 'Aborted',
    reason: cause.reason,
    why: `${cause.why}; the revision is not tried again by itself${keepsProven ? provenText(input) : ''}`,
  };
}

/** One call would take the new rights from the proven ones too; only a person's own abort may leave them. */
function isOfInFlight(
  { strategy, brake, reverted, groups }: RolloutInput,
  { reason }: { readonly reason: string },
): boolean {
  // What a group carries, all its members have.
  return (
    groups === undefined &&
    strategy.abortScope === 'InFlight' &&
    reverted !== true &&
    reason === ABORT_REQUESTED &&
    brake === 'released'
  );
}

function provenText({ assets }: RolloutInput): string {
  const kept = assets.filter(({ state }) => state === 'Succeeded').length;
  return kept === 0 ? '' : `; ${kept} proven assets keep what they got (abortScope)`;
}

/**
 * Assets that may carry a candidate and are not on their way back yet. `Held` without a hold is an asset that found its
 * candidate braked while it was moving.
 */
function leftBehind(state: AssetState): boolean {
  if (state === 'RollingBack') return false;
  return state === 'Succeeded' || state === 'Deferred' || state === 'Held' || underWay(state);
}

function abortCause(input: RolloutInput, tally: Tally): { readonly reason: string; readonly why: string } | undefined {
  if (input.verbs.abortedBy !== undefined)
    return { reason: ABORT_REQUESTED, why: `aborted by ${input.verbs.abortedBy}` };
  const { deniedBy, pausedBy } = input.verbs;
  if (deniedBy !== undefined && pausedBy === undefined) return { reason: 'Denied', why: `denied by ${deniedBy}` };
  const happened = automaticCause(input, tally);
  if (happened !== undefined) return happened;
  if (input.brake === 'applied') return { reason: 'EmergencyBrakeApplied', why: 'the emergency brake is applied' };
  return undefined;
}

/** What brings all back without anybody's word. */
function automaticCause(input: RolloutInput, tally: Tally): ReturnType<typeof abortCause> {
  // The user asked to look first: nothing goes back by itself but the failed asset.
  if (input.strategy.onFailure === 'Pause') return undefined;
  if (tally.lifeline) return { reason: 'LifelineDenied', why: 'a lifeline action was denied' };
  if (tally.failed > input.strategy.failureThreshold)
    return { reason: 'FailureThreshold', why: `${tally.failed} assets failed` };
  if (input.connectStorm) return { reason: 'ConnectStorm', why: 'devices reconnect in a storm' };
  return undefined;
}

/** Lost nothing yet; or, armed, would keep the newer revision waiting for weeks. */
const EARLY: ReadonlySet<AssetState> = new Set(['Expanding', 'Verifying', 'Preflight', 'Deferred', 'Armed']);

/** A newer revision: what has not started takes it, what is under way goes back or finishes, nothing new begins. */
export function supersede(input: RolloutInput, tally: Tally): RolloutDecision | undefined {
  if (!input.superseded) return undefined;
  const expanded = input.assets.filter(({ state }) => EARLY.has(state));
  if (expanded.length > 0) {
    return {
      kind: 'sendBack',
      phase: 'Progressing',
      assets: expanded.map((a) => a.id),
      reason: 'Superseded',
      why: 'a newer revision came: assets that lost nothing yet, or are armed, go back',
    };
  }
  if (tally.inFlightThings + tally.armedThings > 0)
    return wait('Progressing', 'Superseded', 'a newer revision waits until the assets under way have a verdict');
  if (input.groups?.moved === true)
    return wait(
      'Progressing',
      'Superseded',
      'a newer revision waits until thing groups are back on the policy of before',
    );
  return { kind: 'finish', phase: 'Superseded', reason: 'Superseded', why: 'a newer revision takes over' };
}
