import { parseArgs } from 'node:util';
import { type FuzzReport, fuzzPolicy, policyAreas } from './policy.ts';
import { fuzzRollout, ROLLOUT_AREA } from './rollout.ts';

type Fuzz = (area: string, count: number, seed: number) => FuzzReport | Promise<FuzzReport>;

/** Areas beside the policy engine register here. */
const areas: ReadonlyMap<string, Fuzz> = new Map<string, Fuzz>([
  ...policyAreas.map((area) => [area, fuzzPolicy] as const),
  [ROLLOUT_AREA, (_area, count, seed) => fuzzRollout(count, seed)],
]);

/** Runs of each area when nothing else is said; for `rollout` they are simulated steps at which something happened. */
const COUNTS: Readonly<Record<string, number>> = { [ROLLOUT_AREA]: 10_000_000 };
const COUNT = 20_000;

/**
 * `npm run fuzz -- [AREA] [COUNT] [SEED]`, or `-- rollout --steps N --seed S`: random tests beyond the unit size; prints one
 * line of JSON for each area. A seed of `rollout` that is given alone is run alone.
 */
async function main(args: readonly string[]): Promise<number> {
  const options = { steps: { type: 'string' }, seed: { type: 'string' } } as const;
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
  const [area = 'all', count = values.steps, seed = values.seed ?? '1'] = positionals;
  const alone = values.seed === undefined || count !== undefined ? undefined : 1;
  const chosen = area === 'all' ? [...areas.keys()] : [area];
  let failed = 0;
  for (const name of chosen) {
    const fuzz = areas.get(name);
    if (fuzz === undefined) {
      process.stderr.write(`no such area: ${name}; there are ${[...areas.keys()].join(', ')}\n`);
      return 2;
    }
    const started = performance.now();
    const report = await fuzz(name, Number(count ?? alone ?? COUNTS[name] ?? COUNT), Number(seed));
    const { failures, ...rest } = report;
    const text = name === ROLLOUT_AREA ? failures.map((failure) => failure.split('\n')[0]) : failures;
    if (name === ROLLOUT_AREA) for (const failure of failures) process.stderr.write(`${failure}\n`);
    const seconds = Math.round(performance.now() - started) / 1000;
    process.stdout.write(`${JSON.stringify({ ...rest, failures: text, seconds })}\n`);
    failed += failures.length;
  }
  return failed === 0 ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
