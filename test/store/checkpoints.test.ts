import { randomBytes } from 'node:crypto';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Checkpoints, keepLogShort } from '../../src/store/checkpoints.ts';
import { insertDelivery } from '../../src/store/deliveries.ts';
import { openStore, type Store } from '../../src/store/open.ts';
import { aDelivery, aDisposition } from '../support/builders.ts';
import { temporaryFolder } from '../support/service.ts';

const MIB = 1024 * 1024;

describe('the log of an embedded store', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let store: Store;
  let checkpoints: Checkpoints | null;
  beforeEach(async () => {
    folder = temporaryFolder();
    store = await openStore({ kind: 'sqlite', dir: folder.path });
    checkpoints = null;
  });
  afterEach(async () => {
    await checkpoints?.stop();
    await store.close();
    folder.remove();
  });

  const file = (): string => join(folder.path, 'healer.sqlite');
  const write = (mebibytes: number) =>
    store.transaction(async (tx) => {
      for (let n = 0; n < mebibytes; n += 1)
        await insertDelivery(tx, aDelivery(n, { body: randomBytes(MIB) }), aDisposition(), 1);
    });

  it('is copied into the database by a thread of its own, while the store is open', async () => {
    await write(8);
    expect(statSync(file()).size).toBeLessThan(MIB);
    checkpoints = keepLogShort(store.db, file(), 5);
    await expect.poll(() => statSync(file()).size).toBeGreaterThan(8 * MIB);
  });

  it('is durable at each commit: the setting that says so is on', async () => {
    const { rows } = await sql<{ synchronous: number }>`pragma synchronous`.execute(store.db);
    // 2 is FULL.
    expect(rows).toEqual([{ synchronous: 2 }]);
    expect((await sql<{ journal_mode: string }>`pragma journal_mode`.execute(store.db)).rows).toEqual([
      { journal_mode: 'wal' },
    ]);
  });

  it('that is short starts no thread', async () => {
    checkpoints = keepLogShort(store.db, file(), 1);
    await write(1);
    const before = statSync(file()).size;
    for (let n = 0; n < 20; n += 1) await new Promise((resolve) => setTimeout(resolve, 1));
    expect(statSync(file()).size).toBe(before);
  });
});
