import { AwsError } from './errors.ts';

/** What goes wrong. `when: 'after'` means that the effect happened and only the answer is lost or bad. */
export type FaultEffect =
  | {
      readonly kind: 'error';
      readonly name: string;
      readonly message?: string;
      readonly status?: number;
      readonly when?: 'before' | 'after';
    }
  | { readonly kind: 'throttle' }
  | { readonly kind: 'latency'; readonly ms: number }
  | { readonly kind: 'reset'; readonly when?: 'before' | 'after' }
  | { readonly kind: 'truncate' }
  | { readonly kind: 'content-type'; readonly type: string; readonly body?: string; readonly status?: number }
  /** A read is answered with what the same request got up to `ms` ago while this fault was armed. */
  | { readonly kind: 'stale'; readonly ms: number };

export interface FaultRule {
  /** Operation name, or `*` for every one. */
  readonly operation: string;
  readonly effect: FaultEffect;
  /** How often it strikes; without it, until it is removed. */
  readonly count?: number;
  /** Matching calls let through before it first strikes. */
  readonly skip?: number;
  /** 0 to 1, drawn from the sandbox's seeded random; default 1. */
  readonly probability?: number;
  /** Strikes only when a text of the input contains this. */
  readonly resource?: string;
  readonly accountId?: string;
  readonly region?: string;
}

interface Armed extends FaultRule {
  readonly id: number;
  left: number;
  toSkip: number;
}

export interface FaultedCall {
  readonly operation: string;
  readonly accountId: string;
  readonly region: string;
  readonly input: unknown;
}

/** The faults that are armed. Several may strike one call, in order of arming. */
export class Faults {
  readonly #random: () => number;
  #armed: Armed[] = [];
  #next = 1;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** Arms a fault; returns its id. */
  add(rule: FaultRule): number {
    const id = this.#next++;
    this.#armed.push({ ...rule, id, left: rule.count ?? Number.POSITIVE_INFINITY, toSkip: rule.skip ?? 0 });
    return id;
  }

  remove(id: number): boolean {
    const before = this.#armed.length;
    this.#armed = this.#armed.filter((f) => f.id !== id);
    return this.#armed.length < before;
  }

  clear(): void {
    this.#armed = [];
  }

  list(): readonly (FaultRule & { readonly id: number })[] {
    return this.#armed.map(({ left, toSkip, ...rule }) => ({ ...rule, ...(Number.isFinite(left) && { count: left }) }));
  }

  /** The effects that strike this call; uses up their counts. */
  strike(call: FaultedCall): FaultEffect[] {
    if (this.#armed.length === 0) return [];
    const effects: FaultEffect[] = [];
    for (const fault of this.#armed) {
      if (!matches(fault, call)) continue;
      if (fault.probability !== undefined && this.#random() >= fault.probability) continue;
      if (fault.toSkip > 0) {
        fault.toSkip--;
        continue;
      }
      fault.left--;
      effects.push(fault.effect);
    }
    this.#armed = this.#armed.filter((f) => f.left > 0);
    return effects;
  }
}

function matches(fault: FaultRule, call: FaultedCall): boolean {
  return (
    (fault.operation === '*' || fault.operation === call.operation) &&
    (fault.accountId === undefined || fault.accountId === call.accountId) &&
    (fault.region === undefined || fault.region === call.region) &&
    (fault.resource === undefined || mentions(call.input, fault.resource, 0))
  );
}

function mentions(value: unknown, text: string, depth: number): boolean {
  if (typeof value === 'string') return value.includes(text);
  if (typeof value !== 'object' || value === null || depth > 4) return false;
  return Object.values(value).some((inner) => mentions(inner, text, depth + 1));
}

const KINDS = ['error', 'throttle', 'latency', 'reset', 'truncate', 'content-type', 'stale'];

/** Reads rules from a file or the control endpoint; throws with the place of the first mistake. */
export function parseFaults(value: unknown): FaultRule[] {
  const list = Array.isArray(value) ? value : [value];
  return list.map((entry: unknown, index) => {
    const rule = (typeof entry === 'object' && entry !== null ? entry : {}) as Partial<FaultRule>;
    const effect = rule.effect as Partial<FaultEffect> | undefined;
    if (typeof rule.operation !== 'string') throw bad(index, 'operation must be an operation name or "*"');
    if (!effect || !KINDS.includes(String(effect.kind)))
      throw bad(index, `effect.kind must be one of ${KINDS.join(', ')}`);
    if (effect.kind === 'error' && typeof effect.name !== 'string')
      throw bad(index, 'effect.name must be an error name');
    if ((effect.kind === 'latency' || effect.kind === 'stale') && !isDuration(effect.ms)) {
      throw bad(index, 'effect.ms must be a number of milliseconds');
    }
    return entry as FaultRule;
  });
}

const isDuration = (ms: unknown) => typeof ms === 'number' && ms >= 0 && Number.isFinite(ms);

function bad(index: number, reason: string): AwsError {
  return new AwsError('InvalidRequestException', `fault ${index}: ${reason}`, {}, 400);
}
