import type { GitHub } from '../lib/github/client.ts';
import { splitRepository } from '../lib/github/errors.ts';
import { allPages } from '../lib/github/pages.ts';
import type { FailedCheck } from '../model/signal.ts';
import { assessChecks } from './assess-checks.ts';
import { readsOf } from './reads.ts';
import type { SourceContext } from './source.ts';
import { subjectOf } from './subject.ts';

const MAX_RUNS = 5;

type AskingContext = Pick<SourceContext, 'remediation' | 'shared' | 'signal'>;

/**
 * The red checks of the commit joined with what the events said, each job with its failed steps. Asked once a gathering,
 * whoever needs it: checks of the commit, then the jobs of at most five runs.
 */
export function failedChecksOf(github: GitHub, context: AskingContext): Promise<readonly FailedCheck[]> {
  return context.shared.once('failed-checks', (signal) => readFailedChecks(github, { ...context, signal }));
}

async function readFailedChecks(github: GitHub, context: AskingContext): Promise<readonly FailedCheck[]> {
  const { remediation, shared } = context;
  const subject = subjectOf(remediation);
  const reads = readsOf(github, remediation, shared);
  const sha = await reads.redCommit();
  const [listed] = await Promise.allSettled([reads.checks(sha)]);
  const red = listed.status === 'fulfilled' ? assessChecks(listed.value, []).red : [];
  const isSubject = sha === subject.sha;
  const told = isSubject ? remediation.failedChecks : [];
  const runId = isSubject ? subject.runId : null;
  const known = [...red, ...told.filter((check) => !red.some((other) => isSameCheck(other, check)))];
  const runs = new Set([runId, ...known.map((check) => check.runId)].filter((id) => id !== null));
  const read = await Promise.allSettled([...runs].slice(0, MAX_RUNS).map((id) => failedJobs(github, context, id)));
  const jobs = read.flatMap((result) => (result.status === 'fulfilled' ? result.value : []));
  if (known.length === 0 && jobs.length === 0 && listed.status === 'rejected') throw listed.reason;
  const fromJobs = jobs.filter((job) => !known.some((check) => isSameCheck(check, job)));
  const stepsOf = (check: FailedCheck): FailedCheck => {
    const job = jobs.find((candidate) => isSameCheck(candidate, check));
    return job === undefined ? check : { ...check, ...job, url: check.url ?? job.url };
  };
  return [...known.map(stepsOf), ...fromJobs];
}

/** The same job, or the same name where workflows do not differ. */
export function isSameCheck(a: FailedCheck, b: FailedCheck): boolean {
  if (a.jobId !== null && b.jobId !== null && a.runId === b.runId) return a.jobId === b.jobId;
  const workflowDiffers = a.workflowName !== null && b.workflowName !== null && a.workflowName !== b.workflowName;
  return a.name === b.name && !workflowDiffers;
}

async function failedJobs(
  github: GitHub,
  { remediation, signal }: AskingContext,
  runId: number,
): Promise<readonly FailedCheck[]> {
  const octokit = github.forRepository(remediation.repository);
  const where = { ...splitRepository(remediation.repository), run_id: runId, per_page: 100, request: { signal } };
  const ask = (page: number) => octokit.rest.actions.listJobsForWorkflowRun({ ...where, filter: 'latest', page });
  const jobs = await allPages(ask, (data) => data.jobs, 5);
  const isRed = (conclusion: string | null): boolean => conclusion === 'failure' || conclusion === 'timed_out';
  return jobs
    .filter((job) => isRed(job.conclusion))
    .map((job) => ({
      name: job.name,
      source: 'job',
      jobId: Number(job.id),
      runId: Number(job.run_id),
      workflowName: job.workflow_name,
      failedSteps: (job.steps ?? []).filter((step) => isRed(step.conclusion)).map((step) => step.name),
      url: job.html_url,
    }));
}
