import { sql } from 'kysely';
import { beforeEach, expect, it } from 'vitest';
import { migrate } from '../../../src/store/migrations.ts';
import { savepoint } from '../../../src/store/open.ts';
import { readSwitch, turnSwitch } from '../../../src/store/switches.ts';
import type { StoreUnderTest } from '../store.contract.ts';
import { emptyStore } from './empty.ts';

export function openContract({ store, second }: StoreUnderTest): void {
  beforeEach(() => emptyStore(store()));

  it('migrates a store that is up to date without a change', async () => {
    await turnSwitch(store().db, 'paused', 'on', 'ada', 1);
    await Promise.all([migrate(store().db, store().dialect), migrate(second().db, second().dialect)]);
    expect(await readSwitch(store().db, 'paused')).toBe('on');
  });

  it('answers a ping', async () => {
    await expect(store().ping()).resolves.toBeUndefined();
  });

  it('keeps nothing of a transaction that throws', async () => {
    const work = store().transaction(async (tx) => {
      await turnSwitch(tx, 'paused', 'on', 'ada', 1);
      throw new Error('no');
    });
    await expect(work).rejects.toThrow('no');
    expect(await readSwitch(store().db, 'paused')).toBeNull();
  });

  it('tries a transaction again that lost a race, and keeps what the last try wrote', async () => {
    let tries = 0;
    await store().transaction(async (tx) => {
      tries += 1;
      await turnSwitch(tx, `try-${tries}`, 'on', 'ada', 1);
      if (tries < 3) throw Object.assign(new Error('lost'), { code: '40001' });
    });
    expect(await readSwitch(store().db, 'try-2')).toBeNull();
    expect(await readSwitch(store().db, 'try-3')).toBe('on');
  });

  it('gives up a transaction that loses every race', async () => {
    let tries = 0;
    const work = store().transaction(async () => {
      tries += 1;
      throw Object.assign(new Error('lost'), { code: '40001' });
    });
    await expect(work).rejects.toThrow('lost');
    expect(tries).toBe(5);
  });

  it('undoes a savepoint that throws, also inside another one, and goes on', async () => {
    await store().transaction(async (tx) => {
      await turnSwitch(tx, 'before', 'on', 'ada', 1);
      await savepoint(tx, async () => {
        await turnSwitch(tx, 'outer', 'on', 'ada', 1);
        const inner = savepoint(tx, async () => {
          await turnSwitch(tx, 'inner', 'on', 'ada', 1);
          await sql`select * from no_such_table`.execute(tx);
        });
        await expect(inner).rejects.toThrow(/no_such_table/);
      });
      await turnSwitch(tx, 'after', 'on', 'ada', 1);
    });
    const kept = await Promise.all(['before', 'outer', 'inner', 'after'].map((key) => readSwitch(store().db, key)));
    expect(kept).toEqual(['on', 'on', null, 'on']);
  });

  it('keeps times beyond 32 bits and comes back with numbers', async () => {
    const at = Date.UTC(2286, 10, 20);
    await turnSwitch(store().db, 'paused', 'on', 'ada', at);
    const row = await store().db.selectFrom('switches').selectAll().executeTakeFirstOrThrow();
    expect(row.changed_at).toBe(at);
  });
}
