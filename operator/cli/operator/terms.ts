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
  readonly log: Logger;
  /** Of the process, whatever its terms count. */
  readonly metrics: Metrics;
  readonly listen?: { readonly host: string; readonly port: number } | undefined;
}

const PAUSE_MS = 1_000;
const SERVERS_MS = 3_000;

/**
 * Runs one term after the other until `stop` aborts: a replica that lost its lease stands again in the same process, with
 * nothing left of the term before. Rejects with what else ended a term; the process must end then.
 */
export async function runTerms(options: TermsOptions, stop: AbortSignal): Promise<void> {
  const { open, clock, log } = options;
  const losses = lossCounter(options.metrics);
  const failed = new AbortController();
  const end = AbortSignal.any([stop, failed.signal]);
  let current: Term | undefined;
  let between: string | undefined = 'starting';
  const servers = new RunnableGroup(probes(options, { term: () => current, between: () => between }));
  servers.start((name, error) => failed.abort(error ?? new Error(`${name} ended without being asked to`)));
  try {
    await servers.ready();
    while (!end.aborted) {
      current = open();
      between = undefined;
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
      await sleep(clock, PAUSE_MS, end).catch(() => undefined);
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
