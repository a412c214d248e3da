import { expect, test } from 'vitest';
import { driftMetrics, policyMetrics, sourceMetrics } from '../../../operator/cli/operator/fleet-metrics.ts';
import { rolloutMetrics } from '../../../operator/controllers/policyrollout/told/metrics.ts';
import { ObjectCache } from '../../../operator/runtime/cache/object-cache.ts';
import { Metrics } from '../../../operator/runtime/metrics.ts';
import { object } from '../../support/fleet.ts';

function world() {
  const metrics = new Metrics();
  const cache = new ObjectCache();
  let version = 0;
  const put = (kind: string, name: string, status: object, spec: object = {}) => {
    version += 1;
    const stored = object(kind, name, spec, { uid: `${kind}-${name}`, resourceVersion: String(version) });
    cache.sink(kind).set({ ...stored, status } as never);
  };
  const lines = async () =>
    (await metrics.expose()).split('\n').filter((line) => line.startsWith('fleetward_') && !line.includes('_bucket'));
  return { metrics, cache, put, lines };
}

test('drift is counted by kind and class, and no device is named however many there are', async () => {
  const { metrics, cache, put, lines } = world();
  const drift = driftMetrics(metrics, cache);
  for (const name of ['a', 'b']) put('Device', name, { drift: { class: 'widened', since: 'x', total: 1 } });
  put('Device', 'c', {});
  put('ThingGroup', 'g', { drift: { class: 'foreign', since: 'x', total: 1 } });
  const notice = { object: { kind: 'Device' }, changes: [{ class: 'widened' }, { class: 'changed' }] } as never;
  drift.drifted({ ...(notice as object), corrected: false } as never);
  drift.drifted({ ...(notice as object), corrected: true } as never);
  drift.conflict('Device');
  const text = await lines();
  expect(text).toContain('fleetward_drift{kind="Device",class="widened"} 2');
  expect(text).toContain('fleetward_drift{kind="ThingGroup",class="foreign"} 1');
  expect(text).toContain('fleetward_drift_corrected_total{kind="Device",class="widened"} 1');
  expect(text).toContain('fleetward_drift_corrected_total{kind="Device",class="changed"} 1');
  expect(text).toContain('fleetward_writer_conflicts_total{kind="Device"} 1');
});

test('the fullest policy tells how many versions are free; without a policy nothing is said', async () => {
  const { metrics, cache, put, lines } = world();
  policyMetrics(metrics, cache);
  expect((await lines()).join()).not.toContain('slots_free{');
  const spec = { accountRef: { name: 'default' } };
  put('IoTPolicy', 'a', { versions: 2 }, spec);
  put('IoTPolicy', 'b', { versions: 5 }, spec);
  expect(await lines()).toContain('fleetward_policy_version_slots_free{account="default"} 0');
});

test('a source has one revision at a time, and fetches are timed by their result', async () => {
  const { metrics, cache, put, lines } = world();
  const fetched = sourceMetrics(metrics, cache);
  put('FleetSource', 'fleet', { revision: 'main@sha1:1' });
  fetched('success', 0.2);
  fetched('RepositoryNotFound', 3);
  put('FleetSource', 'fleet', { revision: 'main@sha1:2' });
  const text = await lines();
  expect(text.filter((line) => line.startsWith('fleetward_source_info'))).toEqual([
    'fleetward_source_info{source="factory/fleet",revision="main@sha1:2"} 1',
  ]);
  expect(text).toContain('fleetward_git_fetch_duration_seconds_count{result="RepositoryNotFound"} 1');
});

test('failures that are left fall with each failed asset, of open rollouts alone', async () => {
  const { metrics, cache, put, lines } = world();
  rolloutMetrics(metrics, cache);
  const spec = { policies: [{ name: 'base' }], strategy: { failureThreshold: 3 } };
  put('PolicyRollout', 'open', { phase: 'Progressing', counters: { failed: 2 } }, spec);
  put('PolicyRollout', 'over', { phase: 'Aborted', counters: { failed: 9 } }, spec);
  expect(await lines()).toContain('fleetward_rollout_failures_left{policy="base"} 1');
});
