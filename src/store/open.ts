import { Kysely, sql } from 'kysely';
import { keepLogShort } from './checkpoints.ts';
import type { Reader, Tx } from './connection.ts';
import type { Dialect } from './dialect.ts';
import { migrate } from './migrations.ts';
import { command, type DirectConnection, directly } from './prepared.ts';
import type { Database } from './schema.ts';
import { sharedCommits, type Transact } from './shared-commits.ts';
import { lockFolder, openSqlite } from './sqlite.ts';

export type { Reader, Tx } from './connection.ts';

/** Where things are kept. */
export interface Store {
  readonly db: Kysely<Database>;
  readonly dialect: Dialect;
  /** Runs `work` in a transaction; one that lost a race with another process is tried again, so `work` may run twice. */
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /**
   * The same for work that no sender waits for: an embedded store lets it wait some milliseconds for other such work and
   * syncs the disk once for all of it.
   */
  unhurried<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /** Throws when the store cannot be reached. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

export type StoreOptions =
  | { readonly kind: 'sqlite'; readonly dir: string }
  | { readonly kind: 'memory' }
  | { readonly kind: 'postgres'; readonly url: string; readonly maxConnections?: number };

/** PostgreSQL's codes for “another transaction was faster”: serialization_failure, deadlock_detected. */
const LOST_RACE = new Set(['40001', '40P01']);
const MAX_RACES = 5;

/** Opens the store and brings its schema up to date. Throws UserError when an embedded store is in use. */
export async function openStore(options: StoreOptions): Promise<Store> {
  const unlock = options.kind === 'sqlite' ? lockFolder(options.dir) : () => {};
  const dialect: Dialect = options.kind === 'postgres' ? 'postgres' : 'sqlite';
  const { db, direct } = await connect(options, dialect).catch((error: unknown) => {
    unlock();
    throw error;
  });
  const within = <T>(tx: Tx, work: (tx: Tx) => Promise<T>): Promise<T> =>
    direct === null ? work(tx) : directly(tx, direct, () => work(tx));
  const checkpoints = options.kind === 'sqlite' ? keepLogShort(db, fileIn(options.dir)) : null;
  const transaction: Transact = (work) => retryLostRaces(() => db.transaction().execute((tx) => within(tx, work)));
  const shared =
    options.kind !== 'sqlite' ? null : sharedCommits({ transaction, guard: savepoint, isLost: isLostRace });
  return {
    db,
    dialect,
    transaction,
    unhurried: shared?.run ?? transaction,
    ping: async () => {
      await sql`select 1`.execute(db);
    },
    close: async () => {
      await shared?.drain();
      await checkpoints?.stop();
      await db.destroy();
      unlock();
    },
  };
}

interface Connected {
  readonly db: Kysely<Database>;
  /** Only an embedded database has one. */
  readonly direct: DirectConnection | null;
}

async function connect(options: StoreOptions, dialect: Dialect): Promise<Connected> {
  const { dialect: driver, direct } = await driverFor(options);
  const db = new Kysely<Database>({ dialect: driver });
  try {
    await migrate(db, dialect);
    return { db, direct };
  } catch (error) {
    await db.destroy();
    throw error;
  }
}

async function driverFor(options: StoreOptions) {
  if (options.kind === 'postgres') {
    const { postgresDialect } = await import('./postgres.ts');
    return { dialect: postgresDialect(options.url, options.maxConnections), direct: null };
  }
  return openSqlite(options.kind === 'memory' ? ':memory:' : fileIn(options.dir));
}

/** The embedded database of a data folder. */
export function fileIn(dir: string): string {
  return `${dir}/healer.sqlite`;
}

/** Whether an error says that the whole transaction has to be tried again; it must reach the store. */
export function isLostRace(error: unknown): boolean {
  return LOST_RACE.has(String((error as { code?: unknown }).code));
}

async function retryLostRaces<T>(work: () => Promise<T>): Promise<T> {
  for (let race = 1; ; race += 1) {
    try {
      return await work();
    } catch (error) {
      if (race >= MAX_RACES || !isLostRace(error)) throw error;
    }
  }
}

/** One statement that no sender waits for. A server needs no transaction around it, which would be two more trips. */
export function writeOne<T>(
  { db, dialect, unhurried }: Pick<Store, 'db' | 'dialect' | 'unhurried'>,
  statement: (db: Reader) => Promise<T>,
): Promise<T> {
  return dialect === 'postgres' ? statement(db) : unhurried(statement);
}

/** The transaction around a savepoint is gone (SQLite ends it by itself when the disk is full, for example). */
export class LostTransactionError extends Error {
  override readonly name = 'LostTransactionError';
  /** Makes the store try the transaction again: nothing of it is kept. */
  readonly code = '40001';
}

/**
 * What happens inside is undone when it throws, the transaction around it lives on. Throws LostTransactionError when
 * it does not: then nobody may go on as if what was done before in it were kept.
 */
export async function savepoint<T>(tx: Tx, work: () => Promise<T>): Promise<T> {
  await command(tx, 'savepoint item');
  try {
    const result = await work();
    await command(tx, 'release savepoint item');
    return result;
  } catch (error) {
    try {
      await command(tx, 'rollback to savepoint item');
      await command(tx, 'release savepoint item');
    } catch {
      throw new LostTransactionError('The transaction ended while work in it was under way.', { cause: error });
    }
    throw error;
  }
}
