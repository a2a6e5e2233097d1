import { PostgresDialect } from 'kysely';
import pg from 'pg';
import { spellable } from './text.ts';

/** PostgreSQL's type ids whose text form is a number that fits a JavaScript number (milliseconds, counts). */
const INT8 = 20;
const NUMERIC = 1700;

/** Kysely's PostgreSQL dialect. `max` connections; a statement that takes longer than 30 s is given up. */
export function postgresDialect(url: string, max = 10): PostgresDialect {
  const pool = new pg.Pool({
    connectionString: url,
    max,
    statement_timeout: 30_000,
    // The server's own time-out does not come when the server does not hear us; then the connection is given up.
    query_timeout: 35_000,
    keepAlive: true,
    connectionTimeoutMillis: 5_000,
    types: {
      getTypeParser: (oid: number, format?: 'text' | 'binary') =>
        oid === INT8 || oid === NUMERIC ? Number : pg.types.getTypeParser(oid, format as 'text'),
    } as pg.CustomTypesConfig,
  });
  // A connection that breaks is replaced at its next use. Without a listener it would end the process: the pool hears of
  // idle ones only, one in the middle of a transaction between two statements says it on the client itself.
  pool.on('error', () => {});
  pool.on('connect', (client) => {
    client.on('error', () => {});
    const query = client.query.bind(client) as (...input: unknown[]) => unknown;
    client.query = ((text: unknown, values: unknown, ...rest: unknown[]) => {
      const result = query(text, Array.isArray(values) ? values.map(spellable) : values, ...rest);
      return text === 'commit' ? (result as Promise<pg.QueryResult>).then(refuseRollback) : result;
    }) as typeof client.query;
  });
  return new PostgresDialect({ pool });
}

/** PostgreSQL answers the commit of a transaction in which a statement failed with a rollback, not with an error. */
function refuseRollback(result: pg.QueryResult): pg.QueryResult {
  if (result.command !== 'COMMIT') throw new Error('The transaction was rolled back: a statement in it had failed.');
  return result;
}
