import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Suites that need more than Node (a real API server, a browser) or more time (timelines over the whole service) have
    // configurations of their own.
    exclude: [
      'test/acceptance/**',
      'test/mcp/**',
      'test/cluster/**',
      'test/servers/**',
      'test/browser/**',
      'test/bench/**',
    ],
    globalSetup: ['test/support/postgres-global.ts'],
    sequence: { shuffle: true },
    retry: 0,
    // Only what hangs takes so long; a busy machine takes a good part of it.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // What is awaited comes at once, or on a busy machine after a while; a second is not always enough.
    expect: { poll: { timeout: 60_000, interval: 20 } },
    pool: 'forks',
    // Many tests wait for processes, sockets and the pause that GitHub asks for between writes.
    maxWorkers: 5,
    execArgv: ['--disable-warning=ExperimentalWarning'],
  },
});
