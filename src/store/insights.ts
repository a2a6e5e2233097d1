import { sql } from 'kysely';
import type { Reader } from './open.ts';

/** A remediation as insights need it. Times are milliseconds since the epoch. */
export interface LifeRow {
  readonly id: string;
  readonly subjectKey: string;
  readonly phase: string;
  readonly reasonCode: string | null;
  readonly createdAt: number;
  /** Null while it is live. */
  readonly endedAt: number | null;
}

/** Remediations that ended at or after a time, and those that live, in the order in which each subject had them. */
export async function readLives(db: Reader, since: number): Promise<readonly LifeRow[]> {
  const lives = db
    .selectFrom('remediations')
    .select(['id', 'subject_key', 'phase', 'reason_code', 'created_at', 'ended_at']);
  // Each by its own index, and in order afterwards: together the database would read every remediation there is.
  const ended = await lives.where('ended_at', '>=', since).execute();
  const live = await lives.where('live', '=', sql.lit(1)).execute();
  const rows = [...ended, ...live].toSorted(
    (a, b) => compare(a.subject_key, b.subject_key) || a.created_at - b.created_at || compare(a.id, b.id),
  );
  return rows.map((row) => ({
    id: row.id,
    subjectKey: row.subject_key,
    phase: row.phase,
    reasonCode: row.reason_code,
    createdAt: row.created_at,
    endedAt: row.ended_at,
  }));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

export interface DeliveryCounts {
  readonly received: number;
  /** Joined to a remediation that was known already. */
  readonly joined: number;
  /** Undecided although they came before `lostBefore`, whenever that was. */
  readonly lost: number;
}

export async function countDeliveries(
  db: Reader,
  { since, lostBefore }: { readonly since: number; readonly lostBefore: number },
): Promise<DeliveryCounts> {
  const rows = await db
    .selectFrom('deliveries')
    .select((eb) => ['dedup_status', eb.fn.countAll<number | string | bigint>().as('count')])
    .where('received_at', '>=', since)
    .groupBy('dedup_status')
    .execute();
  const undecided = await db
    .selectFrom('deliveries')
    .select((eb) => eb.fn.countAll<number | string | bigint>().as('count'))
    .where('state', '=', sql.lit('stored'))
    .where('received_at', '<', lostBefore)
    .executeTakeFirst();
  return {
    received: rows.reduce((sum, { count }) => sum + Number(count), 0),
    joined: Number(rows.find((row) => row.dedup_status === 'existing')?.count ?? 0),
    lost: Number(undecided?.count ?? 0),
  };
}
