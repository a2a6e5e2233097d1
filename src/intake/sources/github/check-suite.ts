import * as z from 'zod';
import { reason } from '../../../model/reason.ts';
import { eventHandler } from '../handler.ts';
import { ignored, said } from '../source.ts';
import { isOwnApp } from './own-check.ts';
import { viewOf } from './pull-requests.ts';
import { actor, app, headCommit, id, maybeRef, maybeWord, pullRequests, repository, sha } from './schema.ts';
import { judge } from './verdict.ts';

const schema = z.object({
  action: maybeWord,
  check_suite: z.object({
    id,
    head_sha: sha,
    head_branch: maybeRef,
    status: maybeWord,
    conclusion: maybeWord,
    app,
    head_commit: headCommit,
    pull_requests: pullRequests,
  }),
  repository,
  sender: actor,
});

export const checkSuite = eventHandler(schema, (event, self) => {
  const suite = event.check_suite;
  if (isOwnApp(suite.app, self)) return ignored(reason('healer_itself'));
  const subject = `check suite of ${suite.app?.slug ?? 'an App'}`;
  const verdict = judge({ subject, action: event.action, ...suite });
  if (verdict.kind === 'ignored') return ignored(verdict.reason);
  const pulls = viewOf(suite.pull_requests, event.repository);
  return said({
    kind: verdict.kind,
    repository: event.repository.full_name,
    defaultBranch: event.repository.default_branch,
    event: 'check_suite',
    headSha: suite.head_sha,
    branch: suite.head_branch,
    // A suite's id is not a run's, and the body does not name the run.
    runId: null,
    runAttempt: 1,
    check: null,
    workflowName: null,
    conclusion: verdict.conclusion,
    url: null,
    actor: event.sender,
    commitMessage: suite.head_commit,
    fromFork: pulls.fromFork,
    pullRequests: pulls.numbers,
  });
});
