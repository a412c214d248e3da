import { failureText, search } from '../simulation/search.ts';
import type { FuzzReport } from './policy.ts';

export const ROLLOUT_AREA = 'rollout';

/**
 * Simulated steps from a seed on, without advances of the clock at which nobody does anything; stops at the first violated
 * invariant with the shortest story that shows it.
 */
export async function fuzzRollout(steps: number, seed: number): Promise<FuzzReport> {
  let said = 0;
  const result = await search({
    firstSeed: seed,
    steps,
    onSeed: (outcome, total) => {
      if (total - said < 100_000) return;
      said = total;
      process.stderr.write(`rollout: ${total} of ${steps} steps, seed ${outcome.seed} done\n`);
    },
  });
  const { failure, rollouts, seeds, kinds, coverage, busy } = result;
  return {
    area: ROLLOUT_AREA,
    seed,
    runs: busy,
    failures: failure === undefined ? [] : [failureText(failure)],
    figures: { busy, steps: result.steps, seeds, ...kinds, ...rollouts },
    coverage,
  };
}
