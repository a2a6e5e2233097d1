import type { ProblemPart } from '../../lib/problem.ts';
import type { CodeRunView, TaskSubmission } from './task-schemas.ts';

export type TaskAnswer =
  | { readonly kind: 'accepted'; readonly codeRun: CodeRunView }
  /** The same submission, or another attempt of the task that stands in the way. */
  | { readonly kind: 'exists'; readonly name: string; readonly detail: string }
  /** Not now, or not here; `detail` says why and what to do. */
  | {
      readonly kind: 'refused';
      readonly status: 400 | 403 | 409 | 429 | 503;
      readonly detail: string;
      readonly errors?: readonly ProblemPart[];
      /** Seconds. */
      readonly retryAfter?: number;
    };

export type CancelAnswer =
  | { readonly kind: 'done'; readonly codeRun: CodeRunView }
  | { readonly kind: 'not_found' }
  | { readonly kind: 'refused'; readonly detail: string };

export interface TaskChange {
  /** Words for the next attempt; it is simply made again without any. */
  readonly guidance: string | undefined;
  readonly mode: 'append' | 'replace' | undefined;
  readonly by: string;
}

/** CodeRuns as people see them, and those that they ask for themselves. */
export interface CodeRunPort {
  submit(submission: TaskSubmission): Promise<TaskAnswer>;
  get(name: string): Promise<CodeRunView | null>;
  cancel(name: string, by: string): Promise<CancelAnswer>;
  /** Submits a task again with a difference; by the name of any of its runs, or by its task id. Null for an unknown one. */
  retry(nameOrTaskId: string, change: TaskChange): Promise<TaskAnswer | null>;
}
