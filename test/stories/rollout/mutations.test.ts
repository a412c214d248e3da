/** Breaks the operator on purpose, one place at a time, and asks whether the simulation sees it. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { MUTATIONS } from '../../simulation/mutations.ts';
import type { Violation } from '../../simulation/types.ts';

const run = promisify(execFile);

async function violationsOf(mutation: string): Promise<readonly Violation[]> {
  const node = ['--import', './test/simulation/patched.ts', 'test/simulation/mutant.ts'];
  const env = { ...process.env, MUTATION: mutation };
  const { stdout } = await run(process.execPath, node, { env, maxBuffer: 1 << 26 });
  return (JSON.parse(stdout) as { violations: readonly Violation[] }).violations;
}

const rows = MUTATIONS.map(({ invariant, reason }, index) => ({ index, invariant, reason }));

test.each(rows)(
  'invariant $invariant is seen to break when $reason',
  async ({ index, invariant }) => {
    const violations = await violationsOf(String(index));
    expect(violations.map((violation) => violation.invariant)).toContain(invariant);
  },
  120_000,
);

test('the same worlds break nothing when the operator is whole', async () => {
  expect(await violationsOf('none')).toEqual([]);
}, 300_000);

test('every invariant has a place in which breaking the operator breaks it', () => {
  const broken = new Set(MUTATIONS.map(({ invariant }) => invariant));
  expect([...broken].sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
});
