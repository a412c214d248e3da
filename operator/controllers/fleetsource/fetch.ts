import type { FleetSource } from '../../api/fleetsource.gen.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { ReconcileContext } from '../../runtime/reconciler.ts';
import { SourceError } from '../../source/git/errors.ts';
import { durationMs } from '../external/duration.ts';
import type { Memory } from './memory.ts';
import type { Fetched, SourceTree } from './tree.ts';
import { REQUESTED_AT } from './verbs.ts';

/** Shortest wait before anything is tried again. */
export const FIRST_RETRY_MS = 1_000;

export type FetchResult =
  /** With an error, the files are those of the last good revision. */
  | { readonly fetched: Fetched; readonly error: SourceError | undefined }
  | { readonly fetched: undefined; readonly error: SourceError };

interface FetchPorts {
  readonly tree: SourceTree;
  readonly clock: Clock;
  readonly onFetch?: ((result: string, seconds: number) => void) | undefined;
}

/** Asks the remote when it is due, or when something about the request changed; falls back on the last good files. */
export async function fetchRevision(
  source: FleetSource,
  memory: Memory,
  { tree, clock, signal, log, onFetch }: Pick<ReconcileContext, 'signal' | 'log'> & FetchPorts,
): Promise<FetchResult> {
  const forced = isForced(source);
  if (forced) memory.bad = memory.done = undefined;
  const changed = memory.generation !== source.metadata.generation;
  if (memory.fetched && !forced && !changed && clock.monotonic() < memory.nextFetchAt) {
    return { fetched: memory.fetched, error: undefined };
  }
  memory.generation = source.metadata.generation;
  const intervalMs = durationMs(source.spec.interval);
  const asked = clock.monotonic();
  const told = (result: string) => onFetch?.(result, (clock.monotonic() - asked) / 1_000);
  try {
    memory.fetched = await tree.fetch(source, signal);
    told('success');
    memory.failures = 0;
    memory.nextFetchAt = clock.monotonic() + intervalMs;
    return { fetched: memory.fetched, error: undefined };
  } catch (thrown) {
    if (!(thrown instanceof SourceError)) throw thrown;
    told(thrown.reason);
    log.warn('Failing to read the source', { reason: thrown.reason, cause: thrown.message });
    const retryMs = FIRST_RETRY_MS * 2 ** Math.min(memory.failures++, 16);
    memory.nextFetchAt = clock.monotonic() + (thrown.retriable ? Math.min(retryMs, intervalMs) : intervalMs);
    memory.fetched = undefined;
    const revision = source.status?.revision;
    const fetched = revision === undefined ? undefined : await tree.lastGood(source, revision).catch(() => undefined);
    return { fetched, error: thrown };
  }
}

function isForced({ metadata, status }: FleetSource): boolean {
  const requested = metadata.annotations?.[REQUESTED_AT];
  return requested !== undefined && requested.slice(0, 128) !== status?.lastHandledReconcileAt;
}
