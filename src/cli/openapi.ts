import type { Command } from 'commander';
import { openApiDocument } from '../app/openapi.ts';
import type { CliContext } from './context.ts';

export function registerOpenApi(program: Command, context: CliContext): void {
  program
    .command('openapi')
    .description('Print the OpenAPI 3.1 document of the service.')
    .action(async () => {
      context.stdout.write(`${JSON.stringify(await openApiDocument(), null, 2)}\n`);
    });
}
