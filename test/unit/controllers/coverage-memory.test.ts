import { expect, test } from 'vitest';
import { createCoverageMemory } from '../../../operator/controllers/policyrollout/groups/coverage-memory.ts';

const MEMBER = 'account hall press-1';

test('a record that is older than the time when the member was seen without tells nothing', () => {
  const coverage = createCoverageMemory();
  expect(coverage.backFor(MEMBER, 100, 5)).toBeUndefined();
  coverage.bare(MEMBER, 200);
  expect(coverage.backFor(MEMBER, 100, 10)).toBe(0);
  expect(coverage.backFor(MEMBER, 100, 40)).toBe(30);
  coverage.bare(MEMBER, 300);
  expect(coverage.backFor(MEMBER, 100, 50)).toBe(0);
});

test('a record of what we have attached since tells again, and for good', () => {
  const coverage = createCoverageMemory();
  coverage.bare(MEMBER, 200);
  expect(coverage.backFor(MEMBER, 200, 10)).toBeUndefined();
  expect(coverage.backFor(MEMBER, 100, 20)).toBeUndefined();
});
