import { sql } from 'kysely';
import { expect, it } from 'vitest';
import { closeLineage, ensureLineage, findOpenLineage } from '../../src/store/lineages.ts';
import { openStore } from '../../src/store/open.ts';
import { readSwitch, turnSwitch } from '../../src/store/switches.ts';
import { storeContract } from '../contract/store.contract.ts';
import { describeOnPostgres, freshDatabase } from '../support/postgres.ts';

describeOnPostgres('the store on PostgreSQL', () => {
  storeContract(async () => ({ kind: 'postgres', url: await freshDatabase() }));

  it('is migrated once when several replicas start on an empty database', async () => {
    const url = await freshDatabase();
    const stores = await Promise.all(Array.from({ length: 4 }, () => openStore({ kind: 'postgres', url })));
    const rows = await Promise.all(
      stores.map(async ({ db }) => (await sql`select name from kysely_migration`.execute(db)).rows.length),
    );
    expect(new Set(rows).size).toBe(1);
    await Promise.all(stores.map((store) => store.close()));
  });

  it('does not take a transaction for committed in which an error was swallowed', async () => {
    const store = await openStore({ kind: 'postgres', url: await freshDatabase() });
    const work = store.transaction(async (tx) => {
      await turnSwitch(tx, 'paused', 'on', 'ada', 1);
      await sql`select * from no_such_table`.execute(tx).catch(() => {});
    });
    await expect(work).rejects.toThrow(/rolled back/);
    expect(await readSwitch(store.db, 'paused')).toBeNull();
    await store.close();
  });

  it('gives up a transaction, not the process, when its connection is cut between two statements', async () => {
    const store = await openStore({ kind: 'postgres', url: await freshDatabase() });
    const work = store.transaction(async (tx) => {
      const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(tx);
      await sql`select pg_terminate_backend(${rows[0]?.pid})`.execute(store.db);
      const isAlive = sql`select 1 from pg_stat_activity where pid = ${rows[0]?.pid}`;
      while ((await isAlive.execute(store.db)).rows.length > 0);
      await new Promise(setImmediate);
      await turnSwitch(tx, 'paused', 'on', 'ada', 1);
    });
    await expect(work).rejects.toThrow();
    expect(await readSwitch(store.db, 'paused')).toBeNull();
    await store.close();
  });

  it('begins the next lineage when another process began and closed one meanwhile', async () => {
    const url = await freshDatabase();
    const [fast, slow] = [await openStore({ kind: 'postgres', url }), await openStore({ kind: 'postgres', url })];
    const isBlocked = async () =>
      (
        await sql`select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`.execute(
          fast.db,
        )
      ).rows.length;
    const late = await fast.transaction(async (tx) => {
      await ensureLineage(tx, 'ci:acme/shop:main', 1);
      const waiting = slow.transaction((other) => ensureLineage(other, 'ci:acme/shop:main', 2));
      await expect.poll(isBlocked).toBe(1);
      await closeLineage(tx, 'ci:acme/shop:main', 'green', 3);
      return { waiting };
    });
    expect(await late.waiting).toMatchObject({ ordinal: 2 });
    expect(await findOpenLineage(fast.db, 'ci:acme/shop:main')).toMatchObject({ ordinal: 2 });
    await Promise.all([fast.close(), slow.close()]);
  });

  it('works on after the server dropped its connections', async () => {
    const url = await freshDatabase();
    const [store, other] = [await openStore({ kind: 'postgres', url }), await openStore({ kind: 'postgres', url })];
    await turnSwitch(store.db, 'paused', 'on', 'ada', 1);
    await sql`select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid()`.execute(other.db);
    await expect.poll(() => readSwitch(store.db, 'paused').catch(() => 'unreachable')).toBe('on');
    await Promise.all([store.close(), other.close()]);
  });

  it('names the database that cannot be reached', async () => {
    const url = (await freshDatabase()).replace(/healer_/, 'absent_');
    await expect(openStore({ kind: 'postgres', url })).rejects.toThrow(/absent_/);
  });
});
