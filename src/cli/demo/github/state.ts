import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What GitHub knows, as it is kept on disk. Times are ISO 8601, UTC. */
export interface State {
  nextId: number;
  /** Full ref name to commit: the refs whose pushes were noticed. */
  refs: Record<string, string>;
  runs: StoredRun[];
  jobs: StoredJob[];
  /** Check runs made through the API; each job is a check run too, under the job's own id. */
  checkRuns: StoredCheckRun[];
  pulls: StoredPull[];
  comments: StoredComment[];
  reactions: StoredReaction[];
  reviews: StoredReview[];
  /** What reviews say beside lines of the code. */
  reviewComments: StoredReviewComment[];
  statuses: StoredStatus[];
  /** Commits that exist only here (injected by a test), not in the git repository. */
  commits: Record<string, StoredCommit>;
  permissions: Record<string, string>;
  tokens: string[];
}

export type Status = 'queued' | 'in_progress' | 'completed';
export type Conclusion =
  | 'success'
  | 'failure'
  | 'neutral'
  | 'cancelled'
  | 'skipped'
  | 'timed_out'
  | 'action_required'
  | 'startup_failure';

export interface Signature {
  readonly name: string;
  readonly email: string;
  readonly date: string;
}

export interface StoredCommit {
  readonly sha: string;
  readonly tree: string;
  readonly parents: readonly string[];
  readonly author: Signature;
  readonly committer: Signature;
  readonly message: string;
}

export interface StoredRun {
  readonly id: number;
  readonly number: number;
  readonly suiteId: number;
  readonly workflowId: number;
  readonly workflowName: string;
  readonly workflowPath: string;
  readonly event: string;
  readonly headBranch: string;
  readonly headSha: string;
  readonly before: string | null;
  readonly actor: string;
  /** Put there by a test: the stand-in does not execute it. */
  readonly injected: boolean;
  readonly createdAt: string;
  attempt: number;
  status: Status;
  conclusion: Conclusion | null;
  startedAt: string;
  updatedAt: string;
}

export interface StoredStep {
  readonly name: string;
  readonly number: number;
  status: Status;
  conclusion: Conclusion | null;
  startedAt: string | null;
  completedAt: string | null;
}

/** How a job's log answers: there, not yet (404), or deleted after its retention (410). */
export type LogMode = 'present' | 'missing' | 'gone';

export interface StoredJob {
  readonly id: number;
  readonly runId: number;
  readonly runAttempt: number;
  readonly name: string;
  readonly createdAt: string;
  status: Status;
  conclusion: Conclusion | null;
  startedAt: string;
  completedAt: string | null;
  steps: StoredStep[];
  logMode: LogMode;
  annotations: StoredAnnotation[];
}

export interface StoredAnnotation {
  readonly path: string;
  readonly startLine: number;
  readonly endLine: number;
  readonly level: 'failure' | 'warning' | 'notice';
  readonly title: string | null;
  readonly message: string;
}

export interface StoredCheckRun {
  readonly id: number;
  readonly suiteId: number;
  readonly headSha: string;
  name: string;
  externalId: string;
  detailsUrl: string | null;
  status: Status;
  conclusion: Conclusion | null;
  startedAt: string;
  completedAt: string | null;
  title: string | null;
  summary: string | null;
  text: string | null;
  annotations: StoredAnnotation[];
  /** Buttons; GitHub shows them once the check has completed. Missing in states of earlier versions. */
  actions?: readonly StoredAction[];
  readonly createdAt: string;
}

export interface StoredAction {
  readonly label: string;
  readonly description: string;
  readonly identifier: string;
}

export interface StoredPull {
  readonly number: number;
  readonly id: number;
  readonly title: string;
  readonly body: string | null;
  readonly author: string;
  readonly headRef: string;
  readonly baseRef: string;
  /** `owner/name` of the fork the head lives in; null when it is this repository. */
  readonly headRepository: string | null;
  /** The last known head and base; git has the word when it knows the branch. */
  headSha: string;
  baseSha: string;
  readonly draft: boolean;
  readonly labels: readonly string[];
  readonly createdAt: string;
  updatedAt: string;
  state: 'open' | 'closed';
  mergedAt: string | null;
  /** Changed files, for pull requests that git does not know. */
  readonly files: readonly ChangedFile[] | null;
}

export interface ChangedFile {
  readonly sha: string;
  readonly filename: string;
  readonly previousFilename: string | null;
  readonly status: 'added' | 'removed' | 'modified' | 'renamed';
  readonly additions: number;
  readonly deletions: number;
  readonly patch: string | null;
}

export interface StoredComment {
  readonly id: number;
  readonly issue: number;
  readonly author: string;
  readonly createdAt: string;
  body: string;
  updatedAt: string;
}

export interface StoredReaction {
  readonly id: number;
  readonly commentId: number;
  readonly author: string;
  readonly content: string;
  readonly createdAt: string;
}

export interface StoredReview {
  readonly id: number;
  readonly pull: number;
  readonly author: string;
  readonly state: 'APPROVED' | 'CHANGES_REQUESTED' | 'COMMENTED' | 'DISMISSED';
  readonly body: string;
  readonly sha: string;
  readonly createdAt: string;
}

export interface StoredReviewComment {
  readonly id: number;
  readonly reviewId: number;
  readonly pull: number;
  readonly author: string;
  readonly path: string;
  readonly line: number;
  readonly body: string;
  readonly sha: string;
  readonly createdAt: string;
}

export interface StoredStatus {
  readonly id: number;
  readonly sha: string;
  readonly state: 'error' | 'failure' | 'pending' | 'success';
  readonly context: string;
  readonly description: string | null;
  readonly targetUrl: string | null;
  readonly createdAt: string;
}

/**
 * The state in one JSON file, and beside it a file for each job's log. Every change is on disk before it is spoken of:
 * temporary file, then rename.
 */
export class StateFile {
  readonly state: State;
  readonly #file: string;
  readonly #logs: string;

  constructor(folder: string) {
    this.#file = join(folder, 'github.json');
    this.#logs = join(folder, 'logs');
    mkdirSync(this.#logs, { recursive: true });
    const kept = existsSync(this.#file) ? (JSON.parse(readFileSync(this.#file, 'utf8')) as State) : {};
    this.state = { ...emptyState(), ...kept };
  }

  save(): void {
    replaceFile(this.#file, JSON.stringify(this.state));
  }

  /** The next free number; runs, jobs, suites and comments share one row of them, as on GitHub. */
  nextId(): number {
    return this.state.nextId++;
  }

  writeLog(jobId: number, text: string): void {
    replaceFile(join(this.#logs, `${jobId}.txt`), text);
  }

  /** Empty when the job never had one. */
  readLog(jobId: number): Buffer {
    const file = join(this.#logs, `${jobId}.txt`);
    return existsSync(file) ? readFileSync(file) : Buffer.alloc(0);
  }
}

function replaceFile(file: string, text: string): void {
  const temporary = `${file}.${process.pid}.tmp`;
  writeFileSync(temporary, text);
  renameSync(temporary, file);
}

function emptyState(): State {
  return {
    // In the range of today's run and job ids: beyond 32 bits, so that a consumer who stores them too small is found out.
    nextId: 30_433_642_001,
    refs: {},
    runs: [],
    jobs: [],
    checkRuns: [],
    pulls: [],
    comments: [],
    reactions: [],
    reviews: [],
    reviewComments: [],
    statuses: [],
    commits: {},
    permissions: {},
    tokens: [],
  };
}
