import { defineConfig } from 'vitest/config';

// unit: pure code, beside the code it tests (operator/**) or under test/unit.
// stories: real git, TLS, sandbox, processes. cluster: needs kube-apiserver and etcd (npm run test:cluster).
export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'], testTimeout: 20_000 } },
      { test: { name: 'stories', include: ['test/stories/**/*.test.ts'], testTimeout: 90_000, hookTimeout: 60_000 } },
      { test: { name: 'cluster', include: ['test/cluster/**/*.test.ts'], testTimeout: 180_000, hookTimeout: 120_000 } },
    ],
  },
});
