import { Readable, Writable } from 'node:stream';
import { Command, CommanderError } from 'commander';
import { type FastifyInstance, fastify } from 'fastify';
import { SettingsError } from '../../src/app/load-settings.ts';
import type { CliContext } from '../../src/cli/context.ts';
import { CommandFailed } from '../../src/cli/failure.ts';
import { UserError } from '../../src/lib/errors.ts';
import { apiRoutes, type ReportDeps } from '../../src/report/api.ts';

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface Options {
  readonly env?: Readonly<Record<string, string>>;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

function sink(extra: object): Writable & { text: string } {
  const stream = new Writable({
    write(chunk, _encoding, done) {
      stream.text += String(chunk);
      done();
    },
  }) as Writable & { text: string };
  return Object.assign(stream, { text: '', ...extra });
}

export function makeContext({ env = {}, isTTY = false, columns }: Options = {}) {
  const size = columns === undefined ? {} : { columns };
  const stdout = sink({ isTTY, ...size });
  const stderr = sink({ isTTY });
  const context: CliContext = { env, cwd: '/', stdin: Readable.from([]), stdout, stderr };
  return { context, stdout, stderr };
}

/** Runs one command as the program does, with the exit codes of CONTRACT section 1. */
export async function runCommand(
  register: (program: Command, context: CliContext) => void,
  args: readonly string[],
  options: Options = {},
): Promise<Ran> {
  const { context, stdout, stderr } = makeContext(options);
  const program = new Command('healer');
  register(program, context);
  const prepare = (command: Command): void => {
    command.exitOverride().configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => stderr.write(text),
    });
    command.commands.forEach(prepare);
  };
  prepare(program);
  const code = await program.parseAsync(['node', 'healer', ...args]).then(
    () => 0,
    (error: unknown) => {
      if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
      if (!(error instanceof UserError || error instanceof CommandFailed)) throw error;
      stderr.write(`${error.message}\n`);
      return error instanceof SettingsError ? 3 : 1;
    },
  );
  return { code, stdout: stdout.text, stderr: stderr.text };
}

/** The real API on loopback. */
export async function listen(deps: ReportDeps): Promise<{ readonly app: FastifyInstance; readonly url: string }> {
  const app = fastify();
  await app.register(apiRoutes, deps);
  return { app, url: await app.listen({ host: '127.0.0.1', port: 0 }) };
}
