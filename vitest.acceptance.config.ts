import { defineConfig, mergeConfig } from 'vitest/config';
import base from './vitest.config.ts';

/** Timelines over the whole service, kills and storms: `npm run test:acceptance`. */
const config = mergeConfig(base, defineConfig({}));
config.test = {
  ...config.test,
  include: ['test/acceptance/**/*.test.ts'],
  exclude: [],
  // Each story has a service, a stand-in for GitHub and agents of its own: more at once only wait for one another, while the
  // time runs that a source of context has.
  maxWorkers: 2,
  maxConcurrency: 4,
  testTimeout: 240_000,
  hookTimeout: 240_000,
};

export default config;
