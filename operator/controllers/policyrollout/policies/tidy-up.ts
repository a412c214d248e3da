import { removeCondition, setCondition } from '../../../api/conditions.ts';
import type { Condition } from '../../../api/meta.ts';
import type { PolicyRolloutPolicy, PolicyRolloutStatus } from '../../../api/policyrollout.gen.ts';
import { Priority, type Result } from '../../../runtime/reconciler.ts';
import { CERTIFICATE_ID } from '../../device/recover.ts';
import { exactTime, timeOf } from '../asset/record.ts';
import { rollbackWindowMs } from '../names.ts';
import { candidatesFor, type Start } from '../start.ts';
import { saveRollout } from '../status.ts';
import { type Candidates, deleteCandidate } from './candidates.ts';
import { keptElsewhere } from './others.ts';
import { isNeededBack } from './way-back.ts';

const LOOK_AGAIN_MS = 60_000;
/** Stands only while something keeps a candidate whose time is over: people are told what, or it would stay for ever unseen. */
const CANDIDATES_DELETED = 'CandidatesDeleted';

type Kept = Pick<Condition, 'reason' | 'message'>;

/** No asset is on the candidates any more: they go when the window for a quick way back is over. */
export async function tidyUp(start: Start, status: PolicyRolloutStatus): Promise<Result | undefined> {
  const { deps, rollout } = start;
  const now = deps.clock.now();
  const homedAt = status.homedAt ?? exactTime(now);
  if (status.homedAt === undefined) await saveRollout(deps, rollout, { ...status, homedAt });
  const due = (timeOf(homedAt) ?? now) + rollbackWindowMs(rollout);
  if (now < due) return { requeueAfterMs: Math.max(1_000, due - now), priority: Priority.drift };
  const kept = await deleteAll(start);
  const before = status.conditions ?? [];
  if (kept === undefined) {
    const conditions = [...removeCondition(before, CANDIDATES_DELETED)];
    await saveRollout(deps, rollout, { ...status, conditions, homedAt, cleanedAt: exactTime(now) });
    return undefined;
  }
  const said = { type: CANDIDATES_DELETED, status: 'False' as const, ...kept };
  const conditions = [...setCondition(before, said, { generation: rollout.metadata.generation, now })];
  await saveRollout(deps, rollout, { ...status, conditions, homedAt });
  return { requeueAfterMs: LOOK_AGAIN_MS };
}

/** Undefined when all are gone, or are another rollout's to delete; what keeps the first that is not. */
async function deleteAll(start: Start): Promise<Kept | undefined> {
  const { rollout } = start;
  const candidates = candidatesFor(start);
  const others = rollout.status?.phase === 'Succeeded' ? new Set<string>() : keptElsewhere(start);
  for (const policy of rollout.spec.policies) {
    if (others.has(policy.candidateName)) continue;
    const kept = await deleteOne(start, candidates, policy);
    if (kept !== undefined) return kept;
  }
  return undefined;
}

async function deleteOne(
  { deps, rollout }: Start,
  candidates: Candidates,
  policy: PolicyRolloutPolicy,
): Promise<Kept | undefined> {
  const { namespace = '', name } = rollout.metadata;
  const { candidateName } = policy;
  if (isNeededBack(deps.cache, { namespace, policy: candidateName, but: name })) {
    const message = `${candidateName} stays in AWS: another rollout has taken it from assets, which may still have to get it back`;
    return { reason: 'NeededBack', message };
  }
  const found = await deleteCandidate(candidates, policy);
  if (found === 'deleted') return undefined;
  if (found === 'foreign') {
    const message = `${candidateName} stays in AWS: somebody has given it a default version that is none of this rollout's, which may answer an incident; delete the policy when that is over`;
    return { reason: 'ForeignDefault', message };
  }
  const [target = '', ...more] = found.targets;
  const [owner] = deps.cache.byIndex('Device', CERTIFICATE_ID, target.split('/').at(-1) ?? '');
  const others = more.length === 0 ? '' : ` (and ${more.length} more)`;
  const [whose, remedy] =
    owner === undefined
      ? ['which no Device manages', 'make a Device for it, or detach the policy there']
      : [`a certificate of Device ${owner.metadata.name} that no rollout moves`, 'detach the policy there'];
  const message = `${candidateName} stays in AWS: it is attached to ${target}, ${whose}${others}; ${remedy}`;
  return { reason: 'CandidateAttached', message };
}
