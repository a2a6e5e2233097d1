import { sql } from 'kysely';
import type { Store } from './open.ts';

/** What has an age of its own. */
export type Age = 'deliveries' | 'commands' | 'remediations' | 'coderuns' | 'tasks' | 'notices' | 'memory';

/** What is older than this may go. Milliseconds since the epoch. */
export type Cutoffs = Readonly<Record<Age, number>>;

/** Removes at most `batch` rows, the oldest first, with everything that means nothing without them. Gives how many. */
type Forget = (store: Store, cutoffs: Cutoffs, batch: number) => Promise<number>;

/**
 * Everything that grows with time, in the order in which it goes: what refers to something before what it refers to. What is
 * under way, undecided or not yet told stays whatever its age, and so does an open lineage: what was spent on something that
 * is still broken is not forgotten. A removed row leaves room in the file for the next; the file itself does not shrink.
 */
export const FORGETTERS = {
  deliveries: forgetDeliveries,
  commands: forgetCommands,
  remediations: forgetRemediations,
  lineages: forgetLineages,
  incidents: forgetIncidents,
  taskRuns: forgetTaskRuns,
  codeRuns: forgetCodeRuns,
  notices: forgetNotices,
  openNotices: forgetOpenNotices,
  outcomes: forgetOutcomes,
  lessons: forgetLessons,
  merges: forgetMerges,
} as const satisfies Readonly<Record<string, Forget>>;

export type Forgotten = Readonly<Record<keyof typeof FORGETTERS, number>>;

async function forgetDeliveries({ db }: Store, { deliveries }: Cutoffs, batch: number): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('deliveries')
    .where('id', 'in', (eb) =>
      eb
        .selectFrom('deliveries')
        .select('id')
        .where('received_at', '<', deliveries)
        .where('state', '=', 'decided')
        .orderBy('received_at')
        .limit(batch),
    )
    .executeTakeFirst();
  return Number(numDeletedRows);
}

/** The row is also what tells a comment that comes again from a new one. */
async function forgetCommands({ db }: Store, { commands }: Cutoffs, batch: number): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('commands')
    .where('id', 'in', (eb) =>
      eb
        .selectFrom('commands')
        .select('id')
        .where('state', '=', sql.lit('done'))
        .where('created_at', '<', commands)
        .orderBy('created_at')
        .limit(batch),
    )
    .executeTakeFirst();
  return Number(numDeletedRows);
}

/** Tables whose rows mean nothing without their remediation. */
const PARTS = ['timeline', 'effects', 'briefs', 'remediation_runs', 'attempts', 'sightings'] as const;

async function forgetRemediations(store: Store, { remediations }: Cutoffs, batch: number): Promise<number> {
  return store.transaction(async (tx) => {
    // Whatever ended before was also opened before, and that is what there is an index for.
    const rows = await tx
      .selectFrom('remediations')
      .select('id')
      .where('created_at', '<', remediations)
      .where('live', '=', 0)
      .where('ended_at', '<', remediations)
      .orderBy('created_at')
      .limit(batch)
      .execute();
    const ids = rows.map(({ id }) => id);
    if (ids.length === 0) return 0;
    for (const table of PARTS) await tx.deleteFrom(table).where('remediation_id', 'in', ids).execute();
    await tx.deleteFrom('remediations').where('id', 'in', ids).execute();
    return ids.length;
  });
}

/**
 * The lineages of what nobody remembers a remediation of; of one thing all that are closed. Their numbers begin at 1 again
 * then, and with them the names of CodeRuns: while a remediation of the same thing is there, its lineages stay.
 */
async function forgetLineages({ db }: Store, { remediations, coderuns }: Cutoffs, batch: number): Promise<number> {
  const before = Math.min(remediations, coderuns);
  // Asked for apart, as the two indexes are: of those that live, and of those that ended.
  const remembered = (live: 0 | 1) =>
    sql<boolean>`exists (select 1 from remediations where subject_key = lineages.key and live = ${sql.lit(live)})`;
  const { numDeletedRows } = await db
    .deleteFrom('lineages')
    .where('open', '=', sql.lit(0))
    .where('closed_at', '<', before)
    .where('key', 'in', (eb) =>
      eb
        .selectFrom('lineages')
        .select('key')
        .where('open', '=', sql.lit(0))
        .where('closed_at', '<', before)
        .where(sql<boolean>`not ${remembered(1)} and not ${remembered(0)}`)
        .limit(batch),
    )
    .executeTakeFirst();
  return Number(numDeletedRows);
}

async function forgetIncidents({ db }: Store, { remediations }: Cutoffs, batch: number): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('incidents')
    .where('id', 'in', (eb) =>
      eb
        .selectFrom('incidents')
        .select('id')
        .where('closed_at', 'is not', null)
        .where('closed_at', '<', remediations)
        .limit(batch),
    )
    .executeTakeFirst();
  return Number(numDeletedRows);
}

/** Runs of tasks, with the local engine's CodeRuns of the same names. */
async function forgetTaskRuns(store: Store, { tasks }: Cutoffs, batch: number): Promise<number> {
  return store.transaction(async (tx) => {
    const rows = await tx
      .selectFrom('task_runs')
      .select('name')
      .where('created_at', '<', tasks)
      .where('live', '=', 0)
      .where('ended_at', '<', tasks)
      .orderBy('created_at')
      .limit(batch)
      .execute();
    const names = rows.map(({ name }) => name);
    if (names.length === 0) return 0;
    await tx.deleteFrom('coderuns').where('name', 'in', names).where('active', '=', 0).execute();
    await tx.deleteFrom('task_runs').where('name', 'in', names).execute();
    return names.length;
  });
}

/** The local engine's CodeRuns; those of tasks go with their tasks. On Kubernetes there are none here. */
async function forgetCodeRuns({ db }: Store, { coderuns }: Cutoffs, batch: number): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('coderuns')
    .where('name', 'in', (eb) =>
      eb
        .selectFrom('coderuns')
        .select('coderuns.name')
        .where('coderuns.active', '=', sql.lit(0))
        .where('coderuns.updated_at', '<', coderuns)
        .where(({ not, exists, selectFrom }) =>
          not(
            exists(selectFrom('task_runs').select('task_runs.name').whereRef('task_runs.name', '=', 'coderuns.name')),
          ),
        )
        .orderBy('coderuns.updated_at')
        .limit(batch),
    )
    .executeTakeFirst();
  return Number(numDeletedRows);
}

/** What was told and is over. */
function forgetNotices(store: Store, { notices }: Cutoffs, batch: number): Promise<number> {
  return removeNotices(store, batch, sql`is_open = 0 and updated_at < ${notices}`);
}

/**
 * An escalation that nobody ever made green is open for ever: it goes when its remediation does. A pause, for example,
 * stays: as long as it is in force people would be told of it anew.
 */
function forgetOpenNotices(store: Store, { notices, remediations }: Cutoffs, batch: number): Promise<number> {
  const before = Math.min(notices, remediations);
  return removeNotices(store, batch, sql`kind = 'escalation' and is_open = 1 and updated_at < ${before}`);
}

/** With their messages, unless a notifier is at one of them just now. */
function removeNotices(store: Store, batch: number, condition: ReturnType<typeof sql>): Promise<number> {
  return store.transaction(async (tx) => {
    const { rows } = await sql<{ id: string }>`
      select id from notices where ${condition} and not exists (
        select 1 from notice_messages where notice_id = notices.id and state = 'pending' and leased_until is not null
      ) order by updated_at limit ${batch}`.execute(tx);
    const ids = rows.map(({ id }) => id);
    if (ids.length === 0) return 0;
    await tx.deleteFrom('notice_messages').where('notice_id', 'in', ids).execute();
    await tx.deleteFrom('notice_subjects').where('notice_id', 'in', ids).execute();
    await tx.deleteFrom('notices').where('id', 'in', ids).execute();
    return ids.length;
  });
}

async function forgetOutcomes({ db }: Store, { memory }: Cutoffs, batch: number): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('outcomes')
    .where('seq', 'in', (eb) =>
      eb.selectFrom('outcomes').select('seq').where('ended_at', '<', memory).orderBy('ended_at').limit(batch),
    )
    .executeTakeFirst();
  return Number(numDeletedRows);
}

/** A remediation may have several; they go together. */
async function forgetLessons({ db }: Store, { memory }: Cutoffs, batch: number): Promise<number> {
  const rows = await db
    .selectFrom('lessons')
    .select('remediation_id')
    .where('at', '<', memory)
    .orderBy('at')
    .limit(batch)
    .execute();
  const ids = [...new Set(rows.map((row) => row.remediation_id))];
  if (ids.length === 0) return 0;
  const { numDeletedRows } = await db
    .deleteFrom('lessons')
    .where('remediation_id', 'in', ids)
    .where('at', '<', memory)
    .executeTakeFirst();
  return Number(numDeletedRows);
}

async function forgetMerges({ db }: Store, { memory }: Cutoffs, batch: number): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('merges')
    .where('remediation_id', 'in', (eb) =>
      eb.selectFrom('merges').select('remediation_id').where('at', '<', memory).orderBy('at').limit(batch),
    )
    .executeTakeFirst();
  return Number(numDeletedRows);
}
