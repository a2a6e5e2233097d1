import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { GitRepository } from './git.ts';
import type { JobLog } from './job-log.ts';
import type { WorkflowStep } from './workflow-file.ts';

export interface RunnerOptions {
  readonly folder: string;
  readonly nodeFolder: string;
  readonly stepTimeoutMs: number;
  /** `owner/name`. */
  readonly repository: string;
}

export interface Workplace {
  /** Where the commit's files lie. */
  readonly workspace: string;
  /** What the log calls that folder, as on GitHub's machines. */
  readonly shownAs: string;
  remove(): Promise<void>;
}

/** A folder of its own for one job, with the commit's files in it. */
export async function setUpWorkplace(git: GitRepository, sha: string, options: RunnerOptions): Promise<Workplace> {
  await mkdir(options.folder, { recursive: true });
  const root = await realpath(await mkdtemp(join(options.folder, 'job-')));
  const name = options.repository.split('/')[1] ?? 'work';
  const workspace = join(root, name);
  await mkdir(workspace);
  await git.export(sha, workspace, join(root, 'index'));
  return {
    workspace,
    shownAs: `/home/runner/work/${name}/${name}`,
    remove: () => rm(root, { recursive: true, force: true, maxRetries: 3 }),
  };
}

// The steps see a clean environment: what Healer's own process carries (tokens, test runners' variables) is none of
// the project's business. `$1` is the folder of node, `$2` the script; the rest are NAME=value.
const WRAPPER = 'n=$1 s=$2; shift 2; exec env -i PATH="$n:$PATH" HOME="${HOME:-/}" "$@" bash -e "$s"';

async function startStep(step: WorkflowStep, place: Workplace, options: RunnerOptions) {
  const script = join(dirname(place.workspace), 'step.sh');
  await writeFile(script, `${step.run ?? ''}\n`);
  const settings = Object.entries({
    CI: 'true',
    GITHUB_ACTIONS: 'true',
    GITHUB_REPOSITORY: options.repository,
    // No network and no traces in the home folder of whoever runs the demo.
    npm_config_userconfig: '/dev/null',
    npm_config_update_notifier: 'false',
    npm_config_logs_max: '0',
    ...step.env,
  }).map(([name, value]) => `${name}=${value}`);
  return spawn('bash', ['-c', WRAPPER, 'bash', options.nodeFolder, script, ...settings], {
    cwd: join(place.workspace, step.workingDirectory ?? '.'),
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own, so that everything a step started ends with it.
    detached: true,
  });
}

/** Runs one `run` step and writes what it prints into the log. Answers its exit code; 124 when it took too long. */
export async function runStep(
  step: WorkflowStep,
  place: Workplace,
  log: JobLog,
  options: RunnerOptions,
  signal: AbortSignal,
): Promise<number> {
  const child = await startStep(step, place, options);
  const end = () => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      // Already gone.
    }
  };
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    end();
  }, options.stepTimeoutMs);
  if (signal.aborted) end();
  signal.addEventListener('abort', end, { once: true });
  const show = (text: string) => log.output(text.replaceAll(place.workspace, place.shownAs));
  for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on('line', show);
  try {
    return await new Promise<number>((resolve) => {
      child.on('error', (error) => {
        show(error.message);
        resolve(127);
      });
      child.on('close', (code) => resolve(late ? 124 : (code ?? 137)));
    });
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', end);
  }
}
