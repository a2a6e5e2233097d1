import { sql } from 'kysely';
import type { Incident } from './incidents.ts';
import type { Reader } from './open.ts';

/** An incident with how far it has come. */
export interface WatchedIncident extends Incident {
  readonly closedBy: string | null;
  readonly remediations: number;
  readonly repositories: number;
}

/** The incidents that are under way, and those of these ids. */
export async function watchedIncidents(
  db: Reader,
  now: number,
  ids: readonly string[],
): Promise<readonly WatchedIncident[]> {
  const rows = await db
    .selectFrom('incidents')
    .selectAll()
    .where((eb) =>
      eb.or([
        eb.and([eb('closed_at', 'is', null), eb('until', '>', now)]),
        ...(ids.length === 0 ? [] : [eb('id', 'in', [...ids])]),
      ]),
    )
    .orderBy('id')
    .execute();
  const watched: WatchedIncident[] = [];
  for (const row of rows) {
    // Those that made it an incident were seen before it was opened.
    const since = Number(row.opened_at) - (Number(row.until) - Number(row.opened_at));
    const counted = await db
      .selectFrom('sightings')
      .select([
        sql<number>`count(distinct remediation_id)`.as('all'),
        sql<number>`count(distinct repository)`.as('places'),
      ])
      .where('kind', '=', row.kind)
      .where('key', '=', row.key)
      .where('at', '>', since)
      .executeTakeFirstOrThrow();
    watched.push({
      id: row.id,
      kind: row.kind,
      key: row.key,
      openedAt: Number(row.opened_at),
      until: Number(row.until),
      leadId: row.lead_id,
      escalatedBy: row.escalated_by,
      closedBy: row.closed_by,
      remediations: Number(counted.all),
      repositories: Number(counted.places),
    });
  }
  return watched;
}
