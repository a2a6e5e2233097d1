import { environment } from './app/environment.ts';
import { endWithLauncher } from './app/parent.ts';
import { runCli } from './cli/program.ts';

const env = environment();
if (env['HEALER_ENDS_WITH_PARENT'] === '1') endWithLauncher();

// A reader that has seen enough (`healer … | head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

process.exitCode = await runCli(process.argv, {
  env,
  cwd: process.cwd(),
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
});
