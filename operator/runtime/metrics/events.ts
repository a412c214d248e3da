import type { Counter, Metrics } from '../metrics.ts';

/** Register once per process; handed to the event writer. */
export function eventCounter(metrics: Metrics): Counter {
  const counter = metrics.counter({
    name: 'fleetward_events_total',
    help: 'Kubernetes events by what became of them: written, repeated (counted only), limited, dropped, failed.',
    labels: ['outcome'],
  });
  for (const outcome of ['written', 'repeated', 'limited', 'dropped', 'failed']) counter.inc({ outcome }, 0);
  return counter;
}
