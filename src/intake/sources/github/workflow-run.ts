import * as z from 'zod';
import { eventHandler } from '../handler.ts';
import { ignored, said } from '../source.ts';
import { viewOf } from './pull-requests.ts';
import {
  actor,
  headCommit,
  id,
  maybeLine,
  maybeRef,
  maybeUrl,
  maybeWord,
  pullRequests,
  type Repository,
  repository,
  sha,
} from './schema.ts';
import { judge } from './verdict.ts';

const headRepository = z.object({ id: id.nullish().catch(null), full_name: z.string() });

const schema = z.object({
  action: maybeWord,
  workflow_run: z.object({
    id,
    run_attempt: id.nullish(),
    name: maybeLine,
    head_sha: sha,
    head_branch: maybeRef,
    status: maybeWord,
    conclusion: maybeWord,
    html_url: maybeUrl,
    head_commit: headCommit,
    // Null, not absent, once a fork has been deleted.
    head_repository: headRepository.nullish().catch(undefined),
    pull_requests: pullRequests,
    actor,
  }),
  workflow: z.object({ name: maybeLine }).nullish().catch(null),
  repository,
  sender: actor,
});

type HeadRepository = z.infer<typeof schema>['workflow_run']['head_repository'];

function isFork(head: HeadRepository, own: Repository): boolean | null {
  if (head === undefined) return null;
  if (head === null) return true;
  if (head.id && own.id) return head.id !== own.id;
  return head.full_name.toLowerCase() !== own.full_name.toLowerCase();
}

export const workflowRun = eventHandler(schema, (event) => {
  const run = event.workflow_run;
  // The run's own name may be replaced by `run-name`; rules look for the workflow's.
  const workflowName = event.workflow?.name ?? run.name;
  const verdict = judge({ subject: `run of workflow "${workflowName ?? run.id}"`, action: event.action, ...run });
  if (verdict.kind === 'ignored') return ignored(verdict.reason);
  return said({
    kind: verdict.kind,
    repository: event.repository.full_name,
    defaultBranch: event.repository.default_branch,
    event: 'workflow_run',
    headSha: run.head_sha,
    branch: run.head_branch,
    runId: run.id,
    runAttempt: run.run_attempt ?? 1,
    check: null,
    workflowName,
    conclusion: verdict.conclusion,
    url: run.html_url,
    actor: run.actor ?? event.sender,
    commitMessage: run.head_commit,
    fromFork: isFork(run.head_repository, event.repository),
    pullRequests: viewOf(run.pull_requests, event.repository).numbers,
  });
});
