import type { ExpressionBuilder } from 'kysely';
import { isTerminal, type Phase, type Remediation } from '../model/remediation.ts';
import type { Reader, Store, Tx } from './open.ts';
import type { Database, RemediationTable } from './schema.ts';

/** A remediation with the version that a save has to name. */
export interface Versioned {
  readonly remediation: Remediation;
  readonly version: number;
}

/** Somebody else saved the remediation meanwhile; read it again and try again. */
export class StaleVersionError extends Error {
  override readonly name = 'StaleVersionError';
  /** Makes the store try the transaction again, like a race that PostgreSQL itself noticed. */
  readonly code = '40001';
}

/** Writes a new remediation. False when one with the same subject is live: the unique index decides, not a look-up. */
export async function insertRemediation(tx: Tx, remediation: Remediation): Promise<boolean> {
  const result = await tx
    .insertInto('remediations')
    .values({ ...columns(remediation), version: 1 })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return Number(result.numInsertedOrUpdatedRows ?? 0) === 1;
}

/** Throws StaleVersionError when the row is not at `version` any more. */
export async function saveRemediation(tx: Tx, remediation: Remediation, version: number): Promise<void> {
  const result = await tx
    .updateTable('remediations')
    .set({ ...columns(remediation), version: version + 1 })
    .where('id', '=', remediation.id)
    .where('version', '=', version)
    .executeTakeFirst();
  if (Number(result.numUpdatedRows) !== 1)
    throw new StaleVersionError(`Remediation ${remediation.id} was saved by somebody else.`);
}

/** Loads for a change; on PostgreSQL other writers wait until the transaction ends. */
export async function loadForChange(tx: Tx, dialect: Store['dialect'], id: string): Promise<Versioned | null> {
  const query = tx.selectFrom('remediations').select(['document', 'version']).where('id', '=', id);
  const row = await (dialect === 'postgres' ? query.forUpdate() : query).executeTakeFirst();
  return row ? { remediation: parse(row.document), version: row.version } : null;
}

/** By id or task id. */
export async function findRemediation(db: Reader, idOrTaskId: string): Promise<Remediation | null> {
  const row = await db
    .selectFrom('remediations')
    .select('document')
    .where((eb) => eb.or([eb('id', '=', idOrTaskId), eb('task_id', '=', idOrTaskId)]))
    .executeTakeFirst();
  return row ? parse(row.document) : null;
}

export async function findByRun(db: Reader, repository: string, runId: number): Promise<Remediation | null> {
  const row = await db
    .selectFrom('remediation_runs')
    .innerJoin('remediations', 'remediations.id', 'remediation_runs.remediation_id')
    .select('remediations.document')
    .where('remediation_runs.repository', '=', repository)
    .where('remediation_runs.run_id', '=', runId)
    .executeTakeFirst();
  return row ? parse(row.document) : null;
}

/** Remembers whose run it is; a later owner replaces an earlier one. */
export async function assignRun(tx: Tx, repository: string, runId: number, remediationId: string): Promise<void> {
  await tx
    .insertInto('remediation_runs')
    .values({ repository, run_id: runId, remediation_id: remediationId })
    .onConflict((conflict) => conflict.columns(['repository', 'run_id']).doUpdateSet({ remediation_id: remediationId }))
    .execute();
}

/** Alerts live on the default branch without being about it; only what is pushed for them concerns a branch. */
const onBranch = (branch: string) => (eb: ExpressionBuilder<Database, 'remediations'>) =>
  eb.or([
    eb('target_branch', '=', branch),
    eb.and([eb('branch', '=', branch), eb('kind', 'in', ['ci', 'review', 'play'])]),
  ]);

export async function findLiveBySubject(db: Reader, subjectKey: string): Promise<Remediation | null> {
  const row = await db
    .selectFrom('remediations')
    .select('document')
    .where('subject_key', '=', subjectKey)
    .where('live', '=', 1)
    .executeTakeFirst();
  return row ? parse(row.document) : null;
}

export async function findLastEndedBySubject(db: Reader, subjectKey: string): Promise<Remediation | null> {
  const row = await db
    .selectFrom('remediations')
    .select('document')
    .where('subject_key', '=', subjectKey)
    .where('live', '=', 0)
    .orderBy('ended_at', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row ? parse(row.document) : null;
}

/** The live remediation of a branch: the broken one, or the one that an agent pushes to. */
export async function findLiveOnBranch(db: Reader, repository: string, branch: string): Promise<Remediation | null> {
  const row = await db
    .selectFrom('remediations')
    .select('document')
    .where('repository', '=', repository)
    .where('live', '=', 1)
    .where(onBranch(branch))
    .orderBy('created_at')
    .limit(1)
    .executeTakeFirst();
  return row ? parse(row.document) : null;
}

/** The remediation of a branch that ended last, whether the branch was the broken one or the agent's. */
export async function findLastEndedOnBranch(
  db: Reader,
  repository: string,
  branch: string,
): Promise<Remediation | null> {
  const row = await db
    .selectFrom('remediations')
    .select('document')
    .where('repository', '=', repository)
    .where('live', '=', 0)
    .where(onBranch(branch))
    .orderBy('ended_at', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row ? parse(row.document) : null;
}

/** Ids of live remediations whose timer has rung, the longest overdue first. */
export async function dueRemediations(db: Reader, now: number, limit: number): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('remediations')
    .select('id')
    .where('live', '=', 1)
    .where('wake_at', '<=', now)
    .orderBy('wake_at')
    .limit(limit)
    .execute();
  return rows.map((row) => row.id);
}

/** The next time at which a live remediation wants to be looked at; null when none does. */
export async function nextWake(db: Reader): Promise<number | null> {
  const row = await db
    .selectFrom('remediations')
    .select((eb) => eb.fn.min('wake_at').as('at'))
    .where('live', '=', 1)
    .executeTakeFirst();
  return row?.at === null || row?.at === undefined ? null : Number(row.at);
}

export async function countWorking(db: Reader, exceptId: string): Promise<number> {
  const row = await db
    .selectFrom('remediations')
    .select((eb) => eb.fn.countAll<number | string | bigint>().as('count'))
    .where('live', '=', 1)
    .where('phase', '=', 'working')
    .where('id', '!=', exceptId)
    .executeTakeFirst();
  return Number(row?.count ?? 0);
}

/** When the n-th last escalation happened, milliseconds since the epoch; null when there were fewer. */
export async function nthLastEscalation(db: Reader, n: number): Promise<number | null> {
  const row = await db
    .selectFrom('remediations')
    .select('ended_at')
    .where('phase', '=', 'escalated')
    .orderBy('ended_at', 'desc')
    .limit(1)
    .offset(n - 1)
    .executeTakeFirst();
  return row?.ended_at ?? null;
}

export async function countByPhase(db: Reader): Promise<Readonly<Partial<Record<Phase, number>>>> {
  const rows = await db
    .selectFrom('remediations')
    .select((eb) => ['phase', eb.fn.countAll<number | string | bigint>().as('count')])
    .groupBy('phase')
    .execute();
  return Object.fromEntries(rows.map((row) => [row.phase, Number(row.count)]));
}

export interface RemediationFilter {
  readonly phase?: string;
  readonly repository?: string;
  readonly branch?: string;
  readonly agent?: string;
  readonly failureType?: string;
  /** Created at or after, milliseconds since the epoch. */
  readonly since?: number;
  readonly limit: number;
  /** The last id of the page before. */
  readonly cursor?: string;
}

/** Newest first. Ids are ULIDs, so their order is the order of creation. */
export async function listRemediations(db: Reader, filter: RemediationFilter): Promise<readonly Remediation[]> {
  let query = db.selectFrom('remediations').select('document').orderBy('id', 'desc').limit(filter.limit);
  if (filter.phase === 'live') query = query.where('live', '=', 1);
  else if (filter.phase !== undefined) query = query.where('phase', '=', filter.phase);
  if (filter.repository !== undefined) query = query.where('repository', '=', filter.repository);
  if (filter.branch !== undefined) query = query.where('branch', '=', filter.branch);
  if (filter.agent !== undefined) query = query.where('agent', '=', filter.agent);
  if (filter.failureType !== undefined) query = query.where('failure_type', '=', filter.failureType);
  if (filter.since !== undefined) query = query.where('created_at', '>=', filter.since);
  if (filter.cursor !== undefined) query = query.where('id', '<', filter.cursor);
  return (await query.execute()).map((row) => parse(row.document));
}

export async function taskIdExists(db: Reader, taskId: string): Promise<boolean> {
  const row = await db.selectFrom('remediations').select('id').where('task_id', '=', taskId).executeTakeFirst();
  return row !== undefined;
}

function columns(remediation: Remediation): Omit<RemediationTable, 'version'> {
  return {
    id: remediation.id,
    task_id: remediation.taskId,
    kind: remediation.kind,
    repository: remediation.repository,
    branch: remediation.branch,
    target_branch: remediation.targetBranch,
    subject_key: remediation.subjectKey,
    lineage_id: remediation.lineageId,
    phase: remediation.phase,
    live: isTerminal(remediation.phase) ? 0 : 1,
    agent: remediation.agent,
    failure_type: remediation.failureType,
    reason_code: remediation.reason?.code ?? null,
    created_at: remediation.createdAt,
    updated_at: remediation.updatedAt,
    ended_at: remediation.endedAt,
    wake_at: remediation.wakeAt,
    document: JSON.stringify(remediation),
  };
}

function parse(document: string): Remediation {
  return JSON.parse(document) as Remediation;
}
