import pLimit from 'p-limit';
import type { GitHub } from '../../../lib/github/client.ts';
import type { DownloadJobLog } from '../../../lib/github/job-log.ts';
import type { FailedCheck } from '../../../model/signal.ts';
import type { JobLog } from '../../evidence.ts';
import { failedChecksOf } from '../../failed-checks.ts';
import { answer, type ContextSource, type SourceContext } from '../../source.ts';

const MEBIBYTE = 1024 * 1024;
/** One job's log at most; what is longer loses its middle. */
const JOB_BYTES = 24 * MEBIBYTE;
/** What all gatherings under way hold of logs, as far as they know of each other when they begin. */
const ALL_BYTES = 768 * MEBIBYTE;
const MAX_LOGS = 20;
const AT_ONCE = 4;

/** Every failed job of the commit with its failed steps and its log, also those that no event named. */
export function githubLogs(github: GitHub, download: DownloadJobLog): ContextSource {
  let underWay = 0;
  return {
    name: 'github-logs',
    budget: { timeMs: 20_000, bytes: 48 * MEBIBYTE },
    relevant: (remediation) => remediation.kind === 'ci',
    async ask(context) {
      const { learn } = context;
      const failed = await failedChecksOf(github, context);
      learn({ failedChecks: failed });
      const withLog = failed.filter((check) => check.jobId !== null).slice(0, MAX_LOGS);
      underWay += 1;
      try {
        const room = Math.min(context.budget.bytes, Math.floor(ALL_BYTES / underWay));
        return report(failed, await downloadAll(download, context, withLog, room));
      } finally {
        underWay -= 1;
      }
    },
  };
}

interface LogOutcome {
  readonly check: FailedCheck;
  readonly said: string;
  readonly found: boolean;
  readonly truncated: boolean;
}

async function downloadAll(
  download: DownloadJobLog,
  { remediation, signal, learn }: SourceContext,
  withLog: readonly FailedCheck[],
  room: number,
): Promise<readonly LogOutcome[]> {
  const limit = pLimit(AT_ONCE);
  const maxBytes = Math.min(JOB_BYTES, Math.floor(room / Math.max(1, withLog.length)));
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
