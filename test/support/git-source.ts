import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../operator/runtime/clock.ts';
import { systemClock } from '../../operator/runtime/clock.ts';
import type { SourceError } from '../../operator/source/git/errors.ts';
import { type Checkout, GitSource, type SyncRequest } from '../../operator/source/git/source.ts';
import type { GitLimits } from '../../operator/source/git/tree.ts';

/** A GitSource over a cache folder of its own, with the arguments that every test would repeat. */
export async function openTestSource(options: { limits?: GitLimits; clock?: Clock; allowFile?: boolean } = {}) {
  const cache = await mkdtemp(join(tmpdir(), 'fleetward-cache-'));
  const create = () =>
    new GitSource({
      cache,
      clock: options.clock ?? systemClock,
      settings: { searchPath: process.env.PATH ?? '/usr/bin:/bin' },
      allowFile: options.allowFile ?? true,
      ...(options.limits ? { limits: options.limits } : {}),
    });
  let source = create();
  const sync = (request: Partial<SyncRequest> & { url: string }): Promise<Checkout> =>
    source.sync({ id: 'source', timeoutMs: 30_000, signal: new AbortController().signal, ...request });
  return {
    cache,
    sync,
    /** The error of a sync that must fail. */
    async refusal(request: Partial<SyncRequest> & { url: string }): Promise<SourceError> {
      const outcome = await sync(request).then(
        () => 'succeeded',
        (error: SourceError) => error,
      );
      if (typeof outcome === 'string') throw new Error(`the sync of ${request.url} ${outcome}`);
      return outcome;
    },
    /** A new process over the same folder. */
    restart() {
      source = create();
    },
    [Symbol.asyncDispose]: () => rm(cache, { recursive: true, force: true }),
  };
}
