import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';

/** A program ended with an error; the message has what it said. */
export class CommandFailed extends Error {
  override readonly name = 'CommandFailed';
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;

  constructor(what: string, code: number | null, stdout: string, stderr: string) {
    super(`${what} ended with ${code}: ${stderr.trim() || stdout.trim()}`);
    this.code = code;
    this.stdout = stdout;
    this.stderr = stderr;
  }
}

/** Gives the standard output. Throws CommandFailed. */
export function run(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  stdin?: string,
): Promise<string> {
  return new Promise((resolve, reject) => {
    // Without HOME, kubectl keeps its cache in the folder that it is started in.
    const child = spawn(program, args, { env: { PATH: process.env['PATH'] ?? '', HOME: tmpdir(), ...env } });
    const pieces = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      pieces.stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      pieces.stderr += text;
    });
    child.once('error', reject);
    // The program may end without reading all of its input.
    child.stdin.on('error', () => undefined);
    child.stdin.end(stdin ?? '');
    child.once('close', (code) => {
      if (code === 0) resolve(pieces.stdout);
      else reject(new CommandFailed(`${program} ${args.join(' ')}`, code, pieces.stdout, pieces.stderr));
    });
  });
}
