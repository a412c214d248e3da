/** How often one device connects or tries to, in the time that is looked at. */
export interface Attempts {
  readonly device: string;
  readonly now: number;
  /** Refused ones among them. */
  readonly refused: number;
  /** The same over a window before its change; undefined when nobody listened then. */
  readonly before: number | undefined;
}

export interface StormInput {
  /** Assets that this rollout has moved, in flight or proven. */
  readonly moved: readonly Attempts[];
  /** Assets of the rollout that were not moved, over the same time. */
  readonly untouched: readonly Pick<Attempts, 'now'>[];
  /** How many assets have to be in it: one device cannot make a storm. */
  readonly leastDevices: number;
}

/** Connects of one device in the window below which nothing is a storm, whatever others do. */
const LEAST_ATTEMPTS = 4;
/** So many times the usual rate. */
const TIMES_THE_USUAL = 4;
/** Share of the moved assets that has to be in it. */
const LEAST_SHARE = 0.2;
/** With fewer untouched ones, comparison says nothing. */
const ENOUGH_UNTOUCHED = 3;

/** How far back attempts are counted. */
export const STORM_WINDOW_MS = 5 * 60_000;

/**
 * Devices that cannot do what they want reconnect, and the retries of many can take the account's connect rate from
 * everybody. A device is in the storm when it connects far more often than it used to and than those that nothing was done
 * to; where neither is known, when it is refused again and again. A storm is many such devices. Undefined when there is none.
 */
export function connectStorm({ moved, untouched, leastDevices }: StormInput): string | undefined {
  const around = untouched.length < ENOUGH_UNTOUCHED ? undefined : median(untouched.map(({ now }) => now));
  const inIt = moved.filter((device) => isInIt(device, around));
  if (inIt.length < Math.max(2, leastDevices) || inIt.length < moved.length * LEAST_SHARE) return undefined;
  const least = inIt.reduce((fewest, { now }) => Math.min(fewest, now), Number.POSITIVE_INFINITY);
  const rest = around === undefined ? '' : `, untouched ones ${around} times`;
  return `${inIt.length} of ${moved.length} moved devices connected at least ${least} times within ${STORM_WINDOW_MS / 60_000} min${rest}`;
}

function isInIt({ now, refused, before }: Attempts, around: number | undefined): boolean {
  if (before === undefined && around === undefined) return refused >= LEAST_ATTEMPTS;
  const usual = Math.max(before ?? 0, around ?? 0);
  return now >= Math.max(LEAST_ATTEMPTS, usual * TIMES_THE_USUAL);
}

/** Middle of the untouched: a few odd ones among them change nothing. */
function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
