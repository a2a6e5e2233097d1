import { type Reason, reason } from '../../../model/reason.ts';

/** What an event says about a check, a run or a status. */
export type Verdict =
  | { readonly kind: 'ci_failed' | 'ci_passed'; readonly conclusion: string }
  | { readonly kind: 'ignored'; readonly reason: Reason };

/**
 * What GitHub's conclusions mean for Healer, check conclusions and commit states alike.
 * `passed` only for green itself: a check that an agent's commit made `skipped` or `neutral` has not been healed.
 */
export const CONCLUSIONS: Readonly<Record<string, 'failed' | 'passed' | string>> = {
  failure: 'failed',
  timed_out: 'failed',
  startup_failure: 'failed',
  error: 'failed',
  success: 'passed',
  action_required: 'waits for a person',
  cancelled: 'was cancelled',
  stale: 'was given up by GitHub because it never finished',
  skipped: 'was skipped',
  neutral: 'ended without a verdict',
};

/** Actions that ask for something to happen again: the conclusion in such a body is the old one. */
const RESTARTS = new Set(['requested', 'rerequested', 'queued', 'waiting', 'in_progress']);

export interface Finding {
  /** What it is about, for the reason: `check run "lint"`. */
  readonly subject: string;
  readonly action: string | null;
  /** GitHub's `status`; null when the event has none, as commit statuses. */
  readonly status: string | null;
  readonly conclusion: string | null;
}

export function judge({ subject, action, status, conclusion }: Finding): Verdict {
  const isOver = conclusion !== null && (status === null || status === 'completed');
  if (!isOver || (action !== null && RESTARTS.has(action))) {
    return { kind: 'ignored', reason: reason('not_finished', `The ${subject} has not finished.`) };
  }
  const meaning = Object.hasOwn(CONCLUSIONS, conclusion) ? CONCLUSIONS[conclusion] : undefined;
  if (meaning === 'failed') return { kind: 'ci_failed', conclusion };
  if (meaning === 'passed') return { kind: 'ci_passed', conclusion };
  const words = meaning ?? 'ended in a way Healer does not know';
  return { kind: 'ignored', reason: reason('not_a_failure', `The ${subject} ${words} (${conclusion}).`) };
}

/** A step or check that is red by itself. */
export function isFailing(conclusion: string | null): boolean {
  return conclusion !== null && Object.hasOwn(CONCLUSIONS, conclusion) && CONCLUSIONS[conclusion] === 'failed';
}
