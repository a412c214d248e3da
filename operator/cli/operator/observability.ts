import { KINDS } from '../../api/kinds.gen.ts';
import type { AwsMetrics } from '../../aws/port.ts';
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
