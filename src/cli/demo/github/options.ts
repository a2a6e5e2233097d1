import type { Clock } from '../../../lib/clock.ts';
import type { OutageSwitch } from './outage.ts';
import type { Recorder } from './recorder.ts';
import type { ChangedFile, Conclusion, LogMode, State, StoredReview, StoredStatus } from './state.ts';

export interface Webhook {
  readonly url: string;
  readonly secret: string;
}

export interface GitHubOptions {
  /** Holds the bare repository (`remote.git`), the state and, while checks run, their work folders. */
  readonly dataDir: string;
  readonly remote: { readonly owner: string; readonly name: string; readonly defaultBranch: string };
  /** Where events go; null sends none. */
  readonly webhook: Webhook | null;
  /** 0 (the default) takes a free one. */
  readonly port?: number;
  readonly clock?: Clock;
  /** One line for people about everything that happens on the stand-in. */
  readonly log?: (line: string) => void;
  readonly checks?: ChecksOptions;
  /** Accepted as `Authorization: Bearer` or `token`; installation tokens made by the stand-in are accepted too. */
  readonly token?: string;
  /** Who the token belongs to. A login that ends in `[bot]` is an App's. */
  readonly login?: string;
  /** Present from the first start on; later starts have them in their state. */
  readonly pullRequests?: readonly PullRequestInput[];
  /** Login to admin, maintain, write, triage, read; everybody else has read. */
  readonly permissions?: Readonly<Record<string, string>>;
  /** Sends webhooks that nobody acknowledged once more at start. GitHub itself does not. */
  readonly redeliver?: boolean;
  /**
   * Waits for `begin` before it looks for pushes, runs checks or opens pull requests: whoever needs the stand-in's
   * address to start, and whose address the stand-in needs for webhooks, can be started in between.
   */
  readonly hold?: boolean;
  /** Appends every exchange and delivery as a JSON line, so that another process can check them. */
  readonly recordTo?: string;
}

export interface ChecksOptions {
  /** Whether pushes run the project's workflow at all; true unless said otherwise. */
  readonly enabled?: boolean;
  /** How often refs are looked at, in milliseconds; 200. 0: only when `checkRefs()` is called. */
  readonly pollMs?: number;
  /** A step that takes longer fails; 60 s. */
  readonly stepTimeoutMs?: number;
  /** Folder of the `node` that steps find first; the running one's unless said otherwise. */
  readonly nodeFolder?: string;
}

export interface JobInput {
  readonly id?: number;
  readonly name: string;
  /** Null leaves the job in progress. */
  readonly conclusion: Conclusion | null;
  readonly log?: string;
  readonly logMode?: LogMode;
  /** Name to conclusion; "Set up job" and "Complete job" are put around them. */
  readonly steps?: readonly { readonly name: string; readonly conclusion: Conclusion }[];
  readonly annotations?: readonly { readonly path: string; readonly line: number; readonly message: string }[];
}

/** A workflow run that nobody executes: what a test says happened. */
export interface RunInput {
  readonly id?: number;
  readonly workflowName?: string;
  readonly workflowPath?: string;
  readonly event?: string;
  readonly headBranch: string;
  /** Made up from the branch when not given. */
  readonly headSha?: string;
  readonly message?: string;
  /** Login of who pushed. */
  readonly actor?: string;
  readonly jobs: readonly JobInput[];
  /** Sends the webhooks of a finished run. */
  readonly announce?: boolean;
}

export interface AddedRun {
  readonly runId: number;
  readonly attempt: number;
  readonly headSha: string;
  readonly jobIds: Readonly<Record<string, number>>;
}

export interface PullRequestInput {
  readonly title: string;
  readonly head: string;
  readonly base?: string;
  readonly body?: string;
  readonly author?: string;
  readonly labels?: readonly string[];
  readonly draft?: boolean;
  /** `owner/name` when the branch lives in a fork. */
  readonly headRepository?: string;
  /** For heads that git does not know. */
  readonly headSha?: string;
  readonly files?: readonly (Pick<ChangedFile, 'filename'> & Partial<ChangedFile>)[];
}

export interface ReviewInput {
  readonly author: string;
  readonly state: StoredReview['state'];
  readonly body?: string;
  readonly comments?: readonly { readonly path: string; readonly line: number; readonly body: string }[];
}

export interface GitHubStandIn {
  /** The API's root, what `GITHUB_API_URL` should be. */
  readonly url: string;
  readonly port: number;
  /** The bare repository: clone from it and push to it by this path. */
  readonly remotePath: string;
  readonly recorder: Recorder;
  readonly outage: OutageSwitch;
  /** A look at what the stand-in knows; do not change it. */
  readonly state: Readonly<State>;
  /** Starts what `hold` held back, with webhooks going to this address from now on. */
  begin(webhook?: Webhook): Promise<void>;
  /** Looks for pushes now and starts their checks; answers when the pushes are recorded, not when checks are done. */
  checkRefs(): Promise<void>;
  /** Answers when no check runs and no webhook waits. */
  settled(): Promise<void>;
  addRun(input: RunInput): AddedRun;
  /** Ends the current attempt of an injected run that was re-run. */
  finishRun(runId: number, jobs: readonly JobInput[], options?: { readonly announce?: boolean }): AddedRun;
  addPullRequest(input: PullRequestInput): Promise<number>;
  /** Sends `pull_request` closed. */
  closePullRequest(number: number, merged?: boolean): Promise<void>;
  /** A comment by a person; sends `issue_comment`. Answers its id. */
  addComment(issue: number, author: string, body: string): number;
  /** A review of an open pull request; no event is sent. */
  addReview(pull: number, review: ReviewInput): void;
  /** Somebody presses a button that a check shows; sends `check_run` requested_action. Throws when it shows none. */
  pressButton(checkRunId: number, identifier: string, login: string): void;
  addStatus(sha: string, status: Pick<StoredStatus, 'state' | 'context'> & Partial<StoredStatus>): void;
  close(): Promise<void>;
}
