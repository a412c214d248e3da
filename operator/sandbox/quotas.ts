import type { Clock } from '../runtime/clock.ts';
import generated from './quotas.gen.json' with { type: 'json' };

export interface QuotaOptions {
  /** Multiplies every rate; 1 is AWS's default quota. */
  readonly scale?: number;
  /** Calls per second of single operations, instead of the table's. */
  readonly overrides?: Readonly<Record<string, number>>;
}

/** AWS publishes no figure for some calls; the tables of this project assume this one. */
const UNPUBLISHED_TPS = 5;

// Services without published per-call figures in the table are not throttled.
const TABLE: Readonly<Record<string, number | null>> = generated;

interface Bucket {
  tokens: number;
  at: number;
}

/**
 * Token buckets per call, account and region; the capacity is one second's worth (AWS publishes no burst size).
 * Rates are those of "AWS IoT Core endpoints and quotas" and its Device Management and Device Defender pages.
 */
export class Quotas {
  readonly #clock: Clock;
  readonly #buckets = new Map<string, Bucket>();
  #options: QuotaOptions | 'off';

  constructor(clock: Clock, options: QuotaOptions | 'off') {
    this.#clock = clock;
    this.#options = options;
  }

  /** Changes the quotas of a running sandbox; used-up buckets keep their level. */
  configure(options: QuotaOptions | 'off'): void {
    this.#options = options;
  }

  /** Calls per second of one operation now; undefined when it is not limited. */
  rate(operation: string): number | undefined {
    if (this.#options === 'off') return undefined;
    const override = this.#options.overrides?.[operation];
    if (override !== undefined) return override;
    if (!Object.hasOwn(TABLE, operation)) return undefined;
    return (TABLE[operation] ?? UNPUBLISHED_TPS) * (this.#options.scale ?? 1);
  }

  /** Takes one token; false when the call has to be throttled. */
  take(accountId: string, region: string, operation: string): boolean {
    const rate = this.rate(operation);
    if (rate === undefined) return true;
    const capacity = Math.max(1, rate);
    const key = `${accountId}/${region}/${operation}`;
    const now = this.#clock.monotonic();
    const bucket = this.#buckets.get(key) ?? { tokens: capacity, at: now };
    bucket.tokens = Math.min(capacity, bucket.tokens + ((now - bucket.at) / 1000) * rate);
    bucket.at = now;
    this.#buckets.set(key, bucket);
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }
}
