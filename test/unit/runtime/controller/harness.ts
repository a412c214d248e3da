import type { Progress } from '../../../../operator/api/conditions.ts';
import type { KubeObject, ObjectKey } from '../../../../operator/api/meta.ts';
import { VirtualClock } from '../../../../operator/runtime/clock.ts';
import { Controller, type ControllerOptions } from '../../../../operator/runtime/controller.ts';
import type { EventInput } from '../../../../operator/runtime/events.ts';
import { createLogger } from '../../../../operator/runtime/log.ts';
import { controllerMetrics } from '../../../../operator/runtime/metrics/controller.ts';
import { workqueueMetrics } from '../../../../operator/runtime/metrics/workqueue.ts';
import { Metrics } from '../../../../operator/runtime/metrics.ts';
import type { Cache, CacheChange, ReconcileContext, Result } from '../../../../operator/runtime/reconciler.ts';

export const device = (name: string): ObjectKey => ({ kind: 'Device', namespace: 'factory', name });

export const object = (name: string, extra: Partial<KubeObject['metadata']> = {}): KubeObject => ({
  apiVersion: 'fleetward.dev/v1alpha1',
  kind: 'Device',
  metadata: { namespace: 'factory', name, uid: `uid-${name}`, generation: 1, ...extra },
});

export type Act = (key: ObjectKey, context: ReconcileContext) => Promise<Result | undefined>;

export interface LogLine {
  readonly level: string;
  readonly msg: string;
  readonly [key: string]: unknown;
}

/** A controller around `act`, with everything it says kept for the test to read. */
export function controllerAround(act: Act, options: Partial<ControllerOptions> = {}) {
  const clock = new VirtualClock();
  const started: { name: string; at: number; priority: number }[] = [];
  const lines: LogLine[] = [];
  const events: EventInput[] = [];
  const reports: { name: string; progress: Progress }[] = [];
  const metrics = new Metrics();
  const log = createLogger({ level: 'debug', now: () => clock.now(), write: (line) => lines.push(JSON.parse(line)) });
  const controller = new Controller({
    name: 'device',
    clock,
    random: () => 0,
    log,
    minGapMs: 0,
    metrics: { workqueue: workqueueMetrics(metrics), controller: controllerMetrics(metrics) },
    events: { record: (_, event) => events.push(event) },
    lookup: (key) => object(key.name),
    report: async (key, progress) => void reports.push({ name: key.name, progress }),
    reconciler: {
      reconcile(key, context) {
        started.push({ name: key.name, at: clock.monotonic(), priority: context.priority });
        return act(key, context);
      },
    },
    ...options,
  });
  const stop = new AbortController();
  const kill = new AbortController();
  const ended = controller.run(stop.signal, kill.signal);
  return {
    clock,
    controller,
    started,
    lines,
    events,
    reports,
    stop,
    kill,
    ended,
    /** Lets everything that needs no time happen. */
    async settle(): Promise<void> {
      for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve));
    },
    /** The value of one series. */
    async metric(series: string): Promise<number | undefined> {
      const line = (await metrics.expose()).split('\n').find((l) => l.startsWith(`${series} `));
      return line === undefined ? undefined : Number(line.slice(series.length + 1));
    },
  };
}

/** Only what a controller needs of a cache: somebody to tell it of changes. */
export function changeSource(): { cache: Cache; emit(change: CacheChange): void } {
  const handlers: ((change: CacheChange) => void)[] = [];
  const absent = () => {
    throw new Error('not part of this source');
  };
  return {
    cache: {
      get: absent,
      list: absent,
      count: absent,
      addIndex: absent,
      byIndex: absent,
      onChange: (_, handler) => void handlers.push(handler),
      synced: true,
    },
    emit: (change) => {
      for (const handler of handlers) handler(change);
    },
  };
}
