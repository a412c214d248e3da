// Fails when a generated file differs from what `npm run gen` writes, when a CEL rule lacks cases or a case fails, or
// when the CRDs could not replace the released ones in a running cluster.
// `--release` records the present CRDs as the released ones; run it when a version is published.
import { copyFile, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { findBreakages } from './gen/compatibility.ts';
import { readCrds } from './gen/crds.ts';
import { outputs } from './gen/outputs.ts';
import { checkRuleCases } from './gen/rule-cases.ts';

const root = join(import.meta.dirname, '..');
const crds = join(root, 'crds');
const releasedCrds = join(root, 'test/fixtures/released-crds');

async function differences(): Promise<readonly string[]> {
  const found: string[] = [];
  for (const output of outputs) {
    for (const [path, content] of await output.generate(root)) {
      const present = await readFile(join(root, path), 'utf8').catch(() => undefined);
      if (present === undefined) found.push(`${path} is missing: run "npm run gen"`);
      else if (present !== content)
        found.push(`${path} differs from what is generated (${output.name}): run "npm run gen"`);
    }
  }
  return found;
}

async function breakages(): Promise<readonly string[]> {
  const released = await readdir(releasedCrds).catch(() => []);
  if (released.length === 0) return [];
  const found = findBreakages(await readCrds(releasedCrds), await readCrds(crds));
  return found.map(
    ({ where, what }) => `${where}: ${what}; a cluster with the released CRDs would not survive the upgrade`,
  );
}

async function release(): Promise<void> {
  await rm(releasedCrds, { recursive: true, force: true });
  await mkdir(releasedCrds, { recursive: true });
  for (const name of await readdir(crds)) await copyFile(join(crds, name), join(releasedCrds, name));
  process.stdout.write('The present CRDs are recorded as released.\n');
}

if (process.argv.includes('--release')) await release();
const problems = [...(await differences()), ...(await breakages()), ...checkRuleCases()];
for (const problem of problems) process.stderr.write(`${problem}\n`);
process.stdout.write(
  problems.length === 0 ? 'Generated files, released CRDs and rule cases agree.\n' : `${problems.length} problem(s).\n`,
);
process.exitCode = problems.length === 0 ? 0 : 1;
