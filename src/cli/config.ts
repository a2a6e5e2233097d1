import type { Command } from 'commander';
import { stringify } from 'yaml';
import { loadSettings, maskSecrets } from '../app/load-settings.ts';
import type { CliContext } from './context.ts';

export function registerConfig(program: Command, context: CliContext): void {
  program
    .command('config')
    .description('Print the effective settings; secrets are masked.')
    .option('--json', 'one JSON document')
    .action((options: { json?: boolean }) => {
      const settings = maskSecrets(loadSettings(context.env, context.cwd));
      context.stdout.write(options.json ? `${JSON.stringify(settings)}\n` : stringify(settings));
    });
}
