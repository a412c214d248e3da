import type { Metrics } from '../metrics.ts';

/** What one outside service is asked. Operation names and outcomes must come from a fixed set. */
export interface OutboundObserver {
  /** `outcome` is `success` or the name of an error. */
  request(operation: string, outcome: string, seconds: number): void;
  /** Time that a call waited for its budget before it was sent. */
  waited(operation: string, seconds: number): void;
}

const BUCKETS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

/** The `ack_outbound_api_*` counters that AWS controllers for Kubernetes use, and times of our own. Once per process. */
export function outboundMetrics(metrics: Metrics, service: string): OutboundObserver {
  const requests = metrics.counter({
    name: 'ack_outbound_api_requests_total',
    help: 'Calls by service and operation.',
    labels: ['service', 'op_id'],
  });
  const errors = metrics.counter({
    name: 'ack_outbound_api_requests_error_total',
    help: 'Calls that failed, by service, operation and name of the error.',
    labels: ['service', 'op_id', 'error'],
  });
  const seconds = metrics.histogram({
    name: 'fleetward_outbound_api_duration_seconds',
    help: 'Time of a call from its sending to its answer.',
    labels: ['service', 'op_id'],
    buckets: BUCKETS,
  });
  const waits = metrics.histogram({
    name: 'fleetward_outbound_api_wait_seconds',
    help: 'Time a call waited for its share of the quota; calls that did not wait are not counted.',
    labels: ['service', 'op_id'],
    buckets: BUCKETS,
  });
  return {
    request(operation, outcome, took) {
      const of = { service, op_id: operation };
      requests.inc(of);
      seconds.observe(of, took);
      if (outcome !== 'success') errors.inc({ ...of, error: outcome });
    },
    waited: (operation, took) => waits.observe({ service, op_id: operation }, took),
  };
}
