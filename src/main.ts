import { environment } from './app/environment.ts';
import { runCli } from './cli/program.ts';

process.exitCode = await runCli(process.argv, {
  env: environment(),
  cwd: process.cwd(),
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
});
