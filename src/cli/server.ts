import { flushCompileCache } from 'node:module';
import type { Command } from 'commander';
import { hasCredentials, loadSettings, secretValues } from '../app/load-settings.ts';
import { createLog } from '../app/log.ts';
import { settleDown } from '../app/memory.ts';
import { startService } from '../app/service.ts';
import type { CliContext } from './context.ts';

export function registerServer(program: Command, context: CliContext): void {
  program
    .command('server')
    .description('Run the service until SIGINT or SIGTERM. Settings come from healer.yaml and the environment.')
    .action(async () => {
      const settings = loadSettings(context.env, context.cwd);
      const log = createLog(settings.logLevel, context.stdout, secretValues(settings));
      const service = await startService({ settings, log, env: context.env });
      flushCompileCache();
      settleDown();
      if (!hasCredentials(settings))
        log.warn({ url: service.url }, 'no credentials are configured: listening on loopback only');
      const signal = await stopSignal();
      log.info({ signal }, 'stopping');
      await service.stop();
    });
}

/** Resolves with the first signal that asks the process to end; a second one ends it at once. */
export function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve(signal));
  });
}
