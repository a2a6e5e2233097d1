import type { Remediation } from '../model/remediation.ts';

/** The commit and the branch that the next attempt is about. */
export interface Subject {
  /** The commit that is red: the one it began with, or the last agent's. */
  readonly sha: string;
  /** The branch that carries it. */
  readonly branch: string;
  /** The Actions run it began with; null once an agent has pushed. */
  readonly runId: number | null;
}

/** After an agent has pushed, the evidence is about its commit on the target branch. */
export function subjectOf(remediation: Remediation): Subject {
  const { headSha, branch, targetBranch, runId, attempts } = remediation;
  const pushed = attempts.some(
    (attempt) => attempt.report?.commitSha != null && attempt.outcome === 'ci_still_failing',
  );
  return {
    sha: headSha,
    branch: pushed && targetBranch !== null ? targetBranch : branch,
    runId: pushed ? null : runId,
  };
}
