import { defineConfig, mergeConfig } from 'vitest/config';
import base from './vitest.config.ts';

/**
 * A real API server, kube-controller-manager and etcd, with a node of our own: `npm run test:cluster`. The first run builds
 * them from source with Go and keeps them outside the repository.
 */
const config = mergeConfig(base, defineConfig({}));
config.test = {
  ...config.test,
  include: ['test/cluster/**/*.test.ts'],
  exclude: [],
  globalSetup: ['test/support/postgres-global.ts', 'test/cluster/support/global.ts'],
  testTimeout: 180_000,
  hookTimeout: 180_000,
  // Each file drives processes of its own beside the cluster's; two cores are enough for two.
  maxWorkers: 2,
};

export default config;
