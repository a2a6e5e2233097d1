import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { SqliteAdapter, SqliteDialect } from 'kysely';
import { messageOf, UserError } from '../lib/errors.ts';
import type { DirectConnection } from './prepared.ts';
import { spellable } from './text.ts';

/** How many prepared statements are kept; Healer's own queries are far fewer. */
const MAX_STATEMENTS = 500;

/**
 * What a storm leaves of the log's file is given back down to this: the length at which the log is begun anew
 * (checkpoints.ts). Writing over what is there costs a third less than making a file longer at each sync.
 */
const MAX_LOG_BYTES = 132 * 1024 * 1024;

/** Indexes over ids and digests are hit at random; with less, their pages are read again and again. */
const CACHE_KIB = 4_096;

/** SQLite undoes schema changes like any other; without it, a crash in the first migration would leave half a schema. */
class TransactionalAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

class NodeSqliteDialect extends SqliteDialect {
  override createAdapter(): SqliteAdapter {
    return new TransactionalAdapter();
  }
}

/** A prepared statement; whether it gives rows is asked for once, because asking costs more than a small query. */
interface Statement {
  readonly prepared: StatementSync;
  readonly reader: boolean;
}

export interface Sqlite {
  readonly dialect: SqliteDialect;
  readonly direct: DirectConnection;
}

/** Kysely's SQLite dialect over Node's own `node:sqlite`. Durable before it answers: WAL with `synchronous=FULL`. */
export function openSqlite(path: string): Sqlite {
  if (path !== ':memory:') mkdirSync(dirname(path), { recursive: true });
  const database = new DatabaseSync(path);
  database.exec('pragma busy_timeout = 5000');
  database.exec('pragma journal_mode = wal');
  database.exec('pragma synchronous = full');
  database.exec('pragma foreign_keys = on');
  database.exec(`pragma cache_size = -${CACHE_KIB}`);
  // Copying the log into the database is the business of a thread of its own (checkpoints.ts).
  database.exec('pragma wal_autocheckpoint = 0');
  database.exec(`pragma journal_size_limit = ${MAX_LOG_BYTES}`);
  const statement = statementCache(database);
  const dialect = new NodeSqliteDialect({
    database: {
      close: () => database.close(),
      prepare: (sql) => {
        const { prepared, reader } = statement(sql);
        return {
          reader,
          all: (parameters) => prepared.all(...inputs(parameters)),
          run: (parameters) => prepared.run(...inputs(parameters)),
          iterate: (parameters) => prepared.iterate(...inputs(parameters)),
        };
      },
    },
  });
  const direct: DirectConnection = {
    all: (sql, parameters) => statement(sql).prepared.all(...inputs(parameters)),
    run: (sql, parameters) => Number(statement(sql).prepared.run(...inputs(parameters)).changes),
  };
  return { dialect, direct };
}

function statementCache(database: DatabaseSync): (sql: string) => Statement {
  const known = new Map<string, Statement>();
  return (sql) => {
    const before = known.get(sql);
    if (before !== undefined) return before;
    const prepared = database.prepare(sql);
    const made = { prepared, reader: prepared.columns().length > 0 };
    if (known.size >= MAX_STATEMENTS) known.delete(known.keys().next().value ?? '');
    known.set(sql, made);
    return made;
  };
}

function inputs(parameters: readonly unknown[]): SQLInputValue[] {
  return parameters.map(spellable) as SQLInputValue[];
}

/**
 * Holds a folder for one process: two of them on one embedded store would act twice. The operating system lets go of
 * the lock when the process ends, however it ends. Throws UserError when another process has it, or when the folder
 * cannot be written.
 */
export function lockFolder(dir: string): () => void {
  let lock: DatabaseSync | null = null;
  try {
    mkdirSync(dir, { recursive: true });
    lock = new DatabaseSync(`${dir}/lock.sqlite`);
    lock.exec('pragma journal_mode = delete');
    lock.exec('begin exclusive');
  } catch (cause) {
    lock?.close();
    throw isBusy(cause) ? new FolderInUseError(dir, cause) : new UserError(unusable(dir, cause), { cause });
  }
  const held = lock;
  return () => held.close();
}

/** SQLite's primary result code for “another process holds it”. */
const SQLITE_BUSY = 5;

/** Another process holds the folder. */
export class FolderInUseError extends UserError {
  override readonly name = 'FolderInUseError';
  constructor(dir: string, cause: unknown) {
    super(
      `The data folder ${dir} is in use by another Healer process. Stop that one, or give this one a folder of its own (HEALER_DATA_DIR).`,
      { cause },
    );
  }
}

function isBusy(cause: unknown): boolean {
  const code = (cause as { errcode?: unknown }).errcode;
  return typeof code === 'number' && (code & 0xff) === SQLITE_BUSY;
}

function unusable(dir: string, cause: unknown): string {
  return `The data folder ${dir} cannot be used: ${messageOf(cause)}. Make it writable, or name another one (HEALER_DATA_DIR).`;
}
