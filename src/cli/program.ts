import { Command, CommanderError } from 'commander';
import { SettingsError } from '../app/load-settings.ts';
import { VERSION } from '../app/paths.ts';
import { messageOf, UserError } from '../lib/errors.ts';
import { type CliContext, EXIT } from './context.ts';
import { CommandFailed } from './failure.ts';

type Register = (program: Command, context: CliContext) => void;

/** Runs one command and gives its exit code: 0 done, 1 failed, 2 wrong use, 3 refused by configuration. */
export async function runCli(argv: readonly string[], context: CliContext): Promise<number> {
  const program = new Command('healer')
    .description('Takes what breaks in CI and on the platform, and sees to a bounded, explained, verified repair.')
    .version(VERSION)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: (text) => context.stderr.write(text),
    })
    .showHelpAfterError('(run with --help for the options)')
    .showSuggestionAfterError();
  for (const register of await commandsFor(argv[2])) register(program, context);
  for (const command of allCommands(program)) command.exitOverride().configureOutput(program.configureOutput());
  try {
    await program.parseAsync([...argv]);
    return EXIT.done;
  } catch (error) {
    return exitCodeFor(error, context);
  }
}

/** Reading logs starts fast and stays small, and the service too: neither loads the other commands. */
async function commandsFor(name: string | undefined): Promise<readonly Register[]> {
  if (name === 'classify') return [(await import('./classify.ts')).registerClassify];
  if (name === 'server') return [(await import('./server.ts')).registerServer];
  return (await import('./commands.ts')).COMMANDS;
}

function allCommands(command: Command): readonly Command[] {
  return command.commands.flatMap((child) => [child, ...allCommands(child)]);
}

function exitCodeFor(error: unknown, context: CliContext): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return EXIT.done;
    return EXIT.usage;
  }
  if (error instanceof CommandFailed) {
    context.stderr.write(`healer: ${error.message}\n`);
    return EXIT.failed;
  }
  const isExpected = error instanceof UserError;
  context.stderr.write(
    `healer: ${isExpected || !(error instanceof Error) ? messageOf(error) : (error.stack ?? error.message)}\n`,
  );
  return error instanceof SettingsError ? EXIT.refused : EXIT.failed;
}
