import { resolve } from 'node:path';
import type { Command } from 'commander';
import { loadSettings } from '../app/load-settings.ts';
import { UserError } from '../lib/errors.ts';
import { plural } from '../report/words.ts';
import { backUp } from '../store/backup.ts';
import type { CliContext } from './context.ts';

export function registerBackup(program: Command, context: CliContext): void {
  program
    .command('backup <file>')
    .description('Copy the embedded store to a file, while the service runs.')
    .option('--json', 'one JSON document')
    .action(async (file: string, options: { json?: boolean }) => {
      const settings = loadSettings(context.env, context.cwd);
      if (settings.databaseUrl !== undefined) {
        throw new UserError(
          'The store is PostgreSQL (DATABASE_URL): copy it with pg_dump, as docs/operations.md shows.',
        );
      }
      const path = resolve(context.cwd, file);
      const { remediations } = await backUp(resolve(context.cwd, settings.dataDir), path);
      context.stdout.write(
        options.json
          ? `${JSON.stringify({ file: path, remediations })}\n`
          : `${path} holds ${plural(remediations, 'remediation')}.\n`,
      );
    });
}
