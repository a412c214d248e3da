import type { Permission } from '../../../rollout/asset.ts';
import type { Answer } from '../../../rollout/preflight.ts';

/** What was found out about an asset just before something was to be taken from it. */
export interface Preflight {
  readonly at: number;
  readonly permission: Permission;
  /** For the record: what was asked and whether AWS agreed. */
  readonly said: string;
}

/** What was said a while ago, as long as that is good. */
export interface Lately<T> {
  known(key: string, now: number): T | undefined;
  keep(key: string, now: number, said: T): void;
}

/** Answers are good for a moment: many looks at one asset are one question to AWS. Bounded; lost with the process. */
export interface PreflightMemory {
  /** The latest answer for these circumstances, as long as it is not time to ask again. */
  known(place: string, now: number): Preflight | undefined;
  keep(place: string, preflight: Preflight): void;
  /**
   * What AWS answered lately to these questions. An examination asks several times, and each time it may have to wait for its
   * turn: if it began anew every time, many examinations at once would use up the turns of each other and none would end.
   */
  readonly answers: Lately<readonly Answer['said'][]>;
  /** On which things AWS said a certificate is. */
  readonly things: Lately<readonly string[]>;
  /** Connect attempts of an asset in the window before its change. */
  keepCalm(asset: string, attempts: number): void;
  calm(asset: string): number | undefined;
  /** True once for each place and stretch of time: whether AWS is to be asked about it now. */
  askNow(place: string, now: number): boolean;
}

const ASK_AGAIN_MS = 60_000;
/** The longest pause before an asset that stays stopped is examined again. */
const LONGEST_PAUSE_MS = 16 * 60_000;

/** Five calls in a second are ours by default: time for all examinations of a large wave. */
const ANSWERS_MS = 5 * 60_000;

const MOST = 20_000;
const MOST_ANSWERS = 5_000;
const MOST_CALM = 200_000;

export function createPreflightMemory(): PreflightMemory {
  const preflights = new Map<string, Preflight & { readonly pauseMs: number }>();
  const calm = new Map<string, number>();
  const asked = new Map<string, number>();
  return {
    known(place, now) {
      const found = preflights.get(place);
      return found !== undefined && found.at + found.pauseMs >= now ? found : undefined;
    },
    keep(place, preflight) {
      // Each examination of an asset that stays stopped is told in the status: the same answer is asked for ever more seldom.
      const before = preflights.get(place);
      const again = before?.permission.yes === false && !preflight.permission.yes && before.said === preflight.said;
      const pauseMs = again ? Math.min(2 * before.pauseMs, LONGEST_PAUSE_MS) : ASK_AGAIN_MS;
      put(preflights, place, { value: { ...preflight, pauseMs }, most: MOST });
    },
    answers: lately(),
    things: lately(),
    keepCalm: (asset, attempts) => put(calm, asset, { value: attempts, most: MOST_CALM }),
    calm: (asset) => calm.get(asset),
    askNow(place, now) {
      if (now - (asked.get(place) ?? Number.NEGATIVE_INFINITY) < ASK_AGAIN_MS) return false;
      put(asked, place, { value: now, most: MOST });
      return true;
    },
  };
}

function lately<T>(): Lately<T> {
  const entries = new Map<string, { readonly at: number; readonly said: T }>();
  return {
    known(key, now) {
      const found = entries.get(key);
      return found !== undefined && now - found.at <= ANSWERS_MS && now >= found.at ? found.said : undefined;
    },
    keep: (key, at, said) => put(entries, key, { value: { at, said }, most: MOST_ANSWERS }),
  };
}

function put<T>(map: Map<string, T>, key: string, { value, most }: { readonly value: T; readonly most: number }): void {
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > most && oldest !== undefined) map.delete(oldest);
}
