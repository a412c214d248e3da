import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { iamAction, operations } from '../../../operator/aws/operations.ts';

test('docs/aws-calls.md lists every call with its IAM action, and no other', () => {
  const page = readFileSync(join(import.meta.dirname, '../../../docs/aws-calls.md'), 'utf8');
  const rows = [...page.matchAll(/^\| (\w+) +\| (read|write) +\| (\w+) +\| `(\w+:\w+)`/gm)].map(
    ([, ...cells]) => cells,
  );
  const table = Object.entries(operations).map(([name, { write, feature }]) => [
    name,
    write ? 'write' : 'read',
    feature,
    iamAction(name as keyof typeof operations),
  ]);
  expect(rows).toEqual(table);
});
