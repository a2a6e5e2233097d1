import type { Phase, TimelineEntry } from '../model/remediation.ts';
import type { Reader, Tx } from './open.ts';

export async function appendTimeline(tx: Tx, remediationId: string, entries: readonly TimelineEntry[]): Promise<void> {
  if (entries.length === 0) return;
  await tx
    .insertInto('timeline')
    .values(entries.map((entry) => ({ remediation_id: remediationId, ...entry })))
    .execute();
}

/** Oldest first. */
export async function readTimeline(db: Reader, remediationId: string): Promise<readonly TimelineEntry[]> {
  const rows = await db
    .selectFrom('timeline')
    .select(['at', 'phase', 'event', 'message'])
    .where('remediation_id', '=', remediationId)
    .orderBy('id')
    .execute();
  return rows.map((row) => ({ ...row, phase: row.phase as Phase }));
}
