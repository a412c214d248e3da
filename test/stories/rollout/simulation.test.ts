import { expect, test } from 'vitest';
import { failureText, search } from '../../simulation/search.ts';

/** Steps: planner actions, AWS calls, device events and clock advances. `npm run fuzz -- rollout` makes many more. */
const STEPS = Number(process.env.SIM_STEPS ?? 100_000);

test('no order of crashes, faults, people, security acts and documents violates an invariant', async () => {
  const result = await search({ firstSeed: 1, steps: STEPS });
  expect(result.failure && failureText(result.failure)).toBeUndefined();
  expect(result.steps).toBeGreaterThanOrEqual(STEPS);
  // A search in which nothing moves finds nothing.
  const ended = Object.values(result.rollouts).reduce((sum, count) => sum + count, 0);
  expect(ended).toBeGreaterThan(4);
}, 900_000);
