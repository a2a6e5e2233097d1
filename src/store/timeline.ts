import type { Phase, TimelineEntry } from '../model/remediation.ts';
import type { Reader, Tx } from './open.ts';
import { prepared } from './prepared.ts';

const insertion = prepared((db: Reader, entry: TimelineEntry & { readonly remediationId: string }) =>
  db.insertInto('timeline').values({
    remediation_id: entry.remediationId,
    at: entry.at,
    phase: entry.phase,
    event: entry.event,
    message: entry.message,
  }),
);

export async function appendTimeline(tx: Tx, remediationId: string, entries: readonly TimelineEntry[]): Promise<void> {
  for (const entry of entries) await insertion.run(tx, { remediationId, ...entry });
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
