import { type Grant, RIGHTS, type Right } from './rights.ts';
import type { Act, Planned, SimConfig, SimPolicy } from './types.ts';

/** Short words for worlds that are written by hand. */
export const MINUTE = 60_000;

export const at = (minutes: number, act: Act): Planned => ({ at: minutes * MINUTE, act });

export const allBut = (...rights: readonly Right[]): Grant => ({
  allow: RIGHTS.filter((right) => !rights.includes(right)),
  deny: [],
});
export const WIDE = allBut();
export const NARROW = allBut('debug');
export const NARROWER = allBut('debug', 'extra');

export const git = (minutes: number, grant: Grant, how: 'new' | 'revert' = 'new'): Planned =>
  at(minutes, { kind: 'document', how, grants: [{ name: 'base', grant }] });

/** New documents of several policies. */
export const commit = (minutes: number, grants: readonly SimPolicy[]): Planned =>
  at(minutes, { kind: 'document', how: 'new', grants });

export const verb = (minutes: number, name: string): Planned =>
  at(minutes, { kind: 'verb', verb: name, value: 'right' });

/** Until then nobody comes back and nothing is lifted. */
export const wait = (minutes: number): Planned => at(minutes, { kind: 'deviceVerb', verb: 'release', device: 0 });

/** One steady device on one policy, and an AWS that makes changes visible in the worst order. */
export const CALM: SimConfig = {
  seed: 4711,
  lives: ['steady'],
  certificates: [1],
  policies: [{ name: 'base', grant: WIDE }],
  strategy: {
    type: 'Waves',
    waves: [{ count: 1, bake: '5m' }],
    settleTime: '10m',
    silenceDeadline: '30m',
    rollbackWindow: '10m',
  },
  uses: [],
  propagation: 'adversarial',
  periodMs: MINUTE,
  durationMs: 0,
};

export const fleetOf = (count: number): Pick<SimConfig, 'lives' | 'certificates'> => ({
  lives: Array.from({ length: count }, () => 'steady' as const),
  certificates: Array.from({ length: count }, () => 1),
});
