import { seeded } from '../../operator/sandbox/state/ids.ts';
import { type Grant, RIGHTS, type Right } from './rights.ts';
import type { Act, Life, Planned, Share, SimConfig, SimPolicy } from './types.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const OPTIONAL: readonly Right[] = RIGHTS.filter((right) => right !== 'connect' && right !== 'telemetry');
const LIVES: readonly Life[] = ['steady', 'steady', 'steady', 'flaky', 'persistent', 'weekly', 'brief'];
const PROPAGATION = ['adversarial', 'adversarial', 'random', 'fixed', 'instant'] as const;
const VERBS = [
  'pause',
  'resume',
  'resume',
  'promote',
  'promote-full',
  'approve',
  'approve',
  'retry',
  'acknowledge',
  'arm',
  'deny',
  'brake',
  'dance',
];

class Dice {
  readonly random: () => number;

  constructor(seed: number) {
    this.random = seeded(seed);
  }

  chance(probability: number): boolean {
    return this.random() < probability;
  }

  below(limit: number): number {
    return Math.floor(this.random() * limit);
  }

  of<T>(all: readonly T[]): T {
    return all[this.below(all.length)] as T;
  }

  between(low: number, high: number): number {
    return low + this.random() * (high - low);
  }
}

/** A fleet out of a seed. `size` forces a number of devices; small ones are the rule, for they are as hard and cheap. */
export function configOf(seed: number, size?: number): SimConfig {
  const dice = new Dice(seed * 7919 + 1);
  const count = size ?? dice.of([1, 1, 2, 2, 2, 3, 3, 4]);
  const several = dice.chance(0.25);
  const policies: SimPolicy[] = [
    { name: 'base', grant: { allow: ['connect', 'telemetry', ...OPTIONAL], deny: [] } },
    ...(several ? [{ name: 'more', grant: { allow: ['status' as const], deny: [] } }] : []),
  ];
  const config: SimConfig = {
    seed,
    lives: Array.from({ length: count }, () => dice.of(LIVES)),
    certificates: Array.from({ length: count }, () => (dice.chance(0.15) ? 2 : 1)),
    policies,
    strategy: {
      type: 'Waves',
      waves: [{ count: 1, bake: '5m', minEvidence: 1 }],
      maxInFlight: size === undefined ? dice.of([1, 1, 2, 3]) : Math.max(1, Math.ceil(count / 4)),
      settleTime: dice.of(['9m', '10m', '10m']),
      silenceDeadline: dice.of(['30m', '1h']),
      stragglers: dice.of(['Wait', 'Leave']),
      onFailure: dice.of(['Rollback', 'Rollback', 'Pause']),
      failureThreshold: dice.of([1, 2]),
      homing: dice.of(['Back', 'Back', 'Back', 'Stay']),
      sessions: dice.of(['Wait', 'Wait', 'Reconnect', 'Purge']),
      maxArmed: dice.of([0, 1, 2]),
      armedDeadline: dice.of(['3h', '6h']),
      rollbackWindow: '10m',
    },
    uses: dice.chance(0.45) ? [] : OPTIONAL.filter(() => dice.chance(0.35)),
    propagation: dice.of(PROPAGATION),
    periodMs: size === undefined ? MINUTE : 5 * MINUTE,
    durationMs: 4 * HOUR,
    ...(dice.chance(0.2) ? { groups: [{ name: 'hall', policies: [dice.of(HALL)] }] } : {}),
  };
  if (seed < FIRST_SHARING) return config;
  const shared = sharing(config, new Dice(seed * 6_007 + 11));
  if (seed < FIRST_WINDOWED) return shared;
  const kept = windowed(shared, new Dice(seed * 4_001 + 13));
  return seed < FIRST_SCOPED ? kept : scoped(kept, new Dice(seed * 3_001 + 17));
}

/** The worlds of the seeds before this one are what they were before devices shared certificates. */
export const FIRST_SHARING = 1_000_000;

/** In some worlds devices have certificates together, from dice of their own; what else there is stays as it was drawn. */
function sharing(config: SimConfig, dice: Dice): SimConfig {
  const { lives, strategy } = config;
  if (lives.length < 2 || !dice.chance(0.4)) return config;
  const shared: Share[] = [];
  for (let device = 1; device < lives.length; device += 1) {
    if (dice.chance(0.4) || (device === lives.length - 1 && shared.length === 0))
      shared.push({ device, with: device - 1, how: dice.of(['only', 'first', 'last']) });
  }
  const certificates = [...config.certificates];
  // Of those that have others as well one may go.
  for (const share of shared) if (share.how !== 'only' && dice.chance(0.5)) certificates[share.with] = 2;
  // One that is larger is refused, and nothing would move.
  const most = Math.max(Number(strategy.maxInFlight), largestUnit(shared));
  return { ...config, certificates, strategy: { ...strategy, maxInFlight: most }, shared };
}

/** Each shares with the one before it: a unit is a row of them. */
function largestUnit(shared: readonly Share[]): number {
  let [largest, size, last] = [1, 1, 0];
  for (const { device } of shared) {
    size = device === last + 1 && size > 1 ? size + 1 : 2;
    last = device;
    largest = Math.max(largest, size);
  }
  return largest;
}

/** The worlds of the seeds before this one keep superseded documents for ten minutes, all of them. */
export const FIRST_WINDOWED = 2_000_000;

/** None at all, one that is over while things still happen, one that outlasts them, and what the CRD says when nothing is said. */
const WINDOWS = ['0s', '10m', '1h', '3h', '3h', undefined, undefined] as const;

/** For how long rollouts keep what they have replaced, from dice of their own. */
function windowed(config: SimConfig, dice: Dice): SimConfig {
  const { rollbackWindow: _same, ...strategy } = config.strategy;
  const rollbackWindow = dice.of(WINDOWS);
  return { ...config, strategy: rollbackWindow === undefined ? strategy : { ...strategy, rollbackWindow } };
}

/** In the worlds of the seeds before this one a person's abort brings all back. */
export const FIRST_SCOPED = 3_000_000;

/** In half of the worlds it leaves the proven ones where they are. Where a group has policies that is refused, and nothing would move. */
function scoped(config: SimConfig, dice: Dice): SimConfig {
  if (config.groups !== undefined || !dice.chance(0.5)) return config;
  return { ...config, strategy: { ...config.strategy, abortScope: 'InFlight' } };
}

/** What a group may be told to give. */
const HALL: readonly SimPolicy[] = [
  { name: 'hall-wide', grant: { allow: ['debug', 'extra'], deny: [] } },
  { name: 'hall-tight', grant: { allow: ['extra'], deny: [] } },
  { name: 'hall-other', grant: { allow: ['status', 'receive'], deny: [] } },
];

/** What happens, in order of time. Drawn before anything runs, so that a run can be repeated without some of it. */
export function scheduleOf(config: SimConfig): readonly Planned[] {
  const dice = new Dice(config.seed * 104_729 + 7);
  const planned: Planned[] = [{ at: 2 * MINUTE, act: document(dice, config) }];
  // The same act may need calm or a crowd to show its worst.
  const pace = dice.of([8, 20, 45, 90]) * MINUTE;
  for (let at = 3 * MINUTE; at < config.durationMs; at += dice.between(0.05, 1.95) * pace) {
    planned.push({ at, act: actOf(dice, config) });
  }
  return config.strategy.abortScope === 'InFlight' ? abortingMore(planned, config) : planned;
}

/**
 * What is said at any moment rarely finds somebody proven. So there are more documents, from dice of their own, and after most
 * of all documents people approve and wait with their abort until somebody is.
 */
function abortingMore(planned: readonly Planned[], config: SimConfig): readonly Planned[] {
  const dice = new Dice(config.seed * 2_003 + 19);
  const more = Array.from({ length: dice.below(3) }, (): Planned => {
    return { at: dice.between(HOUR, config.durationMs - HOUR), act: document(dice, config) };
  });
  const all = [...planned, ...more];
  const answers = all.flatMap(({ at, act }): readonly Planned[] =>
    act.kind === 'document' && dice.chance(0.7) ? midway(dice, at) : [],
  );
  return [...all, ...answers].toSorted((one, other) => one.at - other.at);
}

function midway(dice: Dice, at: number): readonly Planned[] {
  const forMs = dice.between(HOUR, 3 * HOUR);
  return [
    { at: at + dice.between(0, 5 * MINUTE), act: { kind: 'verb', verb: 'approve', value: 'right' } },
    { at, act: { kind: 'abortMidway', forMs, afterMs: dice.between(0, 40 * MINUTE) } },
  ];
}

function actOf(dice: Dice, config: SimConfig): Act {
  const device = dice.below(config.lives.length);
  const beside = besideOf(dice, config, device);
  if (beside !== undefined) return beside;
  const roll = dice.random();
  if (roll < 0.1) return document(dice, config);
  if (roll < 0.34) return verbOf(dice);
  if (roll < 0.39) return { kind: 'deviceVerb', verb: dice.of(['hold', 'release', 'release', 'skip']), device };
  if (roll < 0.5) return { kind: 'offline', device, forMs: dice.between(MINUTE, 90 * MINUTE) };
  if (roll < 0.64) {
    return { kind: 'crash', afterCalls: 1 + dice.below(10), effect: dice.of(['before', 'after', 'late', 'late']) };
  }
  if (roll < 0.69)
    return { kind: 'depose', gapMs: dice.of([0, 0, dice.between(0, 15_000)]), forMs: dice.between(1_000, 25_000) };
  if (roll < 0.73) return { kind: 'loseRecord', device };
  if (roll < 0.82) return faultOf(dice);
  if (roll < 0.85) return { kind: 'deaf', forMs: dice.between(MINUTE, 40 * MINUTE) };
  if (roll < 0.88) return { kind: 'quarantine', device, forMs: dice.between(20 * MINUTE, 90 * MINUTE) };
  if (roll < 0.91) {
    return { kind: 'blank', of: dice.of(['declared', 'candidate']), forMs: dice.between(20 * MINUTE, 90 * MINUTE) };
  }
  if (roll < 0.93) return { kind: 'inactive', device, forMs: dice.between(20 * MINUTE, 90 * MINUTE) };
  if (roll < 0.95) return { kind: 'foreignDetach', device };
  if (roll < 0.97) return { kind: 'join', life: dice.of(LIVES) };
  return verbOf(dice);
}

/** Changes beside documents, and the worst that can happen to our own memory. */
function besideOf(dice: Dice, { groups = [], policies, shared }: SimConfig, device: number): Act | undefined {
  if (dice.chance(0.01)) return { kind: 'loseState' };
  if (shared !== undefined && dice.chance(0.05)) return { kind: 'retire', device };
  if (groups.length > 0 && dice.chance(0.2)) {
    if (dice.chance(0.5)) return { kind: 'groupPolicies', policies: [dice.of(HALL)] };
    return { kind: 'groupDocument', grant: hallGrant(dice) };
  }
  if (policies.length < 2 || !dice.chance(0.1)) return undefined;
  const names = policies.map(({ name }) => name);
  return { kind: 'references', device, names: dice.chance(0.5) ? names.slice(0, 1) : names };
}

function verbOf(dice: Dice): Act {
  const verb = dice.chance(0.1) ? 'abort' : dice.of(VERBS);
  return { kind: 'verb', verb, value: dice.chance(0.9) ? 'right' : dice.of(['stale', 'bare']) };
}

function faultOf(dice: Dice): Act {
  const operation = dice.of([
    '*',
    '*',
    'AttachPolicy',
    'DetachPolicy',
    'SetDefaultPolicyVersion',
    'CreatePolicyVersion',
    'ListAttachedPolicies',
    'GetPolicy',
  ]);
  const when = dice.of(['before', 'after'] as const);
  const effect = dice.of([
    { kind: 'throttle' } as const,
    { kind: 'error', name: 'InternalFailureException', status: 500, when } as const,
    { kind: 'error', name: 'ServiceUnavailableException', status: 503, when } as const,
    { kind: 'reset', when } as const,
  ]);
  return { kind: 'fault', rule: { operation, effect, count: 1 + dice.below(4), skip: dice.below(6) } };
}

function document(dice: Dice, config: SimConfig): Act {
  const roll = dice.random();
  if (roll < 0.05) return { kind: 'document', how: 'garbage', grants: [] };
  if (roll < 0.25) return { kind: 'document', how: 'revert', grants: config.policies };
  return { kind: 'document', how: 'new', grants: grantsOf(dice, config.policies) };
}

/** What a group gives is optional, and now and then it denies. */
function hallGrant(dice: Dice): Grant {
  const allow = OPTIONAL.filter(() => dice.chance(0.5));
  const deny = dice.chance(0.2) ? [dice.of(OPTIONAL)] : [];
  return { allow: allow.length === 0 ? ['status'] : allow, deny };
}

/** Rights may move between policies: each optional right is in one of them, in several, or in none. */
function grantsOf(dice: Dice, policies: readonly SimPolicy[]): readonly SimPolicy[] {
  return policies.map(({ name }, index): SimPolicy => {
    const optional = OPTIONAL.filter(() => dice.chance(index === 0 ? 0.65 : 0.4));
    const deny = dice.chance(0.15) ? [dice.of(OPTIONAL)] : [];
    const lifeline: Right[] =
      index === 0 && !dice.chance(0.06) ? ['connect', 'telemetry'] : index === 0 ? ['connect'] : [];
    const grant: Grant = { allow: [...lifeline, ...optional], deny };
    // A policy without a statement is refused by AWS; this one at least says something.
    return { name, grant: grant.allow.length + grant.deny.length === 0 ? { allow: ['status'], deny: [] } : grant };
  });
}
