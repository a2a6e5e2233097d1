import type { Reader } from './open.ts';

/** Remediations at work in one repository, one of them not counted. */
export async function countWorkingIn(db: Reader, repository: string, exceptId: string): Promise<number> {
  const row = await db
    .selectFrom('remediations')
    .select((eb) => eb.fn.countAll<number | string | bigint>().as('count'))
    .where('live', '=', 1)
    .where('phase', '=', 'working')
    .where('repository', '=', repository)
    .where('id', '!=', exceptId)
    .executeTakeFirst();
  return Number(row?.count ?? 0);
}

/** When a remediation succeeded last, later than `after`; null when none did. Milliseconds since the epoch. */
export async function lastSuccessAfter(db: Reader, after: number): Promise<number | null> {
  const row = await db
    .selectFrom('remediations')
    .select((eb) => eb.fn.max('ended_at').as('at'))
    .where('phase', '=', 'succeeded')
    .where('ended_at', '>', after)
    .executeTakeFirst();
  return row?.at === null || row?.at === undefined ? null : Number(row.at);
}
