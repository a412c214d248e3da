import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { driftMetrics, policyMetrics, sourceMetrics } from '../../../../operator/cli/operator/fleet-metrics.ts';
import { checkMetrics, handlerErrors, signalMetrics } from '../../../../operator/cli/operator/observability.ts';
import { lossCounter } from '../../../../operator/cli/operator/terms.ts';
import { rolloutMetrics } from '../../../../operator/controllers/policyrollout/told/metrics.ts';
import { ObjectCache } from '../../../../operator/runtime/cache/object-cache.ts';
import { VirtualClock } from '../../../../operator/runtime/clock.ts';
import { silentLogger } from '../../../../operator/runtime/log.ts';
import { conditionMetrics } from '../../../../operator/runtime/metrics/conditions.ts';
import { controllerMetrics } from '../../../../operator/runtime/metrics/controller.ts';
import { eventCounter } from '../../../../operator/runtime/metrics/events.ts';
import { leaderMetrics } from '../../../../operator/runtime/metrics/leader.ts';
import { lifecycleMetrics } from '../../../../operator/runtime/metrics/lifecycle.ts';
import { outboundMetrics } from '../../../../operator/runtime/metrics/outbound.ts';
import { kubeClientMetrics, reflectorMetrics } from '../../../../operator/runtime/metrics/store.ts';
import { workqueueMetrics } from '../../../../operator/runtime/metrics/workqueue.ts';
import { Metrics } from '../../../../operator/runtime/metrics.ts';

// Columns may be padded or not; that is for whoever reads the page as text.
const page = readFileSync(new URL('../../../../docs/metrics.md', import.meta.url), 'utf8').replaceAll(/ +\|/g, ' |');

/** Anything that begins like one of ours. */
const METRIC = /(?:workqueue|controller|operator|managed|fleetward|leader|ack|rest)_[a-z_]+/g;

function everything(): Metrics {
  const metrics = new Metrics();
  const clock = new VirtualClock();
  workqueueMetrics(metrics);
  controllerMetrics(metrics);
  conditionMetrics(metrics, clock);
  lifecycleMetrics(metrics, clock);
  eventCounter(metrics);
  leaderMetrics(metrics, 'operator');
  lossCounter(metrics);
  outboundMetrics(metrics, 'iot');
  reflectorMetrics(metrics);
  kubeClientMetrics(metrics);
  handlerErrors(metrics, silentLogger);
  checkMetrics(metrics);
  signalMetrics(metrics, { sources: () => [] });
  const cache = new ObjectCache();
  rolloutMetrics(metrics, cache);
  driftMetrics(metrics, cache);
  policyMetrics(metrics, cache);
  sourceMetrics(metrics, cache);
  return metrics;
}

it('the page on metrics lists every metric with its type and labels, and none that does not exist', () => {
  const rows = [...page.matchAll(/^\| `([a-z_]+)` \| (\w+) \|(?: ([a-z_, ]+))? \|/gm)].map(
    ([, name, type, labels]) => ({
      name,
      type,
      labels: labels === undefined ? [] : labels.split(', '),
    }),
  );
  const byName = (a: { name?: string | undefined }, b: { name?: string | undefined }) => (a.name! < b.name! ? -1 : 1);
  const registered = everything()
    .describe()
    .map(({ name, type, labels }) => ({ name, type, labels }));
  expect(rows.sort(byName)).toEqual(registered.sort(byName));
});

it('its example queries use only metrics and labels that exist', () => {
  const known = new Map(
    everything()
      .describe()
      .map((metric) => [metric.name, metric.labels]),
  );
  const queries = [...page.matchAll(/^\| [A-Z][^|]*\? \| (.*) \|$/gm)].map((match) => match[1] ?? '');
  expect(queries.length).toBeGreaterThan(5);
  for (const query of queries) {
    const used = [...query.matchAll(METRIC)].map(([word]) =>
      known.has(word) ? word : word.replace(/_(sum|count|bucket)$/, ''),
    );
    expect(used.length, query).toBeGreaterThan(0);
    for (const name of used) expect(known.has(name), `${name} in ${query}`).toBe(true);
    const labels = [...query.matchAll(/[{,]\s*([a-z_]+)(?:!?=)/g)].map((match) => match[1]!);
    for (const label of labels)
      expect(
        used.some((name) => known.get(name)?.includes(label)),
        label,
      ).toBe(true);
  }
});

it('every metric has a name in the house form and a help text that is a sentence', () => {
  for (const { name, help, type } of everything().describe()) {
    expect(name).toMatch(/^[a-z]+(_[a-z]+)+$/);
    expect(help.endsWith('.'), name).toBe(true);
    if (type === 'counter') expect(name.endsWith('_total'), name).toBe(true);
  }
});
