import type { Check } from './checks.ts';
import type { SessionsMode } from './sessions.ts';

/** How a rollout proceeds. Times in milliseconds; the defaults suit devices that connect many times a day. */

export interface Wave {
  /** How many assets this wave adds: a number, a share of all, or so many of each cohort. The last wave takes the rest. */
  readonly size:
    | { readonly count: number }
    | { readonly percent: number }
    | { readonly perCohort: number }
    | { readonly rest: true };
  /** How long the wave must stay healthy after its last verdict before the next begins. */
  readonly bakeMs: number;
  /** Verdicts with positive evidence that the wave needs before the next begins. Never more than the wave has assets. */
  readonly minEvidence: number;
  /** Wait for `promote` after this wave. */
  readonly pause: boolean;
}

/** Changes start only inside a window; what is under way goes on outside. UTC. */
export interface Window {
  /** 0 is Sunday. Empty means every day. */
  readonly days: readonly number[];
  /** Minutes after midnight UTC. */
  readonly startMinute: number;
  readonly durationMinutes: number;
}

export interface Strategy {
  readonly order: 'CriticalLast' | 'CriticalFirst' | 'Name';
  readonly waves: readonly Wave[];
  /** Assets between expand and verdict, over all rollouts of an account. */
  readonly maxInFlight: number;
  /** Further bounds, each among assets with the same value at its position of `AssetSummary.groups`: a site, a gateway. */
  readonly budgets: readonly number[];
  readonly windows: readonly Window[];
  /** Widening needs somebody's consent; so does whatever cannot be decided. */
  readonly approval: 'Widening' | 'Always' | 'Never';
  readonly onFailure: 'Rollback' | 'Pause';
  /** Whether proven assets go back when a person aborts. */
  readonly abortScope: 'All' | 'InFlight';
  /** More failed assets than this reject the revision and bring every asset back. */
  readonly failureThreshold: number;
  readonly completion: 'WaitForStragglers' | 'CompleteWithStragglers';
  /** How long the rollout waits for deferred assets before `completion` applies. */
  readonly stragglersAfterMs: number;
  /** No asset made progress for this long, pauses not counted: Stalled. */
  readonly progressDeadlineMs: number;
  readonly settleMs: number;
  /** An asset must have been in contact within this time before something is taken from it. */
  readonly contactWithinMs: number;
  readonly observeMs: number;
  readonly silenceMs: number;
  /** Assets that may be contracted in one contact and judged at the next, at the same time. */
  readonly maxArmed: number;
  /** An armed asset that was not heard of for this long gets its baseline back. */
  readonly armedMs: number;
  /** A restored asset that made no contact for this long is Unrecovered: a person is paged and everything stops. */
  readonly recoveryMs: number;
  readonly homing: 'Back' | 'Stay';
  /** Whether an asset that would lose what it lately used keeps its policy, or is moved and judged by what happens. */
  readonly usedActions: 'Protect' | 'Judge';
  /** What becomes of sessions that were made before the change, where it takes something. */
  readonly sessions: SessionsMode;
  readonly checks: readonly Check[];
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** AWS documents 6 to 8 minutes until its policy caches have turned over; below eight nothing is known to have settled. */
export const SETTLE_FLOOR_MS = 8 * MINUTE;

export const DEFAULT_STRATEGY: Strategy = {
  order: 'CriticalLast',
  waves: [
    { size: { count: 1 }, bakeMs: HOUR, minEvidence: 1, pause: false },
    { size: { perCohort: 1 }, bakeMs: 4 * HOUR, minEvidence: 1, pause: false },
    { size: { percent: 10 }, bakeMs: 4 * HOUR, minEvidence: 1, pause: false },
    { size: { rest: true }, bakeMs: 0, minEvidence: 0, pause: false },
  ],
  maxInFlight: 1,
  budgets: [],
  windows: [],
  approval: 'Widening',
  onFailure: 'Rollback',
  abortScope: 'All',
  failureThreshold: 2,
  completion: 'WaitForStragglers',
  stragglersAfterMs: 7 * 24 * HOUR,
  progressDeadlineMs: 24 * HOUR,
  settleMs: 10 * MINUTE,
  contactWithinMs: 15 * MINUTE,
  observeMs: 15 * MINUTE,
  silenceMs: 2 * HOUR,
  maxArmed: 0,
  armedMs: 14 * 24 * HOUR,
  recoveryMs: 30 * MINUTE,
  homing: 'Back',
  usedActions: 'Protect',
  sessions: 'Wait',
  checks: [],
};

/** For a change by which nobody gains or loses anything: the order of calls and the settle times are proof enough. */
export function inOneGo(strategy: Strategy): Strategy {
  return {
    ...strategy,
    waves: [{ size: { rest: true }, bakeMs: 0, minEvidence: 0, pause: false }],
    maxInFlight: Number.MAX_SAFE_INTEGER,
    budgets: [],
  };
}

/**
 * Members of a thing group go through the waves twice. Where the new policy gives and denies nothing more, the first time is
 * no change for anybody and needs no care.
 */
export function inTwoParts(strategy: Strategy, calm: boolean): { readonly strategy: Strategy; readonly first: number } {
  const first = calm ? inOneGo(strategy).waves : strategy.waves;
  return { strategy: { ...strategy, waves: [...first, ...strategy.waves] }, first: first.length };
}

/** For the way back to what was proven a short while ago: the same care with each asset, and no waiting between waves. */
export function withoutBakes(strategy: Strategy): Strategy {
  return { ...strategy, waves: strategy.waves.map((wave) => ({ ...wave, bakeMs: 0, pause: false })) };
}

/**
 * Why a strategy can never finish or never be followed; empty when it is fine. Each entry names field and remedy. `groups`:
 * thing groups carry a policy of the rollout.
 */
export function strategyProblems(
  strategy: Strategy,
  assets: number,
  { groups = false }: { readonly groups?: boolean } = {},
): readonly string[] {
  const problems: string[] = [];
  const say = (field: string, text: string): void => {
    problems.push(`strategy.${field}: ${text}`);
  };
  if (strategy.settleMs < SETTLE_FLOOR_MS) {
    say(
      'settleTime',
      `${strategy.settleMs / MINUTE} min is shorter than AWS may take to apply a policy; use at least 8 min`,
    );
  }
  if (strategy.maxInFlight < 1) say('maxInFlight', 'no asset could ever move; use at least 1');
  for (const [index, most] of strategy.budgets.entries()) {
    if (most < 1) say(`budgets[${index}].maxInFlight`, 'no asset could ever move; use at least 1 or leave it out');
  }
  if (groups && strategy.abortScope === 'InFlight') {
    say(
      'abortScope',
      'InFlight cannot be followed: a thing group carries the policy, and what a group carries all its members have; use All, or attach the policy to the devices',
    );
  }
  if (strategy.failureThreshold < 0)
    say('failureThreshold', 'the revision would be rejected before it starts; use at least 0');
  if (strategy.silenceMs < strategy.observeMs) {
    say('silenceDeadline', 'shorter than observeTime: every asset would go back before its observation ends');
  }
  if (strategy.progressDeadlineMs < 2 * strategy.settleMs + strategy.observeMs) {
    say(
      'progressDeadline',
      'shorter than one asset takes (two settle times and one observation): it would always expire',
    );
  }
  const last = strategy.waves.at(-1);
  if (!last) say('waves', 'there is no wave, so no asset would ever move');
  else if (!('rest' in last.size)) say('waves', 'the last wave must take the rest, or some assets would never move');
  for (const [index, wave] of strategy.waves.entries()) problems.push(...waveProblems(wave, index, strategy, assets));
  for (const [index, window] of strategy.windows.entries()) {
    if (window.durationMinutes < 1) say(`windows[${index}].duration`, 'the window never opens');
  }
  return problems;
}

function waveProblems(wave: Wave, index: number, strategy: Strategy, assets: number): readonly string[] {
  const field = `strategy.waves[${index}]`;
  const problems: string[] = [];
  if ('rest' in wave.size && index !== strategy.waves.length - 1) {
    problems.push(`${field}: takes the rest, so the waves after it are empty; make it the last`);
  }
  const size = 'count' in wave.size ? wave.size.count : 'percent' in wave.size ? wave.size.percent : 1;
  if (size <= 0) problems.push(`${field}: has no asset; give it at least one`);
  const most =
    'count' in wave.size ? wave.size.count : 'percent' in wave.size ? share(assets, wave.size.percent) : assets;
  const real = Math.min(most, assets);
  // Without a single asset there is nothing to see and nothing to wait for.
  if (assets > 0 && wave.minEvidence > real) {
    problems.push(
      `${field}.minEvidence: ${wave.minEvidence} verdicts can never come from ${real} assets; use at most ${real}`,
    );
  }
  return problems;
}

function share(assets: number, percent: number): number {
  return Math.ceil((assets * percent) / 100);
}

/** When the next window opens, or `now` when one is open or none is declared. */
export function windowOpensAt(windows: readonly Window[], now: number): number {
  if (windows.length === 0) return now;
  const day = 24 * 60 * MINUTE;
  const midnight = Math.floor(now / day) * day;
  let best = Number.POSITIVE_INFINITY;
  // A window that began yesterday may still be open; every day of the week comes up within eight days.
  for (let offset = -1; offset <= 8; offset += 1) {
    const start = midnight + offset * day;
    const weekday = new Date(start).getUTCDay();
    for (const window of windows) {
      if (window.days.length > 0 && !window.days.includes(weekday)) continue;
      const opens = start + window.startMinute * MINUTE;
      const closes = opens + window.durationMinutes * MINUTE;
      if (opens <= now && now < closes) return now;
      if (opens > now) best = Math.min(best, opens);
    }
  }
  return best;
}
