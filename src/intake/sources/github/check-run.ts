import * as z from 'zod';
import { reason } from '../../../model/reason.ts';
import { eventHandler } from '../handler.ts';
import { ignored, said } from '../source.ts';
import { type ActionsPlace, actionsPlace } from './actions-url.ts';
import { pressed } from './button.ts';
import { button, type CheckRun, checkRunShape } from './check-run-shape.ts';
import { isOwnCheck } from './own-check.ts';
import { viewOf } from './pull-requests.ts';
import { actor, maybe, maybeWord, repository } from './schema.ts';
import { judge } from './verdict.ts';

const schema = z.object({
  action: maybeWord,
  check_run: checkRunShape,
  requested_action: maybe(button),
  repository,
  sender: actor,
});

/** `check_run.id` names a check, never a run; only an address can lead to the run behind it. */
function placeOf(check: CheckRun, repositoryName: string): ActionsPlace | null {
  return actionsPlace(check.details_url, repositoryName) ?? actionsPlace(check.html_url, repositoryName);
}

export const checkRun = eventHandler(schema, (event, self) => {
  const check = event.check_run;
  const subject = `check "${check.name}"`;
  const isOwn = isOwnCheck(check.name, check.app, self);
  if (event.action === 'requested_action') return pressed(event, isOwn);
  if (isOwn) return ignored(reason('healer_itself'));
  const verdict = judge({ subject, action: event.action, ...check });
  if (verdict.kind === 'ignored') return ignored(verdict.reason);
  const repositoryName = event.repository.full_name;
  const place = placeOf(check, repositoryName);
  const pulls = viewOf(check.pull_requests, event.repository);
  const url = check.html_url ?? check.details_url;
  return said({
    kind: verdict.kind,
    repository: repositoryName,
    defaultBranch: event.repository.default_branch,
    event: 'check_run',
    headSha: check.head_sha,
    branch: check.check_suite?.head_branch ?? null,
    runId: place?.runId ?? null,
    runAttempt: place?.runAttempt ?? 1,
    check: {
      name: check.name,
      source: place?.jobId ? 'job' : 'check',
      jobId: place?.jobId ?? null,
      runId: place?.runId ?? null,
      workflowName: null,
      failedSteps: [],
      url,
    },
    workflowName: null,
    conclusion: verdict.conclusion,
    url,
    actor: event.sender,
    commitMessage: null,
    fromFork: pulls.fromFork,
    pullRequests: pulls.numbers,
  });
});
