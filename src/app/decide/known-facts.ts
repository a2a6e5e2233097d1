import type { KnownFacts } from '../../decide/admit/known.ts';
import { findOpenLineage } from '../../store/lineages.ts';
import type { Reader } from '../../store/open.ts';
import {
  findByRun,
  findLastEndedBySubject,
  findLastEndedOnBranch,
  findLiveBySubject,
  findLiveOnBranch,
} from '../../store/remediation-places.ts';

/** What may be live only once on a branch: red checks, findings of a review and failed plays share it. */
export function branchSubject(repository: string, branch: string): string {
  return `ci:${repository}:${branch}`;
}

/** What the store knows about a branch and, for CI, about a run. */
export async function factsOfBranch(
  db: Reader,
  repository: string,
  branch: string | null,
  runId: number | null = null,
): Promise<KnownFacts> {
  const live = branch === null ? null : await findLiveOnBranch(db, repository, branch);
  const lastEnded = branch === null ? null : await findLastEndedOnBranch(db, repository, branch);
  // An agent's own branch has no lineage of its own: what is spent on it was spent on the branch it repairs.
  const own = branch === null ? null : branchSubject(repository, branch);
  const key = live?.subjectKey ?? lastEnded?.subjectKey ?? own;
  const lineage = key === null ? null : await findOpenLineage(db, key);
  return {
    ofRun: runId === null ? null : await findByRun(db, repository, runId),
    live,
    lastEnded,
    lineageAttempts: lineage?.attempts ?? null,
  };
}

/** What the store knows about a subject that is not a branch. */
export async function factsOfSubject(db: Reader, subjectKey: string): Promise<KnownFacts> {
  const lineage = await findOpenLineage(db, subjectKey);
  return {
    ofRun: null,
    live: await findLiveBySubject(db, subjectKey),
    lastEnded: await findLastEndedBySubject(db, subjectKey),
    lineageAttempts: lineage?.attempts ?? null,
  };
}
