import { spawn } from 'node:child_process';
import { mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { setPriority } from 'node:os';
import { dirname } from 'node:path';
import { UserError } from '../../../../src/lib/errors.ts';

export interface Build {
  readonly program: string;
  readonly target: string;
  readonly moduleDir: string;
  readonly package: string;
  readonly linkerFlags: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly say: (line: string) => void;
}

const GO_ADVICE =
  'Install Go 1.26 or newer (https://go.dev/dl, or golang-go of your distribution) and put it on the PATH; ' +
  'or set KUBEBUILDER_ASSETS to a folder that has the program.';
const PROGRESS_MS = 20_000;
const NICENESS = 10;

/** Compiles one program of a Go module and publishes it under its final name only when it is whole. */
export async function buildProgram(build: Build): Promise<void> {
  mkdirSync(dirname(build.target), { recursive: true });
  const unfinished = `${build.target}.${process.pid}`;
  const started = Date.now();
  const seconds = () => Math.round((Date.now() - started) / 1_000);
  build.say(`Building ${build.program} (once; minutes on a small machine) …`);
  const progress = setInterval(() => build.say(`Building ${build.program}: ${seconds()} s …`), PROGRESS_MS);
  try {
    await go(build, unfinished);
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw error;
  } finally {
    clearInterval(progress);
  }
  renameSync(unfinished, build.target);
  const megabytes = Math.round(statSync(build.target).size / 1e6);
  build.say(`Built ${build.program} in ${seconds()} s: ${megabytes} MB, ${build.target}`);
}

function go(build: Build, output: string): Promise<void> {
  const flags = ['-s', '-w', ...build.linkerFlags].join(' ');
  const args = ['build', '-trimpath', `-ldflags=${flags}`, '-o', output, build.package];
  return new Promise((resolve, reject) => {
    const env = { ...build.env, CGO_ENABLED: '0', GOWORK: 'off' };
    const child = spawn('go', args, { cwd: build.moduleDir, env, stdio: ['ignore', 'pipe', 'pipe'] });
    if (child.pid !== undefined) setPriority(child.pid, NICENESS);
    let said = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        said = (said + text).slice(-8_000);
      });
    }
    child.once('error', (cause) => {
      reject(new UserError(`Go is missing, and ${build.program} has to be built. ${GO_ADVICE}`, { cause }));
    });
    child.once('close', (code) => {
      if (code === 0) resolve();
      else reject(new UserError(`go build ${build.package} ended with ${code}. ${GO_ADVICE}\n${said}`));
    });
  });
}
