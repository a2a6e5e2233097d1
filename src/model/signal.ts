/** What a delivery says, in our own types. One delivery holds zero or more signals. */
export type Signal = CiSignal | PullRequestChanged | CommandSignal;

/** A repository as events name it: `owner/name`. */
export type RepositoryName = string;

export interface Actor {
  readonly login: string;
  readonly type: 'User' | 'Bot' | 'Organization' | 'unknown';
}

/** One thing that went red or green, at the level the event speaks about. */
export interface CiSignal {
  readonly kind: 'ci_failed' | 'ci_passed';
  readonly repository: RepositoryName;
  readonly defaultBranch: string | null;
  /** GitHub event it came from. */
  readonly event: 'workflow_job' | 'workflow_run' | 'check_run' | 'check_suite' | 'status';
  readonly headSha: string;
  /** Null when the event does not name it (some `check_run`s, `status` of a detached commit). */
  readonly branch: string | null;
  /** The Actions run; null for CI systems that are not GitHub Actions. */
  readonly runId: number | null;
  readonly runAttempt: number;
  /** The check this signal is about; null when it is about the whole run or suite. */
  readonly check: FailedCheck | null;
  readonly workflowName: string | null;
  /** GitHub's word: failure, timed_out, cancelled, startup_failure, action_required, success, … */
  readonly conclusion: string;
  readonly url: string | null;
  readonly actor: Actor | null;
  /** The head commit's message when the event carries it; `workflow_job` never does. */
  readonly commitMessage: string | null;
  /** True when the event says that head and base repository differ; null when it does not tell. */
  readonly fromFork: boolean | null;
  readonly pullRequests: readonly number[];
}

/** One check that is red, as far as the events told. */
export interface FailedCheck {
  /** The name under which GitHub lists it on the commit: job name, check name or status context. */
  readonly name: string;
  readonly source: 'job' | 'check' | 'status';
  readonly jobId: number | null;
  readonly runId: number | null;
  readonly workflowName: string | null;
  readonly failedSteps: readonly string[];
  readonly url: string | null;
}

export interface PullRequestChanged {
  readonly kind: 'pull_request_changed';
  readonly repository: RepositoryName;
  readonly change: 'closed' | 'merged' | 'head_moved' | 'branch_deleted';
  readonly branch: string;
  readonly number: number | null;
  readonly headSha: string | null;
  readonly actor: Actor | null;
  /** True when `branch` is a branch of a fork, which may have the same name as one of this repository's. */
  readonly fromFork: boolean;
}

export interface CommandSignal {
  readonly kind: 'command';
  readonly repository: RepositoryName;
  readonly pullRequest: number;
  readonly commentId: number;
  readonly actor: Actor;
  readonly verb: string;
  readonly argument: string;
}
