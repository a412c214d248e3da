import { parse } from 'yaml';

/** One entry of a behaviour file: what the things whose name fits do. Times are milliseconds from the start. */
export interface Behaviour {
  /** Thing names with `*`. */
  readonly things: string;
  readonly clientId: string;
  readonly connectAt: number;
  /** Things start one after the other, each this much later than the one before. */
  readonly stagger: number;
  readonly cleanSession: boolean;
  readonly keepAliveSeconds: number;
  readonly will: { readonly topic: string; readonly payload: string } | undefined;
  readonly subscribe: readonly string[];
  readonly publish: readonly Publication[];
  /** `report`: answers a delta by reporting what is desired. */
  readonly shadow: 'report' | 'ignore';
  /** What becomes of each job that the device is told of. */
  readonly jobs: 'succeed' | 'fail' | 'reject' | 'ignore';
  readonly offline: readonly { readonly at: number; readonly for: number }[];
}

export interface Publication {
  readonly topic: string;
  readonly payload: string;
  readonly qos: 0 | 1;
  readonly retain: boolean;
  readonly at: number;
  /** Again and again after this time; undefined for once. */
  readonly every: number | undefined;
}

/** A problem in a behaviour file, for a person: where and what. */
export class BehaviourError extends Error {}

/** Reads a behaviour file; docs/sandbox-devices.md describes it. */
export function parseBehaviours(text: string): Behaviour[] {
  let root: unknown;
  try {
    root = parse(text);
  } catch (error) {
    throw new BehaviourError(`not YAML: ${error instanceof Error ? error.message : 'unreadable'}`);
  }
  const fields = new Fields(root, '');
  const devices = fields.list('devices', (entry) => behaviour(entry));
  fields.finish();
  if (devices.length === 0) throw new BehaviourError('devices: at least one entry is needed');
  return devices;
}

function behaviour(fields: Fields): Behaviour {
  const read: Behaviour = {
    things: fields.text('things'),
    clientId: fields.text('clientId', '{thing}'),
    connectAt: fields.duration('connectAt', 0),
    stagger: fields.duration('stagger', 0),
    cleanSession: fields.flag('cleanSession', true),
    keepAliveSeconds: fields.duration('keepAlive', 60_000) / 1000,
    will: fields.one('will', (will) => ({ topic: will.text('topic'), payload: will.payload() })),
    subscribe: fields.texts('subscribe'),
    publish: fields.list('publish', publication),
    shadow: fields.choice('shadow', ['report', 'ignore'], 'ignore'),
    jobs: fields.choice('jobs', ['succeed', 'fail', 'reject', 'ignore'], 'ignore'),
    offline: fields.list('offline', (entry) => ({ at: entry.duration('at'), for: entry.duration('for') })),
  };
  return read;
}

function publication(fields: Fields): Publication {
  return {
    topic: fields.text('topic'),
    payload: fields.payload(),
    qos: fields.choice('qos', ['0', '1'], '1') === '0' ? 0 : 1,
    retain: fields.flag('retain', false),
    at: fields.duration('at', 0),
    every: fields.has('every') ? fields.duration('every') : undefined,
  };
}

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** Reads a mapping field by field and knows which it was not asked for. */
class Fields {
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #where: string;
  readonly #known = new Set<string>();

  constructor(value: unknown, where: string) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new BehaviourError(`${where || 'the file'}: a mapping is needed`);
    }
    this.#values = value as Readonly<Record<string, unknown>>;
    this.#where = where;
  }

  has(name: string): boolean {
    this.#known.add(name);
    return Object.hasOwn(this.#values, name);
  }

  text(name: string, fallback?: string): string {
    const value = this.#get(name, fallback);
    if (typeof value !== 'string' || value === '') throw this.#bad(name, 'a text is needed');
    return value;
  }

  texts(name: string): string[] {
    const value = this.#get(name, []);
    const all = Array.isArray(value) ? value : [value];
    if (!all.every((v): v is string => typeof v === 'string')) throw this.#bad(name, 'a list of texts is needed');
    return all;
  }

  flag(name: string, fallback: boolean): boolean {
    const value = this.#get(name, fallback);
    if (typeof value !== 'boolean') throw this.#bad(name, 'true or false is needed');
    return value;
  }

  choice<const T extends string>(name: string, choices: readonly T[], fallback: T): T {
    const value = String(this.#get(name, fallback));
    const found = choices.find((c) => c === value);
    if (found === undefined) throw this.#bad(name, `one of ${choices.join(', ')} is needed, not ${value}`);
    return found;
  }

  duration(name: string, fallback?: number): number {
    const value = this.#get(name, fallback === undefined ? undefined : `${fallback}ms`);
    const match = typeof value === 'string' ? /^(\d+(?:\.\d+)?)(ms|s|m|h|d|w)$/.exec(value) : null;
    if (!match) throw this.#bad(name, 'a duration such as 30s, 10m, 1h or 7d is needed');
    return Number(match[1]) * (UNITS[match[2] ?? ''] ?? 0);
  }

  /** A text as it is, anything else as JSON. */
  payload(): string {
    const value = this.#get('payload', '');
    return typeof value === 'string' ? value : JSON.stringify(value);
  }

  one<T>(name: string, read: (fields: Fields) => T): T | undefined {
    if (!this.has(name)) return undefined;
    const fields = new Fields(this.#values[name], this.#path(name));
    const result = read(fields);
    fields.finish();
    return result;
  }

  list<T>(name: string, read: (fields: Fields) => T): T[] {
    const value = this.#get(name, []);
    if (!Array.isArray(value)) throw this.#bad(name, 'a list is needed');
    return value.map((entry, index) => {
      const fields = new Fields(entry, `${this.#path(name)}[${index}]`);
      const result = read(fields);
      fields.finish();
      return result;
    });
  }

  finish(): void {
    const unknown = Object.keys(this.#values).find((name) => !this.#known.has(name));
    if (unknown !== undefined) throw this.#bad(unknown, `unknown field; known are ${[...this.#known].join(', ')}`);
  }

  #get(name: string, fallback: unknown): unknown {
    if (this.has(name)) return this.#values[name];
    if (fallback === undefined) throw this.#bad(name, 'is missing');
    return fallback;
  }

  #path(name: string): string {
    return this.#where === '' ? name : `${this.#where}.${name}`;
  }

  #bad(name: string, problem: string): BehaviourError {
    return new BehaviourError(`${this.#path(name)}: ${problem}`);
  }
}
