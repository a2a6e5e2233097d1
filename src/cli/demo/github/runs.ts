import type { Suite } from './shapes/actions.ts';
import { numberOf } from './shapes/basics.ts';
import { checkRunEvent, checkSuiteEvent, workflowJobEvent, workflowRunEvent } from './shapes/events.ts';
import type { StoredCommit, StoredJob, StoredRun } from './state.ts';
import type { WebhookSender } from './webhooks.ts';
import { commitOf, timestamp, type World } from './world.ts';

/** Creating runs and jobs, and telling the world how they go. Who executes them is another matter. */

export interface NewRun {
  readonly id?: number;
  readonly workflowName: string;
  readonly workflowPath: string;
  readonly event: string;
  readonly headBranch: string;
  readonly headSha: string;
  readonly before: string | null;
  readonly actor: string;
  readonly injected: boolean;
}

export function createRun(world: World, input: NewRun): StoredRun {
  const { store } = world;
  const now = timestamp(world);
  const run: StoredRun = {
    ...input,
    id: input.id ?? store.nextId(),
    number: store.state.runs.filter((other) => other.workflowPath === input.workflowPath).length + 1,
    suiteId: store.nextId(),
    workflowId: numberOf(input.workflowPath),
    createdAt: now,
    attempt: 1,
    status: 'queued',
    conclusion: null,
    startedAt: now,
    updatedAt: now,
  };
  store.state.runs.push(run);
  return run;
}

export function createJob(world: World, run: StoredRun, name: string, id?: number): StoredJob {
  const now = timestamp(world);
  const job: StoredJob = {
    id: id ?? world.store.nextId(),
    runId: run.id,
    runAttempt: run.attempt,
    name,
    createdAt: now,
    status: 'queued',
    conclusion: null,
    startedAt: now,
    completedAt: null,
    steps: [],
    logMode: 'present',
    annotations: [],
  };
  world.store.state.jobs.push(job);
  return job;
}

/** Jobs of one attempt, the latest unless said otherwise. */
export function jobsOf(world: World, run: StoredRun, attempt = run.attempt): StoredJob[] {
  return world.store.state.jobs.filter((job) => job.runId === run.id && job.runAttempt === attempt);
}

/** A run's conclusion follows from its jobs'. */
export function concludeRun(world: World, run: StoredRun): void {
  const conclusions = jobsOf(world, run).map((job) => job.conclusion);
  const first = (['failure', 'timed_out', 'cancelled', 'action_required'] as const).find((word) =>
    conclusions.includes(word),
  );
  run.conclusion = first ?? 'success';
  run.status = 'completed';
  run.updatedAt = timestamp(world);
}

/**
 * Starts a new attempt: failed jobs again, under new numbers; what was green is taken over as it was.
 * @param all true re-runs every job
 */
export function nextAttempt(world: World, run: StoredRun, all: boolean): StoredJob[] {
  const previous = jobsOf(world, run);
  run.attempt += 1;
  run.status = 'queued';
  run.conclusion = null;
  run.startedAt = timestamp(world);
  run.updatedAt = run.startedAt;
  const again: StoredJob[] = [];
  for (const old of previous) {
    const job = createJob(world, run, old.name);
    const keep = !all && (old.conclusion === 'success' || old.conclusion === 'neutral');
    if (!keep) {
      again.push(job);
      continue;
    }
    Object.assign(job, { ...structuredClone(old), id: job.id, runAttempt: run.attempt });
    world.store.writeLog(job.id, world.store.readLog(old.id).toString());
  }
  return again;
}

export function suiteOf(world: World, run: StoredRun): Suite {
  return {
    id: run.suiteId,
    app: 'actions',
    headBranch: run.headBranch,
    headSha: run.headSha,
    before: run.before,
    status: run.status,
    conclusion: run.conclusion,
    createdAt: run.createdAt,
    updatedAt: run.updatedAt,
    checkRuns: jobsOf(world, run).length,
  };
}

export async function announceRun(
  world: World,
  sender: WebhookSender,
  action: 'requested' | 'in_progress' | 'completed',
  run: StoredRun,
): Promise<void> {
  const commit = await commitOf(world, run.headSha);
  if (!commit) return;
  sender.send(workflowRunEvent(world, action, run, commit));
  if (action === 'completed') sender.send(checkSuiteEvent(world, run, suiteOf(world, run), commit));
}

export async function announceJob(
  world: World,
  sender: WebhookSender,
  action: 'queued' | 'in_progress' | 'completed',
  run: StoredRun,
  job: StoredJob,
): Promise<void> {
  sender.send(workflowJobEvent(world, action, run, job));
  const commit: StoredCommit | null = await commitOf(world, run.headSha);
  if (commit === null || action === 'in_progress') return;
  const event = action === 'queued' ? 'created' : 'completed';
  sender.send(checkRunEvent(world, event, run, job, suiteOf(world, run), commit));
}
