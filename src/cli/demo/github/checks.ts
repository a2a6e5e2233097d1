import { messageOf } from '../../../lib/errors.ts';
import { executeJob, type JobTools } from './job.ts';
import type { RunnerOptions } from './runner.ts';
import { announceJob, announceRun, concludeRun, createJob, createRun, jobsOf, nextAttempt } from './runs.ts';
import type { StoredJob, StoredRun } from './state.ts';
import type { WebhookSender } from './webhooks.ts';
import { readWorkflow, type Workflow, type WorkflowJob } from './workflow-file.ts';
import { commitOf, loginOf, timestamp, type World } from './world.ts';

const WORKFLOWS = '.github/workflows';

/** Runs the project's own workflows for commits, as GitHub Actions would. */
export class Checks {
  readonly #world: World;
  readonly #sender: WebhookSender;
  readonly #tools: JobTools;
  readonly #closing = new AbortController();
  readonly #active = new Set<Promise<void>>();

  constructor(world: World, sender: WebhookSender, runner: RunnerOptions) {
    this.#world = world;
    this.#sender = sender;
    this.#tools = { git: world.git, clock: world.clock, runner, signal: this.#closing.signal };
  }

  /** Creates the runs of a pushed commit; the caller saves, then calls `begin`. */
  async prepare(branch: string, before: string | null, sha: string): Promise<StoredRun[]> {
    const commit = await commitOf(this.#world, sha);
    const files = (await this.#world.git.entries(sha, WORKFLOWS)) ?? [];
    const runs: StoredRun[] = [];
    for (const { path } of files.filter((entry) => /\.ya?ml$/.test(entry.path))) {
      const workflow = await this.#workflow(sha, path, branch);
      if (workflow === null) continue;
      const run = createRun(this.#world, {
        workflowName: workflow instanceof Error ? path : workflow.name,
        workflowPath: path,
        event: 'push',
        headBranch: branch,
        headSha: sha,
        before,
        actor: commit ? loginOf(commit.committer) : this.#world.owner,
        injected: false,
      });
      if (workflow instanceof Error) this.#notStarted(run, workflow);
      else for (const job of workflow.jobs) createJob(this.#world, run, job.name);
      runs.push(run);
    }
    return runs;
  }

  /** Announces a new run or attempt and executes it in the background. */
  begin(run: StoredRun, jobs: readonly StoredJob[] = jobsOf(this.#world, run)): void {
    this.#background(async () => {
      await announceRun(this.#world, this.#sender, 'requested', run);
      for (const job of jobs) await announceJob(this.#world, this.#sender, 'queued', run, job);
      if (run.status === 'completed') await announceRun(this.#world, this.#sender, 'completed', run);
      else await this.#execute(run);
    });
  }

  /** Re-runs the failed jobs (or all) of a finished run. Runs that a test injected stay queued until it ends them. */
  rerun(run: StoredRun, all: boolean): void {
    const jobs = nextAttempt(this.#world, run, all);
    this.#world.store.save();
    this.#world.log(`run ${run.id}: attempt ${run.attempt} requested for ${jobs.map((job) => job.name).join(', ')}`);
    if (!run.injected) this.begin(run, jobs);
  }

  /** After a crash: what had not finished is executed again, from the start of each unfinished job. */
  resume(): void {
    const unfinished = this.#world.store.state.runs.filter((run) => run.status !== 'completed' && !run.injected);
    for (const run of unfinished) {
      this.#world.log(`run ${run.id} had not finished, it goes on`);
      for (const job of jobsOf(this.#world, run)) if (job.status !== 'completed') job.status = 'queued';
      this.#background(() => this.#execute(run));
    }
  }

  async settled(): Promise<void> {
    while (this.#active.size > 0) await Promise.all(this.#active);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.settled();
  }

  async #workflow(sha: string, path: string, branch: string): Promise<Workflow | Error | null> {
    const [entry] = (await this.#world.git.entries(sha, path)) ?? [];
    if (!entry) return null;
    try {
      return readWorkflow(path, (await this.#world.git.blob(entry.sha)).toString(), branch);
    } catch (error) {
      return error instanceof Error ? error : new Error(messageOf(error));
    }
  }

  #notStarted(run: StoredRun, error: Error): void {
    run.status = 'completed';
    run.conclusion = 'startup_failure';
    this.#world.log(`run ${run.id}: the workflow file cannot be read: ${error.message}`);
  }

  async #execute(run: StoredRun): Promise<void> {
    const { store, log } = this.#world;
    const workflow = await this.#workflow(run.headSha, run.workflowPath, run.headBranch);
    if (workflow === null || workflow instanceof Error) return;
    const where = `${run.headBranch} ${run.headSha.slice(0, 7)}`;
    run.status = 'in_progress';
    run.updatedAt = timestamp(this.#world);
    store.save();
    log(`checks of ${where} started: ${workflow.jobs.map((job) => job.name).join(', ')}`);
    await announceRun(this.#world, this.#sender, 'in_progress', run);
    const done = new Map<string, Promise<void>>();
    for (const plan of inOrder(workflow.jobs)) {
      const needs = plan.needs.map((key) => done.get(key));
      done.set(
        plan.key,
        Promise.all(needs).then(() => this.#executeJob(run, plan, workflow)),
      );
    }
    await Promise.all(done.values());
    // A stop in the middle leaves the run unfinished; the next start goes on with it.
    if (this.#closing.signal.aborted) return;
    concludeRun(this.#world, run);
    store.save();
    log(`checks of ${where}: ${run.conclusion}`);
    await announceRun(this.#world, this.#sender, 'completed', run);
  }

  async #executeJob(run: StoredRun, plan: WorkflowJob, workflow: Workflow): Promise<void> {
    const jobs = jobsOf(this.#world, run);
    const job = jobs.find((candidate) => candidate.name === plan.name);
    if (!job || job.status === 'completed' || this.#closing.signal.aborted) return;
    const needed = workflow.jobs.filter((other) => plan.needs.includes(other.key)).map((other) => other.name);
    const blocked = jobs.some((other) => needed.includes(other.name) && other.conclusion !== 'success');
    job.startedAt = timestamp(this.#world);
    if (blocked) {
      Object.assign(job, { status: 'completed', conclusion: 'skipped', completedAt: job.startedAt });
    } else {
      job.status = 'in_progress';
      this.#world.store.save();
      await announceJob(this.#world, this.#sender, 'in_progress', run, job);
      // Worked on aside: a job that is cut off by a stop must not be remembered as finished.
      const result = structuredClone(job);
      const text = await executeJob(result, plan, run, this.#tools);
      if (this.#closing.signal.aborted) return;
      this.#world.store.writeLog(job.id, text);
      Object.assign(job, result);
    }
    this.#world.store.save();
    this.#world.log(`  ${job.name}: ${job.conclusion}`);
    await announceJob(this.#world, this.#sender, 'completed', run, job);
  }

  #background(work: () => Promise<void>): void {
    const promise = work()
      .catch((error: unknown) => this.#world.log(`checks stopped: ${messageOf(error)}`))
      .finally(() => this.#active.delete(promise));
    this.#active.add(promise);
  }
}

/** Jobs after those they need; a circle keeps the file's order. */
function inOrder(jobs: readonly WorkflowJob[]): WorkflowJob[] {
  const sorted: WorkflowJob[] = [];
  const visit = (job: WorkflowJob, path: readonly WorkflowJob[]): void => {
    if (sorted.includes(job) || path.includes(job)) return;
    for (const other of jobs) if (job.needs.includes(other.key)) visit(other, [...path, job]);
    sorted.push(job);
  };
  for (const job of jobs) visit(job, []);
  return sorted;
}
