import { configOf, scheduleOf } from './schedule.ts';
import { simulate } from './simulate.ts';
import type { Outcome, Planned, SimConfig } from './types.ts';

/** Runs that a failing seed may cost until its story is as short as it gets. */
const SHRINK_RUNS = 60;
/** Every so many seeds one large fleet. */
const LARGE_EVERY = 40;
const LARGE = [20, 60, 200];

export interface SearchOptions {
  readonly firstSeed: number;
  /** Ends after the seed in which so many steps are reached. */
  readonly steps: number;
  /** Hears of each seed that is through. */
  readonly onSeed?: (outcome: Outcome, total: number) => void;
}

const KINDS = ['calls', 'deviceEvents', 'plannerActions', 'clockAdvances', 'idleAdvances'] as const;
export type StepKinds = Record<(typeof KINDS)[number], number>;

export interface SearchResult {
  readonly steps: number;
  readonly seeds: number;
  /** Of which kinds the steps were. */
  readonly kinds: StepKinds;
  readonly rollouts: Readonly<Record<string, number>>;
  /** The first seed that violates an invariant, with its shortest story. */
  readonly failure: Failure | undefined;
}

export interface Failure {
  readonly seed: number;
  readonly outcome: Outcome;
  readonly schedule: readonly Planned[];
}

/** The fleet of a seed: small ones, and now and then one of up to 200. */
export function worldOf(seed: number): SimConfig {
  const large = seed % LARGE_EVERY === 0 ? LARGE[(seed / LARGE_EVERY) % LARGE.length] : undefined;
  return configOf(seed, large);
}

/** Seed after seed until the steps are made or an invariant is violated. */
export async function search({ firstSeed, steps, onSeed }: SearchOptions): Promise<SearchResult> {
  const rollouts: Record<string, number> = {};
  const kinds: StepKinds = { calls: 0, deviceEvents: 0, plannerActions: 0, clockAdvances: 0, idleAdvances: 0 };
  let made = 0;
  let seed = firstSeed;
  for (; made < steps; seed += 1) {
    const config = worldOf(seed);
    const schedule = scheduleOf(config);
    const outcome = await simulate(config, schedule);
    made += outcome.steps;
    for (const kind of KINDS) kinds[kind] += outcome[kind];
    for (const [phase, count] of Object.entries(outcome.rollouts)) rollouts[phase] = (rollouts[phase] ?? 0) + count;
    onSeed?.(outcome, made);
    if (outcome.violations.length > 0) {
      const failure = await shrink(config, schedule, outcome);
      return { steps: made, seeds: seed - firstSeed + 1, kinds, rollouts, failure };
    }
  }
  return { steps: made, seeds: seed - firstSeed, kinds, rollouts, failure: undefined };
}

/** Leaves out whatever is not needed for the same invariant to break. */
async function shrink(config: SimConfig, schedule: readonly Planned[], first: Outcome): Promise<Failure> {
  const invariant = first.violations[0]?.invariant;
  const last = first.violations[0]?.at ?? Number.POSITIVE_INFINITY;
  let best: Failure = { seed: config.seed, outcome: first, schedule };
  let runs = 0;
  const attempt = async (acts: readonly Planned[]): Promise<boolean> => {
    runs += 1;
    const outcome = await simulate(config, acts);
    const same = outcome.violations[0]?.invariant === invariant && (outcome.violations[0]?.at ?? 0) <= last;
    if (same) best = { seed: config.seed, outcome, schedule: acts };
    return same;
  };
  for (let size = Math.ceil(schedule.length / 2); size >= 1 && runs < SHRINK_RUNS; size = Math.floor(size / 2)) {
    for (let from = 0; from < best.schedule.length && runs < SHRINK_RUNS; ) {
      const without = [...best.schedule.slice(0, from), ...best.schedule.slice(from + size)];
      if (!(await attempt(without))) from += size;
    }
  }
  return best;
}

/** What a person needs to see what went wrong and to see it again. */
export function failureText({ seed, outcome, schedule }: Failure): string {
  const violations = outcome.violations.map(({ invariant, text }) => `invariant ${invariant}: ${text}`);
  return [
    `seed ${seed} violates ${violations.join('\n  and ')}`,
    `the shortest story that does (${schedule.length} acts):`,
    ...outcome.story.slice(-120),
    `again: npm run fuzz -- rollout --seed ${seed}`,
    `these acts alone: ${JSON.stringify(schedule)}`,
  ].join('\n');
}
