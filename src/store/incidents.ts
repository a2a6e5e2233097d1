import type { Phase } from '../model/remediation.ts';
import type { Reader, Store, Tx } from './open.ts';
import type { IncidentTable } from './schema.ts';

/** A wave of one cause that is under way. Times are milliseconds since the epoch. */
export interface Incident {
  readonly id: string;
  readonly kind: string;
  readonly key: string;
  readonly openedAt: number;
  readonly until: number;
  readonly leadId: string;
  readonly escalatedBy: string | null;
}

export interface Sighting {
  readonly remediationId: string;
  readonly repository: string;
  readonly phase: Phase;
}

/** Notes that a remediation shows a cause. Its first sight counts; later ones change nothing. */
export async function noteSighting(
  tx: Tx,
  sighting: { kind: string; key: string; remediationId: string; repository: string; at: number },
): Promise<void> {
  const { remediationId, ...row } = sighting;
  await tx
    .insertInto('sightings')
    .values({ ...row, remediation_id: remediationId })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** The remediations that showed a cause since then, and since its last incident ended; the first to show it first. */
export async function sightingsSince(tx: Tx, kind: string, key: string, since: number): Promise<readonly Sighting[]> {
  const last = await tx
    .selectFrom('incidents')
    .select((eb) => eb.fn.max('closed_at').as('at'))
    .where('kind', '=', kind)
    .where('key', '=', key)
    .executeTakeFirst();
  const after = Math.max(since, Number(last?.at ?? 0));
  const rows = await tx
    .selectFrom('sightings')
    .innerJoin('remediations', 'remediations.id', 'sightings.remediation_id')
    .select(['sightings.remediation_id', 'sightings.repository', 'remediations.phase'])
    .where('sightings.kind', '=', kind)
    .where('sightings.key', '=', key)
    .where('sightings.at', '>', after)
    .orderBy('sightings.at')
    .orderBy('sightings.remediation_id')
    .execute();
  return rows.map((row) => ({
    remediationId: row.remediation_id,
    repository: row.repository,
    phase: row.phase as Phase,
  }));
}

/** Opens an incident; without effect when one of the same cause is open. */
export async function openIncident(tx: Tx, incident: Omit<Incident, 'escalatedBy'>): Promise<void> {
  await tx
    .insertInto('incidents')
    .values({
      id: incident.id,
      kind: incident.kind,
      key: incident.key,
      opened_at: incident.openedAt,
      until: incident.until,
      lead_id: incident.leadId,
      escalated_by: null,
      closed_at: null,
      closed_by: null,
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** The open incidents that a remediation belongs to, the oldest first; on PostgreSQL held until the transaction ends. */
export async function incidentsOf(
  tx: Tx,
  dialect: Store['dialect'],
  remediationId: string,
): Promise<readonly Incident[]> {
  const ids = await tx
    .selectFrom('incidents')
    .innerJoin('sightings', (join) =>
      join.onRef('sightings.kind', '=', 'incidents.kind').onRef('sightings.key', '=', 'incidents.key'),
    )
    .select('incidents.id')
    .where('sightings.remediation_id', '=', remediationId)
    .where('incidents.closed_at', 'is', null)
    .execute();
  if (ids.length === 0) return [];
  const query = tx
    .selectFrom('incidents')
    .selectAll()
    .where(
      'id',
      'in',
      ids.map(({ id }) => id),
    )
    .where('closed_at', 'is', null)
    .orderBy('id');
  const rows = await (dialect === 'postgres' ? query.forUpdate() : query).execute();
  return rows.map(fromRow);
}

export async function findOpenIncident(db: Reader, kind: string, key: string): Promise<Incident | null> {
  const row = await db
    .selectFrom('incidents')
    .selectAll()
    .where('kind', '=', kind)
    .where('key', '=', key)
    .where('closed_at', 'is', null)
    .executeTakeFirst();
  return row === undefined ? null : fromRow(row);
}

export async function changeIncident(
  tx: Tx,
  id: string,
  changes: { readonly leadId: string } | { readonly escalatedBy: string },
): Promise<void> {
  const row = 'leadId' in changes ? { lead_id: changes.leadId } : { escalated_by: changes.escalatedBy };
  await tx.updateTable('incidents').set(row).where('id', '=', id).execute();
}

export async function closeIncident(tx: Tx, id: string, by: 'green' | 'window', now: number): Promise<void> {
  await tx
    .updateTable('incidents')
    .set({ closed_at: now, closed_by: by })
    .where('id', '=', id)
    .where('closed_at', 'is', null)
    .execute();
}

function fromRow(row: IncidentTable): Incident {
  return {
    id: row.id,
    kind: row.kind,
    key: row.key,
    openedAt: row.opened_at,
    until: row.until,
    leadId: row.lead_id,
    escalatedBy: row.escalated_by,
  };
}
