import { defineConfig } from 'vitest/config';

// Mutation testing runs the policy engine's own tests only; one mutant costs one run of them.
export default defineConfig({
  test: {
    include: ['test/unit/policy/*.test.ts'],
    testTimeout: 30_000,
  },
});
