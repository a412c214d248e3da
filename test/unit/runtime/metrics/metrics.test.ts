import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../../operator/runtime/clock.ts';
import { controllerMetrics } from '../../../../operator/runtime/metrics/controller.ts';
import { workqueueMetrics } from '../../../../operator/runtime/metrics/workqueue.ts';
import { Metrics } from '../../../../operator/runtime/metrics.ts';
import { WorkQueue } from '../../../../operator/runtime/queue.ts';

const series = async (metrics: Metrics, prefix: string) =>
  (await metrics.expose()).split('\n').filter((line) => line.startsWith(prefix) && !line.startsWith('#'));

function queueWithMetrics() {
  const clock = new VirtualClock();
  const metrics = new Metrics();
  const observer = workqueueMetrics(metrics).observer('device', () => queue.snapshot());
  const queue: WorkQueue = new WorkQueue({ clock, random: () => 0, observer });
  return { clock, metrics, queue };
}

describe('from the first scrape on', () => {
  it('the queue has every series, at zero', async () => {
    const { metrics } = queueWithMetrics();
    const of = '{name="device",controller="device"}';
    expect(await series(metrics, 'workqueue_adds_total')).toEqual([`workqueue_adds_total${of} 0`]);
    expect(await series(metrics, 'workqueue_retries_total')).toEqual([`workqueue_retries_total${of} 0`]);
    expect(await series(metrics, 'workqueue_depth')).toEqual([
      'workqueue_depth{name="device",controller="device",priority="0"} 0',
    ]);
    for (const name of ['queue', 'work']) {
      expect(await series(metrics, `workqueue_${name}_duration_seconds_count`)).toEqual([
        `workqueue_${name}_duration_seconds_count${of} 0`,
      ]);
      expect(await series(metrics, `workqueue_${name}_duration_seconds_sum`)).toEqual([
        `workqueue_${name}_duration_seconds_sum${of} 0`,
      ]);
    }
    expect(await series(metrics, 'workqueue_unfinished_work_seconds')).toEqual([
      `workqueue_unfinished_work_seconds${of} 0`,
    ]);
    expect(await series(metrics, 'workqueue_longest_running_processor_seconds')).toHaveLength(1);
  });

  it('a controller has every result and error counter, at zero', async () => {
    const metrics = new Metrics();
    controllerMetrics(metrics).observer('device', 8);
    expect(await series(metrics, 'controller_runtime_reconcile_total')).toEqual(
      ['success', 'error', 'requeue', 'requeue_after'].map(
        (result) => `controller_runtime_reconcile_total{controller="device",result="${result}"} 0`,
      ),
    );
    for (const name of ['reconcile_errors', 'terminal_reconcile_errors', 'reconcile_panics', 'reconcile_timeouts']) {
      expect(await series(metrics, `controller_runtime_${name}_total`)).toEqual([
        `controller_runtime_${name}_total{controller="device"} 0`,
      ]);
    }
    expect(await series(metrics, 'controller_runtime_max_concurrent_reconciles')).toEqual([
      'controller_runtime_max_concurrent_reconciles{controller="device"} 8',
    ]);
  });
});

describe('the queue', () => {
  it('shows depth by priority, and a level that emptied as zero', async () => {
    const { metrics, queue } = queueWithMetrics();
    queue.add('a', { priority: -50 });
    queue.add('b', { priority: -50 });
    queue.add('waiting', { delayMs: 1_000 });
    const depth = async () => (await series(metrics, 'workqueue_depth')).map((line) => line.split('priority=')[1]);
    expect(await depth()).toEqual(['"0"} 0', '"-50"} 2']);
    queue.done((await queue.get())?.key ?? '');
    queue.done((await queue.get())?.key ?? '');
    expect(await depth()).toEqual(['"0"} 0', '"-50"} 0']);
  });

  it('shows at most 25 priorities and counts the rest together', async () => {
    const { metrics, queue } = queueWithMetrics();
    for (let i = 1; i <= 100; i++) queue.add(`key-${i}`, { priority: i });
    const depth = await series(metrics, 'workqueue_depth');
    expect(depth).toHaveLength(26);
    expect(depth.at(-1)).toContain('priority="exceeded_cardinality_limit"} 76');
    const total = depth.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
    expect(total).toBe(100);
  });

  it('sums and tops the time of running keys', async () => {
    const { clock, metrics, queue } = queueWithMetrics();
    queue.add('a');
    queue.add('b');
    await queue.get();
    await clock.advance(2_000);
    await queue.get();
    await clock.advance(1_000);
    expect((await series(metrics, 'workqueue_unfinished'))[0]).toMatch(/ 4$/);
    expect((await series(metrics, 'workqueue_longest'))[0]).toMatch(/ 3$/);
  });
});

describe('bounds', () => {
  it('counts label sets beyond the limit together', async () => {
    const metrics = new Metrics();
    const counter = metrics.counter({ name: 'calls_total', help: 'Calls.', labels: ['call'], maxSeries: 3 });
    for (let i = 0; i < 1_000; i++) counter.inc({ call: `call-${i}` });
    const all = await series(metrics, 'calls_total');
    expect(all).toHaveLength(4);
    expect(all.at(-1)).toBe('calls_total{call="other"} 997');
    counter.inc({ call: 'call-1' });
    expect(await series(metrics, 'calls_total{call="call-1"}')).toEqual(['calls_total{call="call-1"} 2']);
  });

  it('refuses a second metric of the same name', () => {
    const metrics = new Metrics();
    metrics.counter({ name: 'calls_total', help: 'Calls.' });
    expect(() => metrics.counter({ name: 'calls_total', help: 'Calls.' })).toThrow('calls_total');
  });

  it('escapes what stands in a label', async () => {
    const metrics = new Metrics();
    metrics.counter({ name: 'c_total', help: 'C.', labels: ['x'] }).inc({ x: 'a"b\nc\\d' });
    expect(await series(metrics, 'c_total')).toEqual(['c_total{x="a\\"b\\nc\\\\d"} 1']);
  });
});

it('a histogram series can exist without an observation', async () => {
  const metrics = new Metrics();
  const histogram = metrics.histogram({ name: 'h_seconds', help: 'H.', labels: ['x'], buckets: [1, 2] });
  histogram.bind({ x: 'a' });
  expect(await series(metrics, 'h_seconds')).toEqual([
    'h_seconds_bucket{le="1",x="a"} 0',
    'h_seconds_bucket{le="2",x="a"} 0',
    'h_seconds_bucket{le="+Inf",x="a"} 0',
    'h_seconds_sum{x="a"} 0',
    'h_seconds_count{x="a"} 0',
  ]);
});

it('the process tells its event loop lag, without which no stall would show', async () => {
  const metrics = new Metrics();
  metrics.collectProcess();
  expect((await series(metrics, 'nodejs_eventloop_lag_p99_seconds')).length).toBeGreaterThan(0);
  expect((await series(metrics, 'process_resident_memory_bytes')).length).toBe(1);
});
