import { readFileSync } from 'node:fs';
import { readCaseFile } from './case-file.ts';
import { runLint } from './run-lints.ts';
import { type Failure, runPair } from './run-pairs.ts';

/** Runs files of policy cases (pairs or lint) as data: `npm run --silent policy:cases -- FILE…`. Exit 1 when a case fails. */
function main(files: readonly string[]): number {
  if (files.length === 0) {
    process.stderr.write('usage: npm run --silent policy:cases -- FILE…\n');
    return 2;
  }
  let passed = 0;
  let failed = 0;
  for (const file of files) {
    try {
      const content = readCaseFile(readFileSync(file, 'utf8'));
      const results = [
        ...content.pairs.map((item) => runPair(item, content.defaults)),
        ...content.lints.map((item) => runLint(item, content.defaults)),
      ];
      for (const failures of results) {
        if (failures.length === 0) passed += 1;
        else failed += 1;
        if (failures.length > 0) process.stdout.write(`${lineOf(failures)}\n`);
      }
    } catch (error) {
      failed += 1;
      process.stdout.write(
        `FAIL ${file}: expected a case file, got: ${error instanceof Error ? error.message : String(error)}\n`,
      );
    }
  }
  process.stdout.write(`${passed} passed, ${failed} failed\n`);
  return failed === 0 ? 0 : 1;
}

function lineOf(failures: readonly Failure[]): string {
  const [first] = failures;
  const details = failures.map((one) => `${one.what}: expected ${one.expected}, got ${one.got}`);
  return `FAIL ${first?.name ?? ''}: ${details.join(' · ')}`;
}

process.exitCode = main(process.argv.slice(2));
