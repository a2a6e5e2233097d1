import type { StoredCheckRun, StoredCommit, StoredJob, StoredRun } from '../state.ts';
import { loginOf, type World } from '../world.ts';
import { actionsApp, type Body, healerApp, nodeId, repoApi, repoPage, userShape } from './basics.ts';
import { headCommit } from './commit.ts';
import { pullReferences } from './pulls.ts';
import { minimalRepository } from './repository.ts';

export function runShape(world: World, run: StoredRun, commit: StoredCommit): Body {
  const url = repoApi(world, `/actions/runs/${run.id}`);
  const actor = userShape(world, run.actor);
  return {
    id: run.id,
    name: run.workflowName,
    node_id: nodeId('WorkflowRun', run.id),
    head_branch: run.headBranch,
    head_sha: run.headSha,
    path: run.workflowPath,
    display_title: commit.message.split('\n')[0] ?? '',
    run_number: run.number,
    event: run.event,
    status: run.status,
    conclusion: run.conclusion,
    workflow_id: run.workflowId,
    check_suite_id: run.suiteId,
    check_suite_node_id: nodeId('CheckSuite', run.suiteId),
    url,
    html_url: repoPage(world, `/actions/runs/${run.id}`),
    pull_requests: pullReferences(world, run.headBranch),
    created_at: run.createdAt,
    updated_at: run.updatedAt,
    actor,
    run_attempt: run.attempt,
    referenced_workflows: [],
    run_started_at: run.startedAt,
    triggering_actor: actor,
    jobs_url: `${url}/jobs`,
    logs_url: `${url}/logs`,
    check_suite_url: repoApi(world, `/check-suites/${run.suiteId}`),
    artifacts_url: `${url}/artifacts`,
    cancel_url: `${url}/cancel`,
    rerun_url: `${url}/rerun`,
    previous_attempt_url: run.attempt > 1 ? `${url}/attempts/${run.attempt - 1}` : null,
    workflow_url: repoApi(world, `/actions/workflows/${run.workflowId}`),
    head_commit: headCommit(commit),
    repository: minimalRepository(world),
    head_repository: minimalRepository(world),
  };
}

export function workflowShape(world: World, run: StoredRun): Body {
  return {
    id: run.workflowId,
    node_id: nodeId('Workflow', run.workflowId),
    name: run.workflowName,
    path: run.workflowPath,
    state: 'active',
    created_at: '2024-01-15T09:00:00.000Z',
    updated_at: '2024-01-15T09:00:00.000Z',
    url: repoApi(world, `/actions/workflows/${run.workflowId}`),
    html_url: repoPage(world, `/blob/${world.defaultBranch}/${run.workflowPath}`),
    badge_url: repoPage(world, `/workflows/${encodeURIComponent(run.workflowName)}/badge.svg`),
  };
}

export function jobShape(world: World, run: StoredRun, job: StoredJob): Body {
  const onRunner = job.status !== 'queued';
  return {
    id: job.id,
    run_id: run.id,
    workflow_name: run.workflowName,
    head_branch: run.headBranch,
    run_url: repoApi(world, `/actions/runs/${run.id}`),
    run_attempt: job.runAttempt,
    node_id: nodeId('CheckRun', job.id),
    head_sha: run.headSha,
    url: repoApi(world, `/actions/jobs/${job.id}`),
    html_url: jobPage(world, job),
    status: job.status,
    conclusion: job.conclusion,
    created_at: job.createdAt,
    started_at: job.startedAt,
    completed_at: job.completedAt,
    name: job.name,
    steps: job.steps.map((step) => ({
      name: step.name,
      status: step.status,
      conclusion: step.conclusion,
      number: step.number,
      started_at: step.startedAt,
      completed_at: step.completedAt,
    })),
    check_run_url: repoApi(world, `/check-runs/${job.id}`),
    labels: ['ubuntu-latest'],
    runner_id: onRunner ? 1 : null,
    runner_name: onRunner ? 'GitHub Actions 1' : null,
    runner_group_id: onRunner ? 0 : null,
    runner_group_name: onRunner ? 'GitHub Actions' : null,
  };
}

const jobPage = (world: World, job: StoredJob): string => repoPage(world, `/actions/runs/${job.runId}/job/${job.id}`);

/** A job as a check run: the same number, and the run only in `details_url`. */
export function jobAsCheckRun(world: World, run: StoredRun, job: StoredJob): Body {
  return {
    id: job.id,
    name: job.name,
    node_id: nodeId('CheckRun', job.id),
    head_sha: run.headSha,
    external_id: nodeId('Job', `${job.id}-${job.runAttempt}`),
    url: repoApi(world, `/check-runs/${job.id}`),
    html_url: jobPage(world, job),
    details_url: jobPage(world, job),
    status: job.status,
    conclusion: job.conclusion,
    started_at: job.startedAt,
    completed_at: job.completedAt,
    output: outputShape(world, job.id, { title: null, summary: null, text: null }, job.annotations.length),
    check_suite: { id: run.suiteId },
    app: actionsApp(world),
    pull_requests: pullReferences(world, run.headBranch),
  };
}

/** A check run that somebody made through the API. */
export function checkRunShape(world: World, check: StoredCheckRun): Body {
  return {
    id: check.id,
    name: check.name,
    node_id: nodeId('CheckRun', check.id),
    head_sha: check.headSha,
    external_id: check.externalId,
    url: repoApi(world, `/check-runs/${check.id}`),
    html_url: repoPage(world, `/runs/${check.id}`),
    details_url: check.detailsUrl,
    status: check.status,
    conclusion: check.conclusion,
    started_at: check.startedAt,
    completed_at: check.completedAt,
    output: outputShape(world, check.id, check, check.annotations.length),
    check_suite: { id: check.suiteId },
    app: healerApp(world),
    pull_requests: [],
  };
}

interface Output {
  readonly title: string | null;
  readonly summary: string | null;
  readonly text: string | null;
}

function outputShape(world: World, id: number, { title, summary, text }: Output, annotations: number): Body {
  const annotations_url = repoApi(world, `/check-runs/${id}/annotations`);
  return { title, summary, text, annotations_count: annotations, annotations_url };
}

/** All the check runs of one App on one commit, seen from above. */
export interface Suite {
  readonly id: number;
  readonly app: 'actions' | 'healer';
  readonly headBranch: string | null;
  readonly headSha: string;
  readonly before: string | null;
  readonly status: string;
  readonly conclusion: string | null;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly checkRuns: number;
}

export function suiteShape(world: World, suite: Suite, commit: StoredCommit): Body {
  const url = repoApi(world, `/check-suites/${suite.id}`);
  return {
    id: suite.id,
    node_id: nodeId('CheckSuite', suite.id),
    head_branch: suite.headBranch,
    head_sha: suite.headSha,
    status: suite.status,
    conclusion: suite.conclusion,
    url,
    before: suite.before,
    after: suite.headSha,
    pull_requests: suite.headBranch === null ? [] : pullReferences(world, suite.headBranch),
    app: suite.app === 'actions' ? actionsApp(world) : healerApp(world),
    created_at: suite.createdAt,
    updated_at: suite.updatedAt,
    rerequestable: true,
    runs_rerequestable: false,
    latest_check_runs_count: suite.checkRuns,
    check_runs_url: `${url}/check-runs`,
    head_commit: headCommit(commit),
    repository: minimalRepository(world),
  };
}

/** Login of who is behind a commit, for runs and webhooks. */
export const actorOf = (commit: StoredCommit): string => loginOf(commit.committer);
