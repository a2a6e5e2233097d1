import type { Reader } from './connection.ts';
import type { TaskRunTable } from './task-run-table.ts';

/** Runs that people asked for themselves, newest first. */
export async function latestTaskRuns(db: Reader, limit: number): Promise<readonly TaskRunTable[]> {
  return db.selectFrom('task_runs').selectAll().orderBy('created_at', 'desc').orderBy('name').limit(limit).execute();
}
