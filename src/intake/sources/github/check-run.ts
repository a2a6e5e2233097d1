import * as z from 'zod';
import { reason } from '../../../model/reason.ts';
import { ignored, said } from '../source.ts';
import { type ActionsPlace, actionsPlace } from './actions-url.ts';
import { eventHandler } from './handler.ts';
import { isOwnCheck } from './own-check.ts';
import { viewOf } from './pull-requests.ts';
import { actor, app, id, line, maybeRef, maybeUrl, maybeWord, pullRequests, repository, sha } from './schema.ts';
import { judge } from './verdict.ts';

const checkRunShape = z.object({
  id,
  name: line,
  head_sha: sha,
  status: maybeWord,
  conclusion: maybeWord,
  details_url: maybeUrl,
  html_url: maybeUrl,
  app,
  check_suite: z.object({ head_branch: maybeRef }).nullish(),
  pull_requests: pullRequests,
});

const schema = z.object({ action: maybeWord, check_run: checkRunShape, repository, sender: actor });

type CheckRun = z.infer<typeof checkRunShape>;

/** `check_run.id` names a check, never a run; only an address can lead to the run behind it. */
function placeOf(check: CheckRun, repositoryName: string): ActionsPlace | null {
  return actionsPlace(check.details_url, repositoryName) ?? actionsPlace(check.html_url, repositoryName);
}

export const checkRun = eventHandler(schema, (event, self) => {
  const check = event.check_run;
  const subject = `check "${check.name}"`;
  if (isOwnCheck(check.name, check.app, self)) return ignored(reason('healer_itself'));
  if (event.action === 'requested_action')
    return ignored(reason('unknown_event', `A button of the ${subject} was pressed, and the button is not Healer's.`));
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
