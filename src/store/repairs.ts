import type { Remediation } from '../model/remediation.ts';
import type { Reader } from './open.ts';

/** As far back as a repair of the same thing is looked for. */
const MOST = 10;

/** What was repaired of a subject on a branch of its own, in a pull request; the latest first. */
export async function repairsInPullRequests(db: Reader, subjectKey: string): Promise<readonly Remediation[]> {
  const rows = await db
    .selectFrom('remediations')
    .select('document')
    .where('subject_key', '=', subjectKey)
    .where('phase', '=', 'succeeded')
    .orderBy('ended_at', 'desc')
    .limit(MOST)
    .execute();
  return rows
    .map(({ document }) => JSON.parse(document) as Remediation)
    .filter(({ pullRequest, targetBranch, branch }) => pullRequest !== null && targetBranch !== branch);
}
