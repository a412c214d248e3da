import type { Contacts } from '../../../rollout/contacts.ts';
import type { Signal } from './signals.ts';

/** When a request was seen allowed, first and last. */
interface Use {
  readonly action: string;
  readonly resource: string;
  readonly first: number;
  readonly last: number;
}

/** A request that AWS denied, as often as it was heard of. */
export interface Denial {
  readonly action: string;
  readonly resource: string;
  readonly sourceIp: string | undefined;
  lastAt: number;
  count: number;
}

/**
 * What is remembered of one client id under one certificate: the last time of each kind of good news, and every kind of
 * bad news. Bounded whatever the client does, and good news never pushes bad news out.
 */
export interface ClientHistory {
  readonly clientId: string;
  readonly principal: string | undefined;
  connected: boolean;
  /** When `connected` last changed; older news about it is out of date. */
  stateAt: number;
  session: string | undefined;
  lastAt: number;
  lastConnect: number;
  lastPublish: number;
  lastSubscribe: number;
  lastDelivery: number;
  lastAcknowledged: number;
  /** Stretches of time in which it was heard of again and again, or was connected; oldest first. */
  contacts: { from: number; to: number }[];
  /** Times of the latest connects and refused connects, oldest first. */
  attempts: number[];
  failures: number[];
  /** Sessions that AWS ended because a right was missing: a refused publish or subscribe of MQTT 3.1.1 among them. */
  refusedEnds: number[];
  readonly used: Map<string, Use>;
  readonly denied: Map<string, Denial>;
  /** Denied requests beyond those that are kept. */
  deniedMore: number;
  readonly violations: Map<string, number>;
}

/** How long a request counts as one that the device uses. */
export const USED_FOR_MS = 14 * 24 * 3_600_000;
/** Latest connect attempts and failures kept; a count that reaches it means "at least". */
export const KEPT_ATTEMPTS = 16;
const KEPT_USED = 48;
const KEPT_DENIED = 32;
/** More than lifeline and used requests can be together. */
const MOST_DENIED = 512;
const KEPT_VIOLATIONS = 8;
/** Reasons of a disconnect that say that a right was missing. */
const REFUSED = new Set(['AUTH_ERROR', 'FORBIDDEN_ACCESS']);

/** How requests are keyed, in lifelines and in what was used. */
export function requestKey(action: string, resource: string): string {
  return `${action.toLowerCase()} ${resource}`;
}

export function newHistory(clientId: string, principal: string | undefined): ClientHistory {
  return {
    clientId,
    principal,
    connected: false,
    stateAt: 0,
    session: undefined,
    lastAt: 0,
    lastConnect: 0,
    lastPublish: 0,
    lastSubscribe: 0,
    lastDelivery: 0,
    lastAcknowledged: 0,
    contacts: [],
    attempts: [],
    failures: [],
    refusedEnds: [],
    used: new Map(),
    denied: new Map(),
    deniedMore: 0,
    violations: new Map(),
  };
}

/** Events come twice and in any order: what is older than what is known changes nothing that is newer. */
export function note(history: ClientHistory, signal: Signal, isGuarded: (key: string) => boolean): void {
  const { at } = signal;
  const wasConnected = history.connected;
  switch (signal.kind) {
    case 'connected':
      if (at >= history.stateAt) setState(history, true, signal);
      history.lastConnect = Math.max(history.lastConnect, at);
      remember(history.attempts, at);
      break;
    case 'disconnected':
      // The end of a session that another has replaced says nothing about the client.
      if (at >= history.stateAt && !otherSession(history, signal.session)) {
        if (history.connected) inContact(history, at);
        setState(history, false, signal);
      }
      if (REFUSED.has(signal.reason)) remember(history.refusedEnds, at);
      return;
    case 'connectFailed':
      remember(history.attempts, at);
      remember(history.failures, at);
      return;
    case 'status':
      if (at >= history.stateAt) setState(history, signal.connected, { at, session: undefined });
      if (!signal.connected) return;
      break;
    case 'request':
      if (!signal.allowed) {
        deny(history, signal, isGuarded);
        return;
      }
      use(history, signal);
      break;
    case 'acknowledged':
      history.lastAcknowledged = Math.max(history.lastAcknowledged, at);
      break;
    case 'violation':
      if (history.violations.size < KEPT_VIOLATIONS || history.violations.has(signal.behavior))
        history.violations.set(signal.behavior, Math.max(at, history.violations.get(signal.behavior) ?? 0));
      return;
    default:
      signal satisfies never;
  }
  history.lastAt = Math.max(history.lastAt, at);
  inContact(history, at, wasConnected);
}

/** Who was connected was in contact all along; who was not is another contact after this time. */
const CONTACT_GAP_MS = 5 * 60_000;
const KEPT_CONTACTS = 24;

function inContact({ contacts }: ClientHistory, at: number, wasConnected = true): void {
  const last = contacts.at(-1);
  if (last !== undefined && at < last.from) return;
  if (last !== undefined && (wasConnected || at - last.to <= CONTACT_GAP_MS)) {
    last.to = Math.max(last.to, at);
    return;
  }
  contacts.push({ from: at, to: at });
  if (contacts.length > KEPT_CONTACTS) contacts.shift();
}

/** The contact that goes on, and how long those before it were; what is apart by no more than `gapMs` is one. */
export function contactsOf({ contacts, connected }: ClientHistory, now: number, gapMs: number): Contacts {
  const merged: { from: number; to: number }[] = [];
  for (const { from, to } of contacts) {
    const last = merged.at(-1);
    if (last !== undefined && from - last.to <= gapMs) last.to = Math.max(last.to, to);
    else merged.push({ from, to });
  }
  const last = merged.at(-1);
  const goesOn = last !== undefined && (connected || now - last.to <= gapMs);
  const past = (goesOn ? merged.slice(0, -1) : merged).map(({ from, to }) => to - from);
  return { current: goesOn ? (connected ? now : last.to) - last.from : undefined, past };
}

function setState(
  history: ClientHistory,
  connected: boolean,
  { at, session }: { at: number; session?: string | undefined },
): void {
  history.connected = connected;
  history.stateAt = at;
  if (connected) history.session = session;
}

function otherSession({ session }: ClientHistory, ended: string | undefined): boolean {
  return session !== undefined && ended !== undefined && session !== ended;
}

/** The same event twice is one. */
function remember(times: number[], at: number): void {
  if (times.includes(at)) return;
  times.push(at);
  if (times.length > 1 && (times.at(-2) ?? 0) > at) times.sort((a, b) => a - b);
  if (times.length > KEPT_ATTEMPTS) times.shift();
}

function use(history: ClientHistory, { action, resource, at }: Extract<Signal, { kind: 'request' }>): void {
  if (/publish$/i.test(action)) history.lastPublish = Math.max(history.lastPublish, at);
  else if (/subscribe$/i.test(action)) history.lastSubscribe = Math.max(history.lastSubscribe, at);
  else if (/receive$/i.test(action)) history.lastDelivery = Math.max(history.lastDelivery, at);
  else if (/connect$/i.test(action)) history.lastConnect = Math.max(history.lastConnect, at);
  const key = requestKey(action, resource);
  const known = history.used.get(key);
  if (known !== undefined) {
    history.used.set(key, { ...known, first: Math.min(known.first, at), last: Math.max(known.last, at) });
    return;
  }
  if (history.used.size >= KEPT_USED) history.used.delete(oldestUse(history.used));
  history.used.set(key, { action, resource, first: at, last: at });
}

function oldestUse(used: ReadonlyMap<string, Use>): string {
  let [oldest, at] = ['', Number.POSITIVE_INFINITY];
  for (const [key, { last }] of used) if (last < at) [oldest, at] = [key, last];
  return oldest;
}

/** What weighs is always kept; of all else so much that a flood cannot hide it. */
function deny(
  history: ClientHistory,
  { action, resource, sourceIp, at }: Extract<Signal, { kind: 'request' }>,
  isGuarded: (key: string) => boolean,
): void {
  const key = requestKey(action, resource);
  const known = history.denied.get(key);
  if (known !== undefined) {
    known.lastAt = Math.max(known.lastAt, at);
    known.count += 1;
    return;
  }
  const weighs = isGuarded(key) || history.used.has(key);
  if (history.denied.size >= (weighs ? MOST_DENIED : KEPT_DENIED)) {
    history.deniedMore += 1;
    return;
  }
  history.denied.set(key, { action, resource, sourceIp, lastAt: at, count: 1 });
}
