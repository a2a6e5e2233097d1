import type { ContextFinding } from '../model/evidence.ts';
import type { Actor, FailedCheck } from '../model/signal.ts';

/**
 * Everything that was found out about one remediation before one attempt: plain data. A null or an empty list may mean
 * "none" or "not known"; the source's finding says which. Strings of the typed facts went through the safety gate;
 * `logs` are the raw bytes and must not be stored or shown as they are.
 */
export interface Evidence extends EvidenceFacts {
  /** Milliseconds since the epoch. */
  readonly gatheredAt: number;
  /** One per source, in the order of the registry. */
  readonly findings: readonly ContextFinding[];
}

/** The typed facts that deciding needs. Each key is the business of one source. */
export interface EvidenceFacts {
  /** Every check that is red on the commit, with the steps that failed: also those that no event named. */
  readonly failedChecks: readonly FailedCheck[];
  readonly logs: readonly JobLog[];
  /** Logs of the same jobs when they were last green; `check` is the failed one. */
  readonly greenLogs: readonly JobLog[];
  readonly annotations: readonly Annotation[];
  /** What the branch changes against its base, or the commit against its parent; null when not known. */
  readonly changedFiles: readonly ChangedFile[] | null;
  /** What the last attempt's commit changed; null when there is none or it is not known. */
  readonly lastAttemptFiles: readonly ChangedFile[] | null;
  readonly headCommit: HeadCommit | null;
  readonly branch: BranchFacts | null;
  readonly pullRequest: PullRequestFacts | null;
  /** True when GitHub was asked for a pull request and answered: only then does a null `pullRequest` mean "none". */
  readonly pullRequestKnown: boolean;
  readonly repository: RepositoryFacts | null;
  /** The checks of the branch's present head. */
  readonly checksNow: ChecksNow | null;
  /** Every failed check is red on the base branch as well; null when not known or when the branch is the base. */
  readonly baseRed: boolean | null;
}

export const NO_FACTS: EvidenceFacts = {
  failedChecks: [],
  logs: [],
  greenLogs: [],
  annotations: [],
  changedFiles: null,
  lastAttemptFiles: null,
  headCommit: null,
  branch: null,
  pullRequest: null,
  pullRequestKnown: false,
  repository: null,
  checksNow: null,
  baseRed: null,
};

/** The log of one failed job. */
export interface JobLog {
  readonly check: FailedCheck;
  /** As GitHub has it, with time stamps and escape codes; not redacted. */
  readonly bytes: Uint8Array;
  /** Something is missing in the middle; a line of the text says where. */
  readonly truncated: boolean;
}

export interface Annotation {
  readonly check: string;
  readonly path: string;
  readonly startLine: number;
  readonly endLine: number;
  readonly level: 'notice' | 'warning' | 'failure';
  readonly message: string;
}

export interface ChangedFile {
  readonly path: string;
  readonly status: 'added' | 'removed' | 'modified' | 'renamed' | 'other';
  readonly additions: number;
  readonly deletions: number;
  /** Unified diff of the file; null when GitHub gives none (binary, too large). */
  readonly patch: string | null;
}

export interface HeadCommit {
  readonly sha: string;
  readonly message: string;
  /** The account behind the commit, when GitHub knows it. */
  readonly author: Actor | null;
}

export interface BranchFacts {
  readonly name: string;
  readonly exists: boolean;
  readonly headSha: string | null;
}

export interface PullRequestFacts {
  readonly number: number;
  readonly title: string;
  readonly state: 'open' | 'closed';
  readonly merged: boolean;
  readonly draft: boolean;
  readonly labels: readonly string[];
  readonly headRef: string;
  readonly headSha: string;
  /** `owner/name`; null when the fork is gone. */
  readonly headRepository: string | null;
  readonly baseRef: string;
  readonly fromFork: boolean;
  readonly author: Actor | null;
  readonly url: string;
}

export interface RepositoryFacts {
  readonly defaultBranch: string;
  /** `https://….git` */
  readonly cloneUrl: string;
  readonly private: boolean;
}

/** How the checks stand that have to become green. */
export interface ChecksReading {
  readonly state: 'green' | 'red' | 'pending';
  /** Wanted checks that are red, and red ones that run together with them. */
  readonly red: readonly FailedCheck[];
  /** Names of wanted checks that have not completed, were skipped, or are not there, and of what runs beside them. */
  readonly pending: readonly string[];
  readonly green: readonly string[];
  /** Red checks of other workflows and systems, which nobody asked about. */
  readonly alsoRed: readonly FailedCheck[];
}

export interface ChecksNow extends ChecksReading {
  readonly sha: string;
}
