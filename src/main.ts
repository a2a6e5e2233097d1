import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import { environment } from './app/environment.ts';
import { startSmall } from './app/memory.ts';
import { endWithLauncher } from './app/parent.ts';

const env = environment();
if (env['HEALER_ENDS_WITH_PARENT'] === '1') endWithLauncher();

// A reader that has seen enough (`healer … | head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

// Nearly all of a start is reading code; Node keeps what it made of it. Not in the shared temporary folder, where
// others could put something into our place; where this one cannot be written, nothing is kept.
enableCompileCache(join(import.meta.dirname, '../node_modules/.cache/healer'));
if (process.argv[2] === 'server' || process.argv[2] === 'classify') startSmall();

const { runCli } = await import('./cli/program.ts');
process.exitCode = await runCli(process.argv, {
  env,
  cwd: process.cwd(),
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
});
