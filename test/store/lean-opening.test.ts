import { join } from 'node:path';
import { Kysely, Migrator, sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ensureLineage, findOpenLineage, reopenLineage, saveSpending } from '../../src/store/lineages.ts';
import { migrationsFor } from '../../src/store/migrations.ts';
import { fileIn, openStore, type Store } from '../../src/store/open.ts';
import { openSqlite } from '../../src/store/sqlite.ts';
import { temporaryFolder } from '../support/service.ts';

const KEY = 'ci:acme/shop:main';
const ROWS = [
  {
    id: 'first',
    key: KEY,
    ordinal: 1,
    open: 0,
    attempts: 3,
    spawned: 5,
    created_at: 1,
    closed_at: 2,
    closed_by: 'ada',
  },
  {
    id: 'second',
    key: KEY,
    ordinal: 2,
    open: 1,
    attempts: 1,
    spawned: 2,
    created_at: 3,
    closed_at: null,
    closed_by: null,
  },
  {
    id: 'other',
    key: 'ci:acme/till:main',
    ordinal: 1,
    open: 0,
    attempts: 0,
    spawned: 0,
    created_at: 4,
    closed_at: 5,
    closed_by: 'green',
  },
];

describe('a store of before lineages were found by their key', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let store: Store;

  /** As the version before left it. */
  const leaveOldStore = async (dir: string): Promise<void> => {
    const db = new Kysely<{ lineages: (typeof ROWS)[number] }>({ dialect: openSqlite(fileIn(dir)).dialect });
    const migrator = new Migrator({ db, provider: { getMigrations: async () => migrationsFor('sqlite') } });
    const { error } = await migrator.migrateTo('0010_retention_indexes');
    expect(error).toBeUndefined();
    await db.insertInto('lineages').values(ROWS).execute();
    await db.destroy();
  };

  beforeEach(async () => {
    folder = temporaryFolder();
    const dir = join(folder.path, 'data');
    await leaveOldStore(dir);
    store = await openStore({ kind: 'sqlite', dir });
  });
  afterEach(async () => {
    await store.close();
    folder.remove();
  });

  it('keeps every lineage with what was spent', async () => {
    expect(await store.db.selectFrom('lineages').selectAll().orderBy('created_at').execute()).toEqual(ROWS);
  });

  it('goes on with them: the open one is found, spends and is the only one', async () => {
    const open = await findOpenLineage(store.db, KEY);
    expect(open).toEqual({ id: 'second', key: KEY, ordinal: 2, attempts: 1, spawned: 2 });
    await store.transaction((tx) => saveSpending(tx, { id: 'second', key: KEY }, { attempts: 2, spawned: 3 }));
    expect(await store.transaction((tx) => ensureLineage(tx, KEY, 9))).toMatchObject({ id: 'second', attempts: 2 });
    expect(await store.transaction((tx) => reopenLineage(tx, { id: 'first', key: KEY }))).toBe(false);
    const twice = sql`update lineages set open = 1 where id = 'first'`.execute(store.db);
    await expect(twice).rejects.toThrow(/UNIQUE/);
  });

  it('has all indexes again', async () => {
    const indexes = await sql<{ name: string }>`
      select name from sqlite_master where type = 'index' and sql is not null
        and (tbl_name = 'lineages' or name in ('remediations_subject', 'remediations_target', 'remediations_ended_at'))
      order by name`.execute(store.db);
    expect(indexes.rows.map(({ name }) => name)).toEqual([
      'lineages_closed',
      'lineages_open',
      'remediations_ended_at',
      'remediations_subject',
      'remediations_target',
    ]);
  });

  it.each([
    [
      "select document from remediations where subject_key = 'k' and live = 0 order by ended_at desc",
      'remediations_subject',
    ],
    [
      "select 1 from remediations where repository = 'r' and target_branch = 'b' and live = 0 order by ended_at desc",
      'remediations_target',
    ],
    ['select subject_key from remediations where ended_at >= 5', 'remediations_ended_at'],
    ["update lineages set attempts = 1 where key = 'k' and id = 'i'", 'PRIMARY KEY (key=?'],
  ])('is asked through an index: %s', async (query, index) => {
    const plan = await sql.raw<{ detail: string }>(`explain query plan ${query}`).execute(store.db);
    expect(plan.rows.map(({ detail }) => detail).join('\n')).toContain(index);
  });
});
