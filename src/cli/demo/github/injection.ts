import { createHash } from 'node:crypto';
import type { AddedRun, JobInput, RunInput } from './options.ts';
import { announceJob, announceRun, concludeRun, createJob, createRun, jobsOf } from './runs.ts';
import type { Conclusion, StoredJob, StoredRun } from './state.ts';
import type { WebhookSender } from './webhooks.ts';
import { timestamp, type World } from './world.ts';

/** Runs that nobody executes: a test says how they went. Announcing happens in the background of `announced`. */
export function injectRun(world: World, input: RunInput): { run: StoredRun; added: AddedRun } {
  const { state } = world.store;
  const headSha = input.headSha ?? createHash('sha1').update(`${input.headBranch} ${state.runs.length}`).digest('hex');
  const actor = input.actor ?? 'ada';
  if (!state.commits[headSha]) {
    const person = { name: actor, email: `${actor}@users.noreply.github.com`, date: timestamp(world) };
    const tree = createHash('sha1').update(`tree ${headSha}`).digest('hex');
    const message = input.message ?? `Change ${input.headBranch}`;
    state.commits[headSha] = { sha: headSha, tree, parents: [], author: person, committer: person, message };
  }
  const run = createRun(world, {
    ...(input.id === undefined ? {} : { id: input.id }),
    workflowName: input.workflowName ?? 'CI',
    workflowPath: input.workflowPath ?? '.github/workflows/ci.yml',
    event: input.event ?? 'push',
    headBranch: input.headBranch,
    headSha,
    before: null,
    actor,
    injected: true,
  });
  for (const job of input.jobs) fill(world, createJob(world, run, job.name, job.id), job);
  settle(world, run);
  return { run, added: describe(world, run) };
}

/** Ends the current attempt: jobs are found by name, those not named keep what they have. */
export function finishInjected(
  world: World,
  runId: number,
  jobs: readonly JobInput[],
): { run: StoredRun; added: AddedRun } {
  const run = world.store.state.runs.find((candidate) => candidate.id === runId);
  if (!run) throw new Error(`no run ${runId}`);
  for (const input of jobs) {
    const job = jobsOf(world, run).find((candidate) => candidate.name === input.name);
    fill(world, job ?? createJob(world, run, input.name, input.id), input);
  }
  settle(world, run);
  return { run, added: describe(world, run) };
}

/** The webhooks that GitHub sends for a run's life, as far as it got. */
export async function announceInjected(world: World, sender: WebhookSender, run: StoredRun): Promise<void> {
  await announceRun(world, sender, 'requested', run);
  for (const job of jobsOf(world, run)) {
    await announceJob(world, sender, job.status === 'completed' ? 'completed' : 'in_progress', run, job);
  }
  if (run.status === 'completed') await announceRun(world, sender, 'completed', run);
}

function settle(world: World, run: StoredRun): void {
  if (jobsOf(world, run).every((job) => job.status === 'completed')) concludeRun(world, run);
  else run.status = 'in_progress';
  world.store.save();
}

function describe(world: World, run: StoredRun): AddedRun {
  const jobIds = Object.fromEntries(jobsOf(world, run).map((job) => [job.name, job.id]));
  return { runId: run.id, attempt: run.attempt, headSha: run.headSha, jobIds };
}

function fill(world: World, job: StoredJob, input: JobInput): void {
  const now = timestamp(world);
  const done = input.conclusion !== null;
  world.store.writeLog(job.id, input.log ?? '');
  const steps = input.steps ?? [{ name: 'Run checks', conclusion: input.conclusion ?? 'success' }];
  const around = [
    { name: 'Set up job', conclusion: 'success' as Conclusion },
    ...steps,
    { name: 'Complete job', conclusion: 'success' as Conclusion },
  ];
  Object.assign(job, {
    status: done ? 'completed' : 'in_progress',
    conclusion: input.conclusion,
    completedAt: done ? now : null,
    logMode: input.logMode ?? 'present',
    steps: around.map(({ name, conclusion }, index) => {
      return { name, number: index + 1, status: 'completed' as const, conclusion, startedAt: now, completedAt: now };
    }),
    annotations: (input.annotations ?? []).map(({ path, line, message }) => {
      return { path, startLine: line, endLine: line, level: 'failure' as const, title: null, message };
    }),
  });
}
