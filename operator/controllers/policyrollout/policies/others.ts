import type { PolicyRollout } from '../../../api/policyrollout.gen.ts';
import { leavesProven } from '../asset/elsewhere.ts';
import { MOVES_POLICY, policyKey } from '../names.ts';
import type { Start } from '../start.ts';

/**
 * Candidates on which another rollout has proven its assets, all of them or those that an abort has left there: whoever stays
 * there is on no way back from this one.
 */
export function provenElsewhere(start: Start): ReadonlySet<string> {
  const left = (other: PolicyRollout) => leavesProven(other) && other.status?.cleanedAt === undefined;
  return candidatesAmong(othersOf(start).filter((other) => hasProven(other) || left(other)));
}

/** Of these, the ones of rollouts that still answer for them, and delete them when nobody is there any more. */
export function keptElsewhere(start: Start): ReadonlySet<string> {
  const proven = (other: PolicyRollout) => hasProven(other) && other.status?.cleanedAt === undefined;
  return candidatesAmong(othersOf(start).filter(proven));
}

/** A success of nobody proves nothing. */
function hasProven({ status }: PolicyRollout): boolean {
  return status?.phase === 'Succeeded' && status.counters?.total !== 0;
}

export function candidatesAmong(rollouts: readonly PolicyRollout[]): ReadonlySet<string> {
  return new Set(rollouts.flatMap(({ spec }) => spec.policies.map(({ candidateName }) => candidateName)));
}

/** Other rollouts of the same policies. */
export function othersOf({ deps, rollout }: Start): readonly PolicyRollout[] {
  const { namespace = '', name } = rollout.metadata;
  const all = rollout.spec.policies.flatMap(
    (policy) => deps.cache.byIndex('PolicyRollout', MOVES_POLICY, policyKey(namespace, policy.name)) as PolicyRollout[],
  );
  return all.filter((other) => other.metadata.name !== name);
}
