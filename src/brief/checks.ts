import type { GitHub, GitHubRepository } from '../lib/github/client.ts';
import { githubError, splitRepository, statusOf } from '../lib/github/errors.ts';
import { allPages } from '../lib/github/pages.ts';
import type { FailedCheck } from '../model/signal.ts';
import { assessChecks, type CheckFact } from './assess-checks.ts';
import type { ChecksReading } from './evidence.ts';

const PER_PAGE = 100;

/**
 * How the wanted checks stand on a commit. Throws `RetryableError` or `PermanentError`: no answer is not "pending".
 */
export async function readChecks(
  github: GitHub,
  repository: string,
  sha: string,
  wanted: readonly FailedCheck[],
  signal?: AbortSignal,
): Promise<ChecksReading> {
  return assessChecks(await listChecks(github, repository, sha, signal), wanted);
}

/** Every check on a commit: check runs, commit statuses, and workflow runs that broke before they had a job. */
export async function listChecks(
  github: GitHub,
  repository: string,
  sha: string,
  signal?: AbortSignal,
): Promise<readonly CheckFact[]> {
  const octokit = github.forRepository(repository);
  const where = { ...splitRepository(repository), sha, request: signal === undefined ? {} : { signal } };
  try {
    const [app, runs, checkRuns, statuses] = await Promise.all([
      github.app().catch(() => null),
      workflowRuns(octokit, where),
      checkRunsOf(octokit, where),
      statusesOf(octokit, where),
    ]);
    const own = checkRuns.filter((run) => app === null || run.app?.id !== app.id);
    const suites = new Set(own.map((run) => run.check_suite?.id));
    return [
      ...own.map((run) => fromCheckRun(run, runs)),
      ...statuses,
      // A job that needs another one is no check yet while it waits; its run tells that something is still to come.
      ...runs.filter((run) => !suites.has(run.check_suite_id) || isUnderWay(run)).map(fromWorkflowRun),
    ];
  } catch (error) {
    throw githubError(error, `list the checks of ${repository}@${sha.slice(0, 8)}`, github.clock());
  }
}

interface Where {
  readonly owner: string;
  readonly repo: string;
  readonly sha: string;
  readonly request: { readonly signal?: AbortSignal };
}

async function checkRunsOf(octokit: GitHubRepository, { sha, ...where }: Where) {
  const ask = (page: number) =>
    octokit.rest.checks.listForRef({ ...where, ref: sha, filter: 'latest', per_page: PER_PAGE, page });
  return allPages(ask, (data) => data.check_runs);
}

type CheckRun = Awaited<ReturnType<typeof checkRunsOf>>[number];

/** Repositories without Actions answer 404, tokens without `actions: read` 403: checks are then told apart by name alone. */
async function workflowRuns(octokit: GitHubRepository, { sha, ...where }: Where) {
  const ask = (page: number) =>
    octokit.rest.actions.listWorkflowRunsForRepo({ ...where, head_sha: sha, per_page: PER_PAGE, page });
  try {
    return await allPages(ask, (data) => data.workflow_runs);
  } catch (error) {
    if (statusOf(error) === 404 || statusOf(error) === 403) return [];
    throw error;
  }
}

type WorkflowRun = Awaited<ReturnType<typeof workflowRuns>>[number];

async function statusesOf(octokit: GitHubRepository, { sha, ...where }: Where): Promise<readonly CheckFact[]> {
  const ask = (page: number) =>
    octokit.rest.repos.getCombinedStatusForRef({ ...where, ref: sha, per_page: PER_PAGE, page });
  const statuses = await allPages(ask, (data) => data.statuses);
  return statuses.map((status) => ({
    check: { ...NO_CHECK, name: status.context, source: 'status', url: status.target_url ?? null },
    id: Number(status.id),
    checkRunId: null,
    event: null,
    suiteId: null,
    conclusion: status.state === 'pending' ? null : status.state,
  }));
}

const NO_CHECK: Omit<FailedCheck, 'name' | 'source'> = {
  jobId: null,
  runId: null,
  workflowName: null,
  failedSteps: [],
  url: null,
};

function fromCheckRun(run: CheckRun, workflows: readonly WorkflowRun[]): CheckFact {
  const url = run.details_url ?? run.html_url ?? null;
  const job = jobOf(url);
  const workflow = workflows.find((candidate) => candidate.check_suite_id === run.check_suite?.id);
  const isJob = job !== null || run.app?.slug === 'github-actions';
  return {
    check: {
      ...NO_CHECK,
      name: run.name,
      source: isJob ? 'job' : 'check',
      jobId: job?.jobId ?? null,
      runId: job?.runId ?? (workflow === undefined ? null : Number(workflow.id)),
      workflowName: workflow?.name ?? null,
      url,
    },
    id: Number(run.id),
    checkRunId: Number(run.id),
    event: workflow?.event ?? null,
    suiteId: run.check_suite?.id ?? null,
    conclusion: isTolerated(run, workflow) ? 'success' : conclusionOf(run),
  };
}

/** A job with `continue-on-error` is red on the commit for ever; its run, which counts, is green all the same. */
function isTolerated(run: CheckRun, workflow: WorkflowRun | undefined): boolean {
  return run.conclusion === 'failure' && workflow?.status === 'completed' && workflow.conclusion === 'success';
}

/** `waiting` is GitHub's word for what goes on only when a person approves a deployment. */
function conclusionOf(run: {
  readonly status: string | null;
  readonly conclusion: string | null;
}): CheckFact['conclusion'] {
  if (run.status === 'completed') return run.conclusion;
  return run.status === 'waiting' ? 'action_required' : null;
}

function isUnderWay({ status }: WorkflowRun): boolean {
  return status !== 'completed' && status !== 'waiting';
}

function fromWorkflowRun(run: WorkflowRun): CheckFact {
  return {
    check: {
      ...NO_CHECK,
      name: run.name ?? run.path,
      source: 'check',
      runId: Number(run.id),
      workflowName: run.name ?? null,
      url: run.html_url,
    },
    id: Number(run.id),
    checkRunId: null,
    event: run.event,
    suiteId: run.check_suite_id ?? null,
    conclusion: conclusionOf(run),
  };
}

/** `…/actions/runs/<run>/job/<job>` names both; `check_run.id` is neither. */
export function jobOf(url: string | null): { readonly runId: number; readonly jobId: number } | null {
  const match = /\/actions\/runs\/(\d+)\/jobs?\/(\d+)/.exec(url ?? '');
  return match === null ? null : { runId: Number(match[1]), jobId: Number(match[2]) };
}
