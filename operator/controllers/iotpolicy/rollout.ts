import { conditionTime, type Progress } from '../../api/conditions.ts';
import type { IoTPolicy, IoTPolicyStatus } from '../../api/iotpolicy.gen.ts';
import { isSettled } from '../external/progress.ts';
import type { StatusView } from '../external/types.ts';
import type { Stance } from '../policyrollout/policies/stance.ts';
import { RETRY_ANNOTATION } from '../policyrollout/policies/tags.ts';
import type { DesiredPolicy } from './desired.ts';
import { documentHash } from './hash.ts';
import { declaredName } from './names.ts';
import type { ObservedPolicy } from './observe.ts';
import { type DriftQuestion, driftOf } from './own-silence.ts';

type View = StatusView<IoTPolicy, DesiredPolicy, ObservedPolicy | undefined>;

/** Why an IoTPolicy is not ready while a rollout moves it. */
export const IN_PROGRESS = 'RolloutInProgress';

export interface RolloutQuestion extends DriftQuestion {
  readonly settled: boolean;
}

/** The declared name keeps what was last proven; a difference from that is somebody else's act. */
export function isHeldBack(stance: Stance): boolean {
  return stance.kind === 'moving' || (stance.kind === 'rejected' && !stance.moved);
}

/**
 * Whether the document must not simply be replaced, because assets carry the policy. Setting back what somebody changed in
 * AWS is no rollout: it returns to what was proven. Never in place while something carries it, not even a single
 * certificate: AWS does not tell which groups and provisioning templates will use the name a moment later.
 */
export function needsRollout({ object, desired, observed, settled }: RolloutQuestion): boolean {
  if (isHeldBack(desired.stance) || settled) return false;
  if (observed.carriers.length === 0 && !desired.isNeededBack()) return false;
  return isAskedFor({ object, desired, observed });
}

function isAskedFor(question: DriftQuestion): boolean {
  const drift = driftOf(question);
  // What a security act put there was never proven: as a baseline it would be what every asset goes back to.
  return drift !== 'same' && drift !== 'mitigation';
}

/** A document that nobody carries is written at once, but not while AWS may still apply it to whoever carried it a moment ago. */
export function waitsForAws({ object, desired, observed, settled }: RolloutQuestion): boolean {
  if (settled || isHeldBack(desired.stance) || observed.appliedUntil === undefined) return false;
  return isAskedFor({ object, desired, observed });
}

export function rolloutProgress({ object, desired, observed }: View): Progress | undefined {
  const { stance } = desired;
  if (object.spec.managementPolicy !== 'Manage' || observed === undefined) return undefined;
  const name = declaredName(object);
  if (stance.kind === 'moving') {
    const { metadata, status } = stance.rollout;
    const message = `Policy ${name} changes by PolicyRollout ${metadata.name}: ${status?.message ?? 'about to start'}`;
    return { kind: 'reconciling', reason: IN_PROGRESS, message };
  }
  if (stance.kind === 'rejected') {
    const { metadata, status } = stance.rollout;
    const message = `This document was tried by PolicyRollout ${metadata.name} and went back (${status?.message ?? ''}). The assets keep what they had. Change the document, or annotate that rollout with retry.`;
    return { kind: 'stalled', reason: 'RevisionRejected', message };
  }
  const question = { object, desired, observed, settled: isSettled(object) };
  if (!needsRollout(question)) {
    if (!waitsForAws(question)) return undefined;
    const message = `Nothing carries policy ${name} any more, and AWS may still apply it where it was; its new document comes when that is over.`;
    return { kind: 'reconciling', reason: 'RolloutPending', message };
  }
  if (isRemembered(object, observed)) {
    const digest = documentHash(object.spec.document).slice(0, 8);
    const message = `This document was tried before and went back, as a tag of policy ${name} in AWS tells; the rollout itself is not known here any more. The assets keep what they have. Change the document, or set the annotation ${RETRY_ANNOTATION}: ${digest} on this object.`;
    return { kind: 'stalled', reason: 'RevisionRejected', message };
  }
  if (desired.isNeededBack()) {
    const message = `Policy ${name} is being taken from a device, which may have to get it back as it was; its new document comes when that is over.`;
    return { kind: 'reconciling', reason: 'RolloutPending', message };
  }
  const group = desired.lentBy();
  if (group !== undefined) {
    const message = `ThingGroup ${group} carries policy ${name} and changes its policies, which its members have on loan meanwhile; the new document comes when that is over. Where that change went back, retry it or take it out of the group.`;
    return { kind: 'reconciling', reason: 'RolloutPending', message };
  }
  const message =
    stance.kind === 'moved'
      ? `Every asset is on the new document; policy ${name} takes it as soon as nothing carries that name.`
      : `Assets carry policy ${name}, so its new document goes to them one by one; a PolicyRollout is made for it.`;
  return { kind: 'reconciling', reason: 'RolloutPending', message };
}

/** The document went back once, and of that only AWS's tags are left. */
function isRemembered(object: IoTPolicy, { rejected }: ObservedPolicy): boolean {
  const digest = documentHash(object.spec.document).slice(0, 8);
  return rejected.includes(digest) && object.metadata.annotations?.[RETRY_ANNOTATION] !== digest;
}

/**
 * Assets are on candidates that no rollout here knows of: our own state was lost on their way. One is made again, which takes
 * them forward, home, or, where the tags in AWS say that it went back, back.
 */
function isLeftOver(question: DriftQuestion): boolean {
  return question.observed.orphans.length > 0 && driftOf(question) !== 'mitigation';
}

/** What a rollout is made of, and what is not tried again. */
export function rolloutFields(view: View, observed: ObservedPolicy): Partial<IoTPolicyStatus> {
  const { object, desired, now } = view;
  const { stance } = desired;
  const previous = object.status?.pendingChange;
  const pending =
    object.spec.managementPolicy === 'Manage' &&
    stance.kind === 'free' &&
    (isLeftOver({ object, desired, observed }) ||
      (!isRemembered(object, observed) && needsRollout({ object, desired, observed, settled: isSettled(object) })));
  const digest = documentHash(object.spec.document);
  const known = object.status?.rejected ?? [];
  const rejected = stance.kind === 'rejected' ? [...new Set([...known, digest])].slice(-10) : known;
  const since = previous?.digest === digest ? previous.since : conditionTime(now);
  return {
    // An explicit undefined takes the field out of the status again.
    pendingChange: pending ? { digest, baseline: minified(observed.document), since } : undefined,
    rejected: rejected.length === 0 ? undefined : rejected,
  } as Partial<IoTPolicyStatus>;
}

function minified(document: string): string {
  return JSON.stringify(JSON.parse(document));
}
