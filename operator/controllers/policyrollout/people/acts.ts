import type { Device, DeviceStatusHeld } from '../../../api/device.gen.ts';
import type { PolicyRollout, PolicyRolloutStatus } from '../../../api/policyrollout.gen.ts';
import { type AssetSummary, membersOf } from '../../../rollout/rollout.ts';
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
    const { versionId = '' } = status.held;
    const what = `somebody else set the default version of policy ${metadata.name} to one that allows nothing (version ${versionId})`;
    acts.push({ id: `policy/${metadata.name}/${versionId}`, object: `IoTPolicy/${metadata.name}`, what });
  }
  for (const policy of rollout.spec.policies) {
    const name = policy.candidateName;
    if (defaults.get(name) !== 'foreign') continue;
    const version = await defaultVersion(candidates, policy);
    const what = `somebody else set the default version of ${name} to one that is not of this rollout (version ${version})`;
    acts.push({ id: `candidate/${name}/${version}`, object: `PolicyRollout/${rollout.metadata.name}`, what });
  }
  const { namespace = '' } = rollout.metadata;
  for (const id of assets.filter(({ held, state }) => held && state === 'Held').flatMap(membersOf)) {
    const device = cache.get({ kind: 'Device', namespace, name: id });
    const act = (device as Device | undefined)?.status?.held;
    // A person who holds a device keeps that one where it is: the others go on, and an abort is heard.
    if (act === undefined) continue;
    acts.push({ id: `device/${id}`, object: `Device/${id}`, what: whatHappened(id, act) });
  }
  return acts.slice(0, MOST_ACTS);
}

const NAMED = /\[(?<name>[^\]]*)\]/g;

/** Of a device, by the field that the act has changed: `groups[quarantine]`, `certificates[a].policies[silence]`. */
function whatHappened(device: string, { reason, detail = '' }: DeviceStatusHeld): string {
  const [first = '', second = ''] = [...detail.matchAll(NAMED)].map(({ groups }) => groups?.name ?? '');
  const acts: Readonly<Record<string, string>> = {
    Quarantined: `was put into thing group ${first}`,
    Contained: `got the denial of policy ${second} on its certificate ${first}`,
    CertificateDeactivated: `has certificate ${first}, which somebody else made inactive`,
  };
  return `device ${device} ${acts[reason] ?? `was changed by somebody else (${detail})`} in the middle of its change`;
}

/** What a person reads who wants it to go on. */
export function remedyOf({ object, what }: SecurityAct): string {
  const [kind = '', name = ''] = object.split('/');
  const target = kind === 'Device' ? `device/${name}` : kind === 'IoTPolicy' ? `policy/${name}` : name;
  const then =
    kind === 'PolicyRollout' ? 'after which every asset goes back' : 'which lets the spec have its way again';
  return `${what}. Nothing moves, and nothing of it is undone, until somebody takes it back or acknowledges it, ${then}: fleetward rollout acknowledge ${target}`;
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
