import type { ContextFinding } from '../../src/model/evidence.ts';
import type { Store } from '../../src/store/open.ts';

/** What came of one delivery. */
export interface Row {
  /** Milliseconds from the delivery to its CodeRun. */
  readonly took: number;
  /** The slowest of the sources that are asked at once, and of those that are asked after classifying. */
  readonly slowest: number;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly statuses: readonly string[];
}

/** What the service used since it was asked last. */
export interface Load {
  readonly cpuMs: number;
  /** Of that, the thread that does the work; the rest is collecting garbage, compiling, and copying SQLite's log. */
  readonly threadMs: number;
  /** Bytes. */
  readonly rss: number;
  /** What is left in the heap, and in buffers, after a collection. Bytes. */
  readonly held: number;
}

/** Asked when the fingerprint is known, so after all others. */
const AFTER = new Set(['past-remediations']);

/** Deliveries since a time whose CodeRun exists, by the store that the service keeps. */
export async function rowsOf({ db }: Store, since: number): Promise<readonly Row[]> {
  const rows = await db
    .selectFrom('deliveries')
    .innerJoin('remediations', 'remediations.id', 'deliveries.remediation_id')
    .innerJoin('briefs', 'briefs.remediation_id', 'remediations.id')
    .select(['deliveries.received_at', 'remediations.document', 'briefs.document as brief'])
    .where('deliveries.received_at', '>=', since)
    .execute();
  const made = await db.selectFrom('coderuns').select(['name', 'created_at']).execute();
  const times = new Map(made.map((row) => [row.name, row.created_at]));
  return rows.flatMap((row): readonly Row[] => {
    const { attempts } = JSON.parse(row.document) as { attempts: { codeRunName: string | null }[] };
    const at = times.get(attempts[0]?.codeRunName ?? '');
    if (at === undefined) return [];
    const { findings } = JSON.parse(row.brief) as { findings: ContextFinding[] };
    const most = (isAfter: boolean): number =>
      Math.max(0, ...findings.filter(({ source }) => AFTER.has(source) === isAfter).map((one) => one.durationMs));
    const statuses = findings.map(({ source, status }) => `${source} ${status}`);
    return [{ took: at - row.received_at, slowest: most(false) + most(true), createdAt: at, statuses }];
  });
}

export async function madeSince({ db }: Store, since: number): Promise<number> {
  const row = await db
    .selectFrom('coderuns')
    .select((eb) => eb.fn.countAll<number | string | bigint>().as('count'))
    .where('created_at', '>=', since)
    .executeTakeFirst();
  return Number(row?.count ?? 0);
}

/** How far remediations have come: what is missing is seen by it. */
export async function phasesSince({ db }: Store, since: number): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('remediations')
    .select((eb) => ['phase', 'reason_code', eb.fn.countAll<number | string | bigint>().as('count')])
    .where('created_at', '>=', since)
    .groupBy(['phase', 'reason_code'])
    .execute();
  return rows.map(({ phase, reason_code: why, count }) => `${phase}${why === null ? '' : ` (${why})`} ${count}`);
}
