import type { Cause } from './remediation.ts';

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
