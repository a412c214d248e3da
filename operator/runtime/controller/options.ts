import type { Progress } from '../../api/conditions.ts';
import type { KubeObject, ObjectKey } from '../../api/meta.ts';
import type { Clock } from '../clock.ts';
import type { ReconcileError } from '../errors.ts';
import type { EventRecorder } from '../events.ts';
import type { Logger } from '../log.ts';
import type { ControllerMetrics } from '../metrics/controller.ts';
import type { WorkqueueMetrics } from '../metrics/workqueue.ts';
import type { CacheChange, Reconciler } from '../reconciler.ts';
import type { Predicate } from './predicates.ts';

export interface ControllerOptions {
  /** Lower case, e.g. `device`: the label of metrics and log lines. */
  readonly name: string;
  readonly reconciler: Reconciler;
  readonly clock: Clock;
  /** 0 ≤ x < 1. */
  readonly random: () => number;
  readonly log: Logger;
  /** Keys reconciled at the same time. Default 8. */
  readonly workers?: number;
  /** How many of them take only priority ≥ 0, so that no flood of drift checks delays a person. Default a quarter. */
  readonly reservedWorkers?: number;
  /** After this the reconcile's signal aborts. Default 2 min; 0 = never. */
  readonly timeoutMs?: number;
  /** Least time between two starts for one object; security acts are exempt. Default 1 s. */
  readonly minGapMs?: number;
  /**
   * Asked when a key leaves the queue; false puts it back for two seconds. Leadership, and later sharding. Must be
   * synchronous.
   */
  readonly owns?: (key: ObjectKey) => boolean;
  /**
   * Shows a failure in the object's conditions. Left out by controllers whose reconciler writes its own status. When it
   * throws, the key is tried again, so that no failure stays invisible.
   */
  readonly report?: (key: ObjectKey, progress: Progress, error: ReconcileError) => Promise<void>;
  readonly events?: EventRecorder;
  /** Finds the object that an event is about. */
  readonly lookup?: (key: ObjectKey) => KubeObject | undefined;
  readonly metrics?: { readonly workqueue: WorkqueueMetrics; readonly controller: ControllerMetrics };
}

export interface WatchOptions {
  /** Default `desiredChanged`. */
  readonly when?: Predicate;
  /** Which keys a change concerns. Default: the changed object itself. */
  readonly keys?: (change: CacheChange) => Iterable<ObjectKey>;
  /** Default `Priority.change`; first lists and resyncs always come in at `Priority.resync`. */
  readonly priority?: (change: CacheChange) => number;
}
