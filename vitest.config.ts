import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** Vitest leaves one processor to itself, which on two of them is half; stories wait for other processes often enough. */
const maxWorkers = Math.max(2, availableParallelism() - 1);

// unit: pure code under test/unit. stories: real git, TLS, sandbox, processes. cluster: needs kube-apiserver and etcd (npm run test:cluster).
export default defineConfig({
  test: {
    // Tests run as the product does, by Node's own type stripping; nothing is bundled or mocked. A process keeps the modules that it
    // has loaded for the next file: loading them again for each cost more than the tests themselves.
    experimental: { viteModuleRunner: false },
    isolate: false,
    globalSetup: './test/support/run-folder.ts',
    projects: [
      { extends: true, test: { name: 'unit', include: ['test/unit/**/*.test.ts'], testTimeout: 20_000, maxWorkers } },
      {
        extends: true,
        test: {
          name: 'stories',
          include: ['test/stories/**/*.test.ts'],
          testTimeout: 90_000,
          hookTimeout: 60_000,
          maxWorkers,
        },
      },
      {
        extends: true,
        test: { name: 'cluster', include: ['test/cluster/**/*.test.ts'], testTimeout: 300_000, hookTimeout: 300_000 },
      },
    ],
  },
});
