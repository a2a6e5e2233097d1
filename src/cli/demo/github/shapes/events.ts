import type { StoredCheckRun, StoredComment, StoredCommit, StoredJob, StoredPull, StoredRun } from '../state.ts';
import type { World } from '../world.ts';
import { checkRunShape, jobAsCheckRun, jobShape, runShape, type Suite, suiteShape, workflowShape } from './actions.ts';
import { api, type Body, ownerShape, repoPage, userShape } from './basics.ts';
import { headCommit } from './commit.ts';
import { commentShape, issueShape } from './issues.ts';
import { type PullFigures, pullReferences, pullShape } from './pulls.ts';
import { repositoryShape } from './repository.ts';

/** One webhook: the event's name for `X-GitHub-Event`, and its body. */
export interface GitHubEvent {
  readonly event: string;
  readonly body: Body;
}

const ZERO = '0'.repeat(40);

function around(world: World, sender: string): Body {
  const { login, id, node_id, avatar_url } = ownerShape(world);
  const url = api(world, `/orgs/${world.owner}`);
  const organization = {
    login,
    id,
    node_id,
    url,
    repos_url: `${url}/repos`,
    events_url: `${url}/events`,
    hooks_url: `${url}/hooks`,
    issues_url: `${url}/issues`,
    members_url: `${url}/members{/member}`,
    public_members_url: `${url}/public_members{/member}`,
    avatar_url,
    description: null,
  };
  return { repository: repositoryShape(world), organization, sender: userShape(world, sender) };
}

export function workflowRunEvent(
  world: World,
  action: 'requested' | 'in_progress' | 'completed',
  run: StoredRun,
  commit: StoredCommit,
): GitHubEvent {
  const body = {
    action,
    workflow_run: runShape(world, run, commit),
    workflow: workflowShape(world, run),
    ...around(world, run.actor),
  };
  return { event: 'workflow_run', body };
}

export function workflowJobEvent(
  world: World,
  action: 'queued' | 'in_progress' | 'completed',
  run: StoredRun,
  job: StoredJob,
): GitHubEvent {
  return {
    event: 'workflow_job',
    body: { action, workflow_job: jobShape(world, run, job), ...around(world, run.actor) },
  };
}

export function checkRunEvent(
  world: World,
  action: 'created' | 'completed',
  run: StoredRun,
  job: StoredJob,
  suite: Suite,
  commit: StoredCommit,
): GitHubEvent {
  const {
    repository: _,
    head_commit: __,
    latest_check_runs_count: ___,
    ...checkSuite
  } = suiteShape(world, suite, commit);
  const check_run = { ...jobAsCheckRun(world, run, job), check_suite: checkSuite };
  return { event: 'check_run', body: { action, check_run, ...around(world, run.actor) } };
}

/** Somebody pressed a button of a check that was made through the API. */
export function requestedActionEvent(
  world: World,
  check: StoredCheckRun,
  button: { readonly identifier: string; readonly sender: string; readonly headBranch: string | null },
): GitHubEvent {
  const { identifier, sender, headBranch } = button;
  const common = around(world, sender);
  const made = checkRunShape(world, check);
  const check_run = {
    ...made,
    check_suite: {
      id: check.suiteId,
      node_id: made['node_id'],
      head_branch: headBranch,
      head_sha: check.headSha,
      status: check.status,
      conclusion: check.conclusion,
      url: repoPage(world, `/check-suites/${check.suiteId}`),
      before: null,
      after: check.headSha,
      pull_requests: headBranch === null ? [] : pullReferences(world, headBranch),
      app: made['app'],
      created_at: check.createdAt,
      updated_at: check.createdAt,
    },
    pull_requests: headBranch === null ? [] : pullReferences(world, headBranch),
  };
  return {
    event: 'check_run',
    body: { action: 'requested_action', check_run, requested_action: { identifier }, ...common },
  };
}

export function checkSuiteEvent(world: World, run: StoredRun, suite: Suite, commit: StoredCommit): GitHubEvent {
  const { repository: _, ...check_suite } = suiteShape(world, suite, commit);
  return { event: 'check_suite', body: { action: 'completed', check_suite, ...around(world, run.actor) } };
}

export interface Push {
  readonly ref: string;
  /** Null when the branch is new. */
  readonly before: string | null;
  /** Null when the branch was deleted. */
  readonly after: string | null;
  readonly forced: boolean;
  /** Oldest first. */
  readonly commits: readonly { readonly commit: StoredCommit; readonly files: PushedFiles }[];
  readonly pusher: string;
}

export interface PushedFiles {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly modified: readonly string[];
}

export function pushEvent(world: World, push: Push): GitHubEvent {
  const commits = push.commits.map(({ commit, files }) => ({
    ...headCommit(commit),
    distinct: true,
    url: repoPage(world, `/commit/${commit.sha}`),
    ...files,
  }));
  const before = push.before ?? ZERO;
  const after = push.after ?? ZERO;
  const common = around(world, push.pusher);
  const repository = common['repository'] as Body;
  const seconds = (time: unknown) => Math.floor(Date.parse(String(time)) / 1000);
  const body = {
    ref: push.ref,
    before,
    after,
    created: push.before === null,
    deleted: push.after === null,
    forced: push.forced,
    base_ref: null,
    compare: repoPage(world, `/compare/${before.slice(0, 12)}...${after.slice(0, 12)}`),
    commits,
    head_commit: push.after === null ? null : (commits.at(-1) ?? null),
    ...common,
    // Only in this event do these two count seconds.
    repository: {
      ...repository,
      created_at: seconds(repository['created_at']),
      pushed_at: seconds(repository['pushed_at']),
      stargazers: 0,
      master_branch: world.defaultBranch,
    },
    pusher: { name: push.pusher, email: `${push.pusher}@users.noreply.github.com` },
  };
  return { event: 'push', body };
}

export function pullRequestEvent(
  world: World,
  action: 'opened' | 'synchronize' | 'closed',
  pull: StoredPull,
  figures: PullFigures,
  shas: { readonly before: string; readonly after: string } | null = null,
): GitHubEvent {
  const body = {
    action,
    number: pull.number,
    pull_request: pullShape(world, pull, figures),
    ...(shas ?? {}),
    ...around(world, pull.author),
  };
  return { event: 'pull_request', body };
}

export function issueCommentEvent(world: World, comment: StoredComment, pull: StoredPull): GitHubEvent {
  const body = {
    action: 'created',
    issue: issueShape(world, pull),
    comment: commentShape(world, comment),
    ...around(world, comment.author),
  };
  return { event: 'issue_comment', body };
}
