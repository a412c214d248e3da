import type { Clock } from '../runtime/clock.ts';
import { Bucket } from './bucket.ts';
import quotas from './quotas.gen.json' with { type: 'json' };

/** AWS publishes no figure for a few calls; the slowest usual one is a safe guess. */
const UNPUBLISHED_TPS = 5;
/**
 * Services beside AWS IoT: SQS bounds nothing that matters here, CloudWatch Logs bounds FilterLogEvents by region.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html
 */
const OTHER_TPS: Readonly<Record<string, number>> = {
  ReceiveMessage: 300,
  DeleteMessageBatch: 300,
  GetQueueUrl: 100,
  FilterLogEvents: 5,
};
/** Halved at each throttle, recovered over a minute: what AWS asks for wins over what the table says. */
const RECOVERY_PER_MS = 1 / 60_000;
const LOWEST_FACTOR = 0.05;

export interface LimiterOptions {
  readonly clock: Clock;
  /** Part of each account quota that is ours; the rest is left to people, pipelines and devices. Default 0.5. */
  readonly share?: number;
  /** Quotas AWS raised (or lowered) for this account, in calls per second by operation name. */
  readonly overrides?: Readonly<Record<string, number>>;
  /** Switches limits off: for the sandbox with its quotas off, never for AWS. */
  readonly unlimited?: boolean;
}

/**
 * One budget per API call, shared by everything that talks to one account and region.
 * Rates come from https://docs.aws.amazon.com/general/latest/gr/iot-core.html and its sibling pages.
 */
export interface Limiter {
  /**
   * Milliseconds until `slot` may make one call of `operation`; 0 takes the token. A slot that has to wait keeps its
   * place: asking again with the same slot never goes to the end of the line. Higher priorities are served first.
   */
  reserve(operation: string, priority: number, slot: string): number;
  /** A name for a caller that has none; unique among all who share this budget. */
  newSlot(): string;
  /** AWS throttled this call: slow down for a while. */
  throttled(operation: string): void;
  /** Changes the share or the overrides while running. */
  configure(change: Pick<LimiterOptions, 'share' | 'overrides'>): void;
  /** Calls per second that an operation may make now. */
  rate(operation: string): number;
}

interface Throttle {
  factor: number;
  at: number;
}

export function createLimiter(options: LimiterOptions): Limiter {
  const { clock } = options;
  let share = options.share ?? 0.5;
  let overrides = options.overrides ?? {};
  const buckets = new Map<string, Bucket>();
  const throttles = new Map<string, Throttle>();

  function factor(operation: string): number {
    const throttle = throttles.get(operation);
    if (throttle === undefined) return 1;
    const recovered = throttle.factor + (clock.monotonic() - throttle.at) * RECOVERY_PER_MS;
    if (recovered < 1) return recovered;
    throttles.delete(operation);
    return 1;
  }

  function rate(operation: string): number {
    const published = (quotas as Readonly<Record<string, number | null>>)[operation];
    return (overrides[operation] ?? published ?? OTHER_TPS[operation] ?? UNPUBLISHED_TPS) * share * factor(operation);
  }

  let slots = 0;
  return {
    rate,
    newSlot: () => `#${slots++}`,
    reserve(operation, priority, slot) {
      if (options.unlimited) return 0;
      let bucket = buckets.get(operation);
      if (bucket === undefined) {
        bucket = new Bucket(clock);
        buckets.set(operation, bucket);
      }
      return bucket.reserve(rate(operation), priority, slot);
    },
    throttled(operation) {
      throttles.set(operation, { factor: Math.max(LOWEST_FACTOR, factor(operation) / 2), at: clock.monotonic() });
      buckets.get(operation)?.drain();
    },
    configure(change) {
      share = change.share ?? share;
      overrides = change.overrides ?? overrides;
    },
  };
}
