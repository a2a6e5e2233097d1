import type { Command } from 'commander';
import { createClient, type ServiceClient, WrongUseError } from './client.ts';
import type { CliContext } from './context.ts';

export interface RemoteOptions {
  readonly url?: string;
  readonly json?: boolean;
}

/** Gives a command the options of everything that talks to a running service. */
export function remote(command: Command): Command {
  return command
    .option('--url <address>', 'address of the running service (default: HEALER_URL, or this machine)')
    .option('--json', 'JSON, one document a line');
}

/** Runs `work` against the service; what the service takes for wrong use ends the command as such (exit code 2). */
export async function withService(
  command: Command,
  context: CliContext,
  options: RemoteOptions,
  work: (client: ServiceClient) => Promise<void>,
): Promise<void> {
  try {
    await work(createClient(context, { url: options.url }));
  } catch (error) {
    if (error instanceof WrongUseError) command.error(`error: ${error.message}`, { exitCode: 2 });
    throw error;
  }
}

export function printJson({ stdout }: Pick<CliContext, 'stdout'>, document: unknown): void {
  stdout.write(`${JSON.stringify(document)}\n`);
}
