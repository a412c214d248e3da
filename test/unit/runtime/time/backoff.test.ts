import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoffDelay, backoffs } from '../../../../operator/runtime/backoff.ts';

const name = fc.constantFrom('kube', 'aws' as const);
const draw = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const failures = fc.integer({ min: 1, max: 10_000 });

describe('waits between tries', () => {
  it('start at 5 ms for the API server and at 1 s for AWS, double, and end at 30 s and 15 min', () => {
    const waits = (which: 'kube' | 'aws') =>
      [1, 2, 3, 30].map((n) => backoffDelay(backoffs[which], n, () => 0.999_999));
    expect(waits('kube').map(Math.round)).toEqual([5, 11, 22, 30_000]);
    expect(waits('aws').map(Math.round)).toEqual([1_250, 2_500, 5_000, 900_000]);
  });

  it('are never below the first and never above the longest, jitter included', () => {
    fc.assert(
      fc.property(name, failures, draw, (which, count, random) => {
        const { baseMs, maxMs } = backoffs[which];
        const wait = backoffDelay(backoffs[which], count, () => random);
        expect(wait).toBeGreaterThanOrEqual(baseMs);
        expect(wait).toBeLessThanOrEqual(maxMs);
      }),
    );
  });

  it('never shrink from one failure to the next for the same draw', () => {
    fc.assert(
      fc.property(name, failures, draw, (which, count, random) => {
        const at = (n: number) => backoffDelay(backoffs[which], n, () => random);
        expect(at(count + 1)).toBeGreaterThanOrEqual(at(count));
      }),
    );
  });

  it('stay spread out at the cap, where everything that AWS refused ends up together', () => {
    const waits = new Set([0, 0.25, 0.5, 0.75].map((random) => backoffDelay(backoffs.aws, 1_000, () => random)));
    expect(waits.size).toBe(4);
  });
});
