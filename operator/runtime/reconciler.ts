import type { KubeObject, ObjectKey } from '../api/meta.ts';
import type { Logger } from './log.ts';

/** Queue levels. Higher runs first; a human's change overtakes 50,000 drift checks. */
export const Priority = {
  /** Containment, denies, quarantine, rollback. */
  security: 100,
  /** A changed spec. */
  change: 0,
  /** Periodic drift checks. */
  drift: -50,
  /** The initial list and resyncs. */
  resync: -100,
} as const;

export interface ReconcileContext {
  readonly signal: AbortSignal;
  /** Carries controller, object and reconcileID on every line. */
  readonly log: Logger;
  readonly reconcileId: string;
  readonly priority: number;
}

/** `requeueAfterMs` forgets failures and comes back then; nothing at all means done until something changes. */
export interface Result {
  readonly requeueAfterMs?: number;
  readonly priority?: number;
}

export interface Reconciler {
  /** Level-triggered: gets a key, never an object. Throws ReconcileError or anything. */
  reconcile(key: ObjectKey, context: ReconcileContext): Promise<Result | undefined>;
}

/** Read side shared by all controllers: what the reflectors last saw. Synchronous, never goes to the network. */
export interface Cache {
  get(key: ObjectKey): KubeObject | undefined;
  list(kind: string, namespace?: string): Iterable<KubeObject>;
  count(kind: string, namespace?: string): number;
  /** Registers before start: `of` returns the values under which an object is found. */
  addIndex(kind: string, index: string, of: (object: KubeObject) => readonly string[]): void;
  byIndex(kind: string, index: string, value: string): readonly KubeObject[];
  /** Called after the cache changed. Must not throw and must only enqueue keys. */
  onChange(kind: string, handler: (change: CacheChange) => void): void;
  /** True once every started kind has been listed once. */
  readonly synced: boolean;
}

export interface CacheChange {
  readonly old: KubeObject | undefined;
  readonly new: KubeObject | undefined;
  /** True while the first list is delivered, and for resyncs. */
  readonly initial: boolean;
}
