import { type RawBuilder, sql } from 'kysely';
import type { Reader } from './open.ts';

const DAY = 86_400_000;

/** What happened in one day (UTC). Days without anything are missing. */
export interface DayOfRepairs {
  /** Days since the epoch. */
  readonly day: number;
  readonly opened: number;
  readonly succeeded: number;
  readonly escalated: number;
  /** Milliseconds from opening to green, half of them took less; null without a success. */
  readonly medianTimeToFix: number | null;
}

export interface DayOfFigures {
  readonly day: number;
  readonly count: number;
  /** How many of them were as wanted. */
  readonly wanted: number;
}

export interface Trends {
  readonly repairs: readonly DayOfRepairs[];
  /** Of the remediations that an agent was sent for: green at the first attempt. */
  readonly firstAttempt: readonly DayOfFigures[];
  /** Of the same: handed over to people. */
  readonly escalated: readonly DayOfFigures[];
  /** Of the repairs: made by the agent whom the rules named. */
  readonly routed: readonly DayOfFigures[];
  /** Of the deliveries: joined to what was known. */
  readonly deliveries: readonly DayOfFigures[];
  readonly costUsd: readonly { readonly day: number; readonly costUsd: number; readonly attempts: number }[];
}

const count = sql<number | string>`count(*)`;
/** Whole days since the epoch: both databases divide integers without a rest. */
const dayOf = (column: string): RawBuilder<number> => sql<number>`(${sql.ref(column)} / ${sql.lit(DAY)})`;
const sumOf = (condition: RawBuilder<boolean>): RawBuilder<number | string> =>
  sql<number | string>`sum(case when ${condition} then 1 else 0 end)`;

/** Day by day since a time, for charts; each reads one index. */
export async function readTrends(db: Reader, since: number): Promise<Trends> {
  const lessons = await lessonDays(db, since);
  return {
    repairs: await repairDays(db, since),
    firstAttempt: lessons.map(({ day, ends, first }) => ({ day, count: ends, wanted: first })),
    escalated: lessons.map(({ day, ends, escalated }) => ({ day, count: ends, wanted: escalated })),
    routed: await routedDays(db, since),
    deliveries: await deliveryDays(db, since),
    costUsd: await costDays(db, since),
  };
}

/** Times are told to the second below ten minutes and to the minute above: enough for a chart, and few rows. */
const SECOND = 1_000;
const MINUTE = 60_000;

async function repairDays(db: Reader, since: number): Promise<readonly DayOfRepairs[]> {
  const day = dayOf('created_at');
  const took = sql<number | null>`case when phase = 'succeeded' and ended_at is not null then
    case when ended_at - created_at < ${sql.lit(10 * MINUTE)} then (ended_at - created_at) / ${sql.lit(SECOND)} * ${sql.lit(SECOND)}
    else (ended_at - created_at) / ${sql.lit(MINUTE)} * ${sql.lit(MINUTE)} end end`;
  const rows = await db
    .selectFrom('remediations')
    .select([day.as('day'), 'phase', took.as('took'), count.as('count')])
    .where('created_at', '>=', since)
    .groupBy([day, 'phase', took])
    .execute();
  const days = Map.groupBy(rows, (row) => Number(row.day));
  return [...days]
    .toSorted(([a], [b]) => a - b)
    .map(([at, group]) => {
      const of = (phase: string | null) =>
        group.filter((row) => phase === null || row.phase === phase).reduce((sum, row) => sum + Number(row.count), 0);
      const fixes = group.flatMap((row) =>
        row.took === null ? [] : [{ took: Number(row.took), n: Number(row.count) }],
      );
      return {
        day: at,
        opened: of(null),
        succeeded: of('succeeded'),
        escalated: of('escalated'),
        medianTimeToFix: median(fixes),
      };
    });
}

/** Nearest rank of values that occur `n` times. */
function median(values: readonly { readonly took: number; readonly n: number }[]): number | null {
  const all = values.reduce((sum, { n }) => sum + n, 0);
  let seen = 0;
  for (const { took, n } of values.toSorted((a, b) => a.took - b.took)) {
    seen += n;
    if (seen >= Math.ceil(all / 2)) return took;
  }
  return null;
}

async function lessonDays(db: Reader, since: number) {
  const day = dayOf('at');
  const rows = await db
    .selectFrom('lessons')
    .select([day.as('day'), 'kind', count.as('count')])
    .where('at', '>=', since)
    .where('kind', 'in', ['first_attempt_success', 'retry_success', 'escalation'])
    .groupBy([day, 'kind'])
    .execute();
  return [...Map.groupBy(rows, (row) => Number(row.day))]
    .toSorted(([a], [b]) => a - b)
    .map(([at, group]) => {
      const of = (kind: string) => Number(group.find((row) => row.kind === kind)?.count ?? 0);
      const first = of('first_attempt_success');
      const escalated = of('escalation');
      return { day: at, ends: first + escalated + of('retry_success'), first, escalated };
    });
}

async function routedDays(db: Reader, since: number): Promise<readonly DayOfFigures[]> {
  const day = dayOf('ended_at');
  const rows = await db
    .selectFrom('outcomes')
    .select([day.as('day'), count.as('count'), sumOf(sql<boolean>`agent = routed_agent`).as('wanted')])
    .where('ended_at', '>=', since)
    .where('outcome', '=', 'success')
    .where('changed', '=', 1)
    .groupBy(day)
    .execute();
  return figures(rows);
}

async function deliveryDays(db: Reader, since: number): Promise<readonly DayOfFigures[]> {
  const day = dayOf('received_at');
  const rows = await db
    .selectFrom('deliveries')
    .select([day.as('day'), count.as('count'), sumOf(sql<boolean>`dedup_status = 'existing'`).as('wanted')])
    .where('received_at', '>=', since)
    .groupBy(day)
    .execute();
  return figures(rows);
}

async function costDays(db: Reader, since: number): Promise<Trends['costUsd']> {
  const day = dayOf('started_at');
  const rows = await db
    .selectFrom('attempts')
    .select((eb) => [
      day.as('day'),
      eb.fn.sum<number | string | null>('cost_usd').as('cost'),
      eb.fn.sum<number | string | null>('counted').as('attempts'),
    ])
    .where('started_at', '>=', since)
    .groupBy(day)
    .execute();
  return rows
    .map((row) => ({ day: Number(row.day), costUsd: Number(row.cost ?? 0), attempts: Number(row.attempts ?? 0) }))
    .toSorted((a, b) => a.day - b.day);
}

function figures(
  rows: readonly { readonly day: number; readonly count: number | string; readonly wanted: number | string }[],
): readonly DayOfFigures[] {
  return rows
    .map((row) => ({ day: Number(row.day), count: Number(row.count), wanted: Number(row.wanted ?? 0) }))
    .toSorted((a, b) => a.day - b.day);
}
