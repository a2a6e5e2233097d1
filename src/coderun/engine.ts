import { PermanentError } from '../lib/errors.ts';
import { LABELS } from './draft.ts';
import type { RunResult } from './result.ts';
import type { CodeRun, CodeRunDraft, CodeRunStatus } from './schema.ts';

/**
 * Where CodeRuns live and run. Everything may be called any number of times, by several processes, after a crash at any
 * point. Errors say whether trying again helps: RetryableError, PermanentError; anything else is taken as retryable.
 */
export interface Engine extends CodeRuns, Runs {
  readonly kind: 'local' | 'kubernetes';
}

/** The documents. */
export interface CodeRuns {
  /**
   * The name is the lock: a second create of the same attempt gives the first CodeRun and `existed`. PermanentError when
   * the name is taken by something else.
   */
  create(draft: CodeRunDraft): Promise<{ readonly codeRun: CodeRun; readonly existed: boolean }>;
  get(name: string): Promise<CodeRun | null>;
  /** The same for judging it: the long texts of its spec may be missing, which an engine need not keep at hand. */
  glance(name: string): Promise<CodeRun | null>;
  /** Every CodeRun that a reconciler still has something to do for (see `isActive`), oldest first, as `glance` has it. */
  listActive(): Promise<readonly CodeRun[]>;
  /** Names of ended CodeRuns whose workspace or files may be due for removal at `now`. */
  listExpired(now: number): Promise<readonly string[]>;
  /** Unknown names are fine: there is nothing to cancel. */
  requestCancel(name: string): Promise<void>;
  /**
   * Writes the named fields of the status and leaves the others; conditions are replaced as a list. With `isWhole` what
   * the patch does not name is gone: a further attempt begins. Null when somebody wrote since `resourceVersion` was read:
   * read again and judge again.
   */
  patchStatus(name: string, resourceVersion: string, patch: StatusPatch, isWhole?: boolean): Promise<CodeRun | null>;
  /** Calls back with the name of every CodeRun that may have changed, in itself or in what it runs. Ends when called. */
  watch(onChange: (name: string) => void): () => void;
}

/** Absent means unchanged; no field can be erased alone. */
export type StatusPatch = Partial<CodeRunStatus>;

/** What runs on behalf of a CodeRun. */
export interface Runs {
  /** Facts only, as they are now. */
  observe(codeRun: CodeRun): Promise<Observed>;
  /** Workspace, files and secrets of a run; nothing that a started job reads is changed. */
  ensureFiles(codeRun: CodeRun): Promise<void>;
  /** Replaces the token of a running job by a fresh one, where the job reads it. */
  refreshCredentials(codeRun: CodeRun): Promise<void>;
  /** Starts the job unless it was ever started before: at most once for a uid, whoever asks. */
  ensureJob(codeRun: CodeRun, deadlineSeconds: number): Promise<void>;
  /** Ends the job and everything it started, first politely; returns at once. A job that is gone is fine. */
  stopJob(codeRun: CodeRun, why: StopCause): Promise<void>;
  /** Removes workspace, files and job of an ended run; what is gone already is fine. Refuses while the job is alive. */
  cleanUp(codeRun: CodeRun): Promise<void>;
  /** Lets go of what kept an ended run in sight; only asked for when `Observed.isHeld`. */
  release?(codeRun: CodeRun): Promise<void>;
  /** The last `maxBytes` of what the agent wrote, redacted; null when there is nothing (any more). */
  output(name: string, maxBytes: number): Promise<string | null>;
}

export type StopCause = 'cancelled' | 'deadline';

/** What an engine sees of one CodeRun. Times are milliseconds since the epoch. */
export interface Observed {
  /** The name of the file set (ConfigMap or folder); null while there is none. */
  readonly fileSet: string | null;
  /** There is something that `cleanUp` would remove. */
  readonly hasRemains: boolean;
  /** When the run's token stops working; null when it has none or one that does not expire. */
  readonly credentialsExpireAt: number | null;
  /** The run has ended, and the engine still keeps it in sight by means that somebody could trip over (finalizers). */
  readonly isHeld?: boolean;
  readonly job: JobState;
}

export type JobState =
  /** Never started, or gone after the status named it; an engine keeps a started job in sight until then. */
  | { readonly state: 'none' }
  /** Accepted but not running; `reason` is the platform's word for what it waits for (`ErrImagePull`, …). */
  | {
      readonly state: 'pending';
      readonly name: string;
      readonly since: number;
      readonly reason: string | null;
      readonly message: string;
      /** Waiting longer cannot help. */
      readonly isHopeless: boolean;
    }
  | { readonly state: 'running'; readonly name: string; readonly startedAt: number }
  | { readonly state: 'exited'; readonly name: string; readonly exit: JobExit }
  /** It was started, and nobody can say any more how it ended (supervisor or node gone). */
  | { readonly state: 'lost'; readonly name: string; readonly detail: string; readonly hasLeftovers: boolean };

export interface JobExit {
  /** Null when it was ended by a signal or never started. */
  readonly code: number | null;
  readonly signal: string | null;
  /**
   * Why it ended: by itself, or who ended it. `terminated`: the platform did (shutdown, eviction, preemption);
   * `not_started`: the program could not be started at all.
   */
  readonly cause: 'completed' | 'cancelled' | 'deadline' | 'terminated' | 'not_started';
  readonly startedAt: number;
  readonly finishedAt: number;
  /** The engine's own sentence, when it has one. */
  readonly detail: string | null;
  readonly result: RunResult | null;
  /** The end of the output when the job failed, for telling a provider's outage from an agent's failure. */
  readonly outputTail: string;
}

/** PermanentError when `existing` is not the CodeRun that `draft` describes. */
export function assertSameAttempt(existing: CodeRun, draft: CodeRunDraft): void {
  const theirs = `task ${existing.annotations[LABELS.taskId] ?? existing.spec.taskId ?? '?'}, attempt ${existing.spec.contextVersion}`;
  const ours = `task ${draft.annotations[LABELS.taskId] ?? draft.spec.taskId ?? '?'}, attempt ${draft.spec.contextVersion}`;
  if (theirs === ours) return;
  throw new PermanentError(`The CodeRun name ${draft.name} is taken by ${theirs}; it was asked for by ${ours}.`);
}
