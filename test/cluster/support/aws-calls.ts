/** The AWS calls of all stories beside those that `fleetward iam-policy` permits, both ways. */
import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { operations } from '../../../operator/aws/operations.ts';
import type { Sandbox } from '../../../operator/sandbox/index.ts';
import { cluster } from './cluster.ts';

const FILE = 'aws-calls.txt';

/** Called by others than the operator: stories play people with access to AWS. */
const PEOPLE = ['somebody'];

/** Whatever a story made the operator do, the policy must have been enough for it. Throws when it was not. */
export function recordCalls({ ledger }: Sandbox): void {
  const entries = ledger.entries().filter(({ accessKeyId }) => !PEOPLE.includes(accessKeyId));
  const called = [...new Set(entries.map(({ operation }) => operation))].filter((name) => !FREE.includes(name));
  const beyond = called.filter((name) => !Object.hasOwn(operations, name));
  if (beyond.length > 0) throw new Error(`calls that fleetward iam-policy does not allow: ${beyond.join(', ')}`);
  appendFileSync(join(cluster().folder, FILE), called.map((name) => `${name}\n`).join(''));
}

/** Need no permission, or one of their own (`fleetward iam-policy --assume`). */
const FREE = ['GetCallerIdentity', 'AssumeRole'];

/**
 * Permitted, and made by stories of rollouts in other suites: signals are heard, rights are moved between groups, and
 * sessions of before are closed.
 */
const ELSEWHERE: readonly string[] = ['UpdateThingGroupsForThing', 'DeleteConnection'];

/** What is permitted and was never called, after a run of all stories. */
export function unusedCalls(folder: string): readonly string[] {
  const called = new Set(readFileSync(join(folder, FILE), 'utf8').split('\n'));
  const expected = Object.entries(operations).filter(([name, { feature }]) => {
    return feature !== 'signals' && !ELSEWHERE.includes(name);
  });
  return expected.map(([name]) => name).filter((name) => !called.has(name));
}
