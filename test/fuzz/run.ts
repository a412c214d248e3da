import { type FuzzReport, fuzzPolicy, policyAreas } from './policy.ts';

type Fuzz = (area: string, count: number, seed: number) => FuzzReport | Promise<FuzzReport>;

/** Areas beside the policy engine register here. */
const areas: ReadonlyMap<string, Fuzz> = new Map(policyAreas.map((area) => [area, fuzzPolicy]));

/** `npm run fuzz -- [AREA] [COUNT] [SEED]`: random tests beyond the unit size; prints one line of JSON for each area. */
async function main(args: readonly string[]): Promise<number> {
  const [area = 'all', count = '20000', seed = '1'] = args;
  const chosen = area === 'all' ? [...areas.keys()] : [area];
  let failed = 0;
  for (const name of chosen) {
    const fuzz = areas.get(name);
    if (fuzz === undefined) {
      process.stderr.write(`no such area: ${name}; there are ${[...areas.keys()].join(', ')}\n`);
      return 2;
    }
    const started = performance.now();
    const report = await fuzz(name, Number(count), Number(seed));
    process.stdout.write(`${JSON.stringify({ ...report, seconds: Math.round(performance.now() - started) / 1000 })}\n`);
    failed += report.failures.length;
  }
  return failed === 0 ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
