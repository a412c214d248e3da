import { describe, expect, test } from 'vitest';
import { type Attempts, connectStorm } from '../../../operator/rollout/storm.ts';

const devices = (count: number, now: number, more: Partial<Attempts> = {}): readonly Attempts[] =>
  Array.from({ length: count }, (_, i) => ({ device: `d${i}`, now, refused: 0, before: 0, ...more }));

const rows: readonly {
  readonly reason: string;
  readonly moved: readonly Attempts[];
  readonly untouched?: readonly Attempts[];
  readonly storm: boolean;
}[] = [
  {
    reason: 'many moved devices reconnect, the others do not',
    moved: devices(10, 8),
    untouched: devices(10, 0),
    storm: true,
  },
  {
    reason: 'R17: one device cannot make a storm, however hard it tries',
    moved: [...devices(1, 16), ...devices(9, 0)],
    untouched: devices(10, 0),
    storm: false,
  },
  {
    reason: 'nor can so few of so many',
    moved: [...devices(5, 16), ...devices(95, 0)],
    untouched: devices(10, 0),
    storm: false,
  },
  {
    reason: 'everybody reconnects: the network was down',
    moved: devices(10, 8),
    untouched: devices(10, 7),
    storm: false,
  },
  { reason: 'devices that always connect each minute', moved: devices(10, 5, { before: 5 }), storm: false },
  { reason: 'and four times as often as ever', moved: devices(10, 16, { before: 4 }), storm: true },
  { reason: 'one reconnect each, as after a kick', moved: devices(50, 1), untouched: devices(10, 0), storm: false },
  {
    reason: 'after a restart, with nobody to compare with, connects alone say nothing',
    moved: devices(10, 10, { before: undefined }),
    storm: false,
  },
  {
    reason: 'but being refused again and again does',
    moved: devices(10, 10, { before: undefined, refused: 8 }),
    storm: true,
  },
  { reason: 'nothing was moved', moved: [], untouched: devices(10, 16), storm: false },
];

describe('connect storms', () => {
  test.each(rows)('$reason', ({ moved, untouched = [], storm }) => {
    expect(connectStorm({ moved, untouched, leastDevices: 3 }) !== undefined).toBe(storm);
  });

  test('says how many and how often', () => {
    expect(connectStorm({ moved: devices(4, 9), untouched: devices(5, 1), leastDevices: 2 })).toBe(
      '4 of 4 moved devices connected at least 9 times within 5 min, untouched ones 1 times',
    );
  });
});
