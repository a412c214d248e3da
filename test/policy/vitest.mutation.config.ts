import { defineConfig } from 'vitest/config';

// Mutation testing runs the policy engine's own tests only; one mutant costs one run of those that reach it.
// MUTATION_TESTS narrows them further: the top folder's own tests kill most of what can be killed there.
export default defineConfig({
  test: {
    include: [process.env.MUTATION_TESTS ?? 'test/unit/policy/**/*.test.ts'],
    testTimeout: 30_000,
  },
});
