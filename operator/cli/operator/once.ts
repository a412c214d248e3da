import { isReady } from '../../api/conditions.ts';
import type { ObjectKey } from '../../api/meta.ts';
import { type Clock, sleep } from '../../runtime/clock.ts';
import type { Operator } from './operator.ts';
import type { NotReady } from './readiness.ts';

export type OnceResult =
  | { readonly kind: 'ready'; readonly total: number }
  /** Somebody has to act: nothing moved for a while and objects are stalled, or wait for stalled ones. */
  | { readonly kind: 'stuck'; readonly notReady: readonly NotReady[]; readonly total: number }
  | { readonly kind: 'timeout'; readonly notReady: readonly NotReady[]; readonly total: number }
  | { readonly kind: 'stopped' };

export interface OnceOptions {
  readonly operator: Pick<Operator, 'cache' | 'readiness' | 'quiet'>;
  readonly source: ObjectKey;
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly onProgress?: (ready: number, total: number) => void;
}

const POLL_MS = 100;
/** Longer than the waits that end by themselves within a converging fleet (requeues, deletion delays of AWS aside). */
const STANDSTILL_MS = 10_000;
/** A source that cannot be read, or whose tree is invalid, is known at once: waiting longer changes nothing. */
const SOURCE_STANDSTILL_MS = 1_000;
/** A remote that does not answer is asked again in this time; one that stays away keeps a pipeline no longer. */
const REMOTE_STANDSTILL_MS = 20_000;

/** Follows a fleet to its end: all Ready, stuck, or out of time. */
export async function untilSettled(options: OnceOptions): Promise<OnceResult> {
  const { clock, signal, operator } = options;
  const { readiness } = operator;
  const end = clock.monotonic() + options.timeoutMs;
  let seen = -1;
  let since = clock.monotonic();
  while (!signal.aborted) {
    // Ready may be what an earlier process left: it counts once this one has looked at everything.
    if (sourceIsApplied(options) && readiness.allReady && operator.quiet)
      return { kind: 'ready', total: readiness.total };
    const now = clock.monotonic();
    if (readiness.changes !== seen) {
      seen = readiness.changes;
      since = now;
      options.onProgress?.(readiness.ready, readiness.total);
    }
    const notReady = () => ({ notReady: [...readiness.notReady()], total: readiness.total });
    if (operator.quiet && now - since >= standstill(options)) return { kind: 'stuck', ...notReady() };
    if (now >= end) return { kind: 'timeout', ...notReady() };
    await sleep(clock, POLL_MS, signal).catch(() => undefined);
  }
  return { kind: 'stopped' };
}

function sourceIsApplied({ operator, source }: OnceOptions): boolean {
  const object = operator.cache.get(source);
  return object !== undefined && isReady(object);
}

/** How long nothing may move before it counts as stuck; for ever while nothing is stalled and the source answers. */
function standstill({ operator, source }: OnceOptions): number {
  let wait = Number.POSITIVE_INFINITY;
  for (const { object, progress } of operator.readiness.notReady()) {
    const isSource = object.kind === source.kind && object.metadata.name === source.name;
    if (isSource && progress.kind === 'reconciling') wait = Math.min(wait, REMOTE_STANDSTILL_MS);
    if (progress.kind !== 'stalled') continue;
    wait = Math.min(wait, isSource ? SOURCE_STANDSTILL_MS : STANDSTILL_MS);
  }
  return wait;
}
