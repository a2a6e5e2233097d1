import type { SecurityAlertKind, SecurityDetails } from './security-alert.ts';

/** What a delivery says, in our own types. One delivery holds zero or more signals. */
export type Signal =
  | CiSignal
  | SecuritySignal
  | ReviewSignal
  | CommandSignal
  | PlatformAlertSignal
  | PlayFailedSignal
  | PullRequestChanged;

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

/** Something that moves, ends or holds back what is done on a branch. */
export interface PullRequestChanged {
  readonly kind: 'pull_request_changed';
  readonly repository: RepositoryName;
  readonly change: PullRequestChange;
  readonly branch: string;
  readonly number: number | null;
  readonly headSha: string | null;
  readonly actor: Actor | null;
  /** True when `branch` is a branch of a fork, which may have the same name as one of this repository's. */
  readonly fromFork: boolean;
  /** Where it is to be merged; null when the event does not name it. */
  readonly baseRef: string | null;
  /** The label that was put on or taken off; null for every other change. */
  readonly label: string | null;
  /** Every label it has now; null when the event does not list them. */
  readonly labels: readonly string[] | null;
  readonly draft: boolean | null;
}

export type PullRequestChange =
  | 'opened'
  | 'reopened'
  | 'closed'
  | 'merged'
  | 'head_moved'
  | 'base_changed'
  | 'branch_deleted'
  | 'labeled'
  | 'unlabeled'
  | 'converted_to_draft'
  | 'ready_for_review'
  /** A merge queue made `branch` for it and asks for checks. */
  | 'queued'
  /** The merge queue dropped `branch` without merging it. */
  | 'dequeued';

/** A `/healer` line in a comment. */
export interface CommandSignal {
  readonly kind: 'command';
  readonly repository: RepositoryName;
  readonly defaultBranch: string | null;
  /** The number of the pull request, or of the issue when `isPullRequest` is false. */
  readonly pullRequest: number;
  readonly isPullRequest: boolean;
  readonly commentId: number;
  /**
   * Which of GitHub's comments it is, because each takes reactions elsewhere: `issue` under `issues/comments`, `review`
   * under `pulls/comments`; a `review_body` (the words of a whole review, `commentId` is the review's) takes none by REST, nor does
   * a `button` of Healer's own check (`commentId` is the check's).
   */
  readonly commentKind: 'issue' | 'review' | 'review_body' | 'button';
  readonly commentNodeId: string | null;
  readonly url: string | null;
  readonly actor: Actor;
  /** GitHub's word for what the author is to the repository: OWNER, MEMBER, COLLABORATOR, CONTRIBUTOR, NONE, … */
  readonly authorAssociation: string | null;
  readonly verb: string;
  readonly argument: string;
  /** The pull request's head; null in events that do not carry it (comments on issues never do). */
  readonly headRef: string | null;
  readonly headSha: string | null;
  readonly baseRef: string | null;
  readonly fromFork: boolean | null;
}

/** A security alert that is open, or that is no longer. */
export interface SecuritySignal {
  readonly kind: 'security_raised' | 'security_resolved';
  readonly repository: RepositoryName;
  readonly defaultBranch: string | null;
  readonly alertKind: SecurityAlertKind;
  /** The alert's number within its kind and repository. */
  readonly number: number;
  /**
   * What is healed once, within the repository: `dependabot:<ecosystem>:<package>:<manifest>`, `code_scan:<rule>:<path>`
   * (`code_scan:#<number>` when either is unknown), `secret:#<number>`, `vulnerability:<package>`. A `:` or `%` within a
   * part is percent-encoded.
   */
  readonly groupKey: string;
  /** GitHub's action, or what stands for it: created, reopened, appeared_in_branch, fixed, dismissed, … */
  readonly action: string;
  /** One line; never holds a secret's value. */
  readonly title: string;
  /** GitHub's word: critical, high, medium, moderate, low, error, warning, note; null when the alert has none. */
  readonly severity: string | null;
  readonly url: string | null;
  /** The git reference the alert was seen on, as GitHub writes it; null when the event does not say. */
  readonly ref: string | null;
  /** The branch of `ref`; null when `ref` is none. */
  readonly branch: string | null;
  /** The pull request of `ref` (`refs/pull/<n>/merge`). */
  readonly pullRequest: number | null;
  readonly headSha: string | null;
  readonly details: SecurityDetails;
  /** Why it is resolved: fixed, dismissed, auto_dismissed, revoked, false_positive, …; null while it is raised. */
  readonly resolution: string | null;
  readonly actor: Actor | null;
}

/** Findings of a review that somebody wants repaired. Whether the reviewer's word counts is for the decision. */
export interface ReviewSignal {
  readonly kind: 'review_requested';
  readonly repository: RepositoryName;
  readonly defaultBranch: string | null;
  /** Null when a button belongs to a check on a commit without a pull request. */
  readonly pullRequest: number | null;
  readonly headRef: string | null;
  readonly headSha: string;
  readonly baseRef: string | null;
  readonly fromFork: boolean | null;
  readonly source: 'review' | 'review_comment' | 'button';
  /** Who wrote the findings; null for a button, whose check names only its App. */
  readonly reviewer: Actor | null;
  /**
   * The App that the reviewer or the check is; null for people. A review names the slug only, and only the account's type
   * and page say that it is one; a check has both from GitHub itself.
   */
  readonly app: { readonly id: number | null; readonly slug: string | null } | null;
  /** Who submitted the review or pressed the button. */
  readonly actor: Actor | null;
  readonly authorAssociation: string | null;
  /** GitHub's word for a review: changes_requested, commented; null for the other sources. */
  readonly state: string | null;
  /** What a later event of the same review shares; null for a button. */
  readonly reviewId: number | null;
  /** The comment's own id; null unless the source is `review_comment`. */
  readonly commentId: number | null;
  /** The pressed button; null unless the source is `button`. */
  readonly button: ReviewButton | null;
  /** Comments on lines; a `review` event carries none, they have to be read. */
  readonly findings: readonly ReviewFinding[];
  /** The review's or the check's own words; empty when it has none. */
  readonly body: string;
  readonly url: string | null;
}

export interface ReviewButton {
  /** As the check's maker named it; at most 20 characters by GitHub's rules. */
  readonly identifier: string;
  readonly checkRunId: number;
  readonly checkName: string;
  /** What the check's maker calls it by; of Healer's own check, what Healer gave it. */
  readonly externalId: string | null;
  /** The check is Healer's own. */
  readonly isOwn: boolean;
}

export interface ReviewFinding {
  readonly path: string;
  /** Null for a comment on the whole file or on a line that is gone. */
  readonly line: number | null;
  readonly body: string;
}

/** A group of alerts of Alertmanager, of one repository or of none. */
export interface PlatformAlertSignal {
  readonly kind: 'platform_alert';
  /** The door it came through. */
  readonly channel: 'platform' | 'workflows';
  /** Of the group: firing while any alert of it is. */
  readonly status: 'firing' | 'resolved';
  /**
   * What is healed once: the repository, if any, and Alertmanager's own key of the group; the same from the first firing to
   * the resolved one.
   */
  readonly groupKey: string;
  readonly repository: RepositoryName | null;
  readonly title: string;
  readonly alerts: readonly PlatformAlert[];
  /** Alerts of the group that are not listed. */
  readonly omittedAlerts: number;
  /** Alertmanager's page. */
  readonly url: string | null;
}

export interface PlatformAlert {
  readonly status: 'firing' | 'resolved';
  readonly name: string;
  readonly severity: string | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Milliseconds since the epoch; null when it cannot be read. */
  readonly startsAt: number | null;
  readonly fingerprint: string | null;
  readonly generatorUrl: string | null;
}

/** A stage of a play that did not succeed. */
export interface PlayFailedSignal {
  readonly kind: 'play_failed';
  readonly playId: string;
  readonly taskId: string;
  readonly stage: string;
  readonly repository: RepositoryName;
  readonly branch: string;
  readonly message: string;
  /** The end of what was sent; null when nothing was. */
  readonly logs: string | null;
}
