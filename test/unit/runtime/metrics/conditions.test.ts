import { describe, expect, it } from 'vitest';
import type { Condition, KubeObject } from '../../../../operator/api/meta.ts';
import { VirtualClock } from '../../../../operator/runtime/clock.ts';
import { conditionMetrics } from '../../../../operator/runtime/metrics/conditions.ts';
import { Metrics } from '../../../../operator/runtime/metrics.ts';
import { changeSource } from '../controller/harness.ts';

const START = Date.UTC(2026, 0, 1);
const time = (ms: number) => `${new Date(START + ms).toISOString().slice(0, 19)}Z`;

const device = (name: string, status: 'True' | 'False', reason: string, since = 0, extra = {}): KubeObject => ({
  apiVersion: 'fleetward.dev/v1alpha1',
  kind: 'Device',
  metadata: { namespace: 'factory', name, ...extra },
  status: {
    conditions: [{ type: 'Ready', status, reason, message: '', lastTransitionTime: time(since) }] satisfies Condition[],
  },
});

function setup() {
  const clock = new VirtualClock(START);
  const metrics = new Metrics();
  const source = changeSource();
  conditionMetrics(metrics, clock).watch(source.cache, 'Device');
  const emit = (old: KubeObject | undefined, now: KubeObject | undefined, initial = false) =>
    source.emit({ old, new: now, initial });
  const series = async (name: string) =>
    (await metrics.expose()).split('\n').filter((line) => line.startsWith(`operator_${name}{`));
  return { clock, emit, series };
}

describe('condition metrics', () => {
  it('count objects by kind and reason, and follow every change', async () => {
    const { emit, series } = setup();
    const a = device('a', 'False', 'Creating');
    const b = device('b', 'False', 'Creating');
    emit(undefined, a, true);
    emit(undefined, b, true);
    const of = (status: string, reason: string) =>
      `operator_status_condition_count{kind="Device",type="Ready",status="${status}",reason="${reason}"}`;
    expect(await series('status_condition_count')).toEqual([`${of('False', 'Creating')} 2`]);
    emit(a, device('a', 'True', 'Succeeded', 60_000));
    expect(await series('status_condition_count')).toEqual([
      `${of('False', 'Creating')} 1`,
      `${of('True', 'Succeeded')} 1`,
    ]);
    emit(b, undefined);
    expect(await series('status_condition_count')).toEqual([`${of('True', 'Succeeded')} 1`]);
  });

  it('tell how long the longest waiting object waits, and nothing of those in order', async () => {
    const { clock, emit, series } = setup();
    emit(undefined, device('old', 'False', 'Throttled', 0));
    emit(undefined, device('young', 'False', 'Throttled', 50_000));
    emit(undefined, device('fine', 'True', 'Succeeded', 0));
    await clock.advance(90_000);
    expect(await series('status_condition_current_status_seconds')).toEqual([
      'operator_status_condition_current_status_seconds{kind="Device",type="Ready",status="False",reason="Throttled"} 90',
    ]);
    emit(device('old', 'False', 'Throttled', 0), device('old', 'True', 'Succeeded', 80_000));
    expect((await series('status_condition_current_status_seconds'))[0]).toMatch(/ 40$/);
  });

  it('count transitions and how long the state before stood, but not what a first list shows', async () => {
    const { emit, series } = setup();
    const waiting = device('a', 'False', 'Creating', 0);
    const done = device('a', 'True', 'Succeeded', 20_000);
    emit(undefined, waiting, true);
    emit(waiting, done, true);
    expect(await series('status_condition_transitions_total')).toEqual([]);
    emit(waiting, done);
    emit(done, device('a', 'True', 'StillFine', 20_000));
    expect(await series('status_condition_transitions_total')).toEqual([
      'operator_status_condition_transitions_total{kind="Device",type="Ready",status="True",reason="Succeeded"} 1',
    ]);
    expect(await series('status_condition_transition_seconds_sum')).toEqual([
      'operator_status_condition_transition_seconds_sum{kind="Device",type="Ready",status="True"} 20',
    ]);
  });

  it('tell how long a deletion has been going on', async () => {
    const { clock, emit, series } = setup();
    const going = device('a', 'True', 'Succeeded', 0, { deletionTimestamp: time(0) });
    emit(device('a', 'True', 'Succeeded'), going);
    await clock.advance(45_000);
    const name = 'termination_current_time_seconds';
    expect(await series(name)).toEqual([`operator_${name}{kind="Device"} 45`]);
    emit(going, undefined);
    expect(await series(name)).toEqual([`operator_${name}{kind="Device"} 0`]);
  });

  it('make no series per object, and keep a scrape of a large fleet quick', async () => {
    const { emit, series, clock } = setup();
    for (let i = 0; i < 100_000; i++) emit(undefined, device(`device-${i}`, 'False', 'Creating'), true);
    await clock.advance(1_000);
    const began = performance.now();
    expect(await series('status_condition_count')).toHaveLength(1);
    expect(performance.now() - began).toBeLessThan(500);
  });
});
