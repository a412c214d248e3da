import type { PolicyRollout } from '../../../api/policyrollout.gen.ts';
import type { VerbState } from '../../../rollout/verbs.ts';
import type { Cache } from '../../../runtime/reconciler.ts';
import { policiesIn } from '../revision.ts';
import { saidInGit, sourceRevision } from '../source.ts';

/**
 * An approval by commit counts like one by verb: the IoTPolicies of the rollout all name its revision, and a FleetSource
 * keeps them, so that nobody but who may write to that branch can have said it. A denial stands.
 */
export function approvedBy(cache: Cache, rollout: PolicyRollout, verbs: VerbState): VerbState {
  if (verbs.approvedBy !== undefined || verbs.deniedBy !== undefined) return verbs;
  const policies = policiesIn(cache, rollout);
  const said = policies.length > 0 && policies.every(({ spec }) => spec.approvedRevision === rollout.spec.revision);
  if (!said || !saidInGit(cache, rollout)) return verbs;
  return { ...verbs, approvedBy: `Git ${sourceRevision(cache, rollout) ?? ''}`.trim().slice(0, 256) };
}
