import type { GitHub } from '../../../lib/github/client.ts';
import { splitRepository } from '../../../lib/github/errors.ts';
import type { DownloadJobLog } from '../../../lib/github/job-log.ts';
import type { FailedCheck } from '../../../model/signal.ts';
import type { JobLog } from '../../evidence.ts';
import { failedChecksOf } from '../../failed-checks.ts';
import { readsOf } from '../../reads.ts';
import { answer, type ContextSource, type SourceContext } from '../../source.ts';
import { subjectOf } from '../../subject.ts';
import { commitsSince, type Since } from './since.ts';

const MEBIBYTE = 1024 * 1024;
const MAX_WORKFLOWS = 2;
const MAX_LOGS = 3;
/** Of one green log; the end, where the failure stands in the red one, is kept. */
const LOG_BYTES = 4 * MEBIBYTE;

/**
 * When the same workflow was last green, what was committed since, and the logs of the same jobs then: what stands in
 * both says little about the failure. At most nine requests: runs of two branches, jobs of two runs, three logs, two
 * comparisons.
 */
export function lastGreen(github: GitHub, download: DownloadJobLog): ContextSource {
  return {
    name: 'last-green',
    budget: { timeMs: 15_000, bytes: MAX_LOGS * LOG_BYTES },
    relevant: (remediation) => remediation.kind === 'ci',
    async ask(context) {
      const failed = (await failedChecksOf(github, context)).filter(({ source }) => source === 'job');
      const workflows = [...new Set(failed.flatMap(({ workflowName }) => workflowName ?? []))].slice(0, MAX_WORKFLOWS);
      if (workflows.length === 0) return answer.empty('No workflow of GitHub Actions is red here.');
      const runs = await greenRuns(github, context, workflows);
      if (runs.length === 0) return answer.empty(`No green run of ${workflows.join(' or ')} is known.`);
      const red = await readsOf(github, context.remediation, context.shared).redCommit();
      const [since] = await Promise.all([
        Promise.all(runs.map((run) => commitsSince(github, context, run.sha, red))),
        learnLogs(github, download, context, runs, failed),
      ]);
      return report(runs, since);
    },
  };
}

interface GreenRun {
  readonly id: number;
  readonly workflow: string;
  readonly branch: string;
  readonly sha: string;
  readonly at: string;
  readonly url: string;
}

/** The last green run of each workflow on the branch itself, else on the one it is to be merged into. */
async function greenRuns(
  github: GitHub,
  context: SourceContext,
  workflows: readonly string[],
): Promise<readonly GreenRun[]> {
  const { remediation, shared } = context;
  const { branch } = subjectOf(remediation);
  const own = await runsOf(github, context, branch);
  const missing = workflows.filter((workflow) => !own.some((run) => run.workflow === workflow));
  const base = missing.length === 0 ? null : await baseOf(github, { remediation, shared });
  const based = base === null || base === branch ? [] : await runsOf(github, context, base);
  return workflows.flatMap((workflow) => [...own, ...based].find((run) => run.workflow === workflow) ?? []);
}

async function baseOf(
  github: GitHub,
  { remediation, shared }: Pick<SourceContext, 'remediation' | 'shared'>,
): Promise<string> {
  const reads = readsOf(github, remediation, shared);
  return (await reads.pullRequest())?.baseRef ?? (await reads.repository()).defaultBranch;
}

async function runsOf(
  github: GitHub,
  { remediation, signal }: SourceContext,
  branch: string,
): Promise<readonly GreenRun[]> {
  const { data } = await github.forRepository(remediation.repository).rest.actions.listWorkflowRunsForRepo({
    ...splitRepository(remediation.repository),
    branch,
    status: 'success',
    exclude_pull_requests: true,
    per_page: 100,
    request: { signal },
  });
  return data.workflow_runs.map((run) => ({
    id: Number(run.id),
    workflow: run.name ?? run.path,
    branch,
    sha: run.head_sha,
    at: run.updated_at,
    url: run.html_url,
  }));
}

/** What is not known of an older run spoils nothing: then no line weighs less. */
async function learnLogs(
  github: GitHub,
  download: DownloadJobLog,
  context: SourceContext,
  runs: readonly GreenRun[],
  failed: readonly FailedCheck[],
): Promise<void> {
  const { remediation, signal, learn } = context;
  const listed = await Promise.allSettled(runs.map((run) => jobsOf(github, context, run)));
  const jobs = listed.flatMap((result) => (result.status === 'fulfilled' ? result.value : []));
  const wanted = failed.flatMap((check) => {
    const job = jobs.find(({ name, workflow }) => name === check.name && workflow === check.workflowName);
    return job === undefined ? [] : [{ check, jobId: job.id }];
  });
  const logs: JobLog[] = [];
  const one = async ({ check, jobId }: (typeof wanted)[number]): Promise<void> => {
    const log = await download({ repository: remediation.repository, jobId, maxBytes: LOG_BYTES, signal, once: true });
    if (log.status !== 'found') return;
    logs.push({ check, bytes: log.bytes, truncated: log.cutBytes > 0 });
    learn({ greenLogs: [...logs] });
  };
  await Promise.all(wanted.slice(0, MAX_LOGS).map(one));
}

async function jobsOf(github: GitHub, { remediation, signal }: SourceContext, run: GreenRun) {
  const { data } = await github.forRepository(remediation.repository).rest.actions.listJobsForWorkflowRun({
    ...splitRepository(remediation.repository),
    run_id: run.id,
    filter: 'latest',
    per_page: 100,
    request: { signal },
  });
  return data.jobs.map(({ id, name }) => ({ id: Number(id), name, workflow: run.workflow }));
}

function report(runs: readonly GreenRun[], since: readonly (Since | null)[]) {
  const parts = runs.map((run, index) => {
    const known = since[index] ?? null;
    const head = `${run.workflow} was last green at ${run.at} on ${run.branch}, commit ${run.sha.slice(0, 8)}.`;
    return [head, ...(known?.lines ?? ['What was committed since is not known.'])].join('\n');
  });
  const [first] = runs;
  const [commits] = since;
  const told = commits == null ? '' : `; ${commits.total === 1 ? '1 commit' : `${commits.total} commits`} since`;
  const summary = `${first?.workflow} was last green on ${first?.branch} at ${first?.sha.slice(0, 8)}${told}.`;
  const truncated = since.some((one) => one?.truncated === true);
  return answer.found(summary, parts.join('\n\n'), { url: commits?.url ?? first?.url ?? null, truncated });
}
