import type {
  PolicyRolloutStrategy,
  PolicyRolloutStrategyCheck,
  PolicyRolloutStrategyWave,
  PolicyRolloutStrategyWindow,
} from '../api/policyrollout.gen.ts';
import type { Check, CheckQuestion } from './checks.ts';
import { DEFAULT_STRATEGY, type Strategy, type Wave, type Window } from './strategy.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** What the CRD promises when no waves are given. */
const DEFAULT_WAVES: readonly Wave[] = [
  { size: { count: 1 }, bakeMs: HOUR, minEvidence: 1, pause: false },
  { size: { perCohort: 1 }, bakeMs: 12 * HOUR, minEvidence: 1, pause: false },
  { size: { percent: 1 }, bakeMs: 4 * HOUR, minEvidence: 1, pause: false },
  { size: { percent: 10 }, bakeMs: 4 * HOUR, minEvidence: 1, pause: false },
  { size: { percent: 33 }, bakeMs: 4 * HOUR, minEvidence: 1, pause: false },
  { size: { rest: true }, bakeMs: 0, minEvidence: 0, pause: false },
];

export interface StrategyRead {
  readonly strategy: Strategy;
  /** What cannot be followed, by field; empty when all can. */
  readonly problems: readonly string[];
}

/** The strategy of a policy as the planner takes it. `duration` gives the milliseconds of a text such as `10m`. */
export function readStrategy(
  spec: PolicyRolloutStrategy | undefined,
  duration: (text: string) => number,
): StrategyRead {
  const time = (text: string | undefined, otherwise: number): number =>
    text === undefined ? otherwise : duration(text);
  const waves = (spec?.waves ?? []).map(
    (wave): Wave => ({
      size: sizeOf(wave),
      bakeMs: time(wave.bake, 0),
      minEvidence: wave.minEvidence ?? 1,
      pause: wave.pause ?? false,
    }),
  );
  const windows = (spec?.windows ?? []).map((window, index) => readWindow(window, duration, index));
  const settleMs = time(spec?.settleTime, DEFAULT_STRATEGY.settleMs);
  const observeMs = time(spec?.observeTime, DEFAULT_STRATEGY.observeMs);
  const strategy: Strategy = {
    ...DEFAULT_STRATEGY,
    order: spec?.order?.criticality === 'MostCriticalFirst' ? 'CriticalFirst' : 'CriticalLast',
    waves:
      waves.length === 0
        ? DEFAULT_WAVES
        : [...waves, { size: { rest: true }, bakeMs: 0, minEvidence: 0, pause: false }],
    maxInFlight: spec?.maxInFlight ?? 1,
    budgets: (spec?.budgets ?? []).map(({ maxInFlight }) => maxInFlight),
    windows: windows.flatMap((window) => ('problem' in window ? [] : window.windows)),
    approval: spec?.approval === 'Always' ? 'Always' : 'Widening',
    onFailure: spec?.onFailure ?? 'Rollback',
    abortScope: spec?.abortScope ?? 'All',
    failureThreshold: spec?.failureThreshold ?? DEFAULT_STRATEGY.failureThreshold,
    completion: spec?.stragglers === 'Leave' ? 'CompleteWithStragglers' : 'WaitForStragglers',
    progressDeadlineMs: time(spec?.progressDeadline, DEFAULT_STRATEGY.progressDeadlineMs),
    settleMs,
    observeMs,
    silenceMs: time(spec?.silenceDeadline, Math.max(observeMs, DEFAULT_STRATEGY.silenceMs)),
    maxArmed: spec?.maxArmed ?? 0,
    armedMs: time(spec?.armedDeadline, DEFAULT_STRATEGY.armedMs),
    stragglersAfterMs: time(spec?.stragglersAfter, DEFAULT_STRATEGY.stragglersAfterMs),
    contactWithinMs: time(spec?.contactWithin, DEFAULT_STRATEGY.contactWithinMs),
    recoveryMs: time(spec?.recoveryDeadline, DEFAULT_STRATEGY.recoveryMs),
    homing: spec?.homing ?? 'Back',
    usedActions: spec?.usedActions ?? 'Protect',
    sessions: spec?.sessions ?? 'Wait',
    checks: (spec?.checks ?? []).flatMap((check) => readCheck(check, time)),
  };
  return { strategy, problems: windows.flatMap((window) => ('problem' in window ? [window.problem] : [])) };
}

/** A check whose kind is not known is none; the CRD refuses it. */
function readCheck(
  spec: PolicyRolloutStrategyCheck,
  time: (text: string | undefined, otherwise: number) => number,
): readonly Check[] {
  const { prometheus, http } = spec;
  const question: CheckQuestion | undefined = prometheus
    ? { kind: 'prometheus', ...prometheus, whenEmpty: prometheus.whenEmpty ?? 'Inconclusive' }
    : http && { kind: 'http', url: http.url, status: http.status ?? 200, contains: http.contains };
  if (question === undefined) return [];
  return [
    {
      name: spec.name,
      question,
      intervalMs: Math.max(5_000, time(spec.interval, MINUTE)),
      initialDelayMs: time(spec.initialDelay, 0),
      fromWave: (spec.fromWave ?? 1) - 1,
      failureLimit: spec.failureLimit ?? 0,
      consecutiveErrorLimit: spec.consecutiveErrorLimit ?? 4,
      consecutiveSuccessLimit: spec.consecutiveSuccessLimit ?? 1,
      dryRun: spec.dryRun ?? false,
    },
  ];
}

function sizeOf({ count, percent, perCohort }: PolicyRolloutStrategyWave): Wave['size'] {
  if (percent !== undefined) return { percent };
  return perCohort === undefined ? { count: count ?? 1 } : { perCohort };
}

type WindowRead = { readonly windows: readonly Window[] } | { readonly problem: string };

/** Minute, hour and days of the week of a cron expression; a rollout knows no months. */
function readWindow(
  { start, duration: length }: PolicyRolloutStrategyWindow,
  duration: (text: string) => number,
  index: number,
): WindowRead {
  const [minute = '', hour = '', dayOfMonth, month, weekday = ''] = start.trim().split(/\s+/);
  const [minutes, hours, days] = [field(minute, 0, 59), field(hour, 0, 23), field(weekday, 0, 7)];
  if (!minutes || !hours || !days || dayOfMonth !== '*' || month !== '*') {
    return {
      problem: `strategy.windows[${index}].start: "${start}" cannot be followed; use minute, hour and day of the week, for example "0 2 * * 1-5"`,
    };
  }
  const weekdays = weekday === '*' ? [] : [...new Set(days.map((day) => day % 7))];
  const durationMinutes = Math.floor(duration(length) / MINUTE);
  return {
    windows: hours.flatMap((h) => minutes.map((m) => ({ days: weekdays, startMinute: h * 60 + m, durationMinutes }))),
  };
}

/** One cron field as its numbers: lists, ranges, steps and `*`. */
function field(text: string, low: number, high: number): readonly number[] | undefined {
  const numbers: number[] = [];
  for (const part of text.split(',')) {
    const groups = /^(?:\*|(?<from>\d+)(?:-(?<to>\d+))?)(?:\/(?<step>\d+))?$/.exec(part)?.groups;
    if (!groups) return undefined;
    const from = groups.from === undefined ? low : Number(groups.from);
    const to = groups.to === undefined ? (groups.from === undefined || groups.step ? high : from) : Number(groups.to);
    const step = Number(groups.step ?? 1);
    if (from < low || to > high || from > to || step < 1) return undefined;
    for (let value = from; value <= to; value += step) numbers.push(value);
  }
  return numbers;
}
