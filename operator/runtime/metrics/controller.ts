import type { Metrics } from '../metrics.ts';

export type ReconcileResult = 'success' | 'error' | 'requeue' | 'requeue_after';
const RESULTS: readonly ReconcileResult[] = ['success', 'error', 'requeue', 'requeue_after'];

const BUCKETS = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.25, 1.5, 1.75, 2,
  2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9, 10, 15, 20, 25, 30, 40, 50, 60,
];

/** What one controller reports. */
export interface ControllerObserver {
  result(result: ReconcileResult): void;
  /** Counted in addition to `result('error')`. */
  error(kind: 'transient' | 'terminal'): void;
  panic(): void;
  timeout(): void;
  /** Seconds of one reconcile. */
  took(seconds: number): void;
  active(delta: 1 | -1): void;
}

export interface ControllerMetrics {
  observer(controller: string, workers: number): ControllerObserver;
}

/** The `controller_runtime_*` family, every series at zero from the start. Register once per process. */
export function controllerMetrics(metrics: Metrics): ControllerMetrics {
  const labels = ['controller'];
  const counter = (name: string, help: string, of: readonly string[] = labels) =>
    metrics.counter({ name: `controller_runtime_${name}`, help, labels: of });
  const gauge = (name: string, help: string) => metrics.gauge({ name: `controller_runtime_${name}`, help, labels });
  const total = counter('reconcile_total', 'Reconciles by result.', ['controller', 'result']);
  const errors = counter('reconcile_errors_total', 'Reconciles that failed.');
  const terminal = counter(
    'terminal_reconcile_errors_total',
    'Reconciles that failed until a person changes something.',
  );
  const panics = counter('reconcile_panics_total', 'Reconciles that failed by a programming error.');
  const timeouts = counter('reconcile_timeouts_total', 'Reconciles that ran out of time.');
  const most = gauge('max_concurrent_reconciles', 'Workers of the controller.');
  const active = gauge('active_workers', 'Workers that are busy now.');
  const time = metrics.histogram({
    name: 'controller_runtime_reconcile_time_seconds',
    help: 'Time of a reconcile.',
    labels,
    buckets: BUCKETS,
  });
  return {
    observer(controller, workers) {
      const of = { controller };
      const results = new Map(RESULTS.map((result) => [result, total.bind({ controller, result })]));
      const [failed, stuck, panicked, late] = [errors.bind(of), terminal.bind(of), panics.bind(of), timeouts.bind(of)];
      const [took, busy] = [time.bind(of), active.bind(of)];
      most.set(of, workers);
      return {
        result: (result) => results.get(result)?.inc(),
        error(kind) {
          failed.inc();
          if (kind === 'terminal') stuck.inc();
        },
        panic: () => panicked.inc(),
        timeout: () => late.inc(),
        took: (seconds) => took.observe(seconds),
        active: (delta) => busy.add(delta),
      };
    },
  };
}
