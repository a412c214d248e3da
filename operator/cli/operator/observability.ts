import { KINDS } from '../../api/kinds.gen.ts';
import type { AwsMetrics } from '../../aws/port.ts';
import type { SignalBook } from '../../controllers/policyrollout/gates/signals.ts';
import type { Check, Measurement } from '../../rollout/checks.ts';
import type { ObjectCache } from '../../runtime/cache/object-cache.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/log.ts';
import { conditionMetrics } from '../../runtime/metrics/conditions.ts';
import { lifecycleMetrics } from '../../runtime/metrics/lifecycle.ts';
import { outboundMetrics } from '../../runtime/metrics/outbound.ts';
import { reflectorMetrics } from '../../runtime/metrics/store.ts';
import type { Metrics } from '../../runtime/metrics.ts';
import type { ReflectorHooks } from '../../runtime/reflector/reflector.ts';

/** Counts the objects' conditions and lives. Call before the cache starts. */
export function watchObjects(metrics: Metrics, cache: ObjectCache, clock: Clock): void {
  const watchers = [conditionMetrics(metrics, clock), lifecycleMetrics(metrics, clock)];
  for (const kind of KINDS) for (const watcher of watchers) watcher.watch(cache, kind);
}

/** The port calls a good answer `ok`; the counters' word for it is `success`. */
export function awsMetrics(metrics: Metrics): AwsMetrics {
  const outbound = outboundMetrics(metrics, 'iot');
  return {
    request: (operation, outcome, seconds) =>
      outbound.request(operation, outcome === 'ok' ? 'success' : outcome, seconds),
    waited: outbound.waited,
  };
}

/** Reflectors count what they go through, and log what fails. */
export function reflectorHooks(metrics: Metrics, log: Logger): ReflectorHooks {
  const counted = reflectorMetrics(metrics);
  return {
    ...counted,
    onFailure(kind, phase, error) {
      counted.onFailure?.(kind, phase, error);
      log.warn(`Failing to ${phase} objects`, { kind, code: error.code, cause: error.message });
    },
  };
}

/** How far behind each source of signals is; one that AWS does not give is left out. */
export function signalMetrics(metrics: Metrics, signals: Pick<SignalBook, 'sources'>): void {
  metrics.gauge({
    name: 'fleetward_signal_age_seconds',
    help: 'Time since a source of signals was last read to its end. A stale one makes every verdict inconclusive.',
    labels: ['account', 'signal'],
    collect(gauge) {
      gauge.reset();
      for (const { account, source, ageMs, unavailable } of signals.sources()) {
        if (unavailable === undefined) gauge.set({ account, signal: source }, ageMs / 1_000);
      }
    },
  });
}

/** Measurements of users' checks, by outcome; dry runs count as well. */
export function checkMetrics(metrics: Metrics): (check: Check, measured: Measurement) => void {
  const counter = metrics.counter({
    name: 'fleetward_rollout_check_total',
    help: 'Measurements of the checks of strategies, by outcome.',
    labels: ['check', 'outcome', 'dry_run'],
  });
  return ({ name, dryRun }, { outcome }) => counter.inc({ check: name, outcome, dry_run: String(dryRun) });
}

/** A handler of changes that throws is a defect: what it should have done is lost, so it is counted and logged. */
export function handlerErrors(metrics: Metrics, log: Logger): (kind: string, error: unknown) => void {
  const lost = metrics.counter({
    name: 'fleetward_cache_handler_errors_total',
    help: 'Changes that a handler failed to take. Anything above zero is a defect.',
    labels: ['kind'],
  });
  for (const kind of KINDS) lost.inc({ kind }, 0);
  return (kind, error) => {
    lost.inc({ kind });
    log.error('Losing a change: a handler failed', { kind, err: error });
  };
}
