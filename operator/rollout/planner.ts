import { abort, supersede } from './abort.ts';
import { progress, withStuck } from './progress.ts';
import { type RolloutDecision, type RolloutInput, wait } from './rollout.ts';
import { count, type Tally } from './tally.ts';

/**
 * The next thing to do with a rollout. Pure: the same facts give the same answer on every replica, so a crash at any
 * call loses nothing. Order of the questions is order of precedence: mitigation hold > abort > pause > the rest. `tally`:
 * what `count` makes of the same input.
 */
export function planRollout(input: RolloutInput, tally: Tally = count(input)): RolloutDecision {
  const decision =
    mitigationHold(input) ??
    abort(input, tally) ??
    supersede(input, tally) ??
    guards(input, tally) ??
    provenBefore(input) ??
    approval(input) ??
    progress(input, tally);
  return withStuck(input, decision);
}

/** A security act wins over everything, an abort included: a brake would copy the blanked state or undo it. */
function mitigationHold(input: RolloutInput): RolloutDecision | undefined {
  const act = input.mitigations[0];
  if (act === undefined) return undefined;
  return wait('Paused', 'DefenderMitigation', act);
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
  // One failed asset has gone back alone; somebody looks before the next one moves, and again at the next failure.
  if (tally.lifeline || input.connectStorm || tally.failed > input.verbs.acceptedFailures) {
    return wait(
      'Paused',
      'AssetFailed',
      `${tally.failed} of ${input.assets.length} assets failed and went back; promote to go on, abort to bring all back`,
    );
  }
  return undefined;
}

/** Our own state was lost after the end: nothing is proven a second time. */
function provenBefore({ provenBefore: proven, assets }: RolloutInput): RolloutDecision | undefined {
  if (proven !== true) return undefined;
  const why = `${assets.length} assets are on what was proven before, as AWS tells`;
  return { kind: 'finish', phase: 'Succeeded', reason: 'Completed', why };
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
