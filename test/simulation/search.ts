import { seeded } from '../../operator/sandbox/state/ids.ts';
import { configOf, scheduleOf } from './schedule.ts';
import { simulate } from './simulate.ts';
import type { Outcome, Planned, SimConfig } from './types.ts';

/** Runs that a failing seed may cost until its story is as short as it gets. */
const SHRINK_RUNS = 60;
/** Every so many seeds a fleet of 5 to 20, one of up to 200, and one of exactly that. */
const MEDIUM_EVERY = 8;
const LARGE_EVERY = 40;
const LARGEST_EVERY = 120;
const LARGEST = 200;

export interface SearchOptions {
  readonly firstSeed: number;
  /** Ends after the seed in which so many steps are reached. */
  readonly steps: number;
  /** Advances of the clock at which nobody did anything count as steps too. Default false. */
  readonly idle?: boolean;
  /** Hears of each seed that is through. */
  readonly onSeed?: (outcome: Outcome, total: number) => void;
}

const KINDS = ['calls', 'deviceEvents', 'plannerActions', 'clockAdvances', 'idleAdvances'] as const;
export type StepKinds = Record<(typeof KINDS)[number], number>;

export interface SearchResult {
  readonly steps: number;
  /** Without advances of the clock at which nobody did anything. */
  readonly busy: number;
  readonly seeds: number;
  /** Of which kinds the steps were. */
  readonly kinds: StepKinds;
  readonly rollouts: Readonly<Record<string, number>>;
  /** How often what was done, what came of it, and of what kind the worlds were. */
  readonly coverage: Coverage;
  /** The first seed that violates an invariant, with its shortest story. */
  readonly failure: Failure | undefined;
}

/** Counts by kind, each table sorted by its keys. */
export interface Coverage {
  readonly happened: Readonly<Record<string, number>>;
  /** Seeds by the number of devices. */
  readonly devices: Readonly<Record<string, number>>;
  /** Seeds by the ways in which AWS makes changes visible, devices by their lives, and what else a world is made of. */
  readonly worlds: Readonly<Record<string, number>>;
}

export interface Failure {
  readonly seed: number;
  readonly outcome: Outcome;
  readonly schedule: readonly Planned[];
}

/** The fleet of a seed: small ones, and now and then one of up to 200. */
export function worldOf(seed: number): SimConfig {
  return configOf(seed, sizeOf(seed));
}

function sizeOf(seed: number): number | undefined {
  if (seed % LARGEST_EVERY === 0) return LARGEST;
  const random = seeded(seed * 13 + 1)();
  if (seed % LARGE_EVERY === 0) return Math.round(20 * 10 ** random);
  return seed % MEDIUM_EVERY === 5 ? Math.round(5 * 4 ** random) : undefined;
}

/** Adds up what seeds were made of and what happened in them. */
export class Tally {
  readonly #happened: Record<string, number> = {};
  readonly #devices: Record<string, number> = {};
  readonly #worlds: Record<string, number> = {};

  add(
    { lives, certificates, policies, propagation, strategy, groups, shared }: SimConfig,
    { happened }: Outcome,
  ): void {
    for (const [what, count] of Object.entries(happened)) more(this.#happened, what, count);
    more(this.#devices, String(lives.length));
    more(this.#worlds, `propagation ${propagation}`);
    for (const life of lives) more(this.#worlds, `device ${life}`);
    for (const what of ['onFailure', 'homing', 'sessions', 'maxArmed', 'stragglers'])
      more(this.#worlds, `${what} ${String(strategy[what])}`);
    for (const what of ['rollbackWindow', 'abortScope'])
      more(this.#worlds, `${what} ${String(strategy[what] ?? 'not given')}`);
    if (certificates.some((count) => count > 1)) more(this.#worlds, 'several certificates');
    if (policies.length > 1) more(this.#worlds, 'several policies');
    if (groups !== undefined) more(this.#worlds, 'policies on a group');
    for (const { how } of shared ?? []) more(this.#worlds, `shared certificate, ${how}`);
  }

  get coverage(): Coverage {
    const byNumber = Object.entries(this.#devices).sort(([a], [b]) => Number(a) - Number(b));
    return {
      happened: sorted(this.#happened),
      devices: Object.fromEntries(byNumber),
      worlds: sorted(this.#worlds),
    };
  }
}

function more(table: Record<string, number>, key: string, count = 1): void {
  table[key] = (table[key] ?? 0) + count;
}

function sorted(table: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(table).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Seed after seed until the steps are made or an invariant is violated. */
export async function search({ firstSeed, steps, idle = false, onSeed }: SearchOptions): Promise<SearchResult> {
  const rollouts: Record<string, number> = {};
  const kinds: StepKinds = { calls: 0, deviceEvents: 0, plannerActions: 0, clockAdvances: 0, idleAdvances: 0 };
  const tally = new Tally();
  let made = 0;
  let seed = firstSeed;
  const enough = () => made - (idle ? 0 : kinds.idleAdvances) >= steps;
  const result = (seeds: number, failure: Failure | undefined): SearchResult => {
    const busy = made - kinds.idleAdvances;
    return { steps: made, busy, seeds, kinds, rollouts, coverage: tally.coverage, failure };
  };
  for (; !enough(); seed += 1) {
    const config = worldOf(seed);
    const schedule = scheduleOf(config);
    const outcome = await simulate(config, schedule);
    made += outcome.steps;
    tally.add(config, outcome);
    for (const kind of KINDS) kinds[kind] += outcome[kind];
    for (const [phase, count] of Object.entries(outcome.rollouts)) more(rollouts, phase, count);
    onSeed?.(outcome, made - kinds.idleAdvances);
    if (outcome.violations.length > 0) {
      return result(seed - firstSeed + 1, await shrink(config, schedule, outcome));
    }
  }
  return result(seed - firstSeed, undefined);
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
