import * as z from 'zod';
import { eventHandler } from '../handler.ts';
import { ignored, said } from '../source.ts';
import { actor, id, line, maybeLine, maybeRef, maybeUrl, maybeWord, repository, sha } from './schema.ts';
import { isFailing, judge } from './verdict.ts';

/** Steps named in a signal; a job with more red ones says enough. */
const MAX_STEPS = 20;

const step = z.object({ name: line, conclusion: z.string().nullish() });
const steps = z
  .array(step.nullable().catch(null))
  .nullish()
  .catch(null)
  .transform((list) =>
    (list ?? [])
      .flatMap((entry) => (entry && isFailing(entry.conclusion ?? null) ? [entry.name] : []))
      .slice(0, MAX_STEPS),
  );

const schema = z.object({
  action: maybeWord,
  workflow_job: z.object({
    id,
    run_id: id,
    run_attempt: id.nullish(),
    name: line,
    head_sha: sha,
    head_branch: maybeRef,
    status: maybeWord,
    conclusion: maybeWord,
    workflow_name: maybeLine,
    html_url: maybeUrl,
    steps,
  }),
  repository,
  sender: actor,
});

export const workflowJob = eventHandler(schema, (event) => {
  const job = event.workflow_job;
  const verdict = judge({ subject: `job "${job.name}"`, action: event.action, ...job });
  if (verdict.kind === 'ignored') return ignored(verdict.reason);
  return said({
    kind: verdict.kind,
    repository: event.repository.full_name,
    defaultBranch: event.repository.default_branch,
    event: 'workflow_job',
    headSha: job.head_sha,
    branch: job.head_branch,
    runId: job.run_id,
    runAttempt: job.run_attempt ?? 1,
    check: {
      name: job.name,
      source: 'job',
      jobId: job.id,
      runId: job.run_id,
      workflowName: job.workflow_name,
      failedSteps: job.steps,
      url: job.html_url,
    },
    workflowName: job.workflow_name,
    conclusion: verdict.conclusion,
    url: job.html_url,
    actor: event.sender,
    // The event has no head commit and does not tell a fork's branch from one of the repository's own.
    commitMessage: null,
    fromFork: null,
    pullRequests: [],
  });
});
