import { createHash } from 'node:crypto';

/**
 * The evidence log of one rollout: who, what commit, which checks, which witness, which calls. Each entry carries the hash
 * of the one before, so that nobody can change, drop or insert one without the hashes after it, and the head in the
 * rollout's status, telling. `seq` counts from 1.
 */
export interface EvidenceEntry {
  /** Marks the line among others of a log. */
  readonly evidence: 'fleetward.dev/v1';
  /** `<namespace>/<name>` of the PolicyRollout, and its uid. */
  readonly rollout: string;
  readonly uid: string;
  readonly seq: number;
  /** RFC 3339 in UTC, with milliseconds. */
  readonly at: string;
  /** What it is about, for example `verb`, `call` or `verdict`. */
  readonly kind: string;
  readonly data: Readonly<Record<string, unknown>>;
  /** Hash of the entry before; of the uid for the first one. */
  readonly prev: string;
  /** SHA-256, in hexadecimal, of everything above in canonical form. */
  readonly hash: string;
}

/** How far the log of a rollout has come: what its status keeps. */
export interface EvidenceHead {
  readonly entries: number;
  readonly head: string;
}

export function genesis(uid: string): EvidenceHead {
  return { entries: 0, head: sha256(`fleetward.dev/v1 ${uid}`) };
}

export function nextEntry(
  from: EvidenceHead,
  content: Pick<EvidenceEntry, 'rollout' | 'uid' | 'at' | 'kind' | 'data'>,
): EvidenceEntry {
  const entry = { evidence: 'fleetward.dev/v1' as const, ...content, seq: from.entries + 1, prev: from.head };
  return { ...entry, hash: hashOf(entry) };
}

export function hashOf(entry: Omit<EvidenceEntry, 'hash'>): string {
  const { evidence, rollout, uid, seq, at, kind, data, prev } = entry;
  return sha256(canonical({ evidence, rollout, uid, seq, at, kind, data, prev }));
}

/** Keys in order at every depth: the same content has the same text, whoever wrote it. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`).join(',')}}`;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** The entry in a line, or undefined for any other line: logs of other parts, or half a line after a crash. */
export function parseEntry(line: string): EvidenceEntry | undefined {
  // Container runtimes put a time in front of each line.
  const start = line.indexOf('{"evidence":"fleetward.dev/v1"');
  if (start < 0) return undefined;
  try {
    const entry = JSON.parse(line.slice(start)) as EvidenceEntry;
    const texts = [entry.rollout, entry.uid, entry.at, entry.kind, entry.prev, entry.hash];
    const whole = texts.every((text) => typeof text === 'string') && Number.isSafeInteger(entry.seq);
    return whole && typeof entry.data === 'object' && entry.data !== null ? entry : undefined;
  } catch {
    return undefined;
  }
}
