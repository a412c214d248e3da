import { type Backoff, backoffDelay } from '../../runtime/backoff.ts';
import { type Clock, sleep } from '../../runtime/clock.ts';
import { ProbeServer } from '../../runtime/http.ts';
import { LeaderLostError } from '../../runtime/lease.ts';
import type { Logger } from '../../runtime/log.ts';
import { RunnableGroup } from '../../runtime/manager/group.ts';
import type { Metrics } from '../../runtime/metrics.ts';
import { type Operator, probesOf } from './operator.ts';

/** Everything that hangs on one leadership: caches, controllers, connections, and the elector that stands for it. */
export interface Term {
  readonly operator: Pick<Operator, 'health' | 'metrics' | 'run'>;
  /** Ends what the term opened; its operator has stopped. */
  close(): Promise<void>;
}

export interface TermsOptions {
  /** Makes a term anew. Nothing of an earlier one may be in it: what was decided then must not be written now. */
  readonly open: () => Term;
  readonly clock: Clock;
  /** 0 ≤ x < 1. */
  readonly random: () => number;
  readonly log: Logger;
  /** Of the process, whatever its terms count. */
  readonly metrics: Metrics;
  readonly listen?: { readonly host: string; readonly port: number } | undefined;
}

/** Each term lists everything anew: an API server too slow for our lease must not be asked for that again and again. */
const AGAIN: Backoff = { baseMs: 1_000, maxMs: 60_000, factor: 2, jitter: 0.25 };
/** A term that lasted so long was a sound one. */
const SOUND_MS = 5 * 60_000;
const SERVERS_MS = 3_000;

/**
 * Runs one term after the other until `stop` aborts: a replica that lost its lease stands again in the same process, with
 * nothing left of the term before. Rejects with what else ended a term; the process must end then.
 */
export async function runTerms(options: TermsOptions, stop: AbortSignal): Promise<void> {
  const { open, clock, random, log } = options;
  const losses = lossCounter(options.metrics);
  const failed = new AbortController();
  const end = AbortSignal.any([stop, failed.signal]);
  let current: Term | undefined;
  let between: string | undefined = 'starting';
  const servers = new RunnableGroup(probes(options, { term: () => current, between: () => between }));
  servers.start((name, error) => failed.abort(error ?? new Error(`${name} ended without being asked to`)));
  try {
    await servers.ready();
    for (let short = 0; !end.aborted; ) {
      current = open();
      between = undefined;
      const began = clock.monotonic();
      try {
        await current.operator.run(end);
      } catch (error) {
        if (!(error instanceof LeaderLostError)) throw error;
        between = error.message;
        losses.inc();
        log.warn('Standing for election again, with nothing of the term before', { because: error.message });
      } finally {
        await current.close();
      }
      short = clock.monotonic() - began < SOUND_MS ? short + 1 : 1;
      await sleep(clock, backoffDelay(AGAIN, short, random), end).catch(() => undefined);
    }
    failed.signal.throwIfAborted();
  } finally {
    await servers.end({ graceMs: SERVERS_MS, clock, log });
  }
}

/** Up before the first term and down after the last: probes are answered between them too. */
function probes(
  { listen, log, metrics }: TermsOptions,
  { term, between }: { readonly term: () => Term | undefined; readonly between: () => string | undefined },
): readonly ProbeServer[] {
  if (listen === undefined) return [];
  const health = {
    lease: () => term()?.operator.health.lease(),
    caches: () => between() ?? term()?.operator.health.caches(),
  };
  const both = {
    contentType: metrics.contentType,
    expose: async () => `${await metrics.expose()}${(await term()?.operator.metrics.expose()) ?? ''}`,
  };
  return [new ProbeServer({ ...listen, log, metrics: both, ...probesOf(health) })];
}

/** How often this process lost its lease: a restart would be counted by others. */
export function lossCounter(metrics: Metrics): { inc(): void } {
  const counter = metrics.counter({
    name: 'fleetward_leadership_losses_total',
    help: 'Times this process led and lost its lease without having given it back.',
  });
  return { inc: () => counter.inc({}) };
}
