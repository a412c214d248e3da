import { membersOf, type RolloutDecision, wait } from '../../rollout/rollout.ts';
import type { AssetState } from '../../rollout/types.ts';
import { objectKey } from '../../runtime/controller/keys.ts';
import { Priority } from '../../runtime/reconciler.ts';
import { carriersOf } from './groups/members.ts';
import type { Pass } from './pass.ts';

/** The rollout ends without them; they keep what they have. */
const LEFT_BEHIND: ReadonlySet<AssetState> = new Set(['Deferred', 'Held', 'Excluded', 'RolledBack', 'Queued']);
const SHOWN = 3;

/**
 * A success is not believed on the word of records and lists of before: who carries the policies of before is asked anew, and
 * while anybody in scope does, the rollout goes on with those.
 */
export async function proven(pass: Pass, decision: RolloutDecision): Promise<RolloutDecision> {
  if (decision.kind !== 'finish' || decision.phase !== 'Succeeded') return decision;
  const moved = new Set(pass.assets.filter(({ state }) => !LEFT_BEHIND.has(state)).flatMap(membersOf));
  const owners = new Map(
    pass.devices
      .filter(({ metadata }) => moved.has(metadata.name))
      .flatMap((device) =>
        (device.status?.certificates ?? []).map(({ certificateId = '' }) => [certificateId, device] as const),
      ),
  );
  const found = new Map<string, string>();
  for (const { candidate, names } of pass.families) {
    for (const name of names.filter((each) => each !== candidate)) {
      for (const target of await carriersOf(pass, name)) {
        const device = owners.get(target);
        if (device === undefined) continue;
        found.set(device.metadata.name, name);
        pass.deps.enqueue(objectKey(device), { priority: Priority.change });
      }
    }
  }
  if (found.size === 0) return decision;
  const some = [...found].slice(0, SHOWN).map(([device, name]) => `${device} (${name})`);
  const why = `a fresh list shows ${found.size} devices on a policy of before although they were proven on the new one: ${some.join(', ')}; it is taken off before the rollout ends`;
  return wait('Progressing', 'TargetsLeft', why);
}
