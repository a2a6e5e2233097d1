import { defineConfig, mergeConfig } from 'vitest/config';
import base from './vitest.config.ts';

/** The pages in a real browser: `npm run test:browser`. Needs Chromium (Debian's package will do). */
const config = mergeConfig(base, defineConfig({}));
config.test = {
  ...config.test,
  include: ['test/browser/**/*.test.ts'],
  exclude: [],
  globalSetup: [],
  maxWorkers: 2,
  testTimeout: 240_000,
  hookTimeout: 240_000,
};

export default config;
