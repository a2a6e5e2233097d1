import { sql } from 'kysely';
import type { Store, Tx } from './open.ts';

export interface AttemptSpent {
  readonly remediationId: string;
  readonly ordinal: number;
  readonly repository: string;
  readonly startedAt: number;
  readonly counted: boolean;
  readonly costUsd: number;
}

/** Writes what an attempt has spent so far; told again, the later word stands. */
export async function saveAttempt(tx: Tx, attempt: AttemptSpent): Promise<void> {
  const spent = { counted: attempt.counted ? 1 : 0, cost_usd: attempt.costUsd };
  await tx
    .insertInto('attempts')
    .values({
      remediation_id: attempt.remediationId,
      ordinal: attempt.ordinal,
      repository: attempt.repository,
      started_at: attempt.startedAt,
      ...spent,
    })
    .onConflict((conflict) => conflict.columns(['remediation_id', 'ordinal']).doUpdateSet(spent))
    .execute();
}

export interface Spent {
  readonly attempts: number;
  readonly costUsd: number;
}

/** What attempts that began at `since` or later have spent, everywhere and in one repository. */
export async function spentSince(
  tx: Tx,
  repository: string,
  since: number,
): Promise<{ readonly everywhere: Spent; readonly here: Spent }> {
  const rows = await tx
    .selectFrom('attempts')
    .select(({ fn }) => [
      'repository',
      fn.sum<number | string | null>('counted').as('attempts'),
      fn.sum<number | string | null>('cost_usd').as('cost'),
    ])
    .where('started_at', '>=', since)
    .groupBy('repository')
    .execute();
  const total = (some: typeof rows): Spent => ({
    attempts: some.reduce((sum, row) => sum + Number(row.attempts ?? 0), 0),
    costUsd: some.reduce((sum, row) => sum + Number(row.cost ?? 0), 0),
  });
  return { everywhere: total(rows), here: total(rows.filter((row) => row.repository === repository)) };
}

/** Names the lock in PostgreSQL; any number that nothing else uses. */
const SPENDING = 4_815_162;

/**
 * Until the transaction ends, nobody else counts what is running or spent: of two replicas that both see room for one
 * more, only one gets it. The embedded store runs one transaction at a time anyway.
 */
export async function lockSpending(tx: Tx, dialect: Store['dialect']): Promise<void> {
  if (dialect === 'postgres') await sql`select pg_advisory_xact_lock(${SPENDING})`.execute(tx);
}
