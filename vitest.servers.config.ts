import { defineConfig, mergeConfig } from 'vitest/config';
import base from './vitest.config.ts';

/**
 * Real servers that Healer asks, or that post to it: `npm run test:servers`. Needs Go, Prometheus and Alertmanager. The
 * first run compiles Loki and keeps it outside the repository.
 */
const config = mergeConfig(base, defineConfig({}));
config.test = {
  ...config.test,
  include: ['test/servers/**/*.test.ts'],
  exclude: [],
  globalSetup: ['test/servers/support/global.ts'],
  maxWorkers: 2,
};

export default config;
