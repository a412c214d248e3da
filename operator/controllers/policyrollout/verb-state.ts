import type { PolicyRollout, PolicyRolloutStatus } from '../../api/policyrollout.gen.ts';
import { applyVerbs, NO_VERBS, parseVerbs, type VerbState } from '../../rollout/verbs.ts';
import { exactTime } from './asset-record.ts';

export interface VerbReading {
  readonly state: VerbState;
  /** When somebody last asked to try again what went back. */
  readonly retriedAt: string | undefined;
  readonly refused: NonNullable<PolicyRolloutStatus['refused']>;
}

/** What people have asked for, out of the annotations and what was answered before. */
export function readVerbs(rollout: PolicyRollout, wave: number, now: number): VerbReading {
  const parsed = parseVerbs(rollout.metadata.annotations ?? {}, rollout.spec.revision);
  const requests = parsed.flatMap((each) => (each.kind === 'request' ? [each.request] : []));
  const refused = parsed.flatMap((each) =>
    each.kind === 'refused'
      ? [{ annotation: each.annotation, reason: each.reason, message: each.why.slice(0, 500) }]
      : [],
  );
  const before = storedVerbs(rollout);
  const state = applyVerbs(before, requests, wave);
  const asked = state.handled.retry !== before.handled.retry;
  return { state, retriedAt: asked ? exactTime(now) : rollout.status?.verbs?.retriedAt, refused: refused.slice(0, 10) };
}

function storedVerbs({ status }: PolicyRollout): VerbState {
  const verbs = status?.verbs;
  if (verbs === undefined) return NO_VERBS;
  return {
    ...NO_VERBS,
    handled: verbs.handled ?? {},
    abortedBy: verbs.abortedBy,
    deniedBy: verbs.deniedBy,
    approvedBy: verbs.approvedBy,
    pausedBy: verbs.pausedBy,
    promotedThrough: (verbs.promotedThrough ?? 0) - 1,
    promotedFully: verbs.promotedFully ?? false,
  };
}

export function verbStatus({ state, retriedAt }: VerbReading): PolicyRolloutStatus['verbs'] {
  const { handled, abortedBy, deniedBy, approvedBy, pausedBy, promotedThrough, promotedFully } = state;
  if (Object.keys(handled).length === 0) return undefined;
  return {
    handled: handled as Record<string, string>,
    ...(abortedBy === undefined ? {} : { abortedBy }),
    ...(deniedBy === undefined ? {} : { deniedBy }),
    ...(approvedBy === undefined ? {} : { approvedBy }),
    ...(pausedBy === undefined ? {} : { pausedBy }),
    ...(promotedThrough < 0 ? {} : { promotedThrough: promotedThrough + 1 }),
    ...(promotedFully ? { promotedFully } : {}),
    ...(retriedAt === undefined ? {} : { retriedAt }),
  };
}
