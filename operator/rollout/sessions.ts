/** What becomes of connections that were made before a change; see `strategy.sessions`. */
export type SessionsMode = 'Wait' | 'Reconnect' | 'Purge';

/** One client of an asset, as far as it was heard of. Times in milliseconds since the epoch, 0 for never. */
export interface KnownClient {
  readonly clientId: string;
  readonly connected: boolean;
  /** When `connected` was last heard of. */
  readonly stateAt: number;
  /** Latest connects, oldest first. */
  readonly connects: readonly number[];
  readonly lastSubscribe: number;
  /** Another asset's certificate holds this client id now: ending that session would hit somebody else. */
  readonly foreign: boolean;
}

/** Client ids whose session was made before `since` and may still be there; `before` are those known from earlier looks. */
export function olderSessions(
  clients: readonly KnownClient[],
  since: number,
  before: readonly string[] = [],
): readonly string[] {
  const ids = new Set([
    ...before,
    ...clients.filter(({ connected, foreign }) => connected && !foreign).map(({ clientId }) => clientId),
  ]);
  return [...ids].filter((id) => {
    const known = clients.filter(({ clientId }) => clientId === id);
    const renewed = known.some(({ connects }) => (connects.at(-1) ?? 0) >= since);
    // Nothing heard, as after a restart, is not the same as having heard that it ended.
    const ended = known.some(({ connected, stateAt }) => !connected && stateAt >= since);
    return !renewed && !ended;
  });
}

/** Clients whose stored session is older than `since`, connected or not: what Purge has to drop. */
export function storedSessions(clients: readonly KnownClient[], since: number): readonly string[] {
  const known = clients.filter(({ connects, foreign }) => !foreign && (connects.at(-1) ?? 0) < since);
  return [...new Set(known.map(({ clientId }) => clientId))];
}

/** What of a change a session of before would outlive. */
export interface SessionNeeds {
  /** Rights to connect were taken: looked at when the device connects, and at no other time. */
  readonly connect: boolean;
  /** Rights to subscribe were taken: looked at at each SUBSCRIBE, which a stored session makes superfluous. */
  readonly subscribe: boolean;
}

/** When, after everything has settled, the change is in force for sessions too. */
export type Outlook =
  | { readonly kind: 'now' }
  | { readonly kind: 'within'; readonly ms: number }
  /** The session has lasted so long already; when it ends is not known. */
  | { readonly kind: 'later'; readonly ms: number }
  | { readonly kind: 'never'; readonly clientId: string }
  | { readonly kind: 'unknown' };

/** Two sources tell of one connect, each with a time of its own. */
const SAME_CONNECT_MS = 10_000;
/** A device that has just connected may not have subscribed yet. */
const SUBSCRIBED_BY_MS = 60_000;

/**
 * What is to be expected when nobody ends the sessions, or only their connections: from how the clients have behaved. A
 * device that connected and did not subscribe lives on the subscriptions of its stored session, and no reconnect ends those.
 */
export function sessionOutlook(clients: readonly KnownClient[], needs: SessionNeeds, now: number): Outlook {
  if (!needs.connect && !needs.subscribe) return { kind: 'now' };
  const live = clients.filter(({ connected, foreign }) => connected && !foreign);
  if (needs.subscribe) {
    const stored = live.find(({ connects, lastSubscribe }) => {
      const connectedAt = connects.at(-1) ?? 0;
      return lastSubscribe > 0 && lastSubscribe < connectedAt && now - connectedAt > SUBSCRIBED_BY_MS;
    });
    if (stored !== undefined) return { kind: 'never', clientId: stored.clientId };
  }
  if (live.length === 0) return { kind: 'unknown' };
  let [ms, isKnown] = [0, true];
  for (const { connects: heard } of live) {
    const connects = heard.filter((at, index) => index === 0 || at - (heard[index - 1] ?? 0) > SAME_CONNECT_MS);
    const latest = connects.at(-1);
    if (connects.length < 2 || latest === undefined) isKnown = false;
    const gaps = connects.slice(1).map((at, index) => at - (connects[index] ?? at));
    ms = Math.max(ms, ...gaps, latest === undefined ? 0 : now - latest);
  }
  return { kind: isKnown ? 'within' : 'later', ms };
}

/** Why an asset must not be contracted under this plan: it could only go back at its deadline. Undefined when it may. */
export function sessionProblem(
  outlook: Outlook,
  { mode, silenceMs }: { readonly mode: SessionsMode; readonly silenceMs: number },
): string | undefined {
  if (mode === 'Purge') return undefined;
  if (outlook.kind === 'never') {
    return `${outlook.clientId} lives on the subscriptions of a stored session, which no new connection ends: the change would not be in force; set strategy.sessions to Purge, or let the device subscribe when it connects`;
  }
  if (mode === 'Reconnect' || (outlook.kind !== 'within' && outlook.kind !== 'later')) return undefined;
  if (outlook.ms <= silenceMs) return undefined;
  const known = outlook.kind === 'within' ? 'its sessions last' : 'its session has lasted';
  return `${known} ${hours(outlook.ms)}, and the change is in force only when it connects anew: it would go back at its silenceDeadline of ${hours(silenceMs)}; set strategy.sessions to Reconnect, or a longer silenceDeadline`;
}

function hours(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}
