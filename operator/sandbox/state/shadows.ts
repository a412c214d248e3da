import { AwsError } from '../errors.ts';
import type { Slice } from './scope.ts';

type Json = Readonly<Record<string, unknown>>;

export interface Shadow {
  desired: Json | undefined;
  reported: Json | undefined;
  desiredMetadata: Json;
  reportedMetadata: Json;
  version: number;
}

/** What an update produced: the answer, and what the broker publishes beside it. */
export interface ShadowUpdate {
  readonly accepted: Json;
  readonly delta: Json | undefined;
  readonly documents: { readonly previous: Json | undefined; readonly current: Json; readonly timestamp: number };
}

const MAX_BYTES = 8192;
const MAX_DEPTH = 8;
const KEY_SEPARATOR = '\u0000';

const error = (name: string, message: string, status: number) => new AwsError(name, message, {}, status);

/** Device shadows of one account and region; the classic shadow has the empty name. */
export class Shadows {
  readonly #shadows = new Map<string, Shadow>();
  /** Versions go on counting after a deletion, so that late messages of the old shadow stay recognisable. */
  readonly #lastVersion = new Map<string, number>();
  readonly #namesByThing = new Map<string, Set<string>>();

  get(thing: string, name: string): Shadow | undefined {
    return this.#shadows.get(keyOf(thing, name));
  }

  /** Named shadows of a thing, sorted; the classic one is not among them. */
  names(thing: string): string[] {
    return [...(this.#namesByThing.get(thing) ?? [])].filter((name) => name !== '').sort();
  }

  /** Throws AWS's error (status 400, 409 or 413) for a document that the shadow service refuses. */
  update(thing: string, name: string, document: unknown, now: number): ShadowUpdate {
    const { state, version: expected, clientToken } = readUpdate(document);
    const key = keyOf(thing, name);
    const known = this.#shadows.get(key);
    const current = known?.version ?? this.#lastVersion.get(key) ?? 0;
    if (expected !== undefined && expected !== current) throw error('ConflictException', 'Version conflict', 409);
    const timestamp = Math.floor(now / 1000);
    const next = merged(known, state, current + 1, timestamp);
    if (Buffer.byteLength(JSON.stringify([next.desired, next.reported])) > MAX_BYTES) {
      throw error('RequestEntityTooLargeException', 'The payload exceeds the maximum size allowed', 413);
    }
    this.set(thing, name, next);
    const token = clientToken === undefined ? {} : { clientToken };
    const metadata = { desired: next.desiredMetadata, reported: next.reportedMetadata };
    const difference = deltaOf(next);
    return {
      accepted: { state, metadata: pick(metadata, Object.keys(state)), version: next.version, timestamp, ...token },
      delta: difference && { version: next.version, timestamp, state: difference, ...token },
      documents: { previous: known && describe(known), current: describe(next), timestamp },
    };
  }

  delete(thing: string, name: string, now: number): Json {
    const key = keyOf(thing, name);
    const known = this.#shadows.get(key);
    if (!known) throw error('ResourceNotFoundException', `No shadow exists with name: '${name || thing}'`, 404);
    this.#shadows.delete(key);
    this.#lastVersion.set(key, known.version);
    this.#namesByThing.get(thing)?.delete(name);
    return { version: known.version, timestamp: Math.floor(now / 1000) };
  }

  set(thing: string, name: string, shadow: Shadow): void {
    this.#shadows.set(keyOf(thing, name), shadow);
    const names = this.#namesByThing.get(thing) ?? new Set<string>();
    names.add(name);
    this.#namesByThing.set(thing, names);
  }

  *entries(): Generator<[string, string, Shadow]> {
    for (const [key, shadow] of this.#shadows) yield [...read(key), shadow];
  }

  /** Last versions of shadows that were deleted. */
  *deleted(): Generator<[string, string, number]> {
    for (const [key, version] of this.#lastVersion) if (!this.#shadows.has(key)) yield [...read(key), version];
  }

  setDeleted(thing: string, name: string, version: number): void {
    this.#lastVersion.set(keyOf(thing, name), version);
  }
}

const keyOf = (thing: string, name: string) => `${thing}${KEY_SEPARATOR}${name}`;

function read(key: string): [string, string] {
  const [thing = '', name = ''] = key.split(KEY_SEPARATOR);
  return [thing, name];
}

/** The document that GetThingShadow answers. */
export function shadowDocument(shadow: Shadow, now: number): Json {
  return { ...describe(shadow), timestamp: Math.floor(now / 1000) };
}

function describe(shadow: Shadow): Json {
  const { desired, reported } = shadow;
  const delta = deltaOf(shadow);
  const metadata = { desired: shadow.desiredMetadata, reported: shadow.reportedMetadata };
  const present = [...(desired ? ['desired'] : []), ...(reported ? ['reported'] : [])];
  return {
    state: { ...(desired && { desired }), ...(reported && { reported }), ...(delta && { delta }) },
    metadata: pick(metadata, present),
    version: shadow.version,
  };
}

function pick(record: Json, keys: readonly string[]): Json {
  return Object.fromEntries(keys.filter((key) => Object.hasOwn(record, key)).map((key) => [key, record[key]]));
}

function readUpdate(document: unknown): { state: Json; version: number | undefined; clientToken: unknown } {
  if (!isRecord(document) || !isRecord(document.state)) {
    throw error('InvalidRequestException', 'Missing required node: state', 400);
  }
  for (const section of ['desired', 'reported']) {
    const value = document.state[section];
    if (value !== undefined && value !== null && !isRecord(value)) {
      throw error('InvalidRequestException', `State contains an invalid node: '${section}'`, 400);
    }
  }
  if (depth(document.state) > MAX_DEPTH) {
    throw error('InvalidRequestException', 'JSON contains too many levels of nesting; maximum is 6', 400);
  }
  const { version, clientToken } = document;
  if (version !== undefined && typeof version !== 'number') {
    throw error('InvalidRequestException', 'Invalid version', 400);
  }
  return { state: document.state, version, clientToken };
}

function merged(known: Shadow | undefined, state: Json, version: number, timestamp: number): Shadow {
  const side = (section: 'desired' | 'reported') => {
    const metadata = known?.[`${section}Metadata`] ?? {};
    const given = state[section];
    if (given === null) return { value: undefined, metadata: {} };
    if (given === undefined) return { value: known?.[section], metadata };
    return { value: merge(known?.[section] ?? {}, given as Json), metadata: stamp(metadata, given as Json, timestamp) };
  };
  const desired = side('desired');
  const reported = side('reported');
  return {
    desired: desired.value,
    reported: reported.value,
    desiredMetadata: desired.metadata,
    reportedMetadata: reported.metadata,
    version,
  };
}

/** null removes a member; objects merge, everything else replaces. */
function merge(base: Json, given: Json): Json {
  const out: Record<string, unknown> = Object.assign(Object.create(null), base);
  for (const [key, value] of Object.entries(given)) {
    const before = out[key];
    if (value === null) delete out[key];
    else if (isRecord(value)) out[key] = merge(isRecord(before) ? before : {}, value);
    else out[key] = value;
  }
  return out;
}

function stamp(base: Json, given: Json, timestamp: number): Json {
  const out: Record<string, unknown> = Object.assign(Object.create(null), base);
  for (const [key, value] of Object.entries(given)) {
    const before = out[key];
    if (value === null) delete out[key];
    else if (isRecord(value)) out[key] = stamp(isRecord(before) ? before : {}, value, timestamp);
    else out[key] = { timestamp };
  }
  return out;
}

/** What is desired and not reported so; undefined when nothing is. */
export function deltaOf(shadow: Pick<Shadow, 'desired' | 'reported'>): Json | undefined {
  const difference = (desired: Json, reported: Json): Json => {
    const out: Record<string, unknown> = Object.create(null);
    for (const [key, value] of Object.entries(desired)) {
      const other = reported[key];
      if (isRecord(value) && isRecord(other)) {
        const inner = difference(value, other);
        if (Object.keys(inner).length > 0) out[key] = inner;
      } else if (JSON.stringify(value) !== JSON.stringify(other)) out[key] = value;
    }
    return out;
  };
  const delta = difference(shadow.desired ?? {}, shadow.reported ?? {});
  return Object.keys(delta).length > 0 ? delta : undefined;
}

function depth(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  let deepest = 0;
  for (const inner of Object.values(value)) deepest = Math.max(deepest, depth(inner));
  return deepest + 1;
}

function isRecord(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export const SHADOWS: Slice<Shadows> = {
  name: 'shadows',
  create: () => new Shadows(),
  save: (shadows) => [...shadows.entries(), ...shadows.deleted()],
  load(shadows, saved) {
    for (const [thing, name, shadow] of saved as [string, string, Shadow | number][]) {
      if (typeof shadow === 'number') shadows.setDeleted(thing, name, shadow);
      else shadows.set(thing, name, { ...shadow, desired: shadow.desired, reported: shadow.reported });
    }
  },
};
