import { sql } from 'kysely';
import { isTerminal, type Phase, type Remediation } from '../model/remediation.ts';
import type { Reader, Store, Tx } from './open.ts';
import { prepared } from './prepared.ts';
import type { RemediationTable } from './schema.ts';

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

/** Partial indexes are found by the value itself, not by a parameter that happens to have it. */
export const LIVE = sql.lit(1);
export const ENDED = sql.lit(0);

export interface Row {
  readonly document: string;
}

const insertion = prepared((db: Reader, row: RemediationTable) =>
  db
    .insertInto('remediations')
    .values({ id: row.id, version: sql.lit(1), ...changing(row) })
    .onConflict((conflict) => conflict.doNothing()),
);

/** Writes a new remediation. False when one with the same subject is live: the unique index decides, not a look-up. */
export async function insertRemediation(tx: Tx, remediation: Remediation): Promise<boolean> {
  return (await insertion.run(tx, { ...columns(remediation), version: 1 })) === 1;
}

const update = prepared((db: Reader, row: RemediationTable) =>
  db
    .updateTable('remediations')
    .set((eb) => ({ ...changing(row), version: eb('version', '+', 1) }))
    .where('id', '=', row.id)
    .where('version', '=', row.version),
);

/** Throws StaleVersionError when the row is not at `version` any more. */
export async function saveRemediation(tx: Tx, remediation: Remediation, version: number): Promise<void> {
  if ((await update.run(tx, { ...columns(remediation), version })) !== 1)
    throw new StaleVersionError(`Remediation ${remediation.id} was saved by somebody else.`);
}

const versioned = (db: Reader, { id }: { id: string }) =>
  db.selectFrom('remediations').select(['document', 'version']).where('id', '=', id);
const toRead = prepared(versioned);
const toChange = prepared((db: Reader, values: { id: string }) => versioned(db, values).forUpdate());

/** Loads for a change; on PostgreSQL other writers wait until the transaction ends. */
export async function loadForChange(tx: Tx, dialect: Store['dialect'], id: string): Promise<Versioned | null> {
  const row = await (dialect === 'postgres' ? toChange : toRead).first(tx, { id });
  return row === null ? null : { remediation: parse(row.document), version: row.version };
}

const byName = prepared((db: Reader, { name }: { name: string }) =>
  db
    .selectFrom('remediations')
    .select('document')
    .where((eb) => eb.or([eb('id', '=', name), eb('task_id', '=', name)])),
);

/** By id or task id. */
export async function findRemediation(db: Reader, idOrTaskId: string): Promise<Remediation | null> {
  return read(await byName.first(db, { name: idOrTaskId }));
}

const due = (db: Reader, now: number, limit: number) =>
  db
    .selectFrom('remediations')
    .select('id')
    .where('live', '=', LIVE)
    .where('wake_at', '<=', now)
    .orderBy('wake_at')
    .limit(limit);

/** Ids of live remediations whose timer has rung, the longest overdue first. */
export async function dueRemediations(db: Reader, now: number, limit: number): Promise<readonly string[]> {
  return (await due(db, now, limit).execute()).map((row) => row.id);
}

/** The same, held until the transaction ends: on PostgreSQL those that another replica has at hand are left to it. */
export async function takeDueRemediations(
  tx: Tx,
  dialect: Store['dialect'],
  now: number,
  limit: number,
): Promise<readonly string[]> {
  if (dialect === 'sqlite') return dueRemediations(tx, now, limit);
  return (await due(tx, now, limit).forUpdate().skipLocked().execute()).map((row) => row.id);
}

/** The next time at which a live remediation wants to be looked at; null when none does. */
export async function nextWake(db: Reader): Promise<number | null> {
  const row = await db
    .selectFrom('remediations')
    .select((eb) => eb.fn.min('wake_at').as('at'))
    .where('live', '=', LIVE)
    .executeTakeFirst();
  return row?.at === null || row?.at === undefined ? null : Number(row.at);
}

const working = prepared((db: Reader, { exceptId }: { exceptId: string }) =>
  db
    .selectFrom('remediations')
    .select((eb) => eb.fn.countAll<number | string | bigint>().as('count'))
    .where('live', '=', LIVE)
    .where('phase', '=', sql.lit('working'))
    .where('id', '!=', exceptId),
);

export async function countWorking(db: Reader, exceptId: string): Promise<number> {
  return Number((await working.first(db, { exceptId }))?.count ?? 0);
}

const escalations = prepared((db: Reader, { offset }: { offset: number }) =>
  db
    .selectFrom('remediations')
    .select('ended_at')
    .where('phase', '=', sql.lit('escalated'))
    .orderBy('ended_at', 'desc')
    .limit(sql.lit(1))
    .offset(offset),
);

/** When the n-th last escalation happened, milliseconds since the epoch; null when there were fewer. */
export async function nthLastEscalation(db: Reader, n: number): Promise<number | null> {
  return (await escalations.first(db, { offset: n - 1 }))?.ended_at ?? null;
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
  if (filter.phase === 'live') query = query.where('live', '=', LIVE);
  else if (filter.phase !== undefined) query = query.where('phase', '=', filter.phase);
  if (filter.repository !== undefined) query = query.where('repository', '=', filter.repository);
  if (filter.branch !== undefined) query = query.where('branch', '=', filter.branch);
  if (filter.agent !== undefined) query = query.where('agent', '=', filter.agent);
  if (filter.failureType !== undefined) query = query.where('failure_type', '=', filter.failureType);
  if (filter.since !== undefined) query = query.where('created_at', '>=', filter.since);
  if (filter.cursor !== undefined) query = query.where('id', '<', filter.cursor);
  return (await query.execute()).map((row) => parse(row.document));
}

const byTaskId = prepared((db: Reader, { taskId }: { taskId: string }) =>
  db.selectFrom('remediations').select('id').where('task_id', '=', taskId),
);

export async function taskIdExists(db: Reader, taskId: string): Promise<boolean> {
  return (await byTaskId.first(db, { taskId })) !== null;
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

/** The columns that a save may change; named one by one, because a prepared query asks for each. */
function changing(row: RemediationTable): Omit<RemediationTable, 'id' | 'version'> {
  return {
    task_id: row.task_id,
    kind: row.kind,
    repository: row.repository,
    branch: row.branch,
    target_branch: row.target_branch,
    subject_key: row.subject_key,
    lineage_id: row.lineage_id,
    phase: row.phase,
    live: row.live,
    agent: row.agent,
    failure_type: row.failure_type,
    reason_code: row.reason_code,
    created_at: row.created_at,
    updated_at: row.updated_at,
    ended_at: row.ended_at,
    wake_at: row.wake_at,
    document: row.document,
  };
}

/** The remediation of a row that was looked up. */
export function read(row: Row | null): Remediation | null {
  return row === null ? null : parse(row.document);
}

function parse(document: string): Remediation {
  return JSON.parse(document) as Remediation;
}
