import type { Metrics } from '../metrics.ts';
import type { ReflectorHooks } from '../reflector/reflector.ts';

/** Hooks that count what reflectors go through. Register once per process. */
export function reflectorMetrics(metrics: Metrics): ReflectorHooks {
  const listed = metrics.histogram({
    name: 'fleetward_reflector_list_duration_seconds',
    help: 'Time of a complete list of a kind.',
    labels: ['kind'],
    buckets: [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60],
  });
  const items = metrics.gauge({
    name: 'fleetward_reflector_listed_objects',
    help: 'Objects in the last complete list of a kind.',
    labels: ['kind'],
  });
  const failures = metrics.counter({
    name: 'fleetward_reflector_failures_total',
    help: 'Lists and watches that failed and are tried again.',
    labels: ['kind', 'phase', 'code'],
  });
  const relists = metrics.counter({
    name: 'fleetward_reflector_relists_total',
    help: 'Times a watch could not go on and the kind was listed anew.',
    labels: ['kind', 'reason'],
  });
  return {
    onListed: (kind, list) => {
      listed.observe({ kind }, list.ms / 1000);
      items.set({ kind }, list.items);
    },
    onFailure: (kind, phase, error) => failures.inc({ kind, phase, code: error.code }),
    onRelist: (kind, reason) => relists.inc({ kind, reason: reason.replaceAll(' ', '_') }),
  };
}

/** For the Kubernetes client's `onAttempt`: requests by method and status under client-go's names. */
export function kubeClientMetrics(
  metrics: Metrics,
): (attempt: { readonly method: string; readonly code: number; readonly ms: number }) => void {
  const total = metrics.counter({
    name: 'rest_client_requests_total',
    help: 'Requests to the API server by method and status; code 0 where no answer came.',
    labels: ['code', 'method'],
  });
  const seconds = metrics.histogram({
    name: 'rest_client_request_duration_seconds',
    help: 'Time until the API server began to answer.',
    labels: ['verb'],
    buckets: [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 45, 60],
  });
  return ({ method, code, ms }) => {
    total.inc({ code: String(code), method });
    seconds.observe({ verb: method }, ms / 1000);
  };
}
