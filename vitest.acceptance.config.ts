import { defineConfig, mergeConfig } from 'vitest/config';
import base from './vitest.config.ts';

/** Timelines over the whole service, kills and storms: `npm run test:acceptance`. */
const config = mergeConfig(base, defineConfig({}));
config.test = {
  ...config.test,
  include: ['test/acceptance/**/*.test.ts'],
  exclude: [],
  maxWorkers: 3,
  testTimeout: 240_000,
  hookTimeout: 240_000,
};

export default config;
