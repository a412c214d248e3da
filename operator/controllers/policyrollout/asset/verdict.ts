import type { Permission } from '../../../rollout/asset.ts';
import type { Verdict } from '../../../rollout/types.ts';
import { type Control, type Evidence, type Judgement, judge } from '../../../rollout/verdict.ts';
import { type AssetIdentity, requestKey, type SignalBook } from '../gates/signals.ts';
import type { Attempt } from './attempt.ts';
import { allowedBefore } from './before.ts';
import { askForContact } from './contact.ts';
import { watchable } from './ready.ts';
import { assetIdentity, assetState, timeOf } from './record.ts';
import { isRobbed } from './robbed.ts';
import { lostSubscriptions } from './subscriptions.ts';
import { recordedUnit, unitIdentity } from './units.ts';

export interface Judged {
  readonly permission: Permission;
  readonly expandedHealth: 'healthy' | 'failing';
  readonly verdict: Verdict;
  readonly lifelineDenied: boolean;
  readonly reason: string;
  readonly why: string;
  /** Denied requests that are the tightening at work, as action and resource. */
  readonly blocked: readonly string[];
}

/** What is known of the asset now: whether something may be taken from it, and what the evidence says. */
export async function judgeAsset(attempt: Attempt): Promise<Judged> {
  await askForContact(attempt);
  const { scope, directive } = attempt;
  const now = scope.deps.clock.now();
  const record = scope.object.status?.rollout;
  const same = record?.name === directive.rollout;
  const [attachedAt, detachedAt] = [timeOf(record?.attachedAt), timeOf(record?.detachedAt)];
  const acts = [attachedAt, detachedAt, timeOf(record?.switchedAt), directive.flippedAt];
  const inForce = Math.max(0, ...acts.map((at) => (at ?? -Infinity) + directive.strategy.settleMs));
  // What was heard of a session that we have ended since says nothing about the next one.
  const settled = Math.max(inForce, (same ? timeOf(record.sessions?.endedAt) : undefined) ?? 0);
  const expanded = judgeSince(attempt, attachedAt ?? now, {});
  const armed = directive.armed === true && detachedAt !== undefined;
  const observed = judgeSince(attempt, settled, {
    checks: now < settled ? [] : checksOf(attempt, settled),
    lostSubscriptions: now < settled ? [] : await lostSubscriptions(attempt, settled),
  });
  // The whole time of observation has to pass well; bad news needs no waiting.
  const early =
    observed.verdict === 'succeeded' &&
    now < (armed ? judgeableAt(attempt, settled) : settled + directive.strategy.observeMs);
  const worse = expanded.verdict === 'failed' && observed.verdict !== 'failed' ? expanded : observed;
  return {
    permission: directive.permission.yes
      ? hinted(
          scope.session.spec.signals === undefined,
          watchable(attempt.rollouts.signals, assetIdentity(scope.object, scope.session.key), {
            contactWithinMs: directive.strategy.contactWithinMs,
            settleMs: directive.strategy.settleMs,
            armed: directive.armed === true,
            declared: unitIdentity(recordedUnit(scope.deps.cache, scope.object), scope.session.key).clientIds,
            now,
          }),
        )
      : directive.permission,
    expandedHealth: expanded.verdict === 'failed' ? 'failing' : 'healthy',
    verdict: early ? 'inconclusive' : observed.verdict,
    lifelineDenied: observed.lifelineDenied || expanded.lifelineDenied,
    reason: worse.reason,
    why: worse.why,
    blocked: observed.blocked.map(({ action, resource }) => requestKey(action, resource)),
  };
}

/** Logs arrive a little later than what they tell of. */
const LOGS_BEHIND_MS = 2 * 60_000;

/** An armed asset is judged by its next contact: once that has lasted for the time of observation, or is over. */
function judgeableAt({ scope, rollouts, directive }: Attempt, settled: number): number {
  const asset = assetIdentity(scope.object, scope.session.key);
  const { connected, lastAt = 0 } = rollouts.signals.contact(asset);
  const { current = 0 } = rollouts.signals.contacts(asset, directive.strategy.contactWithinMs);
  if (!connected && lastAt >= settled) return Math.max(settled, lastAt + LOGS_BEHIND_MS);
  const began = Math.max(settled, scope.deps.clock.now() - current);
  return began + directive.strategy.observeMs;
}

/** Where nobody listens, waiting for the device is no use. */
function hinted(deaf: boolean, permission: Permission): Permission {
  if (permission.yes || !deaf) return permission;
  return { yes: false, why: `${permission.why}; its AWSAccount names nothing to listen to (spec.signals)` };
}

function judgeSince(attempt: Attempt, since: number, more: Partial<Evidence>): Judgement {
  const { scope, rollouts, directive } = attempt;
  const { signals } = rollouts;
  const now = scope.deps.clock.now();
  const record = scope.object.status?.rollout;
  const queued = assetState(scope.object, directive.rollout) === 'Queued';
  const evidence = signals.evidence({
    ...assetIdentity(scope.object, scope.session.key),
    since,
    usedBefore: queued ? now : (timeOf(record?.startedAt) ?? now),
    lifeline: directive.lifeline,
    ...(queued || record?.used === undefined ? {} : { knownUse: new Set(record.used) }),
    allowedBefore: allowedBefore(attempt),
  });
  const control = controlOf(signals, directive.controls, since);
  const robbed = isRobbed(attempt) ? { masked: false, errorsOnly: false } : {};
  return judge({ ...evidence, ...more }, { ...directive.requirement, ...robbed }, control);
}

/** How those of the same cohort fare to whom nothing was done. Who was never heard of says nothing. */
export function controlOf(signals: SignalBook, controls: readonly AssetIdentity[], since: number): Control {
  let [assets, unhealthy] = [0, 0];
  for (const control of controls) {
    const { connectFailures, denied } = signals.evidence({ ...control, since, usedBefore: since, lifeline: NONE });
    const failing = connectFailures > 0 || denied.some(({ need }) => need === 'used');
    if (!failing && signals.contact(control).lastAt === undefined) continue;
    assets += 1;
    if (failing) unhealthy += 1;
  }
  return { assets, unhealthy };
}

const NONE: ReadonlySet<string> = new Set();

function checksOf({ scope, rollouts, directive }: Attempt, settled: number): Evidence['checks'] {
  return rollouts.checks.results({
    namespace: scope.key.namespace,
    rollout: directive.rollout,
    wave: directive.wave,
    checks: directive.strategy.checks,
    device: scope.key,
    thing: assetIdentity(scope.object, '').thingName ?? scope.key.name,
    since: settled,
  });
}
