import { reason } from '../../../model/reason.ts';
import type { EventHandler } from '../handler.ts';
import { ignored, isObject, NOBODY, type NormaliseResult, type Self, wrong } from '../source.ts';
import { checkRun } from './check-run.ts';
import { checkSuite } from './check-suite.ts';
import { branchDeleted } from './delete.ts';
import { issueComment } from './issue-comment.ts';
import { mergeGroup } from './merge-group.ts';
import { pullRequest } from './pull-request.ts';
import { pullRequestReview } from './pull-request-review.ts';
import { push } from './push.ts';
import { reviewComment } from './review-comment.ts';
import { codeScanningAlert } from './security/code-scanning-alert.ts';
import { dependabotAlert } from './security/dependabot-alert.ts';
import { repositoryVulnerabilityAlert } from './security/repository-vulnerability-alert.ts';
import { secretScanningAlert } from './security/secret-scanning-alert.ts';
import { status } from './status.ts';
import { workflowJob } from './workflow-job.ts';
import { workflowRun } from './workflow-run.ts';

const ping: EventHandler = () => ignored(reason('not_a_failure', 'GitHub asks whether the webhook answers; it does.'));

export const EVENTS = {
  workflow_job: workflowJob,
  workflow_run: workflowRun,
  check_run: checkRun,
  check_suite: checkSuite,
  status,
  dependabot_alert: dependabotAlert,
  code_scanning_alert: codeScanningAlert,
  secret_scanning_alert: secretScanningAlert,
  repository_vulnerability_alert: repositoryVulnerabilityAlert,
  pull_request_review: pullRequestReview,
  pull_request_review_comment: reviewComment,
  pull_request: pullRequest,
  merge_group: mergeGroup,
  push,
  delete: branchDeleted,
  issue_comment: issueComment,
  ping,
} as const satisfies Record<string, EventHandler>;

export type GitHubEvent = keyof typeof EVENTS;

const isKnown = (event: string): event is GitHubEvent => Object.hasOwn(EVENTS, event);

/** What a GitHub event says; pure, and total over any JSON value. `self` keeps Healer's own checks and comments out. */
export function normalise(event: string, body: unknown, self: Self = NOBODY): NormaliseResult {
  if (!isObject(body)) return wrong([{ path: '', message: 'must be a JSON object' }]);
  if (!isKnown(event)) return ignored(reason('unknown_event', `Healer has no use for ${event} events.`));
  return EVENTS[event](body, self);
}
