import { beforeEach, expect, it } from 'vitest';
import {
  closeLineage,
  ensureLineage,
  findOpenLineage,
  reopenLineage,
  saveSpending,
} from '../../../src/store/lineages.ts';
import type { Store } from '../../../src/store/open.ts';
import type { StoreUnderTest } from '../store.contract.ts';
import { emptyStore } from './empty.ts';

const KEY = 'ci:acme/shop:main';

export function lineageContract({ store, second }: StoreUnderTest): void {
  beforeEach(() => emptyStore(store()));

  const ensure = (key: string, now = 1, on: Store = store()) => on.transaction((tx) => ensureLineage(tx, key, now));
  const close = (by = 'green') => store().transaction((tx) => closeLineage(tx, KEY, by, 2));

  it('has an id that follows from the key and the count alone', async () => {
    const first = await ensure(KEY, 1);
    await emptyStore(store());
    expect(await ensure(KEY, 999_999)).toEqual(first);
    expect((await ensure('ci:acme/till:main')).id).not.toBe(first.id);
  });

  it('stays the same while it is open, and keeps what was spent', async () => {
    const { id } = await ensure(KEY);
    await store().transaction((tx) => saveSpending(tx, { id, key: KEY }, { attempts: 2, spawned: 4 }));
    expect(await ensure(KEY)).toEqual({ id, key: KEY, ordinal: 1, attempts: 2, spawned: 4 });
  });

  it('is followed by another one with a fresh budget only after it was closed', async () => {
    const first = await ensure(KEY);
    await store().transaction((tx) => saveSpending(tx, first, { attempts: 3, spawned: 5 }));
    expect(await close()).toBe(true);
    expect(await close()).toBe(false);
    expect(await findOpenLineage(store().db, KEY)).toBeNull();
    const next = await ensure(KEY);
    expect(next).toMatchObject({ ordinal: 2, attempts: 0, spawned: 0 });
    expect(next.id).not.toBe(first.id);
  });

  it('is one, however many begin it at once', async () => {
    const all = await Promise.all(Array.from({ length: 12 }, (_, n) => ensure(KEY, n, n % 2 ? store() : second())));
    expect(new Set(all.map(({ id }) => id)).size).toBe(1);
    expect(await store().db.selectFrom('lineages').selectAll().execute()).toHaveLength(1);
  });

  it('never hands out a closed one, however often it is closed and begun at once', async () => {
    const work = Array.from({ length: 24 }, async (_, n) => {
      const on = n % 2 ? store() : second();
      if (n % 3 === 0) return on.transaction(async (tx) => void (await closeLineage(tx, KEY, 'green', n)));
      const lineage = await ensure(KEY, n, on);
      const row = await store().db.selectFrom('lineages').selectAll().where('id', '=', lineage.id).executeTakeFirst();
      expect(row).toBeDefined();
    });
    await Promise.all(work);
    const rows = await store().db.selectFrom('lineages').select(['ordinal', 'open']).orderBy('ordinal').execute();
    expect(rows.map(({ ordinal }) => ordinal)).toEqual(rows.map((_, index) => index + 1));
    expect(rows.filter(({ open }) => open === 1).length).toBeLessThanOrEqual(1);
  });

  it('goes on with what it has spent when it was closed too early', async () => {
    const { id } = await ensure(KEY);
    await store().transaction((tx) => saveSpending(tx, { id, key: KEY }, { attempts: 1, spawned: 1 }));
    await close();
    expect(await store().transaction((tx) => reopenLineage(tx, { id, key: KEY }))).toBe(true);
    expect(await findOpenLineage(store().db, KEY)).toMatchObject({ id, attempts: 1 });
  });

  it('is not reopened beside another that is open', async () => {
    const first = await ensure(KEY);
    await close();
    await ensure(KEY);
    expect(await store().transaction((tx) => reopenLineage(tx, first))).toBe(false);
    expect(await store().transaction((tx) => reopenLineage(tx, { id: 'nobody', key: KEY }))).toBe(false);
    expect(await findOpenLineage(store().db, KEY)).toMatchObject({ ordinal: 2 });
  });
}
