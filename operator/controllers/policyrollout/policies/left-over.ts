import type { Device } from '../../../api/device.gen.ts';
import { CERTIFICATE_ID } from '../../device/recover.ts';
import { assetsOf, isAsset } from '../asset/assets.ts';
import type { Start } from '../start.ts';

/**
 * Whom a rollout that is over has to look after: its assets, and whoever still carries one of its candidates although its spec
 * has ceased to name the policy and its record speaks of another rollout. AWS alone tells of those. Whoever got a candidate from
 * somebody else, and is not to lose it by its own spec, is none of them: what it never had is not given to it.
 */
export function assetsWithLeftOver(start: Start, candidates: ReadonlySet<string>): readonly Device[] {
  const { deps, rollout, session } = start;
  const assets = assetsOf(deps.cache, rollout);
  const { targets } = session.snapshot;
  const found = new Map(assets.map((device) => [device.metadata.name, device]));
  for (const candidate of candidates) {
    if (targets.count(candidate) === 0) continue;
    for (const target of targets.from(candidate)) {
      const owners = deps.cache.byIndex('Device', CERTIFICATE_ID, target) as readonly Device[];
      if (!owners.some((device) => isToLose(device, candidate))) continue;
      // Who shares the certificate carries it as well, and goes with it.
      for (const device of owners) if (isOf(start, device)) found.set(device.metadata.name, device);
    }
  }
  return found.size === assets.length ? assets : [...found.values()];
}

function isToLose({ status }: Device, policy: string): boolean {
  return status?.pendingChange?.detach?.includes(policy) === true;
}

function isOf({ rollout }: Start, device: Device): boolean {
  return device.metadata.namespace === rollout.metadata.namespace && isAsset(device, rollout.spec.accountRef.name);
}
