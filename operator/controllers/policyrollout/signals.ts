import type { DeniedRequest, Evidence } from '../../rollout/verdict.ts';
import type { Clock } from '../../runtime/clock.ts';

/**
 * What is heard of devices, whoever says it: lifecycle events, log entries, acknowledgements. Kept in memory only: after a
 * restart evidence is gathered again, which costs time and never safety.
 */
export type Signal = { readonly at: number; readonly clientId: string } & SignalContent;

export type SignalContent =
  | { readonly kind: 'connected' }
  /** `reason` as AWS gives it, e.g. CLIENT_INITIATED_DISCONNECT, AUTH_ERROR. */
  | { readonly kind: 'disconnected'; readonly reason: string }
  | { readonly kind: 'connectFailed'; readonly reason: string }
  /** A request that AWS decided: action and resource ARN as policies name them. */
  | {
      readonly kind: 'request';
      readonly action: string;
      readonly resource: string;
      readonly allowed: boolean;
    }
  /** A shadow or a job was acknowledged by the device. */
  | { readonly kind: 'acknowledged' }
  | { readonly kind: 'violation'; readonly behavior: string };

export interface Contact {
  /** Known to be connected now. */
  readonly connected: boolean;
  /** When it was last heard; undefined when never since start. */
  readonly lastAt: number | undefined;
}

export interface EvidenceQuery {
  readonly account: string;
  readonly clientIds: readonly string[];
  readonly since: number;
  /** Requests seen before this count as what the asset used. */
  readonly usedBefore: number;
  /** Action and resource of the lifeline, as `need` keys. */
  readonly lifeline: ReadonlySet<string>;
}

export interface SignalBook {
  record(account: string, signal: Signal): void;
  contact(account: string, clientIds: readonly string[]): Contact;
  evidence(query: EvidenceQuery): Evidence;
  /** Hears of each signal: devices under way are looked at again. */
  onSignal(listener: (account: string, signal: Signal) => void): void;
}

/** How `EvidenceQuery.lifeline` and used requests are keyed. */
export function requestKey(action: string, resource: string): string {
  return `${action.toLowerCase()} ${resource}`;
}

interface Client {
  connected: boolean;
  lastAt: number;
  /** Newest last; bounded. */
  recent: Signal[];
  /** First time each allowed request was seen; bounded. */
  readonly used: Map<string, number>;
}

const RECENT = 64;
const USED = 64;
/** Reasons of a disconnect that say that a right was missing. */
const REFUSED = new Set(['AUTH_ERROR', 'FORBIDDEN_ACCESS']);

export function createSignalBook(clock: Pick<Clock, 'now'>): SignalBook {
  const clients = new Map<string, Client>();
  const listeners: ((account: string, signal: Signal) => void)[] = [];
  const of = (account: string, ids: readonly string[]): readonly Client[] =>
    ids.flatMap((id) => clients.get(`${account} ${id}`) ?? []);

  return {
    record(account, signal) {
      const key = `${account} ${signal.clientId}`;
      const client = clients.get(key) ?? { connected: false, lastAt: 0, recent: [], used: new Map() };
      clients.set(key, client);
      // A signal from the future is a clock that lies; it must not make an asset look alive for ever.
      const at = Math.min(signal.at, clock.now());
      note(client, { ...signal, at });
      for (const listener of listeners) listener(account, signal);
    },
    contact(account, clientIds) {
      const known = of(account, clientIds);
      const lastAt = known.reduce((last, client) => Math.max(last, client.lastAt), 0);
      return { connected: known.some(({ connected }) => connected), lastAt: lastAt === 0 ? undefined : lastAt };
    },
    evidence(query) {
      return evidenceOf(of(query.account, query.clientIds), query);
    },
    onSignal(listener) {
      listeners.push(listener);
    },
  };
}

function note(client: Client, signal: Signal): void {
  switch (signal.kind) {
    case 'connected':
      client.connected = true;
      break;
    case 'disconnected':
      client.connected = false;
      break;
    case 'request':
      if (signal.allowed && client.used.size < USED) {
        const key = requestKey(signal.action, signal.resource);
        if (!client.used.has(key)) client.used.set(key, signal.at);
      }
      break;
    default:
      break;
  }
  const alive = signal.kind !== 'disconnected' && signal.kind !== 'connectFailed' && signal.kind !== 'violation';
  if (alive && (signal.kind !== 'request' || signal.allowed)) client.lastAt = Math.max(client.lastAt, signal.at);
  client.recent.push(signal);
  if (client.recent.length > RECENT) client.recent.shift();
}

function evidenceOf(clients: readonly Client[], query: EvidenceQuery): Evidence {
  const signals = clients.flatMap(({ recent }) => recent.filter(({ at }) => at >= query.since));
  const used = (key: string) => clients.some((client) => (client.used.get(key) ?? Infinity) < query.usedBefore);
  const denied: DeniedRequest[] = [];
  let [newConnects, allowedPublishes, freshSubscribes, deliveries, acknowledgements, connectFailures] = [
    0, 0, 0, 0, 0, 0,
  ];
  const newViolations: string[] = [];
  for (const signal of signals) {
    if (signal.kind === 'connected') newConnects += 1;
    else if (signal.kind === 'acknowledged') acknowledgements += 1;
    else if (signal.kind === 'violation') newViolations.push(signal.behavior);
    else if (signal.kind === 'connectFailed') connectFailures += 1;
    else if (signal.kind === 'disconnected') connectFailures += REFUSED.has(signal.reason) ? 1 : 0;
    else if (!signal.allowed) {
      const key = requestKey(signal.action, signal.resource);
      const need = query.lifeline.has(key) ? 'lifeline' : used(key) ? 'used' : 'other';
      denied.push({ action: signal.action, resource: signal.resource, need });
    } else if (/publish$/i.test(signal.action)) allowedPublishes += 1;
    else if (/subscribe$/i.test(signal.action)) freshSubscribes += 1;
    else if (/receive$/i.test(signal.action)) deliveries += 1;
    else if (/connect$/i.test(signal.action)) newConnects += 1;
  }
  return {
    denied,
    newConnects,
    allowedPublishes,
    acknowledgements,
    freshSubscribes,
    deliveries,
    lostSubscriptions: [],
    connectFailures,
    newViolations,
    checks: [],
    signals: [],
  };
}
