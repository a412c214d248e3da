import type { DeniedRequest, Evidence } from '../../../rollout/verdict.ts';
import { type ClientHistory, USED_FOR_MS } from './client-history.ts';
import type { EvidenceQuery } from './signals.ts';

export interface Listening {
  /** Somebody listened before the change. */
  readonly isHistoryKnown: boolean;
  /** Denied requests are known up to here; what may be explained by one is not judged before. */
  readonly denialsTo: number;
}

/** What these histories say since a moment. */
export function evidenceOf(
  histories: readonly ClientHistory[],
  query: EvidenceQuery,
  { isHistoryKnown, denialsTo }: Listening,
): Omit<Evidence, 'signals'> {
  const { since } = query;
  const times = (pick: (history: ClientHistory) => number): number =>
    histories.reduce((sum, history) => sum + (pick(history) >= since ? 1 : 0), 0);
  const failures = histories.flatMap((history) => [...history.failures, ...unexplained(history, since, denialsTo)]);
  return {
    denied: histories.flatMap((history) => deniedIn(history, query, isHistoryKnown)),
    newConnects: times(({ lastConnect }) => lastConnect),
    allowedPublishes: times(({ lastPublish }) => lastPublish),
    acknowledgements: times(({ lastAcknowledged }) => lastAcknowledged),
    freshSubscribes: times(({ lastSubscribe }) => lastSubscribe),
    deliveries: times(({ lastDelivery }) => lastDelivery),
    lostSubscriptions: [],
    connectFailures: failures.filter((at) => at >= since).length,
    failuresBefore: failures.filter((at) => at < query.usedBefore && at >= query.usedBefore - HISTORY_MS).length,
    newViolations: histories.flatMap(({ violations }) =>
      [...violations].flatMap(([behavior, at]) => (at >= since ? [behavior] : [])),
    ),
    checks: [],
  };
}

/** Logs arrive a little later than what they explain. */
const EXPLAINED_WITHIN_MS = 30_000;

/**
 * AWS ends a session for a request that was denied, and then the denial is what weighs: alone it may be the tightening at
 * work. Sessions that ended so although nothing was denied were refused something that nobody saw.
 */
function unexplained({ refusedEnds, denied }: ClientHistory, since: number, denialsTo: number): readonly number[] {
  if (refusedEnds.length === 0) return refusedEnds;
  const first = since - EXPLAINED_WITHIN_MS;
  if ([...denied.values()].some(({ lastAt }) => lastAt >= first)) return refusedEnds.filter((at) => at < first);
  return refusedEnds.filter((at) => at + EXPLAINED_WITHIN_MS <= denialsTo);
}

/** How far back an asset's own failures are its control. */
const HISTORY_MS = 3_600_000;

function deniedIn(history: ClientHistory, query: EvidenceQuery, isHistoryKnown: boolean): readonly DeniedRequest[] {
  const found: DeniedRequest[] = [];
  for (const [key, { action, resource, sourceIp, lastAt }] of history.denied) {
    if (lastAt < query.since) continue;
    const observed = { clientId: history.clientId, action, resource, sourceIp };
    found.push({ action, resource, need: needOf({ history, key, query, isHistoryKnown, observed }) });
  }
  return found;
}

function needOf({
  history,
  key,
  query,
  isHistoryKnown,
  observed,
}: {
  readonly history: ClientHistory;
  readonly key: string;
  readonly query: EvidenceQuery;
  readonly isHistoryKnown: boolean;
  readonly observed: Parameters<NonNullable<EvidenceQuery['allowedBefore']>>[0];
}): DeniedRequest['need'] {
  // Denied before as well: whoever provokes that proves nothing about the change, however much the request weighs.
  if (query.allowedBefore?.(observed) === false) return 'other';
  if (query.lifeline.has(key)) return 'lifeline';
  const use = history.used.get(key);
  const lately = use !== undefined && use.first < query.usedBefore && use.last >= query.usedBefore - USED_FOR_MS;
  if (lately || query.knownUse?.has(key) === true) return 'used';
  // Listening began after the change did: whether it used this before is not known.
  if (query.knownUse === undefined && !isHistoryKnown) return 'unknown';
  return 'other';
}
