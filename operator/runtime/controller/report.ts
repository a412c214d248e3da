import { type Progress, setProgress, statusOf } from '../../api/conditions.ts';
import type { ObjectKey } from '../../api/meta.ts';
import type { Clock } from '../clock.ts';
import type { Cache } from '../reconciler.ts';
import type { Store } from '../store.ts';

export interface ReportOptions {
  readonly cache: Cache;
  readonly store: Pick<Store, 'applyStatus'>;
  readonly clock: Clock;
  /** Field manager of the status. */
  readonly owner: string;
}

/**
 * Writes a failure into Ready, Reconciling and Stalled of the object, and nothing when they say so already. For
 * controllers whose reconciler does not write its status itself; the rest of the status is kept as it is.
 */
export function conditionReporter(options: ReportOptions): (key: ObjectKey, progress: Progress) => Promise<void> {
  const { cache, store, clock, owner } = options;
  return async (key, progress) => {
    const object = cache.get(key);
    const uid = object?.metadata.uid;
    if (!object || uid === undefined) return;
    const { conditions = [], observedGeneration } = statusOf(object);
    const { generation } = object.metadata;
    const next = setProgress(conditions, progress, { generation, now: clock.now() });
    if (next === conditions && observedGeneration === generation) return;
    const old = typeof object.status === 'object' && object.status !== null ? object.status : {};
    const status = {
      ...old,
      conditions: next,
      ...(generation === undefined ? {} : { observedGeneration: generation }),
    };
    await store.applyStatus({ ...key, uid }, status, { owner });
  };
}
