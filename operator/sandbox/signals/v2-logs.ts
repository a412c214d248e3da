import type { Clock } from '../../runtime/clock.ts';
import { uuid } from '../state/ids.ts';
import type { Scope, Slice } from '../state/scope.ts';
import { SETTINGS, type Settings } from '../state/settings.ts';

export type LogLevel = 'DEBUG' | 'INFO' | 'WARN' | 'ERROR';

/** What one log entry is about; the resource-specific levels are chosen by it. */
export interface LogSubject {
  readonly clientId?: string | undefined;
  readonly principalId?: string | undefined;
  readonly sourceIp?: string | undefined;
  /** Static groups of the thing, for levels set by THING_GROUP. */
  readonly groups?: readonly string[];
}

export interface StoredLog {
  readonly sequence: number;
  readonly at: number;
  readonly stream: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

const RANK: Readonly<Record<string, number>> = { DEBUG: 0, INFO: 1, WARN: 2, ERROR: 3, DISABLED: 4 };

/** Entries kept; the oldest are dropped beyond it. */
const MAX_ENTRIES = 100_000;

/** The log group AWSIotLogsV2 of one account and region. */
export class V2Logs {
  #entries: StoredLog[] = [];
  #sequence = 0;
  #dropped = 0;

  append(at: number, stream: string, fields: Readonly<Record<string, unknown>>): void {
    this.#entries.push({ sequence: this.#sequence++, at, stream, fields });
    if (this.#entries.length <= MAX_ENTRIES * 1.25) return;
    this.#dropped += this.#entries.length - MAX_ENTRIES;
    this.#entries = this.#entries.slice(-MAX_ENTRIES);
  }

  /** Entries from a sequence number on, oldest first. */
  from(sequence: number): readonly StoredLog[] {
    const first = this.#entries[0]?.sequence ?? 0;
    return sequence <= first ? this.#entries : this.#entries.slice(sequence - first);
  }

  /** Entries that no longer are there. */
  get dropped(): number {
    return this.#dropped;
  }
}

/** Logs are not part of a snapshot. */
export const V2_LOGS: Slice<V2Logs> = {
  name: 'v2-logs',
  create: () => new V2Logs(),
  save: () => null,
  load: () => {},
};

/**
 * The level from which on an event is written (configure-logging): a level of the resource beats that of the event type,
 * which beats the account's. Without V2 logging nothing is written.
 */
export function levelOf(settings: Settings, eventType: string, subject: LogSubject): string {
  const { logging } = settings;
  if (!logging || logging.disableAllLogs) return 'DISABLED';
  const targets = [
    ...(subject.clientId === undefined ? [] : [`CLIENT_ID:${subject.clientId}`]),
    ...(subject.principalId === undefined ? [] : [`PRINCIPAL_ID:${subject.principalId}`]),
    ...(subject.sourceIp === undefined ? [] : [`SOURCE_IP:${subject.sourceIp}`]),
    ...(subject.groups ?? []).map((group) => `THING_GROUP:${group}`),
  ];
  for (const target of targets) {
    const level = settings.logLevels.get(target);
    if (level !== undefined) return level;
  }
  return eventLevel(logging.eventConfigurations, eventType) ?? logging.defaultLogLevel ?? 'DISABLED';
}

function eventLevel(configurations: readonly unknown[] | undefined, eventType: string): string | undefined {
  for (const entry of configurations ?? []) {
    if (typeof entry !== 'object' || entry === null) continue;
    const { eventType: type, logLevel } = entry as { eventType?: unknown; logLevel?: unknown };
    if (type === eventType && typeof logLevel === 'string') return logLevel;
  }
  return undefined;
}

export function isLogged(threshold: string, level: LogLevel): boolean {
  return (RANK[level] ?? 0) >= (RANK[threshold] ?? 4);
}

/** `YYYY-MM-DD HH:MM:SS.mmm` in UTC, as the entries carry it. */
export function logTime(at: number): string {
  return new Date(at).toISOString().replace('T', ' ').replace('Z', '');
}

/** Who or what an entry is about; all of it is written to the entry. */
export interface LogParties {
  readonly clientId?: string | undefined;
  /** Certificate id, or the id of an IAM caller. */
  readonly principalId?: string | undefined;
  readonly thingName?: string | undefined;
  readonly sourceIp?: string | undefined;
  readonly sourcePort?: number | undefined;
}

export interface LogEntry {
  readonly level: LogLevel;
  readonly eventType: string;
  readonly ok: boolean;
  readonly protocol?: 'MQTT' | 'HTTP';
  readonly who: LogParties;
  readonly fields: Readonly<Record<string, unknown>>;
}

interface Place {
  readonly scope: Scope;
  readonly world: { readonly clock: Clock; readonly random: () => number };
  /** Static groups of a thing, for levels set by THING_GROUP. */
  readonly groups: (thing: string) => readonly string[];
}

/** Writes an entry when the account's levels ask for it (cwl-format). */
export function writeLog(
  { scope, world, groups }: Place,
  { level, eventType, ok, protocol, who, fields }: LogEntry,
): void {
  const settings = scope.slice(SETTINGS);
  // Asked for each message: without V2 logging nothing more is computed.
  if (!settings.logging) return;
  const { clientId, principalId, thingName, sourceIp } = who;
  const isGrouped = thingName !== undefined && settings.logLevels.size > 0;
  const subject = { clientId, principalId, sourceIp, ...(isGrouped && { groups: groups(thingName) }) };
  if (!isLogged(levelOf(settings, eventType, subject), level)) return;
  const at = world.clock.now();
  const given = Object.fromEntries(Object.entries(who).filter(([, value]) => value !== undefined));
  scope.slice(V2_LOGS).append(at, clientId ?? principalId ?? 'broker', {
    timestamp: logTime(at),
    logLevel: level,
    traceId: uuid(world.random),
    accountId: scope.accountId,
    status: ok ? 'Success' : 'Failure',
    eventType,
    ...(protocol && { protocol }),
    ...given,
    ...fields,
  });
}
