import { PostgresDialect } from 'kysely';
import pg from 'pg';

/** PostgreSQL's type ids whose text form is a number that fits a JavaScript number (milliseconds, counts). */
const INT8 = 20;
const NUMERIC = 1700;

/** Kysely's PostgreSQL dialect. `max` connections; a statement that takes longer than 30 s is given up. */
export function postgresDialect(url: string, max = 10): PostgresDialect {
  const pool = new pg.Pool({
    connectionString: url,
    max,
    statement_timeout: 30_000,
    connectionTimeoutMillis: 5_000,
    types: {
      getTypeParser: (oid: number, format?: 'text' | 'binary') =>
        oid === INT8 || oid === NUMERIC ? Number : pg.types.getTypeParser(oid, format as 'text'),
    } as pg.CustomTypesConfig,
  });
  // An idle connection that breaks is replaced at its next use; without a listener it would end the process.
  pool.on('error', () => {});
  return new PostgresDialect({ pool });
}
