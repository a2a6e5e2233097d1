import type { GitHub } from '../../lib/github/client.ts';
import { githubError, isNotFound, splitRepository } from '../../lib/github/errors.ts';
import { reason } from '../../model/reason.ts';
import type { Remediation } from '../../model/remediation.ts';
import type { Handler } from '../../remediate/worker.ts';
import type { Store } from '../../store/open.ts';
import { repairsInPullRequests } from '../../store/repairs.ts';

export interface OpenRepairDeps {
  readonly store: Store;
  readonly github: GitHub;
}

/**
 * A default branch stays red until people merge the repair, and each push to it is red once more. The same breakage is
 * not repaired a second time while its pull request is open; a person who asks for it gets it.
 */
export function unlessRepairWaits(gather: Handler<'gather'>, deps: OpenRepairDeps): Handler<'gather'> {
  return async (effect, remediation, signal) => {
    const handled = await gather(effect, remediation, signal);
    if (handled.kind !== 'fact' || handled.fact.kind !== 'evidence_gathered') return handled;
    const { fact } = handled;
    const isAsked = remediation.approvedBy !== null || remediation.attempts.length > 0;
    if (isAsked || fact.verdict.kind === 'stop') return handled;
    const waiting = await waitingRepair(deps, remediation, fact.fingerprint, signal);
    if (waiting === null) return handled;
    const why = reason('repair_open', `Pull request #${waiting} holds the repair of this and waits to be merged.`);
    return { ...handled, fact: { ...fact, verdict: { kind: 'stop', phase: 'cancelled', reason: why } } };
  };
}

/** The open pull request that repairs the same breakage; null when there is none. */
async function waitingRepair(
  { store, github }: OpenRepairDeps,
  { repository, subjectKey }: Remediation,
  fingerprint: string,
  signal: AbortSignal,
): Promise<number | null> {
  const repairs = await repairsInPullRequests(store.db, subjectKey);
  const number = repairs.find((repair) => repair.fingerprint === fingerprint)?.pullRequest ?? null;
  if (number === null) return null;
  try {
    const { data } = await github
      .forRepository(repository)
      .rest.pulls.get({ ...splitRepository(repository), pull_number: number, request: { signal } });
    return data.state === 'open' ? number : null;
  } catch (error) {
    if (isNotFound(error)) return null;
    throw githubError(error, `read pull request #${number} of ${repository}`, github.clock());
  }
}
