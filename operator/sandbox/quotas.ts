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

/** A call, or a packet of a device, that takes from the quotas. */
export interface MeteredCall {
  readonly accountId: string;
  readonly region: string;
  readonly service: string;
  readonly operation: string;
  readonly input?: Readonly<Record<string, unknown>>;
}

interface Limit {
  /** Calls with the same text share a budget. */
  readonly bucket: string;
  readonly rate: number;
}

const CONNECTION_CALLS = ['DeleteConnection', 'GetConnection', 'ListSubscriptions'];
const SHADOW_CALLS = ['GetThingShadow', 'UpdateThingShadow', 'DeleteThingShadow'];
const JOB_READS = ['DescribeJobExecution', 'GetPendingJobExecutions'];

/** Quotas of the data planes, which are not per operation: shared, or per client and thing (mqtt, iot-core, device management). */
function dataPlaneLimits({ service, operation, input = {} }: MeteredCall): Limit[] {
  if (service === 'iot-jobs-data') {
    return [{ bucket: JOB_READS.includes(operation) ? 'job reads' : 'job writes', rate: 200 }];
  }
  if (service === 'mqtt') {
    return [
      { bucket: 'connects', rate: 3000 },
      { bucket: `connects of ${String(input.clientId)}`, rate: 1 },
    ];
  }
  if (service !== 'iotdata') return [];
  if (CONNECTION_CALLS.includes(operation)) {
    return [{ bucket: `${operation} of ${String(input.clientId)}`, rate: 1 }];
  }
  if (!SHADOW_CALLS.includes(operation)) return [];
  return [
    { bucket: 'shadows', rate: 4000 },
    { bucket: `shadows of ${String(input.thingName)}`, rate: 20 },
  ];
}

/** Budgets of clients and things that are full again are forgotten beyond this many. */
const MAX_BUCKETS = 50_000;

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

  /** Takes one token of each budget; false when the call has to be throttled. */
  take(call: MeteredCall): boolean {
    const limits = this.#limits(call);
    const now = this.#clock.monotonic();
    const buckets = limits.map(({ bucket, rate }) => this.#filled(call, bucket, rate, now));
    if (buckets.some(({ tokens }) => tokens < 1)) return false;
    for (const bucket of buckets) bucket.tokens -= 1;
    return true;
  }

  #limits(call: MeteredCall): Limit[] {
    if (this.#options === 'off') return [];
    const { operation, service } = call;
    const { scale = 1, overrides = {} } = this.#options;
    if (Object.hasOwn(overrides, operation)) return [{ bucket: operation, rate: overrides[operation] ?? 0 }];
    const shared = dataPlaneLimits(call);
    const isPerCall = service !== 'iot-jobs-data' && Object.hasOwn(TABLE, operation);
    const own = isPerCall ? [{ bucket: operation, rate: TABLE[operation] ?? UNPUBLISHED_TPS }] : [];
    return [...own, ...shared].map(({ bucket, rate }) => ({ bucket, rate: rate * scale }));
  }

  #filled({ accountId, region }: MeteredCall, name: string, rate: number, now: number): Bucket {
    const capacity = Math.max(1, rate);
    const key = `${accountId}/${region}/${name}`;
    const bucket = this.#buckets.get(key) ?? { tokens: capacity, at: now };
    bucket.tokens = Math.min(capacity, bucket.tokens + ((now - bucket.at) / 1000) * rate);
    bucket.at = now;
    if (this.#buckets.size >= MAX_BUCKETS) this.#forgetIdle(now);
    this.#buckets.set(key, bucket);
    return bucket;
  }

  /** A budget that nobody took from for a second is full again at every rate of one or more. */
  #forgetIdle(now: number): void {
    for (const [key, { at }] of this.#buckets) if (now - at > 1000) this.#buckets.delete(key);
  }
}
