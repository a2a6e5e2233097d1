import type { Command } from 'commander';
import { registerConfig } from './config.ts';
import type { CliContext } from './context.ts';
import { registerDemo } from './demo/index.ts';
import { registerExplain } from './explain.ts';
import { registerServer } from './server.ts';

/** Every command, in the order of the help. */
export const COMMANDS: readonly ((program: Command, context: CliContext) => void)[] = [
  registerServer,
  registerDemo,
  registerExplain,
  registerConfig,
];
