import { type Clock, sleep } from '../runtime/clock.ts';
import { type ReconcileError, terminal, throttled, transient } from '../runtime/errors.ts';
import { classify } from './classify.ts';
import type { AwsClient } from './client.ts';
import type { Limiter } from './limiter.ts';
import type { OperationInput, OperationName, OperationOutput } from './operations.ts';

/**
 * The one way to AWS: every controller of an account and region shares one port, so that one token bucket per API call
 * and one snapshot serve all of them.
 */
export interface AwsPort {
  /** Verified by GetCallerIdentity before the first write. */
  readonly accountId: string;
  readonly region: string;

  /**
   * Calls one AWS operation. Throws ReconcileError classified by the table in `classify.ts`; `NotFound` style answers
   * are thrown too (reason `NotFound`), use `ifFound` from `classify.ts` where absence is an answer.
   */
  call<K extends OperationName>(
    operation: K,
    input: OperationInput<K>,
    options?: CallOptions,
  ): Promise<OperationOutput<K>>;

  /**
   * Takes the turn for a call that follows with `admitted`. For acts that leave a mark before they are sent: a mark is
   * only worth making when the call really goes out.
   */
  admit(operation: OperationName, options?: CallOptions): Promise<void>;
}

export interface CallOptions {
  /** The turn was taken by `admit`. */
  readonly admitted?: boolean;
  /** The queue's priority; security acts pass first and use the reserved share. Default 0. */
  readonly priority?: number;
  readonly signal?: AbortSignal;
  /**
   * Who waits. With it, a wait above 100 ms throws a `throttled` error and keeps the place in the line for the next
   * call with this slot, so that no worker is held; without it the call waits here. So does a further call of the same
   * operation under the same signal, ahead of those that have not begun.
   */
  readonly slot?: string;
}

/** Where numbers about calls go; one object per process, labels are bounded (operation names and outcomes). */
export interface AwsMetrics {
  request(operation: OperationName, outcome: string, seconds: number): void;
  waited(operation: OperationName, seconds: number): void;
}

export interface PortOptions {
  readonly accountId: string;
  readonly region: string;
  readonly client: Pick<AwsClient, 'send'>;
  readonly limiter: Limiter;
  readonly clock: Clock;
  readonly metrics?: AwsMetrics;
  /**
   * True for an endpoint that is not AWS's own. Such a one may lack calls; after a few answers that are not JSON a call
   * that never worked is taken for missing.
   */
  readonly partial?: boolean;
}

/** Longest wait for a token that is cheaper than giving the worker back. */
const HOLD_MS = 100;
/** Answers that are not JSON before a call counts as missing. */
const UNANSWERED = 3;

export function createPort(options: PortOptions): AwsPort {
  const { client, limiter, clock, metrics } = options;
  const known = new Set<OperationName>();
  const unanswered = new Map<OperationName, number>();
  /**
   * Slots that had a turn already, by the signal of their reconcile. One that reads two certificates and gives its worker back
   * before the second would begin with the first again: many at once would use up each other's turns, and none would end.
   */
  const begun = new WeakMap<AbortSignal, Set<string>>();

  /** Retried a few times first: a proxy's error page looks the same. */
  function missing(operation: OperationName): ReconcileError {
    const times = (unanswered.get(operation) ?? 0) + 1;
    unanswered.set(operation, times);
    const message = `The endpoint does not seem to implement ${operation}: it answers without JSON.`;
    if (times < UNANSWERED) return transient('NotJson', `${message} It is tried again.`);
    return terminal('Unsupported', `${message} Use another endpoint, or leave this object out.`);
  }

  function turnsOf(signal: AbortSignal): Set<string> {
    const turns = begun.get(signal) ?? new Set<string>();
    begun.set(signal, turns);
    return turns;
  }

  async function admit(operation: OperationName, call: CallOptions): Promise<void> {
    const slot = call.slot === undefined ? limiter.newSlot() : `${call.slot} ${operation}`;
    const turns = call.slot === undefined || call.signal === undefined ? undefined : turnsOf(call.signal);
    const goesOn = turns?.has(slot) === true;
    const priority = (call.priority ?? 0) + (goesOn ? 1 : 0);
    const started = clock.monotonic();
    for (;;) {
      const delay = limiter.reserve(operation, priority, slot);
      if (delay === 0) break;
      if (call.slot !== undefined && !goesOn && delay > HOLD_MS) {
        throw throttled(
          `${operation} waits ${(delay / 1000).toFixed(1)} s for its turn under this account's call quota; it continues by itself.`,
          delay,
        );
      }
      await sleep(clock, delay, call.signal);
    }
    turns?.add(slot);
    const waited = clock.monotonic() - started;
    if (waited > 0) metrics?.waited(operation, waited / 1000);
  }

  return {
    accountId: options.accountId,
    region: options.region,
    admit: (operation, call = {}) => admit(operation, call),
    async call(operation, input, call = {}) {
      if (call.admitted !== true) await admit(operation, call);
      const started = clock.monotonic();
      try {
        const output = await client.send(operation, input, call.signal);
        metrics?.request(operation, 'ok', (clock.monotonic() - started) / 1000);
        known.add(operation);
        return output;
      } catch (thrown) {
        const error = classify(operation, thrown, input);
        metrics?.request(operation, error.reason, (clock.monotonic() - started) / 1000);
        if (error.kind === 'throttled') limiter.throttled(operation);
        if (options.partial === true && error.reason === 'NotJson' && !known.has(operation)) throw missing(operation);
        throw error;
      }
    },
  };
}
