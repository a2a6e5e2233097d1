import type { Command } from 'commander';
import { diagnose } from '../app/diagnose.ts';
import { registerBackup } from './backup.ts';
import { registerClassify } from './classify.ts';
import { registerCompletion } from './completion.ts';
import { registerConfig } from './config.ts';
import type { CliContext } from './context.ts';
import { registerCrd } from './crd.ts';
import { registerDeliveries } from './deliveries.ts';
import { registerDemo } from './demo/index.ts';
import { registerDoctor } from './doctor.ts';
import { registerExplain } from './explain.ts';
import { registerInsights } from './insights.ts';
import { registerMcp } from './mcp.ts';
import { registerOpenApi } from './openapi.ts';
import { registerPause } from './pause.ts';
import { registerRemediations } from './remediations.ts';
import { registerRules } from './rules.ts';
import { registerServer } from './server.ts';
import { registerTask } from './task.ts';

/** Every command, in the order of the help. */
export const COMMANDS: readonly ((program: Command, context: CliContext) => void)[] = [
  registerServer,
  registerDemo,
  registerClassify,
  registerExplain,
  registerRules,
  registerRemediations,
  registerDeliveries,
  registerTask,
  registerInsights,
  registerPause,
  (program, context) => registerDoctor(program, context, ({ env, cwd }) => diagnose(env, cwd)),
  registerBackup,
  registerCrd,
  registerMcp,
  registerOpenApi,
  registerConfig,
  registerCompletion,
];
