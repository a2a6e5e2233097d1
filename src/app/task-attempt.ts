import type { TaskSubmission } from '../report/api/task-schemas.ts';
import type { TaskRunTable } from '../store/task-run-table.ts';

type Earlier = Pick<TaskRunTable, 'name' | 'attempt' | 'digest' | 'live' | 'how'>;

export type AttemptChoice =
  | { readonly kind: 'attempt'; readonly attempt: number }
  /** It was submitted before, or something of the task stands in the way. */
  | { readonly kind: 'exists'; readonly name: string; readonly detail: string };

/**
 * Which attempt of its task a submission is. `earlier` are the attempts there are, the latest first. Pure.
 *
 * A new task is attempt 1. The same submission again is refused and names the run. A retry says what is to be different
 * (continue_session, prompt_modification) or which attempt it is (context_version), and waits for the one before to end.
 */
export function chooseAttempt(
  submission: Pick<TaskSubmission, 'context_version' | 'continue_session' | 'prompt_modification' | 'task_id'>,
  digest: string,
  earlier: readonly Earlier[],
): AttemptChoice {
  const { context_version: asked, task_id: task } = submission;
  const exists = (run: Earlier, detail: string): AttemptChoice => ({ kind: 'exists', name: run.name, detail });
  const taken = earlier.find((run) => run.attempt === asked);
  if (taken !== undefined) {
    return exists(taken, `Attempt ${asked} of task ${task} is ${taken.name} (${state(taken)}). ${howToRetry(earlier)}`);
  }
  const latest = earlier[0];
  if (latest === undefined) return { kind: 'attempt', attempt: asked ?? 1 };
  const equal = asked === undefined ? earlier.find((run) => run.digest === digest) : undefined;
  if (equal !== undefined) {
    const detail = `The same was submitted before: it is ${equal.name} (${state(equal)}). ${howToRetry(earlier)}`;
    return exists(equal, detail);
  }
  if (latest.live === 1) {
    const detail = `Attempt ${latest.attempt} of task ${task} is under way as ${latest.name}; wait for it, or cancel it first.`;
    return exists(latest, detail);
  }
  if (asked !== undefined) {
    if (asked > latest.attempt) return { kind: 'attempt', attempt: asked };
    return exists(latest, `context_version only grows: task ${task} is at ${latest.attempt} (${latest.name}).`);
  }
  const isRetry = submission.continue_session || submission.prompt_modification !== undefined;
  if (isRetry) return { kind: 'attempt', attempt: latest.attempt + 1 };
  return exists(
    latest,
    `Task ${task} was worked on already: ${latest.name} (${state(latest)}). ${howToRetry(earlier)}`,
  );
}

function state({ live, how }: Earlier): string {
  return live === 1 ? 'under way' : `ended as ${how ?? 'unknown'}`;
}

function howToRetry(earlier: readonly Earlier[]): string {
  const next = (earlier[0]?.attempt ?? 0) + 1;
  return `To try again, say in prompt_modification what should be different, or give context_version ${next}.`;
}
