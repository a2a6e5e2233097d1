import type { Kysely, Selectable } from 'kysely';
import type { Reader } from './open.ts';
import type { CodeRunTable, Database } from './schema.ts';

/** A CodeRun as the store keeps it: documents are JSON text, times milliseconds, booleans 0 and 1. */
export type CodeRunRow = Selectable<CodeRunTable>;

/** The rows of the local engine's CodeRuns. */
export interface CodeRunRows {
  /** False when the name is taken: the name is the lock, also between processes. */
  insert(row: CodeRunRow): Promise<boolean>;
  get(name: string): Promise<CodeRunRow | null>;
  /** Oldest first. */
  listActive(): Promise<readonly CodeRunRow[]>;
  listByUid(uids: readonly string[]): Promise<readonly CodeRunRow[]>;
  /** Writes status and activity; null when the row is gone or was written since `resourceVersion`. */
  updateStatus(
    name: string,
    resourceVersion: number,
    change: { readonly status: string; readonly active: boolean; readonly now: number },
  ): Promise<CodeRunRow | null>;
  /** True when the row is there and was not cancelled before. */
  requestCancel(name: string, now: number): Promise<boolean>;
}

type Write = <T>(statement: (db: Reader) => Promise<T>) => Promise<T>;

/** SQLite takes at most 32,766 variables in a statement; PostgreSQL 65,535. */
const CHUNK = 500;

/** @param write how a single statement is written; at once unless told otherwise */
export function codeRunRows(db: Kysely<Database>, write: Write = (statement) => statement(db)): CodeRunRows {
  const select = () => db.selectFrom('coderuns').selectAll();
  const get = async (name: string) => {
    const row = await select().where('name', '=', name).executeTakeFirst();
    return row === undefined ? null : normal(row);
  };
  return {
    get,
    async insert(row) {
      const result = await write((on) =>
        on
          .insertInto('coderuns')
          .values(row)
          .onConflict((conflict) => conflict.column('name').doNothing())
          .executeTakeFirst(),
      );
      return Number(result.numInsertedOrUpdatedRows ?? 0) > 0;
    },
    async listActive() {
      return (await select().where('active', '=', 1).orderBy('created_at').orderBy('name').execute()).map(normal);
    },
    async listByUid(uids) {
      const found: CodeRunRow[] = [];
      for (let from = 0; from < uids.length; from += CHUNK) {
        const rows = await select()
          .where('uid', 'in', uids.slice(from, from + CHUNK))
          .execute();
        found.push(...rows.map(normal));
      }
      return found;
    },
    async updateStatus(name, resourceVersion, { status, active, now }) {
      const row = await db
        .updateTable('coderuns')
        .set({ status, active: active ? 1 : 0, updated_at: now, resource_version: resourceVersion + 1 })
        .where('name', '=', name)
        .where('resource_version', '=', resourceVersion)
        .returningAll()
        .executeTakeFirst();
      return row === undefined ? null : normal(row);
    },
    async requestCancel(name, now) {
      const result = await db
        .updateTable('coderuns')
        .set((columns) => ({
          cancel_requested: 1,
          updated_at: now,
          resource_version: columns('resource_version', '+', 1),
        }))
        .where('name', '=', name)
        .where('cancel_requested', '=', 0)
        .executeTakeFirst();
      return Number(result.numUpdatedRows) > 0;
    },
  };
}

/** PostgreSQL's driver gives bigint columns as text unless told otherwise. */
function normal(row: CodeRunRow): CodeRunRow {
  return {
    ...row,
    generation: Number(row.generation),
    resource_version: Number(row.resource_version),
    created_at: Number(row.created_at),
    updated_at: Number(row.updated_at),
  };
}
