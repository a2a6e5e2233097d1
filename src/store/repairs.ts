import type { Remediation } from '../model/remediation.ts';
import type { Reader } from './open.ts';
import { ENDED } from './remediations.ts';

/** As far back as earlier remediations of the same thing are looked for. */
const MOST = 10;

/** Remediations of the same thing that ended before this one began, since it was last green; the oldest first. */
export async function earlierLives(db: Reader, { id, subjectKey }: Remediation): Promise<readonly Remediation[]> {
  const rows = await db
    .selectFrom('remediations')
    .select('document')
    .where('subject_key', '=', subjectKey)
    .where('live', '=', ENDED)
    // Ids are ULIDs, so their order is the order of creation.
    .where('id', '<', id)
    .orderBy('id', 'desc')
    .limit(MOST)
    .execute();
  const lives = rows.map(({ document }) => JSON.parse(document) as Remediation);
  const green = lives.findIndex(({ phase }) => phase === 'succeeded');
  return (green === -1 ? lives : lives.slice(0, green)).toReversed();
}

/** What was repaired of a subject on a branch of its own, in a pull request; the latest first. */
export async function repairsInPullRequests(db: Reader, subjectKey: string): Promise<readonly Remediation[]> {
  const rows = await db
    .selectFrom('remediations')
    .select('document')
    .where('subject_key', '=', subjectKey)
    .where('live', '=', ENDED)
    .where('phase', '=', 'succeeded')
    .orderBy('ended_at', 'desc')
    .limit(MOST)
    .execute();
  return rows
    .map(({ document }) => JSON.parse(document) as Remediation)
    .filter(({ pullRequest, targetBranch, branch }) => pullRequest !== null && targetBranch !== branch);
}
