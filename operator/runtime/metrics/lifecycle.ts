import { isTrue, READY, statusOf } from '../../api/conditions.ts';
import { type KubeObject, keyOf } from '../../api/meta.ts';
import type { Clock } from '../clock.ts';
import type { Metrics } from '../metrics.ts';
import type { Cache } from '../reconciler.ts';

const BUCKETS = [1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600, 14_400, 86_400];

/**
 * How long objects take to become Ready for the first time and to go, under crossplane-runtime's names. Only what this
 * process saw appear or vanish counts, so that a restart adds nothing.
 */
export function lifecycleMetrics(metrics: Metrics, clock: Clock): { watch(cache: Cache, kind: string): void } {
  const histogram = (name: string, help: string) =>
    metrics.histogram({ name: `managed_resource_${name}`, help, labels: ['gvk'], buckets: BUCKETS });
  const readiness = histogram('first_time_to_readiness_seconds', 'From an object’s creation to its first Ready.');
  const deletion = histogram('deletion_seconds', 'From the request to delete an object to its end.');
  return {
    watch(cache, kind) {
      /** Objects that appeared and have not been Ready yet: small unless the whole fleet is being created. */
      const fresh = new Set<string>();
      cache.onChange(kind, ({ old, new: now, initial }) => {
        if (initial) return;
        if (!old && now) fresh.add(keyOf(now));
        if (now && fresh.has(keyOf(now)) && isTrue(statusOf(now).conditions, READY)) {
          fresh.delete(keyOf(now));
          observe(readiness, now, now.metadata.creationTimestamp);
        }
        if (old && !now) {
          fresh.delete(keyOf(old));
          observe(deletion, old, old.metadata.deletionTimestamp);
        }
      });
    },
  };

  function observe(
    to: { observe(labels: { gvk: string }, seconds: number): void },
    object: KubeObject,
    since: string | undefined,
  ): void {
    if (since === undefined) return;
    const seconds = Math.max(0, (clock.now() - Date.parse(since)) / 1000);
    to.observe({ gvk: `${object.apiVersion}, Kind=${object.kind}` }, seconds);
  }
}
