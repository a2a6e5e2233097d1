import { sql } from 'kysely';
import type { Spent } from './attempts.ts';
import type { Reader } from './open.ts';
import { LIVE } from './remediations.ts';

/** What all attempts that began at `since` or later have spent. */
export async function spentToday(db: Reader, since: number): Promise<Spent> {
  const row = await db
    .selectFrom('attempts')
    .select(({ fn }) => [
      fn.sum<number | string | null>('counted').as('attempts'),
      fn.sum<number | string | null>('cost_usd').as('cost'),
    ])
    .where('started_at', '>=', since)
    .executeTakeFirst();
  return { attempts: Number(row?.attempts ?? 0), costUsd: Number(row?.cost ?? 0) };
}

/** Remediations whose agent is at work. */
export async function countWorkingEverywhere(db: Reader): Promise<number> {
  const row = await db
    .selectFrom('remediations')
    .select((eb) => eb.fn.countAll<number | string | bigint>().as('count'))
    .where('live', '=', LIVE)
    .where('phase', '=', sql.lit('working'))
    .executeTakeFirst();
  return Number(row?.count ?? 0);
}
