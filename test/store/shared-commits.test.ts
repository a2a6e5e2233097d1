import { describe, expect, it } from 'vitest';
import type { Tx } from '../../src/store/connection.ts';
import { sharedCommits, type Transact } from '../../src/store/shared-commits.ts';

class Lost extends Error {}

/** A store that keeps names: what is committed, and what a transaction under way has added. */
function harness(fail: (attempt: number) => Error | null = () => null) {
  const kept: string[][] = [];
  let open: string[] = [];
  let attempts = 0;
  const transaction: Transact = async (work) => {
    for (;;) {
      open = [];
      try {
        const result = await work(null as unknown as Tx);
        attempts += 1;
        const error = fail(attempts);
        if (error !== null) throw error;
        kept.push(open);
        return result;
      } catch (error) {
        if (!(error instanceof Lost)) throw error;
      }
    }
  };
  const guard = async <T>(_tx: Tx, work: () => Promise<T>): Promise<T> => {
    const before = [...open];
    try {
      return await work();
    } catch (error) {
      open = before;
      throw error;
    }
  };
  const shared = sharedCommits({ transaction, guard, isLost: (error) => error instanceof Lost });
  const add = (name: string, error?: Error): Promise<string> =>
    shared.run(async () => {
      open.push(name);
      await Promise.resolve();
      if (error !== undefined) throw error;
      return name;
    });
  return { ...shared, add, kept, open: () => open };
}

describe('commits that are shared', () => {
  it('write what is handed in together in one transaction, in that order', async () => {
    const { add, kept } = harness();
    expect(await Promise.all(['a', 'b', 'c'].map((name) => add(name)))).toEqual(['a', 'b', 'c']);
    expect(kept).toEqual([['a', 'b', 'c']]);
  });

  it('write what comes soon after a commit together', async () => {
    const { add, kept, drain } = harness();
    await add('first');
    const later = [add('a')];
    await new Promise((resolve) => setImmediate(resolve));
    later.push(add('b'));
    await drain();
    expect(await Promise.all(later)).toEqual(['a', 'b']);
    expect(kept).toEqual([['first'], ['a', 'b']]);
  });

  it('tell nobody before what he wrote is kept', async () => {
    const { add, kept } = harness();
    const told = ['a', 'b'].map((name) => add(name).then(() => kept.flat().includes(name)));
    expect(await Promise.all(told)).toEqual([true, true]);
  });

  it('undo alone what throws, and tell its owner why', async () => {
    const { add, kept } = harness();
    const settled = await Promise.allSettled([add('a'), add('b', new Error('no b')), add('c')]);
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(settled[1]).toMatchObject({ reason: { message: 'no b' } });
    expect(kept).toEqual([['a', 'c']]);
  });

  it('tell everybody when the commit fails, and go on with the next', async () => {
    const { add, kept } = harness((attempt) => (attempt === 1 ? new Error('the disk is full') : null));
    const settled = await Promise.allSettled([add('a'), add('b')]);
    expect(settled.map((one) => (one.status === 'rejected' ? one.reason.message : ''))).toEqual([
      'the disk is full',
      'the disk is full',
    ]);
    expect(await add('c')).toBe('c');
    expect(kept).toEqual([['c']]);
  });

  it('do all of it again when the transaction was lost', async () => {
    const { add, kept } = harness((attempt) => (attempt === 1 ? new Lost() : null));
    expect(await Promise.all([add('a'), add('b')])).toEqual(['a', 'b']);
    expect(kept).toEqual([['a', 'b']]);
  });

  it('are settled when they are drained', async () => {
    const { add, kept, drain } = harness();
    const many = Array.from({ length: 200 }, (_, n) => add(`w${n}`));
    await drain();
    expect(kept.flat()).toHaveLength(200);
    expect(Math.max(...kept.map((batch) => batch.length))).toBeLessThan(200);
    await Promise.all(many);
    await drain();
  });
});
