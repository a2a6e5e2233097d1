import type { Command } from 'commander';
import type { z } from 'zod';
import type { pausesSchema } from '../report/api/schemas.ts';
import { personName } from './client.ts';
import type { CliContext } from './context.ts';
import { plain } from './output.ts';
import { printJson, type RemoteOptions, remote, withService } from './remote.ts';

type Pauses = z.infer<typeof pausesSchema>;

/** Adds `pause` and `resume`: stop or start spending, everywhere or in one repository. */
export function registerPause(program: Command, context: CliContext): void {
  add(program, context, 'pause', 'Stop starting agents; what runs already goes on.');
  add(program, context, 'resume', 'Start agents again.');
}

function add(program: Command, context: CliContext, verb: 'pause' | 'resume', description: string): void {
  remote(program.command(verb))
    .description(description)
    .option('--repo <owner/name>', 'in one repository only')
    .action((options: RemoteOptions & { repo?: string }, command: Command) =>
      withService(command, context, options, async (client) => {
        const answer = await client.post<Pauses>(`/api/${verb}`, { by: personName(context), repository: options.repo });
        if (options.json) return printJson(context, answer);
        context.stdout.write(describe(answer));
      }),
    );
}

/** What is paused now, whatever was asked: resuming one repository does not lift a pause of everything. */
function describe({ pauses }: Pauses): string {
  if (pauses.length === 0) return 'Nothing is paused; agents are started as failures come.\n';
  return pauses
    .map(({ repository, by }) => `Paused by ${plain(by)}: ${repository === null ? 'everywhere' : plain(repository)}\n`)
    .join('');
}
