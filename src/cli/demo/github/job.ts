import type { Clock } from '../../../lib/clock.ts';
import { messageOf } from '../../../lib/errors.ts';
import { type GitRepository, runGit } from './git.ts';
import { JobLog } from './job-log.ts';
import { type RunnerOptions, runStep, setUpWorkplace, type Workplace } from './runner.ts';
import type { Conclusion, StoredJob, StoredRun, StoredStep } from './state.ts';
import type { WorkflowJob, WorkflowStep } from './workflow-file.ts';

export interface JobTools {
  readonly git: GitRepository;
  readonly clock: Clock;
  readonly runner: RunnerOptions;
  readonly signal: AbortSignal;
}

const iso = (clock: Clock): string => `${new Date(clock()).toISOString().slice(0, 19)}Z`;

/** The steps a job will have, before any of them ran: the runner puts its own around those of the file. */
export function plannedSteps(job: WorkflowJob): StoredStep[] {
  const checkouts = job.steps
    .filter((step) => step.uses?.startsWith('actions/checkout'))
    .map((step) => `Post ${step.name}`);
  const names = ['Set up job', ...job.steps.map((step) => step.name), ...checkouts.reverse(), 'Complete job'];
  return names.map((name, index) => ({
    name,
    number: index + 1,
    status: 'queued',
    conclusion: null,
    startedAt: null,
    completedAt: null,
  }));
}

/** Executes a job for real and fills in its steps, log, annotations and conclusion. Answers the log; does not throw. */
export async function executeJob(job: StoredJob, plan: WorkflowJob, run: StoredRun, tools: JobTools): Promise<string> {
  const log = new JobLog(tools.clock);
  job.steps = plannedSteps(plan);
  let place: Workplace | null = null;
  try {
    place = await setUpWorkplace(tools.git, run.headSha, tools.runner);
    await executeSteps(job, plan, run, tools, log, place);
  } catch (error) {
    log.failed(messageOf(error));
    job.conclusion = 'failure';
    const open = job.steps.filter((step) => step.status !== 'completed');
    for (const [index, step] of open.entries()) {
      Object.assign(step, { status: 'completed', conclusion: index === 0 ? 'failure' : 'skipped' });
    }
  }
  job.annotations = log.annotations;
  job.completedAt = iso(tools.clock);
  job.status = 'completed';
  await place?.remove().catch(() => undefined);
  return log.text;
}

async function executeSteps(
  job: StoredJob,
  plan: WorkflowJob,
  run: StoredRun,
  tools: JobTools,
  log: JobLog,
  place: Workplace,
): Promise<void> {
  const [first, ...rest] = job.steps;
  await record(first, tools.clock, async () => {
    log.setUp(plan.steps.flatMap((step) => step.uses ?? []));
    return 'success';
  });
  let failed = false;
  for (const [index, step] of plan.steps.entries()) {
    const stored = rest[index];
    if (failed) {
      if (stored) Object.assign(stored, { status: 'completed', conclusion: 'skipped' });
      continue;
    }
    const conclusion = await record(stored, tools.clock, () => executeStep(step, run, tools, log, place));
    failed = conclusion !== 'success';
  }
  for (const stored of rest.slice(plan.steps.length)) {
    await record(stored, tools.clock, async () => {
      if (stored.name.startsWith('Post ')) log.cleanUp(await gitVersion(), place.shownAs);
      else log.complete();
      return 'success';
    });
  }
  job.conclusion = failed ? 'failure' : 'success';
}

async function executeStep(
  step: WorkflowStep,
  run: StoredRun,
  tools: JobTools,
  log: JobLog,
  place: Workplace,
): Promise<Conclusion> {
  log.stepHead(step);
  if (step.run !== null) {
    const code = await runStep(step, place, log, tools.runner, tools.signal);
    if (code === 0) return 'success';
    log.failed(code === 124 ? 'The action has timed out.' : `Process completed with exit code ${code}.`);
    return 'failure';
  }
  // Actions from elsewhere cannot be fetched without a network; the two that matter are known.
  if (step.uses?.startsWith('actions/checkout')) {
    log.line(`Syncing repository: ${tools.runner.repository}`);
    log.group('Getting Git version info', [
      `Working directory is '${place.shownAs}'`,
      '[command]/usr/bin/git version',
      await gitVersion(),
    ]);
    log.group('Checking out the ref', [`[command]/usr/bin/git checkout --progress --force ${run.headSha}`]);
    log.line('[command]/usr/bin/git log -1 --format=%H');
    log.line(run.headSha);
  } else if (step.uses?.startsWith('actions/setup-node')) {
    log.group('Environment details', [`node: ${process.version}`]);
  } else {
    log.failed(`Unable to resolve action ${step.uses ?? ''}, this stand-in has no network.`);
    return 'failure';
  }
  return 'success';
}

async function record(step: StoredStep | undefined, clock: Clock, act: () => Promise<Conclusion>): Promise<Conclusion> {
  if (!step) return act();
  step.status = 'in_progress';
  step.startedAt = iso(clock);
  step.conclusion = await act();
  step.status = 'completed';
  step.completedAt = iso(clock);
  return step.conclusion;
}

let knownVersion: Promise<string> | null = null;
function gitVersion(): Promise<string> {
  knownVersion ??= runGit(['version']).then((output) => output.toString().trim());
  return knownVersion;
}
