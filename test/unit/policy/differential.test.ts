import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkDelivery, checkRaw, checkSession, newTally, withAllFilters } from '../../policy/differential.ts';
import { alikeUniverse } from '../../policy/random-alike.ts';
import { arnUniverse } from '../../policy/random-arns.ts';
import { connectUniverse, orderUniverse, setUniverse } from '../../policy/random-conditions.ts';
import { largeUniverse, smallUniverse } from '../../policy/random-policies.ts';
import { typeUniverse } from '../../policy/random-types.ts';
import { valueUniverse } from '../../policy/random-values.ts';

// The long runs are `npm run fuzz`; these keep a fixed seed so that a failure here is a change of ours.
describe('random policies against an exhaustive walk by an independent evaluator', () => {
  it('raw: misses no new access in a small universe and invents none', () => {
    const tally = newTally();
    fc.assert(
      fc.property(smallUniverse.policies, ([before, after]) => checkRaw(before, after, smallUniverse, tally)),
      { numRuns: 80, seed: 42 },
    );
    expect(tally.undecided).toBe(0);
    expect(tally.different).toBeGreaterThan(40);
    expect(tally.admittedMisses).toBe(0);
  });

  it('raw: the same in a large universe', () => {
    fc.assert(
      fc.property(largeUniverse.policies, ([before, after]) => checkRaw(before, after, largeUniverse, newTally())),
      { numRuns: 15, seed: 42 },
    );
  });

  it('raw: misses no value of a variable for which patterns leave little room', () => {
    const tally = newTally();
    fc.assert(
      fc.property(valueUniverse.policies, ([before, after]) => checkRaw(before, after, valueUniverse, tally)),
      { numRuns: 60, seed: 5 },
    );
    expect(tally).toMatchObject({ undecided: 0, admittedMisses: 0 });
  });

  it('raw: misses no client ID and no value that conditions tie together or compare in several ways', () => {
    for (const universe of [connectUniverse, orderUniverse, setUniverse, typeUniverse, alikeUniverse]) {
      const tally = newTally();
      fc.assert(
        fc.property(universe.policies, ([before, after]) => checkRaw(before, after, universe, tally)),
        { numRuns: 25, seed: 7 },
      );
      expect(tally).toMatchObject({ undecided: 0, admittedMisses: 0 });
      expect(tally.different).toBeGreaterThan(8);
    }
  });

  it('raw: misses no client ID and no value that makes up the fixed part of an ARN', () => {
    const tally = newTally();
    fc.assert(
      fc.property(arnUniverse.policies, ([before, after]) => checkRaw(before, after, arnUniverse, tally)),
      { numRuns: 20, seed: 5 },
    );
    expect(tally).toMatchObject({ undecided: 0, admittedMisses: 0 });
    expect(tally.different).toBeGreaterThan(5);
  });

  it('session: counts exactly what connectable clients can do', () => {
    fc.assert(
      fc.property(smallUniverse.policies, ([before, after]) => checkSession(before, after, smallUniverse, newTally())),
      { numRuns: 30, seed: 42 },
    );
  });

  it('delivery: finds every topic that newly arrives or ceases to', () => {
    const universe = withAllFilters(smallUniverse);
    fc.assert(
      fc.property(universe.policies, ([before, after]) => checkDelivery(before, after, universe, newTally())),
      { numRuns: 15, seed: 42 },
    );
  });
});
