import { expect, test } from 'vitest';
import { createSignalBook } from '../../../operator/controllers/policyrollout/gates/signals.ts';
import { createRollouts, DETACH_DEADLINE_MS } from '../../../operator/controllers/policyrollout/service.ts';
import { VirtualClock } from '../../../operator/runtime/clock.ts';

test('R7: a new leader detaches nothing for the longest time that a call of the one before may take', () => {
  const clock = new VirtualClock();
  const rollouts = createRollouts(createSignalBook(clock));
  const start = 1_000_000;
  expect(DETACH_DEADLINE_MS).toBeGreaterThanOrEqual(30_000);
  expect(rollouts.noDetachBefore(start)).toBe(start + DETACH_DEADLINE_MS);
  // It counts from when this process began to lead, not from each question.
  expect(rollouts.noDetachBefore(start + 20_000)).toBe(start + DETACH_DEADLINE_MS);
});
