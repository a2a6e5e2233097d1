import { defineConfig, mergeConfig } from 'vitest/config';
import base from './vitest.config.ts';

/** The MCP server under real clients, the SDK's and the inspector: `npm run test:mcp`. */
const config = mergeConfig(base, defineConfig({}));
config.test = {
  ...config.test,
  include: ['test/mcp/**/*.test.ts'],
  exclude: ['**/node_modules/**'],
  maxWorkers: 2,
  testTimeout: 240_000,
  hookTimeout: 240_000,
};

export default config;
