import type { Permission } from '../../rollout/asset.ts';
import type { Verdict } from '../../rollout/types.ts';
import { judge } from '../../rollout/verdict.ts';
import { assetState, clientIds, timeOf } from './asset-record.ts';
import type { Attempt } from './attempt.ts';

export interface Judged {
  readonly permission: Permission;
  readonly expandedHealth: 'healthy' | 'failing';
  readonly verdict: Verdict;
  readonly lifelineDenied: boolean;
  readonly reason: string;
  readonly why: string;
}

/** What is known of the asset now: whether something may be taken from it, and what the evidence says. */
export function judgeAsset(attempt: Attempt): Judged {
  const { scope, rollouts, directive } = attempt;
  const { strategy } = directive;
  const now = scope.deps.clock.now();
  const record = scope.object.status?.rollout;
  const [attachedAt, detachedAt] = [timeOf(record?.attachedAt), timeOf(record?.detachedAt)];
  const startedAt = assetState(scope.object, directive.rollout) === 'Queued' ? now : (timeOf(record?.startedAt) ?? now);
  const ask = (since: number) =>
    rollouts.signals.evidence({
      account: scope.session.key,
      clientIds: clientIds(scope.object),
      since,
      usedBefore: startedAt,
      lifeline: directive.lifeline,
    });
  const expanded = judge(ask(attachedAt ?? now), directive.requirement, directive.control);
  const acts = [attachedAt, detachedAt, timeOf(record?.switchedAt), directive.flippedAt];
  const settled = Math.max(...acts.map((at) => at ?? -Infinity)) + strategy.settleMs;
  const judgement = judge(ask(Math.max(settled, 0)), directive.requirement, directive.control);
  // The whole time of observation has to pass well; bad news needs no waiting.
  const early = judgement.verdict === 'succeeded' && now < settled + strategy.observeMs;
  return {
    permission: permission(attempt, now),
    expandedHealth: expanded.verdict === 'failed' ? 'failing' : 'healthy',
    verdict: early ? 'inconclusive' : judgement.verdict,
    lifelineDenied: judgement.lifelineDenied || expanded.lifelineDenied,
    reason: expanded.verdict === 'failed' && judgement.verdict !== 'failed' ? expanded.reason : judgement.reason,
    why: expanded.verdict === 'failed' && judgement.verdict !== 'failed' ? expanded.why : judgement.why,
  };
}

/** An asset that cannot be watched keeps all it has. */
function permission({ scope, rollouts, directive }: Attempt, now: number): Permission {
  if (!directive.permission.yes) return directive.permission;
  const contact = rollouts.signals.contact(scope.session.key, clientIds(scope.object));
  if (contact.connected) return { yes: true };
  const { contactWithinMs } = directive.strategy;
  if (contact.lastAt !== undefined && now - contact.lastAt <= contactWithinMs) return { yes: true };
  const since =
    contact.lastAt === undefined ? 'not heard of yet' : `last heard of at ${new Date(contact.lastAt).toISOString()}`;
  return { yes: false, why: `the device is not connected (${since}): nothing is taken from it until it is` };
}
