import { getCondition } from '../../../api/conditions.ts';
import type { PolicyRollout, PolicyRolloutStatus } from '../../../api/policyrollout.gen.ts';
import { allowance } from '../../../rollout/verb-rules.ts';
import {
  applyVerbs,
  NO_VERBS,
  parseVerbs,
  parseVerbValue,
  type RefusedVerb,
  type RolloutVerb,
  type Situation,
  type VerbRequest,
  type VerbState,
} from '../../../rollout/verbs.ts';
import { defined } from '../../external/equal.ts';
import { exactTime } from '../asset/record.ts';

type Refused = NonNullable<PolicyRolloutStatus['refused']>;

export interface VerbReading {
  readonly state: VerbState;
  /** When somebody last asked to try again what went back. */
  readonly retriedAt: string | undefined;
  readonly refused: Refused;
  /** Carried out in this pass. */
  readonly accepted: readonly VerbRequest[];
  readonly answers: PolicyRolloutStatus['answers'];
}

const MOST_REFUSED = 10;
const MOST_ANSWERS = 10;

/** What people have asked for, out of the annotations and what was answered before. `vouched`: see Situation.pinned. */
export function readVerbs(rollout: PolicyRollout, now: number, vouched: boolean): VerbReading {
  const annotations = rollout.metadata.annotations ?? {};
  const parsed = parseVerbs(annotations, rollout.spec.revision);
  const requests = parsed.flatMap((each) => (each.kind === 'request' ? [each.request] : []));
  const unreadable = parsed.flatMap((each) => (each.kind === 'refused' ? [each] : []));
  const before = storedVerbs(rollout);
  const { state, accepted, refused } = applyVerbs(before, requests, situationOf(rollout, vouched));
  const asked = accepted.some(({ verb }) => verb === 'retry');
  const fresh = [...unreadable, ...refused].map(entryOf);
  const known = (rollout.status?.refused ?? []).filter(
    (entry) => stillAsked(entry, annotations) && !fresh.some(({ annotation }) => annotation === entry.annotation),
  );
  return {
    state,
    retriedAt: asked ? exactTime(now) : rollout.status?.verbs?.retriedAt,
    refused: [...fresh, ...known].slice(0, MOST_REFUSED),
    accepted,
    answers: answersAfter(rollout.status?.answers, accepted, now),
  };
}

/** What was refused once stays refused, and is shown as long as the annotation says so. */
function stillAsked({ annotation, token }: Refused[number], annotations: Readonly<Record<string, string>>): boolean {
  const value = annotations[annotation];
  // Values that cannot be read, or that name another revision, are judged anew each time.
  if (value === undefined || token === undefined) return false;
  return parseVerbValue(value)?.token === token;
}

function entryOf({ annotation, token, reason, why }: RefusedVerb): Refused[number] {
  const entry = { annotation, reason, message: why.slice(0, 500) };
  return token === undefined ? entry : { ...entry, token };
}

/** Who decided what, when, and what they said about it: the newest last. */
function answersAfter(
  before: PolicyRolloutStatus['answers'],
  accepted: readonly VerbRequest[],
  now: number,
): PolicyRolloutStatus['answers'] {
  if (accepted.length === 0) return before;
  const fresh = accepted.map(({ verb, user, remark }) => ({
    verb,
    by: user,
    at: exactTime(now),
    ...(remark === undefined ? {} : { remark }),
  }));
  return [...(before ?? []), ...fresh].slice(-MOST_ANSWERS);
}

/** What somebody may ask for now, the likeliest first; `acknowledge` names an act and is left to who shows the acts. */
export function allowedVerbs(rollout: PolicyRollout): readonly string[] {
  const state = storedVerbs(rollout);
  const situation = situationOf(rollout, true);
  const likely: readonly RolloutVerb[] = [
    'approve',
    'deny',
    'resume',
    'promote',
    'arm',
    'retry',
    'pause',
    'promote-full',
    'abort',
  ];
  const ask = (verb: RolloutVerb): VerbRequest => ({
    verb,
    token: '',
    user: '',
    subject: rollout.spec.revision,
    remark: undefined,
  });
  return likely.filter((verb) => {
    // Asking again for what holds already is allowed, and no advice.
    if (verb === 'approve' && state.approvedBy !== undefined) return false;
    if (verb === 'arm' && (state.armedBy !== undefined || (rollout.status?.counters?.deferred ?? 0) === 0))
      return false;
    if (verb === 'pause' && state.pausedBy !== undefined) return false;
    if (verb === 'abort' && state.abortedBy !== undefined) return false;
    return allowance(ask(verb), state, situation) === undefined;
  });
}

function situationOf({ spec, status = {} }: PolicyRollout, vouched: boolean): Situation {
  const { counters = {} } = status;
  const widens = status.class === 'widens' || status.class === 'mixed' || status.uncertain === true;
  return {
    revision: spec.revision,
    phase: status.phase,
    reason: status.reason,
    undecided: getCondition(status.conditions, 'Approved')?.reason === 'WaitingForApproval',
    wave: (status.wave ?? 1) - 1,
    failed: counters.failed ?? 0,
    left: (counters.rolledBack ?? 0) + (counters.deferred ?? 0),
    maxArmed: spec.strategy?.maxArmed ?? 0,
    held: (status.acts ?? []).length > 0,
    acts: (status.acts ?? []).filter(({ object }) => object.startsWith('PolicyRollout/')).map(({ id }) => id),
    pinned: vouched || !widens,
    vouched,
  };
}

function storedVerbs({ status }: PolicyRollout): VerbState {
  const verbs = status?.verbs;
  if (verbs === undefined) return NO_VERBS;
  return {
    handled: verbs.handled ?? {},
    abortedBy: verbs.abortedBy,
    deniedBy: verbs.deniedBy,
    approvedBy: verbs.approvedBy,
    armedBy: verbs.armedBy,
    pausedBy: verbs.pausedBy,
    promotedThrough: (verbs.promotedThrough ?? 0) - 1,
    promotedFully: verbs.promotedFully ?? false,
    resumedThrough: (verbs.resumedThrough ?? 0) - 1,
    acceptedFailures: verbs.acceptedFailures ?? 0,
    acknowledged: verbs.acknowledged ?? [],
    acknowledgedBy: verbs.acknowledgedBy,
  };
}

export function verbStatus({ state, retriedAt }: VerbReading): PolicyRolloutStatus['verbs'] {
  const { handled, promotedThrough, promotedFully, resumedThrough, acceptedFailures, acknowledged } = state;
  const { abortedBy, deniedBy, approvedBy, armedBy, pausedBy, acknowledgedBy } = state;
  const said = { abortedBy, deniedBy, approvedBy, armedBy, pausedBy, acknowledgedBy, retriedAt };
  if (Object.keys(handled).length === 0 && Object.values(said).every((value) => value === undefined)) return undefined;
  return defined({
    handled: handled as Record<string, string>,
    ...said,
    promotedThrough: promotedThrough < 0 ? undefined : promotedThrough + 1,
    promotedFully: promotedFully ? true : undefined,
    resumedThrough: resumedThrough < 0 ? undefined : resumedThrough + 1,
    acceptedFailures: acceptedFailures === 0 ? undefined : acceptedFailures,
    acknowledged: acknowledged.length === 0 ? undefined : [...acknowledged],
  }) as PolicyRolloutStatus['verbs'];
}
