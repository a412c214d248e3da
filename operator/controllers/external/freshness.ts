import type { ObjectKey } from '../../api/meta.ts';
import type { Clock } from '../../runtime/clock.ts';
import { keyText } from '../../runtime/controller/keys.ts';
import type { ExternalObject } from './types.ts';

/** A cache this far behind is not late: the store was restored from a backup. */
const GIVE_UP_MS = 10_000;
const AGAIN_MS = 100;

/**
 * Read your own writes: a cache that does not show our last status write yet would let the same certificate be asked for
 * twice. Such a key waits a moment.
 */
export interface Freshness<O extends ExternalObject> {
  wrote(key: ObjectKey, object: O): void;
  /** Milliseconds to wait when the cached object is older than our last write of it. */
  behind(key: ObjectKey, cached: O): number | undefined;
  forget(key: ObjectKey): void;
}

interface Written {
  readonly uid: string | undefined;
  readonly version: string | undefined;
  readonly at: number;
}

export function createFreshness<O extends ExternalObject>(clock: Clock): Freshness<O> {
  const last = new Map<string, Written>();

  /** Oldest first, because a Map keeps the order of insertion and every write is inserted anew. */
  function prune(): void {
    for (const [key, { at }] of last) {
      if (clock.monotonic() - at < GIVE_UP_MS) return;
      last.delete(key);
    }
  }

  return {
    wrote(key, { metadata }) {
      prune();
      last.delete(keyText(key));
      last.set(keyText(key), { uid: metadata.uid, version: metadata.resourceVersion, at: clock.monotonic() });
    },
    behind(key, { metadata }) {
      const text = keyText(key);
      const written = last.get(text);
      if (written === undefined) return undefined;
      const late =
        written.uid === metadata.uid &&
        older(metadata.resourceVersion, written.version) &&
        clock.monotonic() - written.at < GIVE_UP_MS;
      if (late) return AGAIN_MS;
      last.delete(text);
      return undefined;
    },
    forget(key) {
      last.delete(keyText(key));
    },
  };
}

/** Resource versions are numbers wherever they can be compared at all. */
function older(a: string | undefined, b: string | undefined): boolean {
  const [left, right] = [Number(a), Number(b)];
  return Number.isFinite(left) && Number.isFinite(right) && left < right;
}
