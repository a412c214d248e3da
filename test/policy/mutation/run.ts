/**
 * `npm run mutate -- FILE…`: changes one thing at a time in files of the policy engine (all of them without FILE) and runs the tests that reach
 * it, then compares the mutants that survived with the list in `explained/`. Exits with 1 when one is missing there; entries that no longer
 * survive are named, so that they can go. `--judge REPORT` reads the report of an earlier run instead.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { judge, type MutationReport, readExplanations } from './judge.ts';

const report = '.stryker-tmp/mutation.json';
const args = process.argv.slice(2);

function mutate(files: readonly string[]): string {
  const only = files.length === 0 ? [] : ['--mutate', files.join(',')];
  const { status } = spawnSync('node_modules/.bin/stryker', ['run', 'test/policy/stryker.json', ...only], {
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(status ?? 1);
  return report;
}

const from = args[0] === '--judge' ? (args[1] ?? report) : mutate(args);
const result: MutationReport = JSON.parse(readFileSync(from, 'utf8'));
let open = 0;
for (const [file, { mutants, source }] of Object.entries(result.files)) {
  const verdict = judge(mutants, source, readExplanations(file));
  open += verdict.unexplained.length;
  const kinds = Object.entries(verdict.kinds).map(([kind, count]) => `${count} ${kind}`);
  console.log(
    `${file}: ${mutants.length} mutants, ${verdict.killed} killed, ${verdict.unreached} reached by no test; explained: ${kinds.join(', ') || 'none'}; unexplained: ${verdict.unexplained.length}`,
  );
  for (const { line, change } of verdict.unexplained) console.log(`  ${file}:${line} ${JSON.stringify(change)}`);
  for (const change of verdict.stale) console.log(`  survives no longer: ${JSON.stringify(change)}`);
}
process.exitCode = open === 0 ? 0 : 1;
