import type { PolicyRollout, PolicyRolloutStatus } from '../../../api/policyrollout.gen.ts';
import type { AssetSummary } from '../../../rollout/rollout.ts';
import type { CandidateDefault } from '../../../rollout/types.ts';
import type { VerbState } from '../../../rollout/verbs.ts';
import type { Cache } from '../../../runtime/reconciler.ts';
import { type Candidates, defaultVersion } from '../policies/candidates.ts';
import { policiesIn } from '../revision.ts';

export type SecurityAct = NonNullable<PolicyRolloutStatus['acts']>[number];

export interface ActsInput {
  readonly cache: Cache;
  readonly rollout: PolicyRollout;
  readonly candidates: Candidates;
  readonly defaults: ReadonlyMap<string, CandidateDefault>;
  readonly assets: readonly AssetSummary[];
}

const MOST_ACTS = 10;

/**
 * Security acts that touch the rollout. One on an object of its own is lifted there; one on a candidate is lifted on the
 * rollout. Each is named by the version it made, so that an acknowledgement can only mean that act.
 */
export async function securityActs(input: ActsInput): Promise<readonly SecurityAct[]> {
  const { cache, rollout, candidates, defaults, assets } = input;
  const acts: SecurityAct[] = [];
  for (const { metadata, status } of policiesIn(cache, rollout)) {
    if (status?.held === undefined) continue;
    const what = `policy ${metadata.name} is held (${status.held.reason})`;
    acts.push({
      id: `policy/${metadata.name}/${status.held.versionId ?? ''}`,
      object: `IoTPolicy/${metadata.name}`,
      what,
    });
  }
  for (const policy of rollout.spec.policies) {
    const name = policy.candidateName;
    if (defaults.get(name) !== 'foreign') continue;
    const version = await defaultVersion(candidates, policy);
    const what = `policy ${name} has a default version (${version}) that is not of this rollout`;
    acts.push({ id: `candidate/${name}/${version}`, object: `PolicyRollout/${rollout.metadata.name}`, what });
  }
  for (const { id, held, state } of assets) {
    if (!held || state !== 'Held') continue;
    acts.push({ id: `device/${id}`, object: `Device/${id}`, what: `device ${id} was held while it was in flight` });
  }
  return acts.slice(0, MOST_ACTS);
}

/** What nobody has acknowledged yet. */
export function openActs(acts: readonly SecurityAct[], { acknowledged }: VerbState): readonly SecurityAct[] {
  return acts.filter(({ id }) => !acknowledged.includes(id));
}

/**
 * A candidate whose default version somebody else has set is never moved forward again: once the act is acknowledged, the
 * way back is the only way.
 */
export function afterAcknowledgement(acts: readonly SecurityAct[], verbs: VerbState): VerbState {
  const act = acts.find(({ id }) => id.startsWith('candidate/') && verbs.acknowledged.includes(id));
  if (act === undefined || verbs.abortedBy !== undefined) return verbs;
  return { ...verbs, abortedBy: `${verbs.acknowledgedBy ?? 'a person'}, who acknowledged that ${act.what}` };
}
