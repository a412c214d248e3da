import type { DeviceStatusRollout } from '../../../api/device.gen.ts';
import { isTouched } from '../../../rollout/asset-edges.ts';
import { changesOf } from '../../../rollout/family.ts';
import type { AssetDecision } from '../../../rollout/types.ts';
import type { ReconcileError } from '../../../runtime/errors.ts';
import { type AssetView, type Attempt, save } from './attempt.ts';
import { look } from './look.ts';
import { assetState, timeOf } from './record.ts';

/** No call that was handed to AWS arrives later than this. */
const LANDED_AFTER_MS = 60_000;

interface Refused {
  readonly refusal: ReconcileError;
  /** The record as it was before the call. */
  readonly before: DeviceStatusRollout | undefined;
  readonly view: AssetView;
}

/**
 * AWS refuses a call for good. Where nothing of the change was done the asset is as it was: it gives its place to others, and is
 * tried again later. That is read from AWS, when all that may have been done before is sure to show. What has begun stays in
 * flight, half-way as it is, and its Device fails with the reason.
 */
export async function whenRefused(
  attempt: Attempt,
  decision: AssetDecision,
  { refusal, before, view }: Refused,
): Promise<number> {
  const { scope, rollouts, directive } = attempt;
  if (directive.direction !== 'forward') throw refusal;
  const found = await look(scope, { directive, view, how: 'read' });
  if (isBegun({ ...attempt, ...found })) throw refusal;
  const { attachedAt, detachedAt, switchedAt } = before ?? {};
  const last = Math.max(0, ...[attachedAt, detachedAt, switchedAt].map((at) => timeOf(at) ?? 0));
  const now = scope.deps.clock.now();
  if (now < last + LANDED_AFTER_MS) {
    const why = `${refusal.message}. Whether a call before that one was carried out is read again in a minute`;
    const times = {
      ...(attachedAt && { attachedAt }),
      ...(detachedAt && { detachedAt }),
      ...(switchedAt && { switchedAt }),
    };
    await save(attempt, { kind: 'wait', state: decision.state, until: undefined, why }, times);
    return LANDED_AFTER_MS;
  }
  const why = `nothing was done to it, and it is tried again; put right what AWS refuses, or skip it: ${refusal.message}`;
  rollouts.unable.refuse(scope.key, { rollout: directive.rollout, now, why });
  await save({ ...attempt, ...found }, { kind: 'wait', state: 'Deferred', until: undefined, why }, {});
  return LANDED_AFTER_MS;
}

/** Told to start when it was deferred for that, it waits out the pause. */
export function refusedLately({ scope, rollouts, directive }: Attempt): AssetDecision | undefined {
  if (directive.direction !== 'forward' || assetState(scope.object, directive.rollout) !== 'Deferred') return undefined;
  const refusal = rollouts.unable.refusal(scope.key, directive.rollout);
  if (refusal === undefined || scope.deps.clock.now() >= refusal.until) return undefined;
  return { kind: 'wait', state: 'Deferred', until: refusal.until, why: refusal.why };
}

/** What is lent or pinned to it counts as well: it gives rights, and has to be taken back. */
function isBegun({ scope, directive, certificates, beside, through }: Attempt): boolean {
  const attached = new Set(certificates.flatMap((certificate) => [...certificate.attached]));
  const has = attached.union(through?.given ?? new Set<string>());
  const changes = changesOf('forward', directive.families, has);
  if (isTouched({ certificates, changes, through, ...(beside === undefined ? {} : { edges: beside.edges }) }))
    return true;
  const { lent = [] } = scope.object.status?.rollout ?? {};
  return [...lent, ...(beside?.edges.pins ?? [])].some((name) => attached.has(name));
}
