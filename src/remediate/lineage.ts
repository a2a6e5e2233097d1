import { countsAsAttempt } from '../model/outcome.ts';
import type { Attempt, Remediation } from '../model/remediation.ts';
import type { FailedCheck } from '../model/signal.ts';

/** Attempts that the lineage has spent; one under way counts until it proves not to have been one. */
export function attemptsSpent(remediation: Pick<Remediation, 'attempts' | 'attemptsBefore'>): number {
  return remediation.attemptsBefore + remediation.attempts.filter(counts).length;
}

/**
 * A run that was cancelled half-way does not count, but one whose agent had handed in its result does: it was paid for
 * in full, and commits that arrive while CI looks at it must not make attempts free.
 */
export function counts(attempt: Attempt): boolean {
  if (attempt.outcome === 'cancelled') return attempt.report !== null;
  return attempt.outcome === null || countsAsAttempt(attempt.outcome);
}

/** The number of the lineage's next CodeRun. */
export function nextOrdinal(remediation: Remediation): number {
  return remediation.spawned + 1;
}

/** Attempts at the end of the list that the infrastructure failed. */
export function infrastructureFailuresInARow(attempts: readonly Attempt[]): number {
  let count = 0;
  for (const attempt of attempts.toReversed()) {
    if (attempt.outcome !== 'infrastructure') break;
    count += 1;
  }
  return count;
}

/** Known checks with what another event added; a check is known by its name. */
export function mergeChecks(known: readonly FailedCheck[], more: readonly FailedCheck[]): readonly FailedCheck[] {
  const byName = new Map(known.map((check) => [check.name, check]));
  for (const check of more) {
    const before = byName.get(check.name);
    byName.set(check.name, before === undefined ? check : combine(before, check));
  }
  return [...byName.values()];
}

/** A job says more than a check run of the same name, which says more than a status. */
const SOURCES: readonly FailedCheck['source'][] = ['job', 'check', 'status'];

function combine(before: FailedCheck, later: FailedCheck): FailedCheck {
  return {
    name: before.name,
    source: SOURCES.find((source) => source === before.source || source === later.source) ?? before.source,
    jobId: later.jobId ?? before.jobId,
    runId: later.runId ?? before.runId,
    workflowName: later.workflowName ?? before.workflowName,
    failedSteps: later.failedSteps.length > 0 ? later.failedSteps : before.failedSteps,
    url: later.url ?? before.url,
  };
}
