import pLimit from 'p-limit';
import type { GitHub } from '../../../lib/github/client.ts';
import { splitRepository } from '../../../lib/github/errors.ts';
import type { DownloadJobLog } from '../../../lib/github/job-log.ts';
import { allPages } from '../../../lib/github/pages.ts';
import type { FailedCheck } from '../../../model/signal.ts';
import { assessChecks } from '../../assess-checks.ts';
import type { JobLog } from '../../evidence.ts';
import { readsOf } from '../../reads.ts';
import { answer, type ContextSource, type SourceContext } from '../../source.ts';
import { subjectOf } from '../../subject.ts';

const MEBIBYTE = 1024 * 1024;
/** One job's log at most; what is longer loses its middle. */
const JOB_BYTES = 24 * MEBIBYTE;
const MAX_LOGS = 20;
const MAX_RUNS = 5;
const AT_ONCE = 4;

/** Every failed job of the commit with its failed steps and its log, also those that no event named. */
export function githubLogs(github: GitHub, download: DownloadJobLog): ContextSource {
  return {
    name: 'github-logs',
    budget: { timeMs: 20_000, bytes: 48 * MEBIBYTE },
    relevant: (remediation) => remediation.kind === 'ci',
    async ask(context) {
      const { learn } = context;
      const failed = await failedChecks(github, context);
      learn({ failedChecks: failed });
      const withLog = failed.filter((check) => check.jobId !== null).slice(0, MAX_LOGS);
      const outcomes = await downloadAll(download, context, withLog);
      return report(failed, outcomes);
    },
  };
}

/** The red checks of the commit joined with what the events said, each job with its failed steps. */
async function failedChecks(github: GitHub, context: SourceContext): Promise<readonly FailedCheck[]> {
  const { remediation, shared } = context;
  const subject = subjectOf(remediation);
  const reads = readsOf(github, remediation, shared);
  const sha = await reads.redCommit();
  const [listed] = await Promise.allSettled([reads.checks(sha)]);
  const red = listed.status === 'fulfilled' ? assessChecks(listed.value, []).red : [];
  const isSubject = sha === subject.sha;
  const told = isSubject ? remediation.failedChecks : [];
  const runId = isSubject ? subject.runId : null;
  const known = [...red, ...told.filter((check) => !red.some((other) => isSame(other, check)))];
  const runs = new Set([runId, ...known.map((check) => check.runId)].filter((id) => id !== null));
  const read = await Promise.allSettled([...runs].slice(0, MAX_RUNS).map((id) => failedJobs(github, context, id)));
  const jobs = read.flatMap((result) => (result.status === 'fulfilled' ? result.value : []));
  if (known.length === 0 && jobs.length === 0 && listed.status === 'rejected') throw listed.reason;
  const fromJobs = jobs.filter((job) => !known.some((check) => isSame(check, job)));
  const stepsOf = (check: FailedCheck): FailedCheck => {
    const job = jobs.find((candidate) => isSame(candidate, check));
    return job === undefined ? check : { ...check, ...job, url: check.url ?? job.url };
  };
  return [...known.map(stepsOf), ...fromJobs];
}

function isSame(a: FailedCheck, b: FailedCheck): boolean {
  if (a.jobId !== null && b.jobId !== null && a.runId === b.runId) return a.jobId === b.jobId;
  const workflowDiffers = a.workflowName !== null && b.workflowName !== null && a.workflowName !== b.workflowName;
  return a.name === b.name && !workflowDiffers;
}

async function failedJobs(
  github: GitHub,
  { remediation, signal }: SourceContext,
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

interface LogOutcome {
  readonly check: FailedCheck;
  readonly said: string;
  readonly found: boolean;
  readonly truncated: boolean;
}

async function downloadAll(
  download: DownloadJobLog,
  { remediation, signal, budget, learn }: SourceContext,
  withLog: readonly FailedCheck[],
): Promise<readonly LogOutcome[]> {
  const limit = pLimit(AT_ONCE);
  const maxBytes = Math.min(JOB_BYTES, Math.floor(budget.bytes / Math.max(1, withLog.length)));
  const logs: JobLog[] = [];
  const one = async (check: FailedCheck): Promise<LogOutcome> => {
    const { repository } = remediation;
    const log = await download({ repository, jobId: check.jobId ?? 0, maxBytes, signal });
    if (log.status !== 'found') return { check, said: log.detail, found: false, truncated: false };
    const truncated = log.cutBytes > 0;
    logs.push({ check, bytes: log.bytes, truncated });
    learn({ logs: withLog.flatMap((wanted) => logs.filter((known) => known.check === wanted)) });
    const size = `${Math.ceil(log.bytes.length / 1024)} KiB of log${truncated ? ', its middle left out' : ''}`;
    return { check, said: size, found: true, truncated };
  };
  return Promise.all(withLog.map((check) => limit(one, check)));
}

function report(failed: readonly FailedCheck[], outcomes: readonly LogOutcome[]) {
  if (failed.length === 0) return answer.empty('No check of this commit is red (any more).');
  const lines = failed.map((check) => {
    const steps = check.failedSteps.length === 0 ? '' : `, failed at: ${check.failedSteps.join(', ')}`;
    const log = outcomes.find((outcome) => outcome.check === check)?.said ?? 'no log of its own';
    return `${check.workflowName === null ? '' : `${check.workflowName} / `}${check.name}${steps} (${log})`;
  });
  const found = outcomes.filter((outcome) => outcome.found).length;
  const summary = `${failed.length === 1 ? '1 check is' : `${failed.length} checks are`} red; ${found} of ${outcomes.length} job logs were read.`;
  if (found === 0 && outcomes.length > 0) {
    const why = [...new Set(outcomes.map((outcome) => outcome.said))].join('; ');
    return { ...answer.failed(`${summary} ${why}`), body: lines.join('\n') };
  }
  const truncated = outcomes.some((outcome) => outcome.truncated);
  return answer.found(summary, lines.join('\n'), { truncated, url: failed[0]?.url ?? null });
}
