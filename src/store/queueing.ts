import { sql } from 'kysely';
import type { Dialect } from './dialect.ts';
import type { Tx } from './open.ts';

/**
 * Lets transactions of several replicas that will touch the same things go one after the other, from the moment this is
 * called to their end. Without it, two batches that hold the same deliveries or branches in another order wait for one
 * another until PostgreSQL ends one of them, a second later each time. All keys are taken at once and in one order, so
 * that those who wait never hold what somebody else waits for. An embedded store has one writer anyway.
 */
export async function queueUp(tx: Tx, dialect: Dialect, keys: readonly string[]): Promise<void> {
  if (dialect === 'sqlite' || keys.length === 0) return;
  await sql`
    select pg_advisory_xact_lock(${QUEUE}, key) from (
      select distinct hashtext(name) as key from unnest(${[...keys]}::text[]) as name order by key
    ) as keys`.execute(tx);
}

/** Keeps these keys apart from other advisory locks of the database. */
const QUEUE = 1_751_411_570;
