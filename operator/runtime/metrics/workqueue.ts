import type { Metrics } from '../metrics.ts';
import type { QueueObserver, QueueSnapshot } from '../queue/metrics.ts';

/** Distinct priorities shown; a queue fed with arbitrary numbers must not grow the scrape. */
const MAX_PRIORITIES = 25;
const TOO_MANY = 'exceeded_cardinality_limit';

/** 10 ns to 1000 s in tens: client-go's, so that its dashboards fit. */
const BUCKETS = Array.from({ length: 12 }, (_, exponent) => 10 ** (exponent - 8));

export interface WorkqueueMetrics {
  /** The observer of one queue; `snapshot` is asked at each scrape. Name and controller are usually the same. */
  observer(name: string, snapshot: () => QueueSnapshot): QueueObserver;
}

/** The `workqueue_*` family under the names of client-go and controller-runtime. Register once per process. */
export function workqueueMetrics(metrics: Metrics): WorkqueueMetrics {
  const labels = ['name', 'controller'];
  const snapshots = new Map<string, () => QueueSnapshot>();
  const adds = metrics.counter({ name: 'workqueue_adds_total', help: 'Keys that became ready for work.', labels });
  const retries = metrics.counter({
    name: 'workqueue_retries_total',
    help: 'Keys added again after a failure.',
    labels,
  });
  const waited = metrics.histogram({
    name: 'workqueue_queue_duration_seconds',
    help: 'How long keys stood ready before a worker took them.',
    labels,
    buckets: BUCKETS,
  });
  const worked = metrics.histogram({
    name: 'workqueue_work_duration_seconds',
    help: 'How long workers took for a key.',
    labels,
    buckets: BUCKETS,
  });
  atScrape(metrics, snapshots);
  return {
    observer(name, snapshot) {
      const of = { name, controller: name };
      snapshots.set(name, snapshot);
      const [added, retried] = [adds.bind(of), retries.bind(of)];
      const [queued, work] = [waited.bind(of), worked.bind(of)];
      return {
        added: () => added.inc(),
        retried: () => retried.inc(),
        taken: (ms) => queued.observe(ms / 1000),
        finished: (ms) => work.observe(ms / 1000),
      };
    },
  };
}

function atScrape(metrics: Metrics, snapshots: ReadonlyMap<string, () => QueueSnapshot>): void {
  const priorities = new Set<number>();
  const label = (priority: number): string => {
    if (priorities.size < MAX_PRIORITIES) priorities.add(priority);
    return priorities.has(priority) ? String(priority) : TOO_MANY;
  };
  metrics.gauge({
    name: 'workqueue_depth',
    help: 'Keys ready for work, by priority.',
    labels: ['name', 'controller', 'priority'],
    collect(gauge) {
      gauge.reset();
      for (const [name, snapshot] of snapshots) {
        const of = { name, controller: name };
        for (const priority of priorities) gauge.set({ ...of, priority: String(priority) }, 0);
        const ready = new Map([[0, 0], ...snapshot().ready]);
        for (const [priority, count] of ready) gauge.add({ ...of, priority: label(priority) }, count);
      }
    },
  });
  const running = (name: string, help: string, value: (seconds: readonly number[]) => number) =>
    metrics.gauge({
      name,
      help,
      labels: ['name', 'controller'],
      collect(gauge) {
        for (const [queue, snapshot] of snapshots)
          gauge.set({ name: queue, controller: queue }, value(snapshot().running));
      },
    });
  running('workqueue_unfinished_work_seconds', 'Sum of the time that keys now in work have taken so far.', (seconds) =>
    seconds.reduce((sum, one) => sum + one, 0),
  );
  running('workqueue_longest_running_processor_seconds', 'Time of the key that has been in work longest.', (seconds) =>
    seconds.reduce((most, one) => Math.max(most, one), 0),
  );
}
