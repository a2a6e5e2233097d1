import type { Reader, Tx } from './connection.ts';
import type { TaskRunTable } from './task-run-table.ts';

/** False when the name or the attempt is taken: the row is the lock, also between processes. */
export async function insertTaskRun(
  tx: Tx,
  row: Omit<TaskRunTable, 'live' | 'created' | 'ended_at' | 'how' | 'detail' | 'output_tail' | 'cost_usd'>,
): Promise<boolean> {
  const result = await tx
    .insertInto('task_runs')
    .values({ ...row, live: 1, created: 0, ended_at: null, how: null, detail: null, output_tail: null, cost_usd: 0 })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return Number(result.numInsertedOrUpdatedRows ?? 0) > 0;
}

/** The engine has it. */
export async function taskRunCreated(db: Reader, name: string): Promise<void> {
  await db.updateTable('task_runs').set({ created: 1 }).where('name', '=', name).execute();
}

/** Takes back a run that no engine took. */
export async function deleteTaskRun(db: Reader, name: string): Promise<void> {
  await db.deleteFrom('task_runs').where('name', '=', name).where('live', '=', 1).execute();
}

export async function findTaskRun(db: Reader, name: string): Promise<TaskRunTable | null> {
  const row = await db.selectFrom('task_runs').selectAll().where('name', '=', name).executeTakeFirst();
  return row === undefined ? null : normal(row);
}

/** The latest attempt of each task that people call so, newest first. */
export async function findTasksCalled(db: Reader, taskId: string): Promise<readonly TaskRunTable[]> {
  const rows = await db
    .selectFrom('task_runs')
    .selectAll()
    .where('task_id', '=', taskId)
    .orderBy('created_at', 'desc')
    .orderBy('attempt', 'desc')
    .execute();
  const seen = new Set<string>();
  return rows.map(normal).filter(({ task_key: key }) => !seen.has(key) && seen.add(key));
}

/** The attempts of one task, the latest first. */
export async function listAttemptsOfTask(db: Reader, taskKey: string): Promise<readonly TaskRunTable[]> {
  const rows = await db
    .selectFrom('task_runs')
    .selectAll()
    .where('task_key', '=', taskKey)
    .orderBy('attempt', 'desc')
    .execute();
  return rows.map(normal);
}

/** The runs that have not ended, oldest first. */
export async function listLiveTaskRuns(db: Reader): Promise<readonly TaskRunTable[]> {
  const rows = await db.selectFrom('task_runs').selectAll().where('live', '=', 1).orderBy('created_at').execute();
  return rows.map(normal);
}

/** How many runs have not ended, everywhere and in one repository. */
export async function countLiveTaskRuns(db: Reader, repository: string): Promise<{ everywhere: number; here: number }> {
  const rows = await db.selectFrom('task_runs').select('repository').where('live', '=', 1).execute();
  return { everywhere: rows.length, here: rows.filter((row) => row.repository === repository).length };
}

/** Keeps how a run ended; saying it again changes nothing but the words. */
export async function endTaskRun(
  db: Reader,
  name: string,
  end: { readonly at: number; readonly how: string; readonly detail: string; readonly output: string | null } & {
    readonly costUsd: number;
  },
): Promise<void> {
  await db
    .updateTable('task_runs')
    .set({
      live: 0,
      ended_at: end.at,
      how: end.how,
      detail: end.detail,
      output_tail: end.output,
      cost_usd: end.costUsd,
    })
    .where('name', '=', name)
    .execute();
}

/** Runs begun at `since` or later and their cost, everywhere and in one repository. */
export async function taskSpendSince(
  db: Reader,
  repository: string,
  since: number,
): Promise<{ everywhere: { attempts: number; costUsd: number }; here: { attempts: number; costUsd: number } }> {
  const rows = await db
    .selectFrom('task_runs')
    .select(['repository', 'cost_usd'])
    .where('created_at', '>=', since)
    .execute();
  const total = (some: typeof rows) => ({
    attempts: some.length,
    costUsd: some.reduce((sum, row) => sum + Number(row.cost_usd), 0),
  });
  return { everywhere: total(rows), here: total(rows.filter((row) => row.repository === repository)) };
}

/** PostgreSQL's driver gives bigint columns as text unless told otherwise. */
function normal(row: TaskRunTable): TaskRunTable {
  return {
    ...row,
    attempt: Number(row.attempt),
    created_at: Number(row.created_at),
    ended_at: row.ended_at === null ? null : Number(row.ended_at),
    cost_usd: Number(row.cost_usd),
  };
}
