import type { Device } from '../../api/device.gen.ts';
import { sameDocument } from '../../drift/document.ts';
import type { Family } from '../../rollout/family.ts';
import type { AssetSummary, RolloutInput } from '../../rollout/rollout.ts';
import { type Strategy, strategyProblems } from '../../rollout/strategy.ts';
import type { CandidateDefault } from '../../rollout/types.ts';
import type { VerbState } from '../../rollout/verbs.ts';
import type { Analysis } from './analysis.ts';
import { inFlightElsewhere } from './asset/elsewhere.ts';
import { carriedNames } from './asset/families.ts';
import { timeOf } from './asset/record.ts';
import { tooLarge } from './asset/units.ts';
import type { GroupsView } from './groups/targets.ts';
import { openActs, remedyOf, type SecurityAct } from './people/acts.ts';
import { isWaitedFor } from './policies/lent.ts';
import type { Mirrored } from './policies/mirror.ts';
import { policiesIn, type revisionChange } from './revision.ts';
import type { Start } from './start.ts';
import { hasOtherStrategy } from './strategy.ts';

/** What a pass has found out, of which the planner is told. */
export interface Facts {
  readonly start: Start;
  readonly strategy: Strategy;
  /** As it was written, before groups made two parts of it. */
  readonly given: Strategy;
  /** The same, without bounds where nobody gains or loses anything. */
  readonly once: Strategy;
  readonly problems: readonly string[];
  readonly groups: GroupsView;
  readonly assets: readonly AssetSummary[];
  readonly analysis: Analysis;
  readonly outlasts: Analysis['failure'];
  readonly mirrored: Mirrored | undefined;
  readonly families: readonly Family[];
  readonly devices: readonly Device[];
  readonly defaults: ReadonlyMap<string, CandidateDefault>;
  readonly acts: readonly SecurityAct[];
  readonly verbs: VerbState;
  readonly change: ReturnType<typeof revisionChange>;
  readonly storm: string | undefined;
  /** Why the brake would undo a quarantine, or take something for a moment. */
  readonly unbraked: string | undefined;
  readonly now: number;
}

export function planInput(facts: Facts): RolloutInput {
  const { start, strategy, assets, analysis, defaults, verbs, change, now } = facts;
  const { deps, rollout } = start;
  const status = rollout.status ?? {};
  const throughGroups = facts.groups.targets.length > 0;
  const [problem] = [
    ...facts.problems,
    ...(status.startedAt === undefined ? strategyProblems(facts.given, assets.length, { groups: throughGroups }) : []),
  ];
  const large = tooLarge(assets, facts.once);
  const failure =
    analysis.failure ??
    (large === undefined ? undefined : { reason: 'SharedCertificate', why: large }) ??
    (problem === undefined ? facts.outlasts : { reason: 'InvalidStrategy', why: problem });
  const braked = [...defaults.values()].includes('brake') || status.brakedAt !== undefined;
  const startedAt = timeOf(status.startedAt) ?? now;
  return {
    revision: rollout.spec.revision,
    strategy,
    classified: analysis.classification,
    assets,
    inFlightElsewhere: inFlightElsewhere(deps, rollout),
    analysis: failure === undefined ? { kind: 'passed' } : { kind: 'failed', ...failure },
    verbs: { ...verbs, ...abortedElsewhere(change, facts.mirrored) },
    provenBefore: isProvenBefore(facts),
    mitigations: openActs(facts.acts, verbs).map(remedyOf),
    brakeRefused: analysis.brakeProblem ?? facts.unbraked,
    brake: braked ? 'applied' : 'released',
    connectStorm: facts.storm !== undefined,
    suspended: policiesIn(deps.cache, rollout).some(({ spec }) => spec.suspend),
    waveDoneAt: strategy.waves.map((_, index) => timeOf(status.waveDoneAt?.[index] || undefined)),
    startedAt,
    // Nobody makes progress while people have it paused.
    lastProgressAt: Math.max(timeOf(status.lastProgressAt) ?? startedAt, timeOf(status.resumedAt) ?? 0),
    // A rollout is never changed: with a strategy that can be followed another one is made.
    superseded: change === 'superseded' || (problem !== undefined && mayBeMadeAnew(start)) || keepsGroupWaiting(facts),
    ...(throughGroups ? { groups: { handedOver: facts.groups.handedOver, moved: facts.groups.moved } } : {}),
    reverted: change === 'reverted' || openActs(facts.acts, verbs).length > 0,
    now,
  };
}

function mayBeMadeAnew({ deps, rollout }: Start): boolean {
  return rollout.status?.startedAt === undefined && hasOtherStrategy(deps.cache, rollout);
}

/**
 * A thing group waits for the end of what has not begun, to lose the policy whose members this would move; or its members wait,
 * with both policies, for a group that is to give neither of them.
 */
function keepsGroupWaiting({ start: { deps, rollout }, assets }: Facts): boolean {
  const { startedAt, groups = [], reason } = rollout.status ?? {};
  const isParked = () => groups.length === 0 && assets.some(({ parked }) => parked === true);
  // Who has turned round for it waits no more, and the rollout ends by it all the same.
  if (startedAt !== undefined && reason !== 'Superseded' && !isParked()) return false;
  return policiesIn(deps.cache, rollout).some((policy) => isWaitedFor(deps.cache, policy));
}

function abortedElsewhere(change: Facts['change'], mirrored: Mirrored | undefined): { readonly abortedBy?: string } {
  if (change === 'reverted') return { abortedBy: 'the commit that takes the change back' };
  return mirrored === 'rejected' ? { abortedBy: 'what AWS remembers: this change was tried before and went back' } : {};
}

/**
 * The declared name takes a document only when it is proven and nobody carries the old one under it. Whoever else is left on
 * the candidate then has the same document; a candidate of another one would have to be proven first.
 */
function isProvenBefore({ start, mirrored, families, devices }: Facts): boolean {
  const { rollout, session } = start;
  if (rollout.spec.policies.length === 0 || rollout.spec.changes !== undefined) return false;
  if (rollout.status?.startedAt !== undefined) return false;
  const taken = rollout.spec.policies.every(({ baseline, document }) => sameDocument(baseline, document));
  if (!taken && mirrored !== 'proven') return false;
  return devices.every((device) => {
    const carried = carriedNames(session, device);
    return families.every(({ declared, candidate, names }) =>
      names.every((name) => !carried.has(name) || name === candidate || (taken && name === declared)),
    );
  });
}
