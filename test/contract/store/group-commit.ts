import { sql } from 'kysely';
import { beforeEach, expect, it } from 'vitest';
import { createGroupCommit, QueueFullError } from '../../../src/store/group-commit.ts';
import type { Store, Tx } from '../../../src/store/open.ts';
import { readSwitch } from '../../../src/store/switches.ts';
import type { StoreUnderTest } from '../store.contract.ts';
import { emptyStore } from './empty.ts';

const LIMITS = { maxBatch: 100, maxWaiting: 1_000 };

/** True when the key was new. */
async function keep(tx: Tx, key: string): Promise<boolean> {
  const result = await tx
    .insertInto('switches')
    .values({ key, value: 'on', changed_at: 1, changed_by: 'test' })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return Number(result.numInsertedOrUpdatedRows) === 1;
}

/** The store, with its transactions counted and, if `commit` says so, failing at the commit. */
function watched(store: Store, commit: () => Promise<void> = async () => {}): { store: Store; count: () => number } {
  let count = 0;
  return {
    count: () => count,
    store: {
      ...store,
      transaction: (work) => {
        count += 1;
        return store.transaction(async (tx) => {
          const result = await work(tx);
          await commit();
          return result;
        });
      },
    },
  };
}

export function groupCommitContract({ store, second }: StoreUnderTest): void {
  beforeEach(() => emptyStore(store()));

  const keys = async () =>
    (await store().db.selectFrom('switches').select('key').orderBy('key').execute()).map(({ key }) => key);

  it('shares one commit among everything that waits', async () => {
    const { store: counted, count } = watched(store());
    const commits = createGroupCommit(counted, keep, LIMITS);
    await Promise.all(Array.from({ length: 50 }, (_, n) => commits.submit(`k${n}`)));
    expect(count()).toBe(1);
    expect(await keys()).toHaveLength(50);
  });

  it('shares it with what comes turn by turn of the loop meanwhile', async () => {
    const { store: counted, count } = watched(store());
    const commits = createGroupCommit(counted, keep, LIMITS);
    const submitted: Promise<boolean>[] = [];
    const comeIn = (left: number): void => {
      if (left > 0) setImmediate(comeIn, left - 1);
      submitted.push(commits.submit(`k${left}`));
    };
    comeIn(2);
    await expect.poll(() => submitted.length).toBe(3);
    expect(await Promise.all(submitted)).toEqual([true, true, true]);
    expect(count()).toBe(1);
  });

  it('does not wait for ever while more and more comes', async () => {
    const commits = createGroupCommit(store(), keep, { maxBatch: 1_000_000, maxWaiting: 1_000_000 });
    let came = 0;
    let isOver = false;
    const others: Promise<boolean>[] = [];
    const comeIn = (): void => {
      if (isOver) return;
      came += 1;
      setImmediate(comeIn);
      others.push(commits.submit(`k${came}`));
    };
    comeIn();
    await others[0];
    isOver = true;
    await Promise.all(others);
    expect(await keys()).toHaveLength(came);
  });

  it('goes on with the next batch when there is more than one holds, each item once and in order', async () => {
    const order: string[] = [];
    const { store: counted, count } = watched(store());
    const apply = (tx: Tx, key: string) => {
      order.push(key);
      return keep(tx, key);
    };
    const commits = createGroupCommit(counted, apply, { ...LIMITS, maxBatch: 4 });
    const items = Array.from({ length: 10 }, (_, n) => `k${n}`);
    await Promise.all(items.map((item) => commits.submit(item)));
    expect(order).toEqual(items);
    expect(count()).toBe(3);
  });

  it('answers only when the item can be read from outside', async () => {
    const commits = createGroupCommit(store(), keep, LIMITS);
    const reads = Array.from({ length: 20 }, async (_, n) => {
      await commits.submit(`k${n}`);
      return readSwitch(second().db, `k${n}`);
    });
    expect(new Set(await Promise.all(reads))).toEqual(new Set(['on']));
  });

  it('has not answered while the commit is not through', async () => {
    let answered = false;
    let answeredAtCommit = true;
    const { store: slow } = watched(store(), async () => {
      answeredAtCommit = answered;
    });
    await createGroupCommit(slow, keep, LIMITS)
      .submit('k1')
      .then(() => {
        answered = true;
      });
    expect(answeredAtCommit).toBe(false);
  });

  it('answers all with an error when the commit fails, and keeps nothing', async () => {
    const { store: broken } = watched(store(), async () => {
      throw new Error('disk full');
    });
    const commits = createGroupCommit(broken, keep, LIMITS);
    const settled = await Promise.allSettled([commits.submit('k1'), commits.submit('k2')]);
    expect(settled).toMatchObject([{ reason: { message: 'disk full' } }, { reason: { message: 'disk full' } }]);
    expect(await keys()).toEqual([]);
  });

  it('works on after a commit that failed', async () => {
    let fails = true;
    const { store: flaky } = watched(store(), async () => {
      if (fails) throw new Error('disk full');
    });
    const commits = createGroupCommit(flaky, keep, LIMITS);
    await expect(commits.submit('k1')).rejects.toThrow('disk full');
    fails = false;
    await expect(commits.submit('k1')).resolves.toBe(true);
  });

  it('undoes an item that fails and keeps its neighbours', async () => {
    const commits = createGroupCommit(
      store(),
      async (tx, key: string) => {
        await keep(tx, key);
        if (key === 'bad') throw new Error('bad item');
        if (key === 'worse') await sql`select * from no_such_table`.execute(tx);
      },
      LIMITS,
    );
    const settled = await Promise.allSettled(['a', 'bad', 'b', 'worse', 'c'].map((key) => commits.submit(key)));
    expect(settled.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
      'rejected',
      'fulfilled',
    ]);
    expect(await keys()).toEqual(['a', 'b', 'c']);
  });

  it('rejects everything when the transaction itself was lost on the way', async () => {
    const commits = createGroupCommit(
      store(),
      async (tx, key: string) => {
        await keep(tx, key);
        // What SQLite does by itself when the disk is full.
        if (key === 'bad') await sql`rollback`.execute(tx);
        if (key === 'bad') throw new Error('disk full');
      },
      LIMITS,
    );
    const settled = await Promise.allSettled(['a', 'bad', 'b'].map((key) => commits.submit(key)));
    expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(await keys()).toEqual([]);
    await expect(commits.submit('later')).resolves.toBeUndefined();
    expect(await keys()).toEqual(['later']);
  });

  it('tells the copies of an item in one batch from the first', async () => {
    const commits = createGroupCommit(store(), keep, LIMITS);
    const results = await Promise.all(Array.from({ length: 8 }, () => commits.submit('same')));
    expect(results.filter(Boolean)).toHaveLength(1);
    expect(results[0]).toBe(true);
  });

  it('applies the whole batch again when it lost a race', async () => {
    let lost = false;
    const commits = createGroupCommit(
      store(),
      async (tx, key: string) => {
        const isNew = await keep(tx, key);
        if (key === 'k2' && !lost) {
          lost = true;
          throw Object.assign(new Error('lost'), { code: '40P01' });
        }
        return isNew;
      },
      LIMITS,
    );
    expect(await Promise.all(['k1', 'k2', 'k3'].map((key) => commits.submit(key)))).toEqual([true, true, true]);
  });

  it('sends away what comes when the queue is full, and nothing else', async () => {
    const commits = createGroupCommit(store(), keep, { maxBatch: 10, maxWaiting: 3 });
    const settled = await Promise.allSettled(['a', 'b', 'c', 'd'].map((key) => commits.submit(key)));
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected']);
    expect(settled[3]).toMatchObject({ reason: expect.any(QueueFullError) });
    expect(await keys()).toEqual(['a', 'b', 'c']);
    await expect(commits.submit('d')).resolves.toBe(true);
  });

  it('drains: everything submitted is settled', async () => {
    const commits = createGroupCommit(store(), keep, { ...LIMITS, maxBatch: 2 });
    const settled: string[] = [];
    for (const key of ['a', 'b', 'c', 'd', 'e']) void commits.submit(key).then(() => settled.push(key));
    await commits.drain();
    expect(settled).toEqual(['a', 'b', 'c', 'd', 'e']);
    await commits.drain();
  });

  it('commits side by side with another process without losing or doubling an item', async () => {
    const commits = [createGroupCommit(store(), keep, LIMITS), createGroupCommit(second(), keep, LIMITS)];
    const submitted = Array.from({ length: 60 }, (_, n) => commits[n % 2]?.submit(`k${Math.floor(n / 2)}`));
    expect((await Promise.all(submitted)).filter(Boolean)).toHaveLength(30);
    expect(await keys()).toHaveLength(30);
  });
}
