import type { RepositoryName } from '../../../model/signal.ts';

/** Where an Actions page lies: which run, which try of it, which job. */
export interface ActionsPlace {
  readonly runId: number;
  /** Null when the address does not say which try. */
  readonly runAttempt: number | null;
  readonly jobId: number | null;
}

// `/jobs/<n>` (plural) appears in older addresses with a number that is not a job id.
const PLACE = /^\/([^/]+\/[^/]+)\/actions\/runs\/(\d{1,16})(?:\/attempts\/(\d{1,4}))?(?:\/job\/(\d{1,16}))?(?:\/|$)/;

function positive(digits: string | undefined): number | null {
  const value = Number(digits);
  return Number.isSafeInteger(value) && value > 0 ? value : null;
}

/**
 * Run and job from a check's `details_url` (`https://host/owner/name/actions/runs/<run>/job/<job>`).
 * The address is written by whoever made the check, so one that leads to another repository says nothing.
 */
export function actionsPlace(url: string | null, repository: RepositoryName): ActionsPlace | null {
  const path = url === null ? null : URL.parse(url)?.pathname;
  const match = path ? PLACE.exec(path) : null;
  if (!match || match[1]?.toLowerCase() !== repository.toLowerCase()) return null;
  const runId = positive(match[2]);
  return runId === null ? null : { runId, runAttempt: positive(match[3]), jobId: positive(match[4]) };
}
