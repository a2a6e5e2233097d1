import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Kysely, type MigrationProvider, Migrator, sql } from 'kysely';
import { afterAll, describe, expect, it } from 'vitest';
import { UserError } from '../../src/lib/errors.ts';
import { findDelivery, insertDelivery } from '../../src/store/deliveries.ts';
import { createGroupCommit } from '../../src/store/group-commit.ts';
import { openStore } from '../../src/store/open.ts';
import { lockFolder, openSqlite } from '../../src/store/sqlite.ts';
import { storeContract } from '../contract/store.contract.ts';
import { aDelivery, aDisposition } from '../support/builders.ts';

const root = mkdtempSync(join(tmpdir(), 'healer-store-'));
let folders = 0;
function newFolder(): string {
  folders += 1;
  return join(root, `data-${folders}`);
}
afterAll(() => rmSync(root, { recursive: true, force: true, maxRetries: 10 }));

describe('the store on disk', () => {
  storeContract(async () => ({ kind: 'sqlite', dir: newFolder() }));

  it('syncs every commit to the disk before it answers', async () => {
    const store = await openStore({ kind: 'sqlite', dir: newFolder() });
    const mode = await sql<{ journal_mode: string }>`pragma journal_mode`.execute(store.db);
    const sync = await sql<{ synchronous: number }>`pragma synchronous`.execute(store.db);
    expect([mode.rows[0]?.journal_mode, sync.rows[0]?.synchronous]).toEqual(['wal', 2]);
    await store.close();
  });

  it('has everything that was answered after it was closed and opened again', async () => {
    const dir = newFolder();
    const store = await openStore({ kind: 'sqlite', dir });
    const commits = createGroupCommit(store, (tx, n: number) => insertDelivery(tx, aDelivery(n), aDisposition(), 1), {
      maxBatch: 7,
      maxWaiting: 100,
    });
    await Promise.all(Array.from({ length: 30 }, (_, n) => commits.submit(n)));
    await store.close();
    const again = await openStore({ kind: 'sqlite', dir });
    for (let n = 0; n < 30; n += 1) expect(await findDelivery(again.db, aDelivery(n).id)).not.toBeNull();
    await again.close();
  });

  it('undoes a migration that did not get to its end', async () => {
    const db = new Kysely<unknown>({ dialect: openSqlite(join(newFolder(), 'healer.sqlite')).dialect });
    const provider: MigrationProvider = {
      getMigrations: async () => ({
        first: {
          up: async (on: Kysely<unknown>) => {
            await sql`create table half (id text)`.execute(on);
            throw new Error('killed');
          },
        },
      }),
    };
    const { error } = await new Migrator({ db, provider }).migrateToLatest();
    expect(error).toMatchObject({ message: 'killed' });
    await expect(sql`select * from half`.execute(db)).rejects.toThrow(/no such table/);
    await db.destroy();
  });
});

describe('the data folder', () => {
  it('is held by one store at a time', async () => {
    const dir = newFolder();
    const store = await openStore({ kind: 'sqlite', dir });
    await expect(openStore({ kind: 'sqlite', dir })).rejects.toThrow(UserError);
    await expect(openStore({ kind: 'sqlite', dir })).rejects.toThrow(/in use by another Healer process/);
    await store.close();
    await (await openStore({ kind: 'sqlite', dir })).close();
  });

  it('is let go when the store in it cannot be opened', async () => {
    const dir = newFolder();
    mkdirSync(dir);
    writeFileSync(join(dir, 'healer.sqlite'), 'this is not a database, and long enough to be looked at as one');
    await expect(openStore({ kind: 'sqlite', dir })).rejects.toThrow(/not a database/);
    lockFolder(dir)();
  });

  it('says that it cannot be written instead of naming another process', () => {
    const file = join(root, 'file');
    writeFileSync(file, '');
    expect(() => lockFolder(join(file, 'data'))).toThrow(/cannot be used: .*ENOTDIR/);
    const blocked = newFolder();
    mkdirSync(join(blocked, 'lock.sqlite'), { recursive: true });
    expect(() => lockFolder(blocked)).toThrow(/cannot be used: .*unable to open/);
  });
});

describe('a process that is killed', () => {
  it('has kept everything it answered, and holds the folder no longer', async () => {
    const dir = newFolder();
    const child = startWriter(dir);
    const exited = once(child, 'exit');
    const answered: string[] = [];
    const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
    for await (const line of lines) {
      answered.push(line);
      if (answered.length === 1) await expect(openStore({ kind: 'sqlite', dir })).rejects.toThrow(/in use/);
      // The loop ends when the pipe does: what was answered until the kill is still read.
      if (answered.length === 300) child.kill('SIGKILL');
    }
    const [, signal] = await exited;
    expect(signal).toBe('SIGKILL');

    const store = await openStore({ kind: 'sqlite', dir });
    const rows = await store.db.selectFrom('deliveries').select('id').execute();
    const kept = new Set(rows.map(({ id }) => id));
    expect(answered.length).toBeGreaterThanOrEqual(300);
    expect(answered.filter((id) => !kept.has(id))).toEqual([]);
    expect((await sql<{ integrity_check: string }>`pragma integrity_check`.execute(store.db)).rows[0]).toMatchObject({
      integrity_check: 'ok',
    });
    await store.close();
  });
});

function startWriter(dir: string): ChildProcess {
  const script = join(import.meta.dirname, 'writer.ts');
  return spawn(process.execPath, ['--disable-warning=ExperimentalWarning', script, dir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}
