import type { PolicyRollout } from '../../../api/policyrollout.gen.ts';
import type { Cache } from '../../../runtime/reconciler.ts';
import { begunWith } from '../asset/assets.ts';

/**
 * Whether a rollout of changes at Devices has taken the policy from an asset, or is about to, and may have to give it back: as
 * it was, so it is neither deleted nor written to. Until then AWS may also still apply it to that asset.
 */
export function isNeededBack(
  cache: Cache,
  { namespace, policy, but }: { readonly namespace: string; readonly policy: string; readonly but?: string },
): boolean {
  for (const rollout of cache.list('PolicyRollout', namespace) as Iterable<PolicyRollout>) {
    const { metadata, spec, status } = rollout;
    // From one that has succeeded nobody goes back, and all that it took has settled.
    const over = status?.phase === 'Succeeded' || status?.homedAt !== undefined;
    if (metadata.name === but || spec.changes === undefined || over) continue;
    const assets = begunWith(cache, rollout);
    if (assets.some(({ status }) => status?.rollout?.change?.detach?.includes(policy) === true)) return true;
  }
  return false;
}
