/** What the simulation has found before; each row is the order of events that once broke an invariant. */
import { expect, test } from 'vitest';
import { REGRESSIONS } from '../../simulation/regressions.ts';
import { simulate } from '../../simulation/simulate.ts';
import { CALM } from '../../simulation/words.ts';

test.each(REGRESSIONS)('$reason', async ({ config, schedule }) => {
  const { violations, story } = await simulate({ ...CALM, ...config }, schedule);
  expect(violations, story.slice(-60).join('\n')).toEqual([]);
});
