import type { Command } from 'commander';
import { codeRunDefinition, codeRunDefinitionYaml } from '../coderun/crd.ts';
import type { CliContext } from './context.ts';

export function registerCrd(program: Command, context: CliContext): void {
  program
    .command('crd')
    .description('Print the CustomResourceDefinition of CodeRuns: `healer crd | kubectl apply -f -`.')
    .option('--json', 'one JSON document')
    .action((options: { json?: boolean }) => {
      context.stdout.write(options.json ? `${JSON.stringify(codeRunDefinition())}\n` : codeRunDefinitionYaml());
    });
}
