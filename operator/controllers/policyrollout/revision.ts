import type { IoTPolicy } from '../../api/iotpolicy.gen.ts';
import type { PolicyRollout } from '../../api/policyrollout.gen.ts';
import { documentDrift, type PolicyPlace, sameDocument } from '../../drift/document.ts';
import type { Cache } from '../../runtime/reconciler.ts';
import { partitionOf } from '../external/arn.ts';

/** Where resources of the account live. */
export function placeOf({ accountId, region }: { readonly accountId: string; readonly region: string }): PolicyPlace {
  return { account: accountId, region, partition: partitionOf(region) };
}

/** The IoTPolicies a rollout moves, as far as they still exist. */
export function policiesIn(cache: Cache, rollout: PolicyRollout): readonly IoTPolicy[] {
  const { namespace = '' } = rollout.metadata;
  return rollout.spec.policies.flatMap(({ name }) => {
    const found = cache.get({ kind: 'IoTPolicy', namespace, name }) as IoTPolicy | undefined;
    return found === undefined || found.metadata.deletionTimestamp !== undefined ? [] : [found];
  });
}

/**
 * What became of the change in Git meanwhile. `reverted`: every policy of it permits again what it did before, which is an
 * abort and no rollout of its own. `superseded`: another document is wanted.
 */
export function revisionChange(
  cache: Cache,
  rollout: PolicyRollout,
  place: PolicyPlace,
): 'same' | 'superseded' | 'reverted' {
  const policies = policiesIn(cache, rollout);
  const fates = rollout.spec.policies.map(({ name, baseline, document }) => {
    const spec = policies.find(({ metadata }) => metadata.name === name)?.spec;
    // A policy that is being deleted keeps its assets where they were.
    if (spec === undefined) return 'reverted';
    if (sameDocument(spec.document, document)) return 'same';
    return documentDrift(baseline, JSON.stringify(spec.document), place) === 'same' ? 'reverted' : 'superseded';
  });
  if (fates.every((fate) => fate === 'same')) return 'same';
  return fates.every((fate) => fate === 'reverted') ? 'reverted' : 'superseded';
}
