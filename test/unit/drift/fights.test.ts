import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Fights } from '../../../operator/drift/fights.ts';
import type { Change } from '../../../operator/drift/types.ts';

const MINUTE = 60_000;
const changed = (field = 'attributes.a'): Change<unknown> => ({ field, class: 'changed', cause: 'drift', action: {} });

/** Corrects whenever it may, for so long; somebody sets it back at once. Answers the times of our corrections. */
function fight(minutes: number, change: Change<unknown> = changed()): number[] {
  const fights = new Fights();
  const times: number[] = [];
  for (let now = 0; now < minutes * MINUTE; now += MINUTE) {
    if (fights.pausing('x', [change], now) !== undefined) continue;
    fights.corrected('x', [change], now);
    times.push(now / MINUTE);
  }
  return times;
}

describe('a fight', () => {
  test('is let go on for four rounds; then each pause is twice as long as the one before, six hours at most', () => {
    expect(fight(24 * 60)).toEqual([0, 1, 2, 3, 13, 33, 73, 153, 313, 633, 993, 1353]);
  });

  test.each<readonly [Partial<Change<unknown>>, string]>([
    [{ class: 'widened' }, 'taking access away is never paused'],
    [{ cause: 'spec' }, 'what the spec asks for is no correction'],
  ])('is none over %j: %s', (more) => {
    expect(fight(60, { ...changed(), ...more })).toHaveLength(60);
  });

  test('is none when corrections are hours apart', () => {
    const fights = new Fights();
    for (let hour = 0; hour < 100; hour += 1) {
      expect(fights.pausing('x', [changed()], hour * 61 * MINUTE)).toBeUndefined();
      fights.corrected('x', [changed()], hour * 61 * MINUTE);
    }
  });

  test('over one field pauses no other object, and is over after a quiet time', () => {
    const fights = new Fights();
    for (let round = 0; round < 4; round += 1) fights.corrected('x', [changed()], round * MINUTE);
    const now = 4 * MINUTE;
    expect(fights.pausing('x', [changed()], now)?.field).toBe('attributes.a');
    expect(fights.pausing('x', [changed('attributes.b')], now)).toBeUndefined();
    expect(fights.pausing('y', [changed()], now)).toBeUndefined();
    fights.settle('x', 90 * MINUTE);
    expect(fights.pausing('x', [changed()], now)).toBeUndefined();
  });

  test('is none while AWS is slow to show our own write, and the same correction is made again', () => {
    const fights = new Fights();
    for (let now = 0; now < MINUTE; now += 5_000) fights.corrected('x', [changed()], now);
    expect(fights.pausing('x', [changed()], MINUTE)).toBeUndefined();
  });

  test('costs no more corrections than its pauses allow, however it is timed', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 200 }), (gaps) => {
        const fights = new Fights();
        let [now, count] = [0, 0];
        for (const gap of gaps) {
          now += gap * MINUTE;
          if (fights.pausing('x', [changed()], now) !== undefined) continue;
          fights.corrected('x', [changed()], now);
          count += 1;
        }
        expect(count).toBeLessThanOrEqual(4 + now / (10 * MINUTE) + Math.ceil(now / (60 * MINUTE)) * 4);
      }),
    );
  });
});
