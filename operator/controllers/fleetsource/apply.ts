import type { KubeObject, ObjectKey } from '../../api/meta.ts';
import { keyOf } from '../../api/meta.ts';
import { type Clock, sleep } from '../../runtime/clock.ts';
import { type ForeignField, type Store, StoreError } from '../../runtime/store.ts';
import type { Refusal } from './plan.ts';
import { SOURCE_OWNER } from './verbs.ts';

export interface ApplyOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Requests under way at the same time. */
  readonly concurrency: number;
  /** Objects created each second at most; 0 for no limit. A burst of creations is what fills etcd. */
  readonly createsPerSecond: number;
  /** Ends the slice after this long, so that suspend and newer commits are looked at in between. */
  readonly sliceMs: number;
  /** Hears of spec fields of others than Git, and says what becomes of them. */
  readonly onForeign: (document: KubeObject, fields: readonly ForeignField[]) => 'remove' | 'keep';
}

/** Work that outlives one reconcile. */
export interface Work {
  readonly pending: KubeObject[];
  readonly refused: Refusal[];
  /** Objects deleted and created again since the plan was made: the next plan sees them as they are. */
  stale: number;
  applied: number;
}

/**
 * Applies pending documents until none is left, the slice is over or the store asks for less. Returns the error that
 * stopped it, if one did; what it concerned is pending again. Single refusals do not stop the rest.
 */
export async function applySlice(
  work: Work,
  options: ApplyOptions,
  onApplied: (object: KubeObject) => void,
): Promise<StoreError | undefined> {
  const { clock, signal } = options;
  const end = clock.monotonic() + options.sliceMs;
  const pace = pacer(options.createsPerSecond, clock);
  let stopped: StoreError | undefined;
  // Taken from the end, so that finished documents can be collected while the rest is still under way.
  work.pending.reverse();
  const worker = async () => {
    while (!stopped && !signal.aborted && clock.monotonic() < end) {
      const document = work.pending.pop();
      if (!document) return;
      if (document.metadata.uid === undefined) await pace(signal);
      const failure = await applyOne(document, work, options, onApplied);
      if (!failure) continue;
      stopped ??= failure;
      work.pending.push(document);
    }
  };
  await Promise.all(Array.from({ length: options.concurrency }, worker));
  work.pending.reverse();
  signal.throwIfAborted();
  return stopped;
}

async function applyOne(
  document: KubeObject,
  work: Work,
  { store, onForeign }: ApplyOptions,
  onApplied: (object: KubeObject) => void,
): Promise<StoreError | undefined> {
  try {
    const foreign = (fields: readonly ForeignField[]) => onForeign(document, fields);
    onApplied(await store.apply(document, { owner: SOURCE_OWNER, force: true, onForeign: foreign }));
    work.applied++;
    return undefined;
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    switch (error.code) {
      case 'invalid':
      case 'forbidden':
      case 'notFound':
      case 'gone':
        work.refused.push({ object: keyOf(document), message: explain(error) });
        return undefined;
      case 'conflict':
        work.stale++;
        return undefined;
      case 'unauthorized':
      case 'throttled':
      case 'full':
      case 'unavailable':
        return error;
      default:
        return error.code satisfies never;
    }
  }
}

/** Deletes what left the revision; each with its uid, so that a successor of the same name stays. */
export async function removeAll(objects: readonly KubeObject[], options: ApplyOptions): Promise<void> {
  const queue = [...objects];
  const worker = async () => {
    for (let object = queue.shift(); object; object = queue.shift()) {
      options.signal.throwIfAborted();
      await options.store.delete(keyPartsOf(object), uidOf(object)).catch((error: unknown) => {
        // Replaced by another object of that name: not the one that left Git.
        if (!(error instanceof StoreError && error.code === 'conflict')) throw error;
      });
    }
  };
  await Promise.all(Array.from({ length: options.concurrency }, worker));
}

function uidOf(object: KubeObject): { uid?: string } {
  return object.metadata.uid === undefined ? {} : { uid: object.metadata.uid };
}

export function keyPartsOf(object: KubeObject): ObjectKey {
  return { kind: object.kind, namespace: object.metadata.namespace ?? '', name: object.metadata.name };
}

/** Even spacing rather than bursts. */
function pacer(perSecond: number, clock: Clock): (signal: AbortSignal) => Promise<void> {
  if (perSecond <= 0) return () => Promise.resolve();
  let next = clock.monotonic();
  return async (signal) => {
    const now = clock.monotonic();
    const at = Math.max(now, next);
    next = at + 1000 / perSecond;
    // An abort is noticed by the caller's loop; the document in hand is still applied.
    if (at > now) await sleep(clock, at - now, signal).catch(() => undefined);
  };
}

function explain(error: StoreError): string {
  const causes = error.causes.slice(0, 3).map(({ field, message }) => `${field}: ${message}`);
  const more = error.causes.length > 3 ? ` (and ${error.causes.length - 3} more)` : '';
  return causes.length > 0 ? causes.join('; ') + more : error.message;
}
