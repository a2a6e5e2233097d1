import { findBrief, type StoredBrief } from './briefs.ts';
import type { Reader } from './open.ts';

/** A brief without its documents. */
export interface BriefEntry {
  readonly id: string;
  /** Of the attempt that it was made for. */
  readonly ordinal: number;
}

/** The briefs of a remediation, oldest first. */
export async function listBriefs(db: Reader, remediationId: string): Promise<readonly BriefEntry[]> {
  return db
    .selectFrom('briefs')
    .select(['id', 'ordinal'])
    .where('remediation_id', '=', remediationId)
    .orderBy('created_at')
    .orderBy('ordinal')
    .execute();
}

/** The last brief that was made for an attempt; null when there is none. */
export async function briefOfAttempt(
  db: Reader,
  briefs: readonly BriefEntry[],
  ordinal: number,
): Promise<StoredBrief | null> {
  const entry = briefs.findLast((brief) => brief.ordinal === ordinal);
  return entry === undefined ? null : findBrief(db, entry.id);
}
