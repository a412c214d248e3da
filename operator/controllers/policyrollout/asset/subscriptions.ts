import type { OperationInput } from '../../../aws/operations.ts';
import { evaluate } from '../../../policy/index.ts';
import { isPattern, tellsNothing } from '../../../rollout/client-ids.ts';
import { connectionContext } from '../../../rollout/lifeline.ts';
import { toReconcileError } from '../../../runtime/errors.ts';
import { arnOf } from '../../external/arn.ts';
import type { Attempt } from './attempt.ts';
import { subjectOf } from './lifeline.ts';
import { clientIds } from './record.ts';

/** Client ids asked about; AWS allows one question in a second for each. */
const MOST_IDS = 4;
/** How long an answer is good for: judging is done often, and AWS is not asked each time. */
const FRESH_MS = 60_000;
/** After so long a connected device has made its subscriptions. */
const SUBSCRIBED_BY_MS = 60_000;

/**
 * What the connected device has subscribed to, kept to compare with later. Called while nothing was taken yet. Without an
 * answer there is nothing to compare with, which is said nowhere as good news.
 */
export async function keepSubscriptions(attempt: Attempt): Promise<void> {
  const { scope, rollouts } = attempt;
  if (scope.session.spec.signals?.subscriptions !== true) return;
  for (const clientId of idsOf(attempt)) {
    const filters = await listed(attempt, clientId);
    if (filters !== undefined) rollouts.subscriptions.keep(placeOf(attempt, clientId), filters);
  }
}

/**
 * Filters held before the change and not now, although the policies of after permit them. Asked once the time of
 * observation is over: that is when it decides something.
 */
export async function lostSubscriptions(attempt: Attempt, settled: number): Promise<readonly string[]> {
  const { scope, rollouts, directive } = attempt;
  if (scope.session.spec.signals?.subscriptions !== true || directive.direction !== 'forward') return [];
  if (scope.deps.clock.now() < settled + directive.strategy.observeMs) return [];
  const lost: string[] = [];
  for (const clientId of idsOf(attempt)) {
    const before = rollouts.subscriptions.kept(placeOf(attempt, clientId));
    if (before === undefined) continue;
    const now = await listed(attempt, clientId);
    if (now === undefined) continue;
    lost.push(...before.filter((filter) => !now.includes(filter) && permitted(attempt, clientId, filter)));
  }
  return lost;
}

/** What these clients are subscribed to now; undefined when AWS does not tell. */
export async function heldSubscriptions(
  attempt: Attempt,
  clientIds: readonly string[],
): Promise<readonly string[] | undefined> {
  if (attempt.scope.session.spec.signals?.subscriptions !== true) return undefined;
  const found = await Promise.all(clientIds.filter((id) => !tellsNothing(id)).map((id) => listed(attempt, id)));
  return found.includes(undefined) ? undefined : found.flatMap((filters) => filters ?? []);
}

function idsOf({ scope }: Attempt): readonly string[] {
  return clientIds(scope.object)
    .filter((id) => !isPattern(id) && !tellsNothing(id))
    .slice(0, MOST_IDS);
}

function placeOf({ scope, directive }: Attempt, clientId: string): string {
  return `${scope.session.key} ${directive.rollout} ${clientId}`;
}

function permitted({ scope, directive }: Attempt, clientId: string, filter: string): boolean {
  return directive.policies.some(({ certificateId, after }) => {
    const context = connectionContext(subjectOf(scope.deps.cache, scope.object, { clientId, certificateId }));
    const resource = arnOf(scope.session, `topicfilter/${filter}`);
    return evaluate(after, { action: 'iot:Subscribe', resource, context }).decision === 'allowed';
  });
}

/** Undefined when the client is not connected, or AWS does not tell. */
async function listed({ scope, rollouts }: Attempt, clientId: string): Promise<readonly string[] | undefined> {
  const place = `${scope.session.key} ${clientId}`;
  const now = scope.deps.clock.now();
  const known = rollouts.subscriptions.answered(place, now - FRESH_MS);
  if (known !== undefined) return known.filters;
  const filters = await ask(scope, clientId);
  rollouts.subscriptions.answer(place, { at: now, filters });
  return filters;
}

async function ask(scope: Attempt['scope'], clientId: string): Promise<readonly string[] | undefined> {
  const { port } = scope.session;
  const options = { ...scope.options, slot: `${scope.key.namespace}/${scope.key.name} subscriptions` };
  try {
    const { connected, connectedSince = 0 } = await port.call('GetConnection', { clientId }, options);
    // Who has just connected may not have subscribed yet.
    if (connected !== true || scope.deps.clock.now() - connectedSince < SUBSCRIBED_BY_MS) return undefined;
    const filters: string[] = [];
    let nextToken: string | undefined;
    do {
      const input: OperationInput<'ListSubscriptions'> = {
        clientId,
        ...(nextToken === undefined ? {} : { nextToken }),
      };
      const page = await port.call('ListSubscriptions', input, options);
      filters.push(...(page.subscriptions ?? []).flatMap(({ topicFilter }) => topicFilter ?? []));
      nextToken = page.nextToken;
    } while (nextToken !== undefined);
    return filters;
  } catch (thrown) {
    const { kind } = toReconcileError(thrown);
    // Not connected, not permitted, not offered: unavailable. What comes by itself is waited for.
    if (kind === 'throttled') throw thrown;
    return undefined;
  }
}
