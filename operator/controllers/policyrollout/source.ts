import type { FleetSource } from '../../api/fleetsource.gen.ts';
import type { PolicyRollout } from '../../api/policyrollout.gen.ts';
import type { Cache } from '../../runtime/reconciler.ts';
import { SOURCE_LABEL } from '../fleetsource/verbs.ts';
import { policiesIn } from './revision.ts';

/** The revision in Git that the policies of a rollout come from; undefined for policies that no FleetSource keeps. */
export function sourceRevision(cache: Cache, rollout: PolicyRollout): string | undefined {
  const [uid] = policiesIn(cache, rollout).flatMap(({ metadata }) => metadata.labels?.[SOURCE_LABEL] ?? []);
  if (uid === undefined) return undefined;
  for (const source of cache.list('FleetSource') as Iterable<FleetSource>) {
    if (source.metadata.uid !== uid) continue;
    // While a revision is being applied only the attempt says its name.
    return source.status?.lastAttemptedRevision ?? source.status?.revision;
  }
  return undefined;
}

/** Whether every policy of the rollout is kept by a FleetSource, so that what it says was said in Git. */
export function saidInGit(cache: Cache, rollout: PolicyRollout): boolean {
  const policies = policiesIn(cache, rollout);
  return (
    policies.length === rollout.spec.policies.length &&
    policies.every(({ metadata }) => metadata.labels?.[SOURCE_LABEL] !== undefined)
  );
}
