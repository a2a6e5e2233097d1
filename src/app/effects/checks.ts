import { readChecks } from '../../brief/checks.ts';
import type { ChecksReading } from '../../brief/evidence.ts';
import { locateCommit } from '../../brief/locate.ts';
import type { Clock } from '../../lib/clock.ts';
import type { GitHub } from '../../lib/github/client.ts';
import type { ChecksRead } from '../../model/fact.ts';
import type { Remediation } from '../../model/remediation.ts';
import type { FailedCheck } from '../../model/signal.ts';
import type { Handler } from '../../remediate/worker.ts';
import type { ChangeReviewer } from './change-review.ts';

/**
 * Reads from GitHub how the checks stand that have to become green: on the agent's commit or a later one while
 * verifying, on the failed commit after a re-run. Pending means to look again, whether or not an event comes. Before
 * green on an agent's commit is said, its change is reviewed.
 */
export function readChecksHandler(deps: {
  readonly github: GitHub;
  readonly clock: Clock;
  readonly pollMs: number;
  readonly review: ChangeReviewer;
}): Handler<'read_checks'> {
  const { github, clock, pollMs } = deps;
  return async (effect, remediation, signal) => {
    const place =
      effect.phase === 'verifying'
        ? await agentsCommit(github, remediation, signal)
        : { sha: remediation.headSha, problem: null };
    if (place.problem !== null) {
      return {
        kind: 'fact',
        fact: { kind: 'checks_read', sha: place.sha, state: 'red', red: [], pending: [], problem: place.problem },
      };
    }
    const reading = await readChecks(github, remediation.repository, place.sha, remediation.failedChecks, signal);
    const fact = judge(reading, place.sha, remediation);
    if (fact.state === 'pending') return { kind: 'again', at: clock() + pollMs };
    const hasPushed = remediation.attempts.some(({ report }) => report !== null && report.commitSha !== null);
    if (fact.state === 'red' || effect.phase === 'rerunning' || !hasPushed) return { kind: 'fact', fact };
    return { kind: 'fact', fact: { ...fact, ...(await deps.review(remediation, place.sha, signal)) } };
  };
}

/** The commit to look at: the target branch's head, provided that the agent's commit is in it. */
async function agentsCommit(
  github: GitHub,
  remediation: Remediation,
  signal: AbortSignal,
): Promise<{ readonly sha: string; readonly problem: string | null }> {
  const commitSha = remediation.attempts.at(-1)?.report?.commitSha ?? null;
  const branch = remediation.targetBranch ?? remediation.branch;
  if (commitSha === null) return { sha: remediation.headSha, problem: null };
  const place = await locateCommit(github, remediation.repository, { branch, commitSha, signal });
  const short = commitSha.slice(0, 8);
  if (place.headSha === null)
    return { sha: commitSha, problem: `The branch ${branch} does not exist after the agent reported ${short}.` };
  if (!place.onBranch)
    return { sha: place.headSha, problem: `The agent reported ${short}, which is not on ${branch}.` };
  return { sha: place.headSha, problem: null };
}

/**
 * A red job that is the very one known from before a re-run is no news. Checks that were not red at the start and are
 * red after the agent's commit count against it.
 */
export function judge(reading: ChecksReading, sha: string, remediation: Remediation): ChecksRead {
  const known = new Set(remediation.failedChecks.map((check) => check.jobId).filter((id) => id !== null));
  // Only a re-run that this phase began with makes what is known from before stale.
  const wasRerun = remediation.rerunAt !== null && remediation.rerunAt >= remediation.phaseSince;
  const isOld = (check: FailedCheck): boolean => wasRerun && check.jobId !== null && known.has(check.jobId);
  const ofAgent = sha !== remediation.headSha;
  const red = [...reading.red, ...(ofAgent ? reading.alsoRed : [])].filter((check) => !isOld(check));
  const stale = reading.red.filter(isOld).map((check) => check.name);
  const pending = [...reading.pending, ...stale];
  const state = red.length > 0 ? 'red' : pending.length > 0 ? 'pending' : 'green';
  return { kind: 'checks_read', sha, state, red, pending, problem: null };
}
