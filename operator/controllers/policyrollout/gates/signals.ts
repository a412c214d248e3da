import { isDeclared, isPattern, tellsNothing } from '../../../rollout/client-ids.ts';
import type { Contacts } from '../../../rollout/contacts.ts';
import type { KnownClient } from '../../../rollout/sessions.ts';
import type { Evidence, SignalHealth } from '../../../rollout/verdict.ts';
import type { Clock } from '../../../runtime/clock.ts';
import { evidenceOf, type Listening } from './client-evidence.ts';
import { type ClientHistory, contactsOf, newHistory, note } from './client-history.ts';

export { requestKey, USED_FOR_MS } from './client-history.ts';

/**
 * What is heard of devices, whoever says it: lifecycle events, log entries, acknowledgements. Kept in memory only: after a
 * restart evidence is gathered again, which costs time and never safety.
 */
export type Signal = {
  readonly at: number;
  readonly clientId: string;
  /** Id of the certificate, when the source tells it: what another certificate does is nothing that this asset did. */
  readonly principal?: string | undefined;
} & SignalContent;

export type SignalContent =
  | { readonly kind: 'connected'; readonly session?: string | undefined }
  /** `reason` as AWS gives it, e.g. CLIENT_INITIATED_DISCONNECT, AUTH_ERROR. */
  | { readonly kind: 'disconnected'; readonly reason: string; readonly session?: string | undefined }
  | { readonly kind: 'connectFailed'; readonly reason: string }
  /** What a list says of a client, which is contact and no proof of anything. */
  | { readonly kind: 'status'; readonly connected: boolean }
  /** A request that AWS decided: action and resource ARN as policies name them. */
  | {
      readonly kind: 'request';
      readonly action: string;
      readonly resource: string;
      readonly allowed: boolean;
      readonly sourceIp?: string | undefined;
    }
  /** A shadow or a job was acknowledged by the device. */
  | { readonly kind: 'acknowledged' }
  | { readonly kind: 'violation'; readonly behavior: string };

/** Where signals come from. */
export type SourceName = 'lifecycle' | 'logs' | 'connectivity' | 'violations';

export interface SourceReport {
  /** Everything up to this time has been heard. */
  readonly readTo: number;
  /** Nothing before this time has been heard. */
  readonly from?: number;
  /** Older than this it is stale. */
  readonly maxAgeMs: number;
  /** AWS does not give it: not configured there, or not permitted. */
  readonly unavailable?: string | undefined;
}

export interface Contact {
  /** Known to be connected now. */
  readonly connected: boolean;
  /** When it was last heard; undefined when never since start. */
  readonly lastAt: number | undefined;
}

/** Under what an asset is known to AWS. */
export interface AssetIdentity {
  readonly account: string;
  /** Declared client ids, patterns among them; see `fillClientIds`. */
  readonly clientIds: readonly string[];
  /** Ids of its certificates. Without them every certificate's signals count. */
  readonly certificates?: readonly string[];
  /** Its thing, under which Device Defender names it. */
  readonly thingName?: string;
}

export interface EvidenceQuery extends AssetIdentity {
  readonly since: number;
  /** Requests seen before this count as what the asset used. */
  readonly usedBefore: number;
  /** Action and resource of the lifeline, as `need` keys. */
  readonly lifeline: ReadonlySet<string>;
  /** Keys that are known to have been used, from before this process began to listen. */
  readonly knownUse?: ReadonlySet<string>;
  /** Whether the policies of before allowed a request in this context; undefined when that cannot be told. */
  readonly allowedBefore?: (request: ObservedRequest) => boolean | undefined;
}

export interface UsedRequest {
  readonly clientId: string;
  readonly action: string;
  readonly resource: string;
  readonly last: number;
}

export interface ObservedRequest {
  readonly clientId: string;
  readonly action: string;
  readonly resource: string;
  readonly sourceIp: string | undefined;
}

export interface SignalBook {
  record(account: string, signal: Signal): void;
  contact(asset: AssetIdentity): Contact;
  /** How long its contacts last, of the client that stays longest now; pauses of up to `gapMs` end none. */
  contacts(asset: AssetIdentity, gapMs: number): Contacts;
  evidence(query: EvidenceQuery): Evidence;
  /** What the asset was allowed lately, the most recent first. */
  used(asset: AssetIdentity, since: number): readonly UsedRequest[];
  /** Connects and refused connects since then, of which a few are counted and no more. */
  attempts(asset: AssetIdentity, since: number): { readonly now: number; readonly refused: number };
  /** The clients of the asset that were heard of, and how they connect. */
  clients(asset: AssetIdentity): readonly KnownClient[];
  /** Client ids under which these certificates were seen since then and which are not declared. */
  undeclared(asset: AssetIdentity, since: number): readonly string[];
  /** Whether some client id of the asset is known: a pattern alone names none. */
  isKnown(asset: AssetIdentity): boolean;
  /** Whether what an asset did before this time was listened to, so that what it did not do is known as well. */
  isHistoryKnown(account: string, before: number): boolean;
  /** Denied requests with these keys are kept whatever else the client does. `owner` replaces what it said before. */
  guard(account: string, owner: string, keys: ReadonlySet<string>): void;
  report(account: string, source: SourceName, report: SourceReport): void;
  /** Nobody reads this source any more. */
  forget(account: string, source: SourceName): void;
  /** What the sources of an account are worth to an asset now. */
  healths(asset: AssetIdentity): readonly SignalHealth[];
  /** How far each source of an account is behind, in milliseconds. */
  sources(): readonly {
    readonly account: string;
    readonly source: SourceName;
    readonly ageMs: number;
    readonly unavailable: string | undefined;
  }[];
  /** Hears of each signal: devices under way are looked at again. */
  onSignal(listener: (account: string, signal: Signal) => void): void;
}

/** Less than this tells nothing about what a device does. */
const LEAST_HISTORY_MS = 3_600_000;
/** Clients remembered at most; beyond it those unheard of for longest are forgotten. */
const MOST_CLIENTS = 400_000;
/** Client ids remembered for one certificate: whoever holds it can invent any number. */
const MOST_IDS = 64;
/** A clock that is set back by less is being kept right; by more, and times of before and after cannot be compared. */
const SET_BACK_MS = 5_000;

export function createSignalBook(clock: Pick<Clock, 'now'>): SignalBook {
  return new Book(clock);
}

class Book implements SignalBook {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #listeners: ((account: string, signal: Signal) => void)[] = [];
  /** By account, client id and certificate, in the order of the last signal. */
  readonly #clients = new Map<string, ClientHistory>();
  /** Certificates by account and client id; undefined among them stands for "not told". */
  readonly #principals = new Map<string, Set<string | undefined>>();
  /** Client ids by account and certificate, with the time they were last seen. */
  readonly #ids = new Map<string, Map<string, number>>();
  /** By account and owner. */
  readonly #guarded = new Map<string, Map<string, ReadonlySet<string>>>();
  readonly #sources = new Map<string, Map<SourceName, SourceReport>>();
  #latest = 0;

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  record(account: string, given: Signal): void {
    // A signal from the future is a clock that lies; it must not make an asset look alive for ever.
    const signal = { ...given, at: Math.min(given.at, this.#now()) };
    if (signal.kind !== 'connectFailed') this.#sight(account, signal);
    note(this.#clientOf(account, signal), signal, (key) => this.#isGuarded(account, key));
    for (const listener of this.#listeners) listener(account, signal);
  }

  contact(asset: AssetIdentity): Contact {
    const known = this.#of(asset);
    const lastAt = known.reduce((last, client) => Math.max(last, client.lastAt), 0);
    return { connected: known.some(({ connected }) => connected), lastAt: lastAt === 0 ? undefined : lastAt };
  }

  contacts(asset: AssetIdentity, gapMs: number): Contacts {
    const now = this.#now();
    const known = this.#of(asset).map((history) => contactsOf(history, now, gapMs));
    // Who was never in contact says nothing about how long the others stay.
    const [first = { current: undefined, past: [] }, ...others] = known;
    const rank = ({ current = -1, past }: Contacts) => [current, past.length] as const;
    return others.reduce((a, b) => {
      const [[now1, past1], [now2, past2]] = [rank(a), rank(b)];
      return now2 > now1 || (now2 === now1 && past2 > past1) ? b : a;
    }, first);
  }

  evidence(query: EvidenceQuery): Evidence {
    const histories = this.#of(query);
    return {
      ...evidenceOf(histories, query, this.#listening(query)),
      signals: this.healths(query),
    };
  }

  used(asset: AssetIdentity, since: number): readonly UsedRequest[] {
    const found = this.#of(asset).flatMap(({ clientId, used }) =>
      [...used.values()].flatMap(({ action, resource, last }) =>
        last >= since ? [{ clientId, action, resource, last }] : [],
      ),
    );
    return found.sort((a, b) => b.last - a.last);
  }

  attempts(asset: AssetIdentity, since: number): { readonly now: number; readonly refused: number } {
    const count = (times: readonly number[]) => times.filter((at) => at >= since).length;
    const known = this.#of(asset);
    return {
      now: known.reduce((sum, { attempts }) => sum + count(attempts), 0),
      refused: known.reduce((sum, { failures }) => sum + count(failures), 0),
    };
  }

  clients(asset: AssetIdentity): readonly KnownClient[] {
    const own = this.#of(asset);
    return own.map(({ clientId, connected, stateAt, lastConnect, attempts, failures, lastSubscribe }) => {
      const others = [...(this.#principals.get(`${asset.account} ${clientId}`) ?? [])]
        .map((principal) => this.#clients.get(`${asset.account} ${clientId} ${principal ?? ''}`))
        .filter((client) => client !== undefined && !own.includes(client));
      const connects = attempts.filter((at) => !failures.includes(at));
      return {
        ...{ clientId, connected, stateAt, lastSubscribe },
        connects: connects.length === 0 && lastConnect > 0 ? [lastConnect] : connects,
        foreign: others.some((client) => client?.connected === true && client.stateAt > stateAt),
      };
    });
  }

  undeclared(asset: AssetIdentity, since: number): readonly string[] {
    const found = new Set<string>();
    for (const certificate of asset.certificates ?? []) {
      for (const [id, at] of this.#ids.get(`${asset.account} ${certificate}`) ?? []) {
        if (at >= since && !isDeclared(id, asset.clientIds)) found.add(id);
      }
    }
    return [...found];
  }

  isKnown(asset: AssetIdentity): boolean {
    return asset.clientIds.some((id) => !isPattern(id)) || this.#of(asset).length > 0;
  }

  isHistoryKnown(account: string, before: number): boolean {
    const from = this.#sources.get(account)?.get('logs')?.from;
    return from === undefined || from <= before - LEAST_HISTORY_MS;
  }

  guard(account: string, owner: string, keys: ReadonlySet<string>): void {
    const owners = this.#guarded.get(account) ?? new Map<string, ReadonlySet<string>>();
    this.#guarded.set(account, owners);
    if (keys.size === 0) owners.delete(owner);
    else owners.set(owner, keys);
  }

  report(account: string, source: SourceName, report: SourceReport): void {
    const known = this.#sources.get(account) ?? new Map<SourceName, SourceReport>();
    this.#sources.set(account, known.set(source, report));
  }

  forget(account: string, source: SourceName): void {
    this.#sources.get(account)?.delete(source);
  }

  sources(): ReturnType<SignalBook['sources']> {
    const now = this.#now();
    return [...this.#sources].flatMap(([account, reports]) =>
      [...reports].map(([source, { readTo, unavailable }]) => ({
        account,
        source,
        ageMs: Math.max(0, now - readTo),
        unavailable,
      })),
    );
  }

  onSignal(listener: (account: string, signal: Signal) => void): void {
    this.#listeners.push(listener);
  }

  /**
   * The time now. Where the clock has been set back, what was heard before is forgotten as by a restart: it would count as
   * recent for as long as the clock went back, and the end of a session would be taken for older than its beginning.
   */
  #now(): number {
    const now = this.#clock.now();
    if (now < this.#latest - SET_BACK_MS) {
      for (const all of [this.#clients, this.#principals, this.#ids]) all.clear();
      for (const reports of this.#sources.values())
        for (const [source, report] of reports)
          reports.set(source, { ...report, from: now, readTo: Math.min(report.readTo, now) });
      this.#latest = now;
    }
    this.#latest = Math.max(this.#latest, now);
    return now;
  }

  /** Remembers under which client id a certificate was seen. A refused connect is no use of one: anybody may try any. */
  #sight(account: string, { at, clientId, principal }: Signal): void {
    if (principal === undefined) return;
    const key = `${account} ${principal}`;
    const ids = this.#ids.get(key) ?? new Map<string, number>();
    this.#ids.set(key, ids);
    const before = ids.get(clientId) ?? 0;
    ids.delete(clientId);
    ids.set(clientId, Math.max(at, before));
    if (ids.size <= MOST_IDS) return;
    const [oldest = ''] = ids.keys();
    ids.delete(oldest);
    this.#forget(account, oldest, principal);
  }

  #isGuarded(account: string, key: string): boolean {
    for (const keys of this.#guarded.get(account)?.values() ?? []) if (keys.has(key)) return true;
    return false;
  }

  #clientOf(account: string, { clientId, principal }: Signal): ClientHistory {
    const key = `${account} ${clientId} ${principal ?? ''}`;
    const client = this.#clients.get(key) ?? newHistory(clientId, principal);
    this.#clients.delete(key);
    this.#clients.set(key, client);
    const principals = this.#principals.get(`${account} ${clientId}`) ?? new Set();
    this.#principals.set(`${account} ${clientId}`, principals.add(principal));
    if (this.#clients.size > MOST_CLIENTS) {
      const [[place = '', oldest] = []] = this.#clients;
      if (oldest !== undefined) this.#forget(place.split(' ')[0] ?? '', oldest.clientId, oldest.principal);
    }
    return client;
  }

  #forget(account: string, clientId: string, principal: string | undefined): void {
    this.#clients.delete(`${account} ${clientId} ${principal ?? ''}`);
    const principals = this.#principals.get(`${account} ${clientId}`);
    principals?.delete(principal);
    if (principals?.size === 0) this.#principals.delete(`${account} ${clientId}`);
  }

  /** What is known of the asset: under its client ids, by its own certificates or by one that was not told. */
  #of({ account, clientIds, certificates, thingName }: AssetIdentity): readonly ClientHistory[] {
    this.#now();
    const ids = new Set(clientIds.filter((id) => !isPattern(id)));
    if (thingName !== undefined) ids.add(thingName);
    for (const certificate of certificates ?? []) {
      for (const id of this.#ids.get(`${account} ${certificate}`)?.keys() ?? []) {
        if (isDeclared(id, clientIds)) ids.add(id);
      }
    }
    const found: ClientHistory[] = [];
    for (const id of ids) {
      for (const principal of this.#principals.get(`${account} ${id}`) ?? []) {
        if (principal !== undefined && certificates?.includes(principal) === false) continue;
        const client = this.#clients.get(`${account} ${id} ${principal ?? ''}`);
        if (client !== undefined) found.push(client);
      }
    }
    return found;
  }

  #listening({ account, usedBefore }: EvidenceQuery): Listening {
    const logs = this.#sources.get(account)?.get('logs');
    const listened = logs !== undefined && logs.unavailable === undefined;
    return {
      isHistoryKnown: this.isHistoryKnown(account, usedBefore),
      denialsTo: listened ? logs.readTo : Number.POSITIVE_INFINITY,
    };
  }

  healths({ account, clientIds }: AssetIdentity): readonly SignalHealth[] {
    const now = this.#now();
    const silent = clientIds.length > 0 && clientIds.every(tellsNothing);
    return [...(this.#sources.get(account) ?? [])].map(([name, { readTo, maxAgeMs, unavailable }]) => {
      const notForIt = silent && (name === 'lifecycle' || name === 'connectivity');
      if (unavailable !== undefined) return { name, health: 'unavailable', why: unavailable };
      if (notForIt) return { name, health: 'unavailable', why: 'not told of client ids with # or +' };
      return { name, health: now - readTo > maxAgeMs ? 'stale' : 'fresh' };
    });
  }
}
