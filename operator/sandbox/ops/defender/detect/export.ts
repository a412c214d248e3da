import type { World } from '../../../context.ts';
import type { Scope } from '../../../state/scope.ts';
import type { Wanted } from './plan.ts';
import type { Point } from './state.ts';

const MAX_BATCH = 100;

/** Collects the datapoints of one window by the topic that they are published on (metrics-export-json-schema). */
export class MetricsExport {
  readonly #batches = new Map<string, object[]>();

  add(topic: string, thing: string, { name, dimension }: Wanted, points: readonly Point[]): void {
    const batch = this.#batches.get(topic) ?? [];
    this.#batches.set(topic, batch);
    for (const { at, value } of points) {
      const told = dimension && { name: dimension.dimensionName, operator: dimension.operator ?? 'IN' };
      batch.push({ name, thing, value, version: 1, timestamp: at, ...(told && { dimension: told }) });
    }
  }

  publish(world: World, scope: Scope): void {
    for (const [topic, metrics] of this.#batches) {
      for (let i = 0; i < metrics.length; i += MAX_BATCH) {
        const payload = Buffer.from(JSON.stringify({ version: '1.0', metrics: metrics.slice(i, i + MAX_BATCH) }));
        world.ports.broker?.publish(scope, { topic, payload, qos: 1, retain: false });
      }
    }
  }
}
