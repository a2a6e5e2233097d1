import { sql } from 'kysely';
import type { Phase } from '../model/remediation.ts';
import type { Store } from './open.ts';
import { LIVE } from './remediations.ts';

/** Live remediations by phase; phases without any are missing. Reads the live rows only. */
export async function countLive({ db }: Pick<Store, 'db'>): Promise<Readonly<Partial<Record<Phase, number>>>> {
  const rows = await db
    .selectFrom('remediations')
    .select((eb) => ['phase', eb.fn.countAll<number | string | bigint>().as('count')])
    .where('live', '=', LIVE)
    .groupBy('phase')
    .execute();
  return Object.fromEntries(rows.map((row) => [row.phase, Number(row.count)]));
}

/** CodeRuns of the embedded engine by phase, ended ones included as long as they are kept. */
export async function countCodeRuns({
  db,
  dialect,
}: Pick<Store, 'db' | 'dialect'>): Promise<Readonly<Record<string, number>>> {
  const phase =
    dialect === 'postgres'
      ? sql<string | null>`(cast(status as json) ->> 'phase')`
      : sql<string | null>`(status ->> '$.phase')`;
  const rows = await db
    .selectFrom('coderuns')
    .select((eb) => [phase.as('phase'), eb.fn.countAll<number | string | bigint>().as('count')])
    .groupBy(phase)
    .execute();
  return Object.fromEntries(rows.map((row) => [row.phase ?? 'Pending', Number(row.count)]));
}

/** What became of the remediations that were opened in a span of time. */
export interface Results {
  readonly opened: number;
  readonly succeeded: number;
  readonly escalated: number;
  /** Median milliseconds from opening to green; null without a success. */
  readonly medianTimeToFix: number | null;
}

export async function readResults({ db }: Pick<Store, 'db'>, since: number): Promise<Results> {
  const counts = await db
    .selectFrom('remediations')
    .select((eb) => ['phase', eb.fn.countAll<number | string | bigint>().as('count')])
    .where('created_at', '>=', since)
    .groupBy('phase')
    .execute();
  const byPhase = new Map(counts.map((row) => [row.phase, Number(row.count)]));
  const succeeded = byPhase.get('succeeded') ?? 0;
  return {
    opened: [...byPhase.values()].reduce((sum, count) => sum + count, 0),
    succeeded,
    escalated: byPhase.get('escalated') ?? 0,
    medianTimeToFix: await medianTimeToFix(db, since, succeeded),
  };
}

async function medianTimeToFix(db: Store['db'], since: number, succeeded: number): Promise<number | null> {
  if (succeeded === 0) return null;
  const took = sql<number | string>`ended_at - created_at`;
  const row = await db
    .selectFrom('remediations')
    .select(took.as('took'))
    .where('created_at', '>=', since)
    .where('phase', '=', 'succeeded')
    .where('ended_at', 'is not', null)
    .orderBy(took)
    .offset(Math.floor((succeeded - 1) / 2))
    .limit(1)
    .executeTakeFirst();
  return row === undefined ? null : Number(row.took);
}
