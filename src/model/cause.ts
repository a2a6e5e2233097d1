import type { Cause, Phase } from './remediation.ts';

/** What tells one cause of a remediation from another; the same event again has the same key. */
export function causeKey(cause: Cause): string {
  switch (cause.kind) {
    case 'security_raised':
    case 'security_resolved':
      return `${cause.alertKind}#${cause.number}`;
    case 'review_requested':
      return `${cause.source}#${cause.commentId ?? cause.reviewId ?? cause.button?.checkRunId ?? cause.headSha}`;
    case 'platform_alert':
      return cause.groupKey;
    case 'play_failed':
      return `${cause.playId}/${cause.taskId}/${cause.stage}`;
  }
}

/** Phases in which no agent has been told yet what to do. */
const STILL_OPEN: readonly Phase[] = ['received', 'gathering', 'deferred', 'awaiting_approval', 'retrying'];

/** Whether one more cause still reaches the next agent; decision and machine have to agree about it. */
export function takesCauses(phase: Phase): boolean {
  return STILL_OPEN.includes(phase);
}
