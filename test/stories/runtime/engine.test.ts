import { expect, it } from 'vitest';
import { isReady, type Progress, setProgress, statusOf } from '../../../operator/api/conditions.ts';
import { API_VERSION, type KubeObject, type ObjectKey } from '../../../operator/api/meta.ts';
import { ObjectCache } from '../../../operator/runtime/cache/object-cache.ts';
import { systemClock } from '../../../operator/runtime/clock.ts';
import { conditionReporter } from '../../../operator/runtime/controller/report.ts';
import { Controller } from '../../../operator/runtime/controller.ts';
import { terminal } from '../../../operator/runtime/errors.ts';
import type { EventDocument } from '../../../operator/runtime/events/document.ts';
import { storeEventSink } from '../../../operator/runtime/events/sink.ts';
import { EventWriter } from '../../../operator/runtime/events/writer.ts';
import { silentLogger } from '../../../operator/runtime/log.ts';
import { Manager } from '../../../operator/runtime/manager.ts';
import { conditionMetrics } from '../../../operator/runtime/metrics/conditions.ts';
import { Metrics } from '../../../operator/runtime/metrics.ts';
import type { Reconciler } from '../../../operator/runtime/reconciler.ts';
import { Reflector } from '../../../operator/runtime/reflector/reflector.ts';
import type { Store } from '../../../operator/runtime/store.ts';
import { assertConditionLaws } from '../../support/condition-laws.ts';
import { temporaryStore } from '../../support/store.ts';

const OWNER = { owner: 'story' };

const group = (name: string, description: string): KubeObject => ({
  apiVersion: API_VERSION,
  kind: 'ThingGroup',
  metadata: { name, namespace: 'factory' },
  spec: { description },
});

/** The whole runtime around a reconciler that refuses what is described as `bad`: real store, cache, events, manager. */
function engine(store: Store) {
  const cache = new ObjectCache();
  const metrics = new Metrics();
  const clock = systemClock;
  const reflector = new Reflector({
    store,
    selection: { kind: 'ThingGroup' },
    sink: cache.sink('ThingGroup'),
    clock,
    random: () => 0,
  });
  const events = new EventWriter({
    sink: storeEventSink({ store, keep: 5 }),
    clock,
    log: silentLogger,
    instance: 'story',
    perSecond: 1_000,
  });
  let reconciles = 0;
  const reconciler: Reconciler = {
    async reconcile(key) {
      reconciles += 1;
      const object = cache.get(key);
      if (!object) return undefined;
      if ((object.spec as { description: string }).description === 'bad') {
        throw terminal('BadDescription', `The description of ${key.name} is bad: choose another`);
      }
      await writeProgress(store, object, { kind: 'ready', message: 'Everything is in place' });
      return undefined;
    },
  };
  const controller = new Controller({
    name: 'thinggroup',
    reconciler,
    clock,
    random: () => 0,
    log: silentLogger,
    minGapMs: 0,
    events,
    lookup: (key) => cache.get(key),
    report: conditionReporter({ cache, store, clock, ...OWNER }),
  });
  controller.watch(cache, 'ThingGroup');
  conditionMetrics(metrics, clock).watch(cache, 'ThingGroup');
  const manager = new Manager(
    { clock, log: silentLogger },
    {
      caches: [{ name: 'ThingGroup', run: (stop) => reflector.run(stop), whenReady: () => cache.whenSynced() }],
      services: [events],
      controllers: [controller],
    },
  );
  const stop = new AbortController();
  const ended = manager.run(stop.signal);
  return {
    metrics,
    reconciles: () => reconciles,
    end: async () => {
      stop.abort();
      await ended;
    },
  };
}

async function writeProgress(store: Store, object: KubeObject, progress: Progress): Promise<void> {
  const { conditions = [], observedGeneration } = statusOf(object);
  const generation = object.metadata.generation;
  const next = setProgress(conditions, progress, { generation, now: systemClock.now() });
  if (next === conditions && observedGeneration === generation) return;
  const key = { kind: object.kind, namespace: object.metadata.namespace ?? '', name: object.metadata.name };
  const status = { conditions: next, observedGeneration: generation };
  await store.applyStatus({ ...key, uid: object.metadata.uid ?? '' }, status, OWNER);
}

const key = (name: string): ObjectKey => ({ kind: 'ThingGroup', namespace: 'factory', name });

it('takes objects to Ready, shows what fails with one event, recovers, and does nothing after a restart', async () => {
  await using temporary = await temporaryStore();
  const { store } = temporary;
  for (let i = 0; i < 30; i++) await store.apply(group(`site-${i}`, 'good'), OWNER);
  await store.apply(group('odd', 'bad'), OWNER);

  const first = engine(store);
  const ready = async () => {
    const { items } = await store.list({ kind: 'ThingGroup' });
    assertConditionLaws(...items);
    return items.filter((object) => isReady(object)).length;
  };
  await expect.poll(ready).toBe(30);
  await expect
    .poll(async () => statusOf((await store.get(key('odd'))) ?? {}).conditions?.map((c) => c.type))
    .toEqual(['Ready', 'Stalled']);
  await expect.poll(async () => (await store.list({ kind: 'Event' })).items.length).toBe(1);
  const [event] = (await store.list({ kind: 'Event' })).items as EventDocument[];
  expect(event).toMatchObject({
    reason: 'BadDescription',
    type: 'Warning',
    regarding: { kind: 'ThingGroup', name: 'odd' },
  });
  const stalled =
    'operator_status_condition_count{kind="ThingGroup",type="Stalled",status="True",reason="BadDescription"} 1';
  await expect.poll(() => first.metrics.expose()).toContain(stalled);

  await store.apply(group('odd', 'better'), OWNER);
  await expect.poll(ready).toBe(31);
  await first.end();

  const before = (await store.list({ kind: 'ThingGroup' })).resourceVersion;
  const second = engine(store);
  await expect.poll(second.reconciles).toBe(31);
  await second.end();
  expect((await store.list({ kind: 'ThingGroup' })).resourceVersion).toBe(before);
});

it('shows a failure once: the same failure again asks nothing of the store', async () => {
  await using temporary = await temporaryStore();
  let writes = 0;
  const { store } = temporary;
  const counting: Pick<Store, 'applyStatus'> = {
    applyStatus: (...what) => {
      writes += 1;
      return store.applyStatus(...what);
    },
  };
  const cache = new ObjectCache();
  const sink = cache.sink('ThingGroup');
  await sink.replace([await store.apply(group('odd', 'bad'), OWNER)]);
  const report = conditionReporter({ cache, store: counting, clock: systemClock, ...OWNER });
  const progress: Progress = { kind: 'stalled', reason: 'BadDescription', message: 'choose another' };
  await report(key('odd'), progress);
  expect(writes).toBe(1);
  sink.set((await store.get(key('odd'))) ?? group('odd', ''));
  await report(key('odd'), progress);
  await report(key('gone'), progress);
  expect(writes).toBe(1);
  assertConditionLaws(...cache.list('ThingGroup'));
});

it('keeps only the youngest events in a local store, also those of an earlier process', async () => {
  await using temporary = await temporaryStore();
  const { store } = temporary;
  const notes = async () => {
    const { items } = await store.list({ kind: 'Event' });
    return (items as EventDocument[]).map((event) => event.note).sort();
  };
  for (const life of [0, 1]) {
    const sink = storeEventSink({ store, keep: 5 });
    let now = 1_000 * life;
    const clock = { ...systemClock, now: () => now++ };
    const writer = new EventWriter({ sink, clock, log: silentLogger, instance: 'story', perSecond: 100_000 });
    const stop = new AbortController();
    const ended = writer.run(stop.signal, new AbortController().signal);
    for (let i = 0; i < 8; i++) {
      writer.record(group(`site-${i}`, ''), { type: 'Normal', reason: 'Told', message: `life ${life} event ${i}` });
    }
    stop.abort();
    await ended;
    expect(await notes()).toEqual([3, 4, 5, 6, 7].map((i) => `life ${life} event ${i}`));
  }
});
