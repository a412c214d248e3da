import type { Permission } from '../../../rollout/asset.ts';

/** What was found out about an asset just before something was to be taken from it. */
export interface Preflight {
  readonly at: number;
  readonly permission: Permission;
  /** For the record: what was asked and whether AWS agreed. */
  readonly said: string;
}

/** Answers are good for a moment: many looks at one asset are one question to AWS. Bounded; lost with the process. */
export interface PreflightMemory {
  /** The latest answer for these circumstances that is not older than `since`. */
  known(place: string, since: number): Preflight | undefined;
  keep(place: string, preflight: Preflight): void;
  /** Connect attempts of an asset in the window before its change. */
  keepCalm(asset: string, attempts: number): void;
  calm(asset: string): number | undefined;
  /** True once for each place and stretch of time: whether AWS is to be asked about it now. */
  askNow(place: string, now: number): boolean;
}

const ASK_AGAIN_MS = 60_000;

const MOST = 20_000;
const MOST_CALM = 200_000;

export function createPreflightMemory(): PreflightMemory {
  const preflights = new Map<string, Preflight>();
  const calm = new Map<string, number>();
  const asked = new Map<string, number>();
  return {
    known(place, since) {
      const found = preflights.get(place);
      return found !== undefined && found.at >= since ? found : undefined;
    },
    keep: (place, preflight) => put(preflights, place, { value: preflight, most: MOST }),
    keepCalm: (asset, attempts) => put(calm, asset, { value: attempts, most: MOST_CALM }),
    calm: (asset) => calm.get(asset),
    askNow(place, now) {
      if (now - (asked.get(place) ?? Number.NEGATIVE_INFINITY) < ASK_AGAIN_MS) return false;
      put(asked, place, { value: now, most: MOST });
      return true;
    },
  };
}

function put<T>(map: Map<string, T>, key: string, { value, most }: { readonly value: T; readonly most: number }): void {
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > most && oldest !== undefined) map.delete(oldest);
}
