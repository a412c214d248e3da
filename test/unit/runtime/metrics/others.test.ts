import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../../../operator/api/meta.ts';
import { VirtualClock } from '../../../../operator/runtime/clock.ts';
import { lifecycleMetrics } from '../../../../operator/runtime/metrics/lifecycle.ts';
import { outboundMetrics } from '../../../../operator/runtime/metrics/outbound.ts';
import { kubeClientMetrics, reflectorMetrics } from '../../../../operator/runtime/metrics/store.ts';
import { Metrics } from '../../../../operator/runtime/metrics.ts';
import { StoreError } from '../../../../operator/runtime/store.ts';
import { changeSource, object } from '../controller/harness.ts';

const lines = async (metrics: Metrics, prefix: string) =>
  (await metrics.expose()).split('\n').filter((line) => line.startsWith(prefix));

const GVK = '{gvk="fleetward.dev/v1alpha1, Kind=Device"}';
const CREATED = '2026-01-01T00:00:00Z';
const condition = (status: 'True' | 'False') => ({
  conditions: [{ type: 'Ready', status, reason: 'X', message: '', lastTransitionTime: CREATED }],
});

describe('lives of objects', () => {
  const unready: KubeObject = { ...object('a', { creationTimestamp: CREATED }), status: condition('False') };
  const ready: KubeObject = { ...unready, status: condition('True') };

  it('are measured to the first Ready only, and only for objects that appeared while we looked', async () => {
    const clock = new VirtualClock(Date.parse(CREATED));
    const metrics = new Metrics();
    const { cache, emit } = changeSource();
    lifecycleMetrics(metrics, clock).watch(cache, 'Device');
    emit({ old: undefined, new: unready, initial: false });
    await clock.advance(12_000);
    emit({ old: unready, new: ready, initial: false });
    emit({ old: ready, new: unready, initial: false });
    await clock.advance(12_000);
    emit({ old: unready, new: ready, initial: false });
    const old = object('old', { creationTimestamp: CREATED });
    emit({ old: undefined, new: { ...old, status: condition('False') }, initial: true });
    emit({ old: { ...old, status: condition('False') }, new: { ...old, status: condition('True') }, initial: false });
    const name = 'managed_resource_first_time_to_readiness_seconds';
    expect(await lines(metrics, `${name}_sum`)).toEqual([`${name}_sum${GVK} 12`]);
    expect(await lines(metrics, `${name}_count`)).toEqual([`${name}_count${GVK} 1`]);
  });

  it('are measured from the request to delete to the end', async () => {
    const clock = new VirtualClock(Date.parse(CREATED) + 30_000);
    const metrics = new Metrics();
    const { cache, emit } = changeSource();
    lifecycleMetrics(metrics, clock).watch(cache, 'Device');
    emit({ old: object('a', { deletionTimestamp: CREATED }), new: undefined, initial: false });
    emit({ old: object('b'), new: undefined, initial: false });
    expect(await lines(metrics, 'managed_resource_deletion_seconds_sum')).toEqual([
      `managed_resource_deletion_seconds_sum${GVK} 30`,
    ]);
  });
});

it('calls to outside services are counted by operation, failures by name, waits apart', async () => {
  const metrics = new Metrics();
  const iot = outboundMetrics(metrics, 'iot');
  iot.request('AttachPolicy', 'success', 0.2);
  iot.request('AttachPolicy', 'ThrottlingException', 0.1);
  iot.waited('AttachPolicy', 3);
  const of = 'service="iot",op_id="AttachPolicy"';
  expect(await lines(metrics, 'ack_outbound_api')).toEqual([
    `ack_outbound_api_requests_total{${of}} 2`,
    `ack_outbound_api_requests_error_total{${of},error="ThrottlingException"} 1`,
  ]);
  expect(await lines(metrics, 'fleetward_outbound_api_wait_seconds_sum')).toEqual([
    `fleetward_outbound_api_wait_seconds_sum{${of}} 3`,
  ]);
});

it('reflectors and the client tell what they go through', async () => {
  const metrics = new Metrics();
  const hooks = reflectorMetrics(metrics);
  hooks.onListed?.('Device', { items: 7, ms: 250 });
  hooks.onFailure?.('Device', 'watch', new StoreError('forbidden', 'no'));
  hooks.onRelist?.('Device', 'repeated failures');
  kubeClientMetrics(metrics)({ method: 'GET', code: 429, ms: 40 });
  const text = await metrics.expose();
  for (const line of [
    'fleetward_reflector_listed_objects{kind="Device"} 7',
    'fleetward_reflector_list_duration_seconds_sum{kind="Device"} 0.25',
    'fleetward_reflector_failures_total{kind="Device",phase="watch",code="forbidden"} 1',
    'fleetward_reflector_relists_total{kind="Device",reason="repeated_failures"} 1',
    'rest_client_requests_total{code="429",method="GET"} 1',
    'rest_client_request_duration_seconds_sum{verb="GET"} 0.04',
  ]) {
    expect(text).toContain(`${line}\n`);
  }
});
