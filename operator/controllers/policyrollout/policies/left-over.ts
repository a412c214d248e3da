import type { Device } from '../../../api/device.gen.ts';
import type { Pauser } from '../../../runtime/pauser.ts';
import { CERTIFICATE_ID } from '../../device/recover.ts';
import { isAsset } from '../asset/assets.ts';
import type { Start } from '../start.ts';

/**
 * Whom a rollout that is over has to look after: its assets, and whoever still carries one of its candidates although its spec
 * has ceased to name the policy and its record speaks of another rollout. AWS alone tells of those. Whoever got a candidate from
 * somebody else, and is not to lose it by its own spec, is none of them: what it never had is not given to it.
 */
export async function assetsWithLeftOver(
  start: Start,
  assets: readonly Device[],
  { candidates, pauser }: { readonly candidates: ReadonlySet<string>; readonly pauser: Pauser },
): Promise<readonly Device[]> {
  const { deps, session } = start;
  const { targets } = session.snapshot;
  const left = new Set<Device>();
  for (const candidate of candidates) {
    if (targets.count(candidate) === 0) continue;
    for (const target of targets.from(candidate)) {
      if (pauser.isDue()) await pauser.pause();
      const owners = deps.cache.byIndex('Device', CERTIFICATE_ID, target) as readonly Device[];
      if (!owners.some((device) => isToLose(device, candidate))) continue;
      // Who shares the certificate carries it as well, and goes with it.
      for (const device of owners) if (isOf(start, device)) left.add(device);
    }
  }
  return left.size === 0 ? assets : [...new Set([...assets, ...left])];
}

function isToLose({ status }: Device, policy: string): boolean {
  return status?.pendingChange?.detach?.includes(policy) === true;
}

function isOf({ rollout }: Start, device: Device): boolean {
  return device.metadata.namespace === rollout.metadata.namespace && isAsset(device, rollout.spec.accountRef.name);
}
