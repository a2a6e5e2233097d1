import { zipSync } from 'fflate';
import type { Checks } from '../checks.ts';
import {
  type Answer,
  type Call,
  created,
  notFound,
  numberParam,
  ok,
  paginate,
  Refusal,
  type Route,
  route,
} from '../http.ts';
import { jobsOf, nextAttempt } from '../runs.ts';
import { jobShape, runShape } from '../shapes/actions.ts';
import type { StoredCommit, StoredJob, StoredRun } from '../state.ts';
import { commitOf, type World } from '../world.ts';

const REPO = '/repos/{owner}/{repo}';
/** GitHub's blob storage: another host there, another port here. */
export const STORAGE = '/actions-results';

export function actionsRoutes(checks: Checks | null): Route[] {
  return [
    route('GET', `${REPO}/actions/runs`, listRuns),
    route('GET', `${REPO}/actions/runs/{run_id}`, async (call) => ok(await shapeOf(call, theRun(call)))),
    route('GET', `${REPO}/actions/runs/{run_id}/attempts/{attempt}`, async (call) => {
      const run = theRun(call);
      return ok(await shapeOf(call, atAttempt(call.world, run, attemptOf(call, run))));
    }),
    route('GET', `${REPO}/actions/runs/{run_id}/jobs`, (call) => {
      const run = theRun(call);
      const all = call.query.get('filter') === 'all';
      return jobList(
        call,
        run,
        call.world.store.state.jobs.filter((job) => job.runId === run.id && (all || job.runAttempt === run.attempt)),
      );
    }),
    route('GET', `${REPO}/actions/runs/{run_id}/attempts/{attempt}/jobs`, (call) => {
      const run = theRun(call);
      return jobList(call, run, jobsOf(call.world, run, attemptOf(call, run)));
    }),
    route('GET', `${REPO}/actions/jobs/{job_id}`, (call) => {
      const { run, job } = theJob(call);
      return ok(jobShape(call.world, run, job));
    }),
    route('GET', `${REPO}/actions/jobs/{job_id}/logs`, jobLogs),
    route('GET', `${REPO}/actions/runs/{run_id}/logs`, runLogs),
    route('POST', `${REPO}/actions/runs/{run_id}/rerun-failed-jobs`, (call) => rerun(call, checks, false)),
    route('POST', `${REPO}/actions/runs/{run_id}/rerun`, (call) => rerun(call, checks, true)),
  ];
}

export function storageRoutes(): Route[] {
  return [
    route('GET', `${STORAGE}/jobs/{job_id}/{file}`, storedLog, 'storage'),
    route('GET', `${STORAGE}/runs/{run_id}/{attempt}/{file}`, storedZip, 'storage'),
  ];
}

function theRun(call: Call): StoredRun {
  const id = numberParam(call, 'run_id');
  const run = call.world.store.state.runs.find((candidate) => candidate.id === id);
  if (!run) throw notFound();
  return run;
}

function theJob(call: Call): { run: StoredRun; job: StoredJob } {
  const id = numberParam(call, 'job_id');
  const { jobs, runs } = call.world.store.state;
  const job = jobs.find((candidate) => candidate.id === id);
  const run = runs.find((candidate) => candidate.id === job?.runId);
  if (!job || !run) throw notFound();
  return { run, job };
}

function attemptOf(call: Call, run: StoredRun): number {
  const attempt = numberParam(call, 'attempt');
  if (attempt < 1 || attempt > run.attempt) throw notFound();
  return attempt;
}

/** A run as it was in an earlier attempt, told from that attempt's jobs. */
function atAttempt(world: World, run: StoredRun, attempt: number): StoredRun {
  if (attempt === run.attempt) return run;
  const jobs = jobsOf(world, run, attempt);
  const red = jobs.some((job) => job.conclusion !== 'success' && job.conclusion !== 'skipped');
  const updatedAt =
    jobs
      .map((job) => job.completedAt ?? job.createdAt)
      .sort()
      .at(-1) ?? run.updatedAt;
  return { ...run, attempt, status: 'completed', conclusion: red ? 'failure' : 'success', updatedAt };
}

async function commitOrRefuse(world: World, run: StoredRun): Promise<StoredCommit> {
  const commit = await commitOf(world, run.headSha);
  if (!commit) throw notFound();
  return commit;
}

async function shapeOf(call: Call, run: StoredRun): Promise<Record<string, unknown>> {
  const shape = runShape(call.world, run, await commitOrRefuse(call.world, run));
  return call.query.get('exclude_pull_requests') === 'true' ? { ...shape, pull_requests: [] } : shape;
}

async function listRuns(call: Call): Promise<Answer> {
  const { query, world } = call;
  const wanted = world.store.state.runs
    .filter((run) => matches(query, 'branch', run.headBranch) && matches(query, 'head_sha', run.headSha))
    .filter((run) => matches(query, 'event', run.event) && matches(query, 'actor', run.actor))
    .filter((run) => matches(query, 'status', run.status) || matches(query, 'status', run.conclusion ?? ''))
    .filter((run) => matches(query, 'check_suite_id', String(run.suiteId)));
  const { items, total, headers } = paginate(call, wanted.toReversed());
  return ok({ total_count: total, workflow_runs: await Promise.all(items.map((run) => shapeOf(call, run))) }, headers);
}

function matches(query: URLSearchParams, name: string, value: string): boolean {
  const asked = query.get(name);
  return asked === null || asked === value;
}

function jobList(call: Call, run: StoredRun, jobs: readonly StoredJob[]): Answer {
  const { items, total, headers } = paginate(call, jobs);
  return ok({ total_count: total, jobs: items.map((job) => jobShape(call.world, run, job)) }, headers);
}

function jobLogs(call: Call): Answer {
  const { job } = theJob(call);
  if (job.logMode === 'gone') throw new Refusal(410, 'Server Error');
  if (job.logMode === 'missing' || job.status !== 'completed') throw notFound();
  return redirect(call.world, `/jobs/${job.id}/job-logs.txt`);
}

function runLogs(call: Call): Answer {
  const run = theRun(call);
  const jobs = jobsOf(call.world, run);
  if (jobs.some((job) => job.logMode === 'gone')) throw new Refusal(410, 'Server Error');
  if (run.status !== 'completed') throw notFound();
  return redirect(call.world, `/runs/${run.id}/${run.attempt}/logs_${run.id}.zip`);
}

/** GitHub's redirects are signed and live one minute; here the signature is for show, as the address names no secret. */
function redirect(world: World, path: string): Answer {
  const until = `${new Date(world.clock() + 60_000).toISOString().slice(0, 19)}Z`;
  const query = new URLSearchParams({ sv: '2025-05-05', se: until, sr: 'b', sp: 'r', sig: 'c3RhbmQtaW4=' });
  return { status: 302, headers: { location: `${world.storageUrl}${STORAGE}${path}?${query.toString()}` } };
}

function storedLog(call: Call): Answer {
  const { job } = theJob(call);
  return {
    status: 200,
    body: call.world.store.readLog(job.id),
    headers: { 'content-type': 'text/plain; charset=utf-8' },
  };
}

/** A file a job, `<n>_<job>.txt`, as GitHub packs them. */
function storedZip(call: Call): Answer {
  const run = theRun(call);
  const jobs = jobsOf(call.world, run, attemptOf(call, run)).filter((job) => job.logMode === 'present');
  const name = (job: StoredJob) => job.name.replaceAll(/[/\\:*?"<>|]/g, '');
  const files = Object.fromEntries(
    jobs.map((job, index) => [`${index}_${name(job)}.txt`, call.world.store.readLog(job.id)]),
  );
  return { status: 200, body: Buffer.from(zipSync(files)), headers: { 'content-type': 'application/zip' } };
}

function rerun(call: Call, checks: Checks | null, all: boolean): Answer {
  const run = theRun(call);
  if (run.status !== 'completed') throw new Refusal(403, 'This workflow run is already running');
  if (!all && run.conclusion === 'success') {
    throw new Refusal(403, 'This workflow run cannot be retried, it has no failed jobs');
  }
  if (checks) checks.rerun(run, all);
  else nextAttempt(call.world, run, all);
  call.world.store.save();
  return created({});
}
