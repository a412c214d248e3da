import type { DeniedRequest, Evidence } from '../../rollout/verdict.ts';
import { type ClientHistory, USED_FOR_MS } from './client-history.ts';
import type { EvidenceQuery } from './signals.ts';

/** What these histories say since a moment. `isHistoryKnown`: somebody listened before the change. */
export function evidenceOf(
  histories: readonly ClientHistory[],
  query: EvidenceQuery,
  isHistoryKnown: boolean,
): Omit<Evidence, 'signals'> {
  const { since } = query;
  const times = (pick: (history: ClientHistory) => number): number =>
    histories.reduce((sum, history) => sum + (pick(history) >= since ? 1 : 0), 0);
  const failures = histories.flatMap((history) => history.failures);
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
